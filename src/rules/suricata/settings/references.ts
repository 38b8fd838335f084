import type { Source } from '../../../source/source.js';
import { type Diagnostic, diagnostic } from '../diagnostic.js';
import { settingLines } from './lines.js';

/** Reads reference.config: `config reference: kind prefix`. Prefixes by lower-case kind. */
export function parseReferences(source: Source, report: (finding: Diagnostic) => void): Map<string, string> {
  const out = new Map<string, string>();
  for (const { text, span } of settingLines(source)) {
    const match = /^config\s+reference\s*:\s*(\S+)\s+(\S+)\s*$/i.exec(text);
    if (match === null) {
      report(
        diagnostic(source, span, {
          code: 'settings/reference',
          message: 'this is no kind of reference',
          help: 'write `config reference: kind prefix`',
        }),
      );
      continue;
    }
    const kind = (match[1] ?? '').toLowerCase();
    if (!out.has(kind)) out.set(kind, match[2] ?? '');
  }
  return out;
}
