import type {
  Native,
  NativeCapture,
  NativeHunt,
  NativeRuleCompiler,
  NativeRun,
  NativeSecrets,
  NativeSigmaRules,
} from '../../src/engine/native.js';

/** An addon without native code: hands out lines, and remembers what it was asked. */
export class FakeNative implements Native {
  readonly configs: Record<string, unknown>[] = [];
  readonly runs: FakeRun[] = [];
  readonly opened: Record<string, unknown>[] = [];
  batches = 0;
  rightsDropped = 0;

  constructor(readonly lines: readonly string[] = []) {}

  version(): string {
    return '0.0.0';
  }

  magicVersion(): string {
    return '';
  }

  catalog(): string {
    const protocol = {
      name: 'http',
      aliases: ['http1'],
      doc: '',
      transports: ['tcp'],
      to_server_stages: [],
      to_client_stages: [],
    };
    const none = { buffers: [], fields: [], frames: [], events: [], transforms: [], sinks: [], methods: [] };
    return JSON.stringify({ version: 2, protocols: [protocol], ...none });
  }

  async releaseMemory(): Promise<void> {}

  notifyServiceManager(): boolean {
    return false;
  }

  beginRules(): NativeRuleCompiler {
    const batches: Buffer[] = [];
    return {
      add: (batch) => {
        batches.push(batch);
      },
      finish: async () => {
        this.batches = batches.length;
        const sizes = batches.map((batch) => (JSON.parse(batch.toString()) as { rules: [] }).rules.length);
        return {
          rules: sizes.reduce<number>((sum, size) => sum + size, 0),
          stats: () => '{}',
          problems: () => '[]',
          addSigma: () => {},
          close: () => {},
          keep: async () => {},
          findings: () => null,
        };
      },
    };
  }

  async cachedRules(): Promise<null> {
    return null;
  }

  readSecrets(): NativeSecrets {
    return {};
  }

  startRun(config: string): NativeRun {
    this.configs.push(JSON.parse(config));
    const run = new FakeRun(this.lines);
    this.runs.push(run);
    return run;
  }

  openCapture(config: string): NativeCapture {
    const { interfaces } = JSON.parse(config) as { interfaces: { name: string }[] };
    this.opened.push(JSON.parse(config));
    const told = ({ name }: { name: string }) => ({ name, link_type: 1, rings: 1, offloads: [], up: true });
    return { opened: () => JSON.stringify(interfaces.map(told)), follow: (run) => this.startRun(run) };
  }

  confineProcess(): boolean {
    return false;
  }

  dropRights(): void {
    this.rightsDropped += 1;
  }

  hostReport(): string {
    return '{}';
  }

  async compileSigma(): Promise<NativeSigmaRules> {
    return { rules: 0, elapsed: 0, problems: () => '[]' };
  }

  startHunt(): NativeHunt {
    throw new Error('[log/not-found] absent: there is no such log');
  }

  async explainLogs(): Promise<string> {
    throw new Error('[rules/compile] rules: no loaded rule has the id 7');
  }

  async joinLogs(): Promise<string> {
    throw new Error('[log/not-found] absent: there is no such log');
  }

  async profile(): Promise<string> {
    return JSON.stringify({ packets: 0, total_us: 0, rules: [] });
  }

  async explain(): Promise<string> {
    throw new Error('[rules/compile] rules: no loaded rule has sid 7');
  }
}

export class FakeRun implements NativeRun {
  stopped = false;
  joined = false;
  swaps = 0;
  #next = 0;

  constructor(readonly lines: readonly string[]) {}

  async next(): Promise<Buffer | null> {
    const line = this.stopped ? undefined : this.lines[this.#next++];
    return line === undefined ? null : Buffer.from(`${line}\n`);
  }

  swap(): void {
    this.swaps += 1;
  }

  progress(): string {
    return JSON.stringify({ packets: this.#next, bytes: 0, fileBytes: 0, fileTotal: 0, file: '', turns: 0 });
  }

  stats(): string {
    return JSON.stringify({ time: '', uptime: 0, counters: {}, workers: [], events: {}, outputs: [] });
  }

  notices(): string {
    return '[]';
  }

  reopen(): void {}

  stop(): void {
    this.stopped = true;
  }

  async finished(): Promise<string> {
    if (this.joined) throw new Error('[engine/finished] the run was waited for already');
    this.joined = true;
    return JSON.stringify({
      packets: this.lines.length,
      stopped: this.stopped,
      alerts: [],
      events: {},
      errors: [],
      counters: {},
    });
  }
}
