import { writeFileSync } from 'node:fs';
import { proofTable } from '../coverage/index.js';
import { type RegressionResult, regression } from '../testing/regression.js';
import { EXIT, Stop } from './exit.js';
import { count, duration, plural, style, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire rules test`. Exit status 1 when a rule does not do with a sample what it is to do. */
export async function rulesTest(paths: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const rules = values.rules as string[] | undefined;
  const started = performance.now();
  const results: RegressionResult[] = [];
  for await (const result of regression(paths, rules ? { rules } : {})) {
    results.push(result);
    if (!values.json && (!result.passed || values.all))
      for (const line of resultLines(result, terminal)) terminal.out(line);
  }
  const passed = results.filter((result) => result.passed);
  const seconds = (performance.now() - started) / 1000;
  if (values.junit) write('--junit', String(values.junit), junitText(results, seconds));
  if (values.proofs) {
    const rows = passed.filter(({ wanted }) => wanted !== 0).map(({ rule, sample }) => [rule, sample] as const);
    write('--proofs', String(values.proofs), proofTable(rows));
  }
  if (values.json) terminal.out(JSON.stringify(results, null, 2));
  else {
    const failed = results.length - passed.length;
    const text = `${count(passed.length)} of ${plural(results.length, 'test')} pass, ${duration(seconds)}`;
    terminal.out(style(terminal.color.out, ['bold', failed > 0 ? 'red' : 'green'], text));
  }
  return passed.length === results.length && results.length > 0 ? EXIT.ok : EXIT.found;
}

function resultLines(result: RegressionResult, { color }: Terminal): string[] {
  const { passed, rule, title, sample, why } = result;
  const mark = style(color.out, passed ? 'green' : 'red', passed ? 'pass' : 'FAIL');
  return [`${mark}  ${rule}  ${title}: ${verdict(result)}`, `      ${sample}`, ...why.map((line) => `      ${line}`)];
}

function verdict({ found, wanted }: RegressionResult): string {
  return `${plural(found, 'match', 'matches')}, ${wanted === 0 ? 'none' : `at least ${count(wanted)}`} wanted`;
}

function write(option: string, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new Stop(EXIT.usage, `${option} ${path}: ${(error as Error).message}`);
  }
}

/** Results as JUnit's XML, which continuous integration shows. */
function junitText(results: readonly RegressionResult[], seconds: number): string {
  const failures = results.filter(({ passed }) => !passed).length;
  const cases = results.map((result) => {
    const { rule, title, sample, seconds: took, passed, why } = result;
    const head = `    <testcase classname="${xml(rule)}" name="${xml(`${title}: ${sample}`)}" time="${took.toFixed(3)}"`;
    if (passed) return `${head}/>`;
    return `${head}>\n      <failure message="${xml(verdict(result))}">${xml(why.join('\n'))}</failure>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${results.length}" failures="${failures}" time="${seconds.toFixed(3)}">`,
    `  <testsuite name="sidewire rules test" tests="${results.length}" failures="${failures}" time="${seconds.toFixed(3)}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Text for XML: marks escaped, and what XML cannot hold left out. */
function xml(text: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]|[\ud800-\udfff]/gu, '?')
    .replace(/[&<>"]/g, (mark) => marks[mark] ?? mark);
}
