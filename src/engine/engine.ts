import { join } from 'node:path';
import {
  type CaptureOptions,
  type CapturePlan,
  type Config,
  type ConfigMap,
  type KnownProtocol,
  planCapture,
} from '../config/index.js';
import type { Catalog } from '../generated/catalog.js';
import type { RunConfig } from '../generated/config.js';
import type { RuleTrace } from '../generated/explain.js';
import type { HostReport, LiveMethod, OpenedReport } from '../generated/live.js';
import type { RuleProfile } from '../generated/profile.js';
import { compileOptions, compileRuleset, type RuleSource } from './compile.js';
import { EngineError, fromNative } from './error.js';
import type { EventType } from './events.js';
import { type Trace, withPredicates } from './explain.js';
import { hostReport } from './host.js';
import { expandInputs, type InputOptions } from './inputs.js';
import { type KnownKeys, refuseNoText, refuseNoTexts, refuseUnknown } from './known-keys.js';
import { loadNative, type Native, type NativeSecrets } from './native.js';
import {
  configTree,
  type EngineOptions,
  type EngineSetup,
  fullOutput,
  resolveOptions,
  subscription,
  unwritten,
} from './options.js';
import { becomeUser } from './rights.js';
import { Ruleset } from './ruleset.js';
import { Run } from './run.js';
import { loadSecrets, type SecretOptions } from './secrets.js';

/** How captures are replayed. */
export interface ReplayOptions extends InputOptions {
  /** Without rules everything is logged and nothing alerts. */
  readonly rules?: Ruleset;
  /** Event types to hand over; every type there is by default, none for an empty list. */
  readonly types?: readonly EventType[];
  /**
   * Directory that receives eve.json. With a configuration file its outputs are written, relative to this directory; else
   * one file with every event.
   */
  readonly logDir?: string;
  /** Flows go on from one capture into the next; else each capture is a run of its own. */
  readonly continue?: boolean;
  /** Aborting stops the run: its iteration and summary end with `run/aborted`. */
  readonly signal?: AbortSignal;
}

/** How interfaces are followed. */
export interface ListenOptions extends CaptureOptions {
  /** Without rules everything is logged and nothing alerts. */
  readonly rules?: Ruleset;
  /** Event types to hand over; every type there is by default, none for an empty list. */
  readonly types?: readonly EventType[];
  /** As for {@link ReplayOptions}. eve.json is appended to. */
  readonly logDir?: string;
  /** Rings shared with the kernel of Linux, or libpcap. By default rings where there are any. */
  readonly method?: LiveMethod;
  /**
   * Whom the whole process becomes once the interfaces are open, so that outputs are this user's: a name or a number. By
   * default `run-as` of the configuration file, or nobody else.
   */
  readonly user?: string;
  readonly group?: string;
  /** Aborting stops the run: its iteration and summary end with `run/aborted`. */
  readonly signal?: AbortSignal;
}

const SETUP: KnownKeys<EngineSetup> = {
  config: true,
  set: true,
  homeNet: true,
  externalNet: true,
  workers: true,
  midstream: true,
  checksums: true,
  matcher: true,
  ruleCache: true,
  secrets: true,
  tree: true,
};

const SECRETS: KnownKeys<SecretOptions> = { passwords: true, ntlmHashes: true, keytabs: true, files: true };

const SOURCE: KnownKeys<RuleSource> = { files: true, text: true, sigma: true, signal: true };

const REPLAY: KnownKeys<ReplayOptions> = {
  rules: true,
  types: true,
  logDir: true,
  continue: true,
  signal: true,
  recursive: true,
  order: true,
};

const LISTEN: KnownKeys<ListenOptions> = {
  rules: true,
  types: true,
  logDir: true,
  method: true,
  user: true,
  group: true,
  signal: true,
  filter: true,
  rings: true,
  ringLength: true,
  promiscuous: true,
  snapLength: true,
};

/**
 * The engine: a configuration, ready to compile rules and to replay captures. It has no threads of its own and never
 * keeps a process alive; runs do, while they last.
 *
 * ```ts
 * const engine = new Engine();
 * const rules = await engine.compile({ files: ['my.rules'] });
 * for await (const event of engine.replay('capture.pcap', { rules })) console.log(event.event_type);
 * ```
 */
