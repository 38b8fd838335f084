import { keywords } from '../rules/suricata/index.js';
import { EXIT } from './exit.js';
import { count, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules list`: needs no addon, the catalog comes with the package. */
export async function rulesList(args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const [word] = args;
  if (word === 'coverage') return (await import('./rules-coverage.js')).rulesCoverage(values, terminal);
  if (values.rules) return (await import('./sigma-check.js')).sigmaList(word, values, terminal);
  const all = keywords();
  const chosen = all.filter(
    ({ name, aliases, family, doc, values }) =>
      word === undefined ||
      [name, ...aliases, family, doc, ...values.map((value) => value.name)].some((text) =>
        text.toLowerCase().includes(word.toLowerCase()),
      ),
  );
  if (values.json) {
    terminal.out(JSON.stringify(chosen, null, 2));
    return EXIT.ok;
  }
  const families = new Set(chosen.map(({ family }) => family));
  for (const family of families) {
    const entries = chosen.filter((entry) => entry.family === family);
    terminal.out(style(terminal.color.out, 'bold', family === '' ? 'other' : family));
    const here = entries.filter(({ supported }) => supported);
    for (const line of table(
      here.map(({ name, aliases, doc }) => [name, aliases.length > 0 ? `${doc} Also: ${aliases.join(', ')}.` : doc]),
    ))
      terminal.out(line);
    for (const line of table(here.flatMap(({ values }) => values.map(({ name, doc }) => [`  ${name}`, doc]))))
      terminal.out(line);
    const missing = entries.filter(({ supported }) => !supported).map(({ name }) => name);
    if (missing.length > 0) terminal.out(style(terminal.color.out, 'dim', `  not here yet: ${missing.join(', ')}`));
  }
  const here = chosen.filter(({ supported }) => supported).length;
  terminal.out(`\n${count(here)} keywords; ${count(chosen.length - here)} of Suricata's are not here yet`);
  return EXIT.ok;
}
