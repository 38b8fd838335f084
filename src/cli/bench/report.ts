import { count, octets, table } from '../terminal.js';
import { STAGE_WORDS, type StageName } from './measure.js';

/** Least and middle of some rounds, in seconds. */
export interface Spread {
  readonly least: number;
  readonly median: number;
}

export interface StageReport {
  readonly stage: StageName;
  readonly seconds: Spread;
  /** Seconds of the processor, at least. */
  readonly cpu: number;
  readonly packetsPerSecond: number;
  readonly gigabitsPerSecond: number;
  /** Octets. */
  readonly peakMemory: number;
  /** In user space; `null` where they cannot be counted. */
  readonly instructionsPerPacket: number | null;
}

/** A program from its start to its end. */
export interface EngineReport {
  readonly name: string;
  readonly whole: Spread;
  /** Without packets: start and loading. */
  readonly loading: Spread;
  /** The difference of the medians: what the packets took. */
  readonly packets: number;
  readonly peakMemory: number | null;
}

export interface BenchReport {
  readonly captures: readonly string[];
  readonly rounds: number;
  readonly packets: number;
  readonly octets: number;
  readonly rules: number;
  readonly alerts: number;
  readonly stages: readonly StageReport[];
  readonly engines: readonly EngineReport[];
  /** What could not be measured, and why. */
  readonly skipped: readonly string[];
}

/** The report for a terminal. */
export function reportText(report: BenchReport): string[] {
  const seconds = (value: number) => value.toFixed(2);
  const memory = (value: number | null) => (value === null ? '' : octets(value));
  const stages = report.stages.map((row) => [
    STAGE_WORDS[row.stage],
    seconds(row.seconds.least),
    seconds(row.seconds.median),
    seconds(row.cpu),
    count(Math.round(row.packetsPerSecond)),
    row.gigabitsPerSecond.toFixed(2),
    memory(row.peakMemory),
    row.instructionsPerPacket === null ? '' : count(Math.round(row.instructionsPerPacket)),
  ]);
  const engines = report.engines.map((row) => [
    row.name,
    seconds(row.whole.least),
    seconds(row.whole.median),
    seconds(row.loading.median),
    seconds(row.packets),
    memory(row.peakMemory),
  ]);
  const stageHead = ['stage', 'least s', 'median s', 'cpu s', 'packets/s', 'Gbit/s', 'memory', 'instructions/packet'];
  return [
    `${count(report.packets)} packets, ${octets(report.octets)}, ${count(report.rules)} rules, ${count(report.alerts)} alerts; ` +
      `${report.rounds} rounds, one worker`,
    '',
    ...table([stageHead, ...stages]),
    '',
    ...table([['whole program', 'least s', 'median s', 'loading s', 'packets s', 'memory'], ...engines]),
    ...report.skipped.map((text) => `skipped: ${text}`),
  ];
}

/** The report as one page that needs nothing else. */
export function reportPage(report: BenchReport): string {
  const stages = report.stages.map(({ stage, seconds }) => bar(STAGE_WORDS[stage], seconds.least, seconds.median));
  const engines = report.engines.flatMap(({ name, whole, loading }) => [
    bar(`${name}: whole program`, whole.least, whole.median),
    bar(`${name}: start and loading`, loading.least, loading.median),
  ]);
  const memory = report.engines
    .filter(({ peakMemory }) => peakMemory !== null)
    .map(({ name, peakMemory }) => bar(name, (peakMemory ?? 0) / 1e6, (peakMemory ?? 0) / 1e6));
  const counted = report.stages
    .filter(({ instructionsPerPacket }) => instructionsPerPacket !== null)
    .map(({ stage, instructionsPerPacket: number }) => bar(STAGE_WORDS[stage], number ?? 0, number ?? 0));
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>sidewire bench</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
svg{width:100%;height:auto}text{font:13px system-ui,sans-serif;fill:#222}pre{overflow-x:auto;background:#f4f4f4;padding:1rem}
.least{fill:#2b6cb0}.median{fill:#90b8e0}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}text{fill:#ddd}pre{background:#242424}}
</style>
<h1>sidewire bench</h1>
<p>${escaped(report.captures.join(', '))}. Dark: the least of ${report.rounds} rounds; light: the median.</p>
${chart('Seconds by stage', stages)}
${chart('Seconds of whole programs', engines)}
${chart('Peak memory, MB', memory)}
${chart('Instructions a packet', counted)}
<pre>${escaped(reportText(report).join('\n'))}</pre>
<script type="application/json">${JSON.stringify(report).replaceAll('<', '\\u003c')}</script>
</html>
`;
}

interface Bar {
  readonly name: string;
  readonly least: number;
  readonly median: number;
}

function bar(name: string, least: number, median: number): Bar {
  return { name, least, median };
}

const WIDTH = 900;
const LABEL = 320;
const ROW = 28;

/** Bars below one another; nothing for none. */
function chart(title: string, bars: readonly Bar[]): string {
  if (bars.length === 0) return '';
  const most = Math.max(...bars.map(({ median }) => median), Number.MIN_VALUE);
  const width = (value: number) => ((value / most) * (WIDTH - LABEL - 90)).toFixed(1);
  const rows = bars.map(({ name, least, median }, index) => {
    const y = index * ROW;
    const shown = median >= 100 ? Math.round(median).toLocaleString('en-US') : median.toFixed(2);
    return (
      `<text x="${LABEL - 8}" y="${y + 18}" text-anchor="end">${escaped(name)}</text>` +
      `<rect class="median" x="${LABEL}" y="${y + 4}" width="${width(median)}" height="18"/>` +
      `<rect class="least" x="${LABEL}" y="${y + 4}" width="${width(least)}" height="18"/>` +
      `<text x="${(LABEL + Number(width(median)) + 6).toFixed(1)}" y="${y + 18}">${shown}</text>`
    );
  });
  return `<h2>${title}</h2><svg viewBox="0 0 ${WIDTH} ${bars.length * ROW}" role="img" aria-label="${title}">${rows.join('')}</svg>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