export class Engine {
  /** The configuration, with nothing left open. */
  readonly config: Config;
  /** The keywords, protocols and events there are. */
  readonly catalog: Catalog;
  readonly #native: Native;
  readonly #setup: EngineSetup;
  readonly #secrets: NativeSecrets | null;

  /**
   * @throws {EngineError} `addon/missing`, `addon/broken`, `secrets/invalid`, `secrets/unreadable`, `options/unknown`
   * @throws {ConfigError} when the configuration cannot be used
   */
  constructor(options: EngineOptions = {}, native: Native = loadNative()) {
    refuseUnknown('The options of an engine', options, SETUP);
    if (options.secrets !== undefined) refuseUnknown('`secrets`', options.secrets, SECRETS);
    this.#native = native;
    const { secrets, ...setup } = options;
    this.#setup = setup;
    this.catalog = JSON.parse(native.catalog()) as Catalog;
    this.config = this.#resolve('.');
    this.#secrets = loadSecrets(native, secrets);
  }

  /** The addon's version. */
  get version(): string {
    return this.#native.version();
  }

  /** The protocols there are, by their names in a configuration. */
  get protocols(): readonly KnownProtocol[] {
    return this.catalog.protocols;
  }

  /**
   * Compiles rules from files and text. Broken rules are left out and told in `findings`.
   * @throws {EngineError} `rules/unreadable` for a file, `rules/compile` when the matcher cannot be had, `options/unknown`
   */
  async compile(source: RuleSource): Promise<Ruleset> {
    refuseUnknown('What rules are compiled of', source, SOURCE);
    refuseNoTexts('`files`', source.files);
    refuseNoText('`text`', source.text);
    const matcher = this.#setup.matcher ?? this.config.matcher;
    const cache = this.#setup.ruleCache ?? this.config.ruleCache;
    const rules = await compileRuleset(this.#native, this.catalog, this.config, source, { matcher, cache });
    // Making a set takes twice what it keeps.
    void this.#native.releaseMemory();
    return rules;
  }

  /**
   * Begins to replay captures: files, directories, `-` for standard input.
   * @throws {EngineError} `capture/not-found`, `output/write`, `config/invalid`, `options/unknown`
   */
  replay(captures: string | readonly string[], options: ReplayOptions = {}): Run {
    refuseUnknown('The options of a replay', options, REPLAY);
    refuseNoRuleset(options.rules);
    options.signal?.throwIfAborted();
    const config = this.#runConfig(captures, options);
    try {
      const native = this.#native.startRun(JSON.stringify(config), options.rules?.native() ?? null, this.#secrets);
      return new Run(native, hasSubscriber(config), options.signal);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * Begins to follow interfaces; those of the configuration where none is named. The run goes on until it is stopped.
   * @throws {EngineError} `capture/no-interface`, `capture/no-rights`, `capture/filter`, `rights/user`, `output/write`
   * @throws {ConfigError} when no interface is named, or the configuration asks for packets to be passed on
   */
  listen(interfaces: string | readonly string[] = [], options: ListenOptions = {}): Run {
    refuseUnknown('The options of a capture', options, LISTEN);
    refuseNoRuleset(options.rules);
    options.signal?.throwIfAborted();
    const method = options.method ?? (process.platform === 'linux' ? 'af-packet' : 'pcap');
    const names = typeof interfaces === 'string' ? [interfaces] : interfaces;
    const { live } = this.config;
    const plan = planCapture(live, method, names, options);
    const config = this.#liveConfig(plan, method, options);
    try {
      const capture = this.#native.openCapture(JSON.stringify({ method, interfaces: plan.interfaces }));
      const opened = JSON.parse(capture.opened()) as OpenedReport[];
      becomeUser(options.user ?? live.user, options.group ?? live.group);
      const native = capture.follow(JSON.stringify(config), options.rules?.native() ?? null, this.#secrets);
      return new Run(native, hasSubscriber(config), options.signal, opened);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * Gives up, for this thread and those it starts from now on, gaining rights by what is executed, and all capabilities but
   * root's. For programs that only listen: the threads that inspect packets do it by themselves.
   */
  dropRights(): void {
    this.#native.dropRights();
  }

  /**
   * Has the kernel refuse, to every thread of this process and for good, what a program that only listens never asks for:
   * starting programs, looking into other processes, changing the kernel. False where the kernel cannot (seccomp of Linux).
   */
  confineProcess(): boolean {
    return this.#native.confineProcess();
  }

  /** What this host offers to a sensor. */
  hostReport(): HostReport {
    return hostReport(this.#native);
  }

  /**
   * Says, for each flow and transaction of the captures, the first stage at which a rule failed, and by which of its parts.
   * @throws {EngineError} `rules/compile` when no rule of the set has this sid
   */
  async explain(captures: string | readonly string[], rules: Ruleset, sid: number): Promise<Trace> {
    const config = this.#runConfig(captures, { types: [] });
    try {
      const trace = JSON.parse(
        await this.#native.explain(JSON.stringify(config), rules.native(), this.#secrets, sid),
      ) as RuleTrace;
      // The rule compiler is not needed before.
      const { ruleOrigins } = await import('../rules/suricata/index.js');
      const options = compileOptions(this.config, this.catalog);
      return withPredicates(trace, (text) => ruleOrigins(text, options));
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * Measures what each rule costs on the captures. One worker, and nothing is written.
   * @throws {EngineError} `capture/not-found`, `capture/unreadable`
   */
  async profile(captures: string | readonly string[], rules: Ruleset): Promise<RuleProfile> {
    const config = this.#runConfig(captures, { types: [] });
    try {
      return JSON.parse(
        await this.#native.profile(JSON.stringify(config), rules.native(), this.#secrets),
      ) as RuleProfile;
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** The configuration as it was written, with what the options say: values by their keys. */
  settings(): ConfigMap {
    return configTree(this.#setup);
  }

  #resolve(logDir: string, live = false): Config {
    return resolveOptions(this.#setup, this.catalog, logDir, live);
  }

  #runConfig(captures: string | readonly string[], options: ReplayOptions): RunConfig {
    const inputs = expandInputs(typeof captures === 'string' ? [captures] : captures, options);
    if (inputs.length === 0) throw new EngineError('capture/not-found', 'There is nothing to replay.');
    return { ...this.#outputConfig(options), inputs, continue_files: options.continue ?? false };
  }

  #liveConfig(plan: CapturePlan, method: LiveMethod, options: ListenOptions): RunConfig {
    const config = this.#outputConfig(options, true);
    return {
      ...config,
      workers: this.#setup.workers ?? plan.workers ?? config.workers,
      // The kernel says which checksums are not complete yet; nothing need be guessed from how they look.
      decode: { ...config.decode, partial_checksums: config.decode.partial_checksums && method !== 'af-packet' },
    };
  }

  /** The configuration of a run, with its outputs. One that is `live` appends where the configuration does not say. */
  #outputConfig(options: Pick<ReplayOptions, 'logDir' | 'rules' | 'types'>, live = false): RunConfig {
    const hasFile = this.#setup.config !== undefined || this.#setup.tree !== undefined;
    const { logDir } = options;
    const wantsEvents = options.types === undefined || options.types.length > 0;
    const resolved = this.#resolve(logDir ?? '.', live).run;
    const own = logDir !== undefined && hasFile;
    const outputs = [
      ...(wantsEvents ? [subscription(this.protocols, options.types)] : []),
      ...(logDir === undefined
        ? []
        : own
          ? resolved.outputs
          : [fullOutput(join(logDir, 'eve.json'), this.catalog, live)]),
    ];
    return {
      ...resolved,
      rules: options.rules?.counts ?? resolved.rules,
      outputs,
      unwritten: options.rules?.sigma ? unwritten(this.protocols, outputs) : null,
      file_store: own ? resolved.file_store : null,
      document_stores: own ? resolved.document_stores : {},
    };
  }
}

/** Text where a compiled set is due. */
function refuseNoRuleset(rules: unknown): void {
  if (rules === undefined || rules instanceof Ruleset) return;
  throw new EngineError(
    'options/unknown',
    '`rules` is a set that `engine.compile` made, not the text or paths of rules.',
  );
}

function hasSubscriber({ outputs }: RunConfig): boolean {
  return outputs.some(({ sink }) => sink === null);
}
