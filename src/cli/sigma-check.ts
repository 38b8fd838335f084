import { readSigmaFiles } from '../engine/hunt.js';
import { renderLine } from '../rules/suricata/index.js';
import { compileSigma, type SigmaDiagnostic, type SigmaStatistics } from '../sigma/index.js';
import { diagnosticRenderer } from './excerpt.js';
import { EXIT } from './exit.js';
import { placeholdersOf } from './hunt.js';
import { count, plural, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules check` on Sigma files: needs no addon. Exit status 1 when a rule has an error. */
export function sigmaCheck(paths: readonly string[], values: Values, terminal: Terminal): number {
  const placeholders = new Map(Object.entries(placeholdersOf(values)));
  const { diagnostics, statistics } = compileSigma(readSigmaFiles({ files: paths }), { placeholders });
  if (values.json) terminal.out(JSON.stringify({ files: paths, statistics, diagnostics }, null, 2));
  else if (values.editor) for (const diagnostic of diagnostics) terminal.out(renderLine(diagnostic));
  else tell(diagnostics, statistics, terminal);
  return statistics.failed > 0 ? EXIT.found : EXIT.ok;
}

function tell(diagnostics: readonly SigmaDiagnostic[], statistics: SigmaStatistics, terminal: Terminal): void {
  const render = diagnosticRenderer(terminal.color.out, terminal.width);
  for (const diagnostic of diagnostics) terminal.out(`${render(diagnostic)}\n`);
  const of = (severity: string) => diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const { rules, loaded, failed, inapplicable, duplicates } = statistics;
  const parts = [
    `${plural(rules, 'Sigma rule')}: ${count(loaded)} load, ${count(failed)} do not`,
    ...(inapplicable > 0 ? [`${count(inapplicable)} apply to nothing here`] : []),
    ...(duplicates > 0 ? [`${count(duplicates)} have the id of another`] : []),
  ];
  terminal.out(style(terminal.color.out, ['bold', failed > 0 ? 'red' : 'green'], parts.join(', ')));
  terminal.out(`${plural(of('error'), 'error')}, ${plural(of('warning'), 'warning')}, ${plural(of('note'), 'note')}`);
}

/** `sidewire rules list -S`: the rules there are. */
export function sigmaList(word: string | undefined, values: Values, terminal: Terminal): number {
  const { loaded } = compileSigma(readSigmaFiles({ files: values.rules as string[] }));
  const chosen = loaded.filter(
    ({ rule: { head } }) =>
      word === undefined ||
      [head.id, head.title, ...head.techniques].some((text) => text.toLowerCase().includes(word.toLowerCase())),
  );
  const rows = chosen.map(({ rule: { head, sources }, file }) => ({ ...head, file, applies: sources.length > 0 }));
  if (values.json) terminal.out(JSON.stringify(rows, null, 2));
  else
    for (const line of table(
      rows.map(({ id, level, title, applies }) => [id, level, applies ? title : `${title} (applies to nothing here)`]),
    ))
      terminal.out(line);
  return rows.length > 0 ? EXIT.ok : EXIT.found;
}
