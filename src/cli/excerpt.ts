import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { renderTerminal } from '../diagnostics/render.js';

/** Renders diagnostics with the line they are about. */
export function diagnosticRenderer(color: boolean, width: number): (diagnostic: Diagnostic) => string {
  const files = new Map<string, string[]>();
  const line = (file: string, number: number): string | undefined => {
    let lines = files.get(file);
    if (lines === undefined) {
      try {
        lines = readFileSync(file, 'latin1').split('\n');
      } catch {
        lines = [];
      }
      files.set(file, lines);
    }
    return lines[number - 1];
  };
  return (diagnostic) => renderTerminal(diagnostic, { color, width, line });
}
