import type { Source } from '../../../source/source.js';
import { type Diagnostic, diagnostic } from '../diagnostic.js';
import { settingLines } from './lines.js';
import type { Classification } from './settings.js';

/** Reads classification.config: `config classification: shortname,description,priority`. */
export function parseClassification(
  source: Source,
  report: (finding: Diagnostic) => void,
): Map<string, Classification> {
  const out = new Map<string, Classification>();
  for (const { text, span } of settingLines(source)) {
    const match = /^config\s+classification\s*:\s*([^,]+?)\s*,\s*([^,]*?)\s*,\s*(\d{1,3})\s*$/i.exec(text);
    const priority = Number(match?.[3]);
    if (match === null || priority > 255) {
      report(
        diagnostic(source, span, {
          code: 'settings/classification',
          message: 'this is no classification',
          help: 'write `config classification: shortname,description,priority`',
        }),
      );
      continue;
    }
    const name = (match[1] ?? '').toLowerCase();
    if (!out.has(name)) out.set(name, { description: match[2] ?? '', priority });
  }
  return out;
}
