import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from '../../package.js';
import { EXIT, Stop } from '../exit.js';
import { engineOptions } from '../options.js';
import { inputsOf } from '../replay.js';
import { shippedRules } from '../rule-package.js';
import type { Terminal } from '../terminal.js';
import {
  clean,
  countInstructions,
  emptyCapture,
  measureHere,
  type OwnTurn,
  type ProcessTurn,
  STAGES,
  type StageName,
  sizeOf,
  spread,
  type TurnRequest,
  timeProcess,
} from './measure.js';
import { type BenchReport, type EngineReport, reportPage, reportText, type StageReport } from './report.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire bench`: what this machine takes for the captures, by stage, and beside Suricata where it is installed. */
export async function bench(captures: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  if (values.turn !== undefined) {
    const request: TurnRequest = JSON.parse(values.turn as string);
    terminal.out(JSON.stringify(await measureHere(request)));
    return EXIT.ok;
  }
  const rounds = Number(values.rounds ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Stop(EXIT.usage, `--rounds takes a whole number from 1, not "${values.rounds}"`);
  const inputs = inputsOf(captures, values);
  const rules = (values.rules as string[] | undefined) ?? shippedRules();
  const scratch = mkdtempSync(join(tmpdir(), 'sidewire-bench-'));
  try {
    const report = new Bench(inputs, rules, rounds, values, scratch).run(terminal);
    if (values.html !== undefined) writeFileSync(values.html as string, reportPage(report));
    terminal.out(values.json ? JSON.stringify(report, null, 2) : reportText(report).join('\n'));
    return EXIT.ok;
  } finally {
    clean(scratch);
  }
}

/** One comparison: every round measures each stage and each program once, so that a busy moment hits them alike. */
class Bench {
  readonly #skipped: string[] = [];
  readonly #empty: string;

  constructor(
    readonly captures: readonly string[],
    readonly rules: readonly string[],
    readonly rounds: number,
    readonly values: Values,
    readonly scratch: string,
  ) {
    this.#empty = emptyCapture(scratch);
  }

  run(terminal: Terminal): BenchReport {
    const stages = new Map<StageName, OwnTurn[]>(STAGES.map((stage) => [stage, []]));
    const programs = this.#programs();
    const turns = new Map(
      programs.map(({ name }) => [name, { whole: [] as ProcessTurn[], loading: [] as ProcessTurn[] }]),
    );
    for (let round = 1; round <= this.rounds; round += 1) {
      if (terminal.live) terminal.err(`round ${round} of ${this.rounds}`);
      for (const stage of STAGES) stages.get(stage)?.push(this.#own(stage));
      for (const { name, command } of programs) {
        turns.get(name)?.whole.push(this.#time(command, this.captures));
        turns.get(name)?.loading.push(this.#time(command, [this.#empty]));
      }
    }
    const [last] = stages.get('eve')?.slice(-1) ?? [];
    return {
      captures: this.captures,
      rounds: this.rounds,
      packets: last?.packets ?? 0,
      octets: sizeOf(this.captures),
      rules: last?.rules ?? 0,
      alerts: last?.alerts ?? 0,
      stages: STAGES.map((stage) => this.#stage(stage, stages.get(stage) ?? [])),
      engines: programs.map(({ name }) => engineReport(name, turns.get(name) ?? { whole: [], loading: [] })),
      skipped: this.#skipped,
    };
  }

  /** Sidewire as a program, and Suricata where it is found. */
  #programs(): { name: string; command: (captures: readonly string[], out: string) => [string, string[]] }[] {
    const nets = [
      '--home-net',
      String(this.values.homeNet ?? 'any'),
      '--external-net',
      String(this.values.externalNet ?? 'any'),
    ];
    const own = (captures: readonly string[], out: string): [string, string[]] => {
      const flags = ['-S', ...this.rules, '-l', out, '-k', 'none', '--workers', '1', ...nets];
      return [process.execPath, [cli(), 'replay', ...captures, ...flags]];
    };
    const suricata = String(this.values.suricata ?? 'suricata');
    const known = spawnSync(suricata, ['-V'], { encoding: 'utf8' });
    if (known.status !== 0) {
      this.#skipped.push(`${suricata} does not run here; --suricata names another`);
      return [{ name: 'sidewire', command: own }];
    }
    if (this.captures.length > 1 || this.rules.length > 1) {
      this.#skipped.push('Suricata is compared on one capture and one rule file');
      return [{ name: 'sidewire', command: own }];
    }
    const peer = ([capture]: readonly string[], out: string): [string, string[]] => {
      const groups = [
        `vars.address-groups.HOME_NET=${this.values.homeNet ?? 'any'}`,
        `vars.address-groups.EXTERNAL_NET=${this.values.externalNet ?? 'any'}`,
        'stream.midstream=true',
      ].flatMap((setting) => ['--set', setting]);
      const [rules] = this.rules;
      return [
        suricata,
        ['-r', capture ?? '', '-S', rules ?? '', '-l', out, '-k', 'none', '--runmode', 'single', ...groups],
      ];
    };
    const version = /version (\S+)/.exec(known.stdout)?.[1] ?? '';
    return [
      { name: 'sidewire', command: own },
      { name: `suricata ${version}`.trim(), command: peer },
    ];
  }

  #time(
    command: (captures: readonly string[], out: string) => [string, string[]],
    captures: readonly string[],
  ): ProcessTurn {
    const out = mkdtempSync(join(this.scratch, 'out-'));
    const [program, args] = command(captures, out);
    const turn = timeProcess(program, args);
    clean(out);
    return turn;
  }

  #request(stage: StageName, captures: readonly string[]): string {
    const options = { homeNet: 'any', externalNet: 'any', checksums: 'ignore' as const, ...engineOptions(this.values) };
    const folder = join(this.scratch, 'eve');
    const request: TurnRequest = { stage, captures, rules: this.rules, engine: { ...options, workers: 1 }, folder };
    return JSON.stringify(request);
  }

  #own(stage: StageName): OwnTurn {
    const args = [cli(), 'bench', '--turn', this.#request(stage, this.captures), ...this.captures];
    const done = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
    clean(join(this.scratch, 'eve'));
    if (done.status !== 0) throw new Stop(EXIT.found, done.stderr.trim() || 'a measurement failed');
    const turn: OwnTurn = JSON.parse(done.stdout);
    return turn;
  }

  #stage(stage: StageName, turns: readonly OwnTurn[]): StageReport {
    const seconds = spread(turns.map((turn) => turn.seconds));
    const { packets, octets } = turns[0] ?? { packets: 0, octets: 0 };
    return {
      stage,
      seconds,
      cpu: spread(turns.map((turn) => turn.cpu)).least,
      packetsPerSecond: packets / seconds.least,
      gigabitsPerSecond: (octets * 8) / seconds.least / 1e9,
      peakMemory: spread(turns.map((turn) => turn.peakMemory)).median,
      instructionsPerPacket: this.#instructions(stage, packets),
    };
  }

  #instructions(stage: StageName, packets: number): number | null {
    const of = (captures: readonly string[]) =>
      countInstructions(process.execPath, [cli(), 'bench', '--turn', this.#request(stage, captures), ...captures]);
    const all = packets > 0 ? of(this.captures) : null;
    const start = all === null ? null : of([this.#empty]);
    if (all !== null && start !== null) return (all - start) / packets;
    const why = 'perf cannot count instructions here (in a checkout, `npm run bench` counts them with valgrind)';
    if (!this.#skipped.includes(why)) this.#skipped.push(why);
    return null;
  }
}

function engineReport(
  name: string,
  turns: { whole: readonly ProcessTurn[]; loading: readonly ProcessTurn[] },
): EngineReport {
  const whole = spread(turns.whole.map(({ seconds }) => seconds));
  const loading = spread(turns.loading.map(({ seconds }) => seconds));
  const memory = turns.whole.map(({ peakMemory }) => peakMemory);
  return {
    name,
    whole,
    loading,
    packets: Math.max(whole.median - loading.median, 0),
    peakMemory: memory.includes(null) ? null : spread(memory.filter((octets) => octets !== null)).median,
  };
}

/** This command line, as a program for node. */
function cli(): string {
  return join(PACKAGE_FOLDER, 'dist', 'cli', 'bin.js');
}
