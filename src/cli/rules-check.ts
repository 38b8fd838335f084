import { statSync } from 'node:fs';
import { resolve } from '../config/index.js';
import { compileOptions, readSources } from '../engine/compile.js';
import { configTree } from '../engine/options.js';
import { isSigmaFile } from '../engine/sigma-file.js';
import { loadCatalog } from '../rules/suricata/catalog/load.js';
import { compile, type Diagnostic, renderLine, type Statistics } from '../rules/suricata/index.js';
import { diagnosticRenderer } from './excerpt.js';
import { EXIT } from './exit.js';
import { settings } from './options.js';
import { count, plural, style, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** What loading rules costs. Milliseconds, octets. */
interface Cost {
  readonly lower: number;
  readonly ir: number;
  readonly peak: number;
}

/** `sidewire rules check`: needs no addon. Exit status 1 when a rule has an error. */
export async function rulesCheck(paths: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const isSigma = (path: string) =>
    isSigmaFile(path) || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
  const files = paths.filter((path) => !isSigma(path));
  const sigma = paths.filter(isSigma);
  if (sigma.length === 0) return suricataCheck(files, values, terminal);
  const { sigmaCheck } = await import('./sigma-check.js');
  const status = sigmaCheck(sigma, values, terminal);
  return files.length === 0 ? status : Math.max(status, await suricataCheck(files, values, terminal));
}

async function suricataCheck(files: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const config = resolve(
    configTree({
      set: settings(values.set as string[] | undefined),
      ...(values.config ? { config: String(values.config) } : {}),
    }),
    { logDir: '.', workers: 1, catalog: loadCatalog() },
  );
  const sources = readSources({ files });
  const started = performance.now();
  const { batches, diagnostics, statistics } = compile(sources, compileOptions(config));
  let ir = 0;
  for (const batch of batches) ir += batch.length;
  const cost: Cost = { lower: performance.now() - started, ir, peak: process.resourceUsage().maxRSS * 1024 };
  const native = values.stats ? await compileCost(files, values) : null;
  if (values.json)
    terminal.out(JSON.stringify({ files, statistics: plain(statistics), diagnostics, cost, native }, null, 2));
  else if (values.editor) for (const diagnostic of diagnostics) terminal.out(renderLine(diagnostic));
  else tell(diagnostics, statistics, values.stats ? { cost, native } : null, terminal);
  return statistics.failed > 0 ? EXIT.found : EXIT.ok;
}

function tell(
  diagnostics: readonly Diagnostic[],
  statistics: Statistics,
  stats: { cost: Cost; native: NativeCost | null } | null,
  terminal: Terminal,
): void {
  const render = diagnosticRenderer(terminal.color.out, terminal.width);
  for (const diagnostic of diagnostics) terminal.out(`${render(diagnostic)}\n`);
  const of = (severity: string) => diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  const tint = statistics.failed > 0 ? 'red' : 'green';
  terminal.out(
    style(
      terminal.color.out,
      ['bold', tint],
      `${plural(statistics.rules, 'rule')}: ${count(statistics.loaded)} load, ${count(statistics.failed)} do not` +
        (statistics.skipped > 0 ? `, ${count(statistics.skipped)} skipped by \`requires\`` : '') +
        (statistics.duplicates > 0 ? `, ${count(statistics.duplicates)} replaced by a newer revision` : ''),
    ),
  );
  terminal.out(`${plural(of('error'), 'error')}, ${plural(of('warning'), 'warning')}, ${plural(of('note'), 'note')}`);
  if (stats === null) return;
  const missing = [...statistics.unsupported].sort(([, a], [, b]) => b - a);
  if (missing.length > 0) {
    terminal.out(style(terminal.color.out, 'bold', '\nRules that need what is not here yet'));
    for (const line of table(missing.map(([name, rules]) => [rules, name]))) terminal.out(line);
  }
  terminal.out(style(terminal.color.out, 'bold', '\nCost'));
  const rows: (readonly [string, string])[] = [
    ['text to IR', `${stats.cost.lower.toFixed(0)} ms`],
    ['IR', `${(stats.cost.ir / 1e6).toFixed(1)} MB`],
    ...(stats.native
      ? [
          ['IR to engine', `${stats.native.decode_ms.toFixed(0)} ms`] as const,
          ['planning', `${stats.native.plan_ms.toFixed(0)} ms`] as const,
          [`patterns (${stats.native.matcher})`, `${stats.native.compile_ms.toFixed(0)} ms`] as const,
        ]
      : []),
    ['peak memory', `${((stats.native?.peak ?? stats.cost.peak) / 1e6).toFixed(0)} MB`],
  ];
  for (const line of table(rows)) terminal.out(line);
}

interface NativeCost {
  readonly decode_ms: number;
  readonly plan_ms: number;
  readonly compile_ms: number;
  readonly matcher: string;
  readonly problems: readonly unknown[];
  readonly peak: number;
}

/** What the native half costs; `null` where there is no addon. */
async function compileCost(files: readonly string[], values: Values): Promise<NativeCost | null> {
  const { Engine, EngineError } = await import('../engine/index.js');
  try {
    const engine = new Engine({
      set: settings(values.set as string[] | undefined),
      ...(values.config ? { config: String(values.config) } : {}),
    });
    await using rules = await engine.compile({ files });
    const { decode_ms, plan_ms, compile_ms, matcher } = rules.stats;
    return {
      decode_ms,
      plan_ms,
      compile_ms,
      matcher,
      problems: rules.problems,
      peak: process.resourceUsage().maxRSS * 1024,
    };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'addon/missing') return null;
    throw error;
  }
}

function plain({ unsupported, ...counts }: Statistics): Record<string, unknown> {
  return { ...counts, unsupported: Object.fromEntries(unsupported) };
}
