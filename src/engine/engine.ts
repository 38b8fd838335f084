import { join } from 'node:path';
import type { Config, KnownProtocol } from '../config/index.js';
import type { Catalog } from '../generated/catalog.js';
import type { RunConfig } from '../generated/config.js';
import type { RuleTrace } from '../generated/explain.js';
import { ruleOrigins } from '../rules/suricata/index.js';
import { compileOptions, compileRuleset, type RuleSource } from './compile.js';
import { EngineError, fromNative } from './error.js';
import type { EventType } from './events.js';
import { type Trace, withPredicates } from './explain.js';
import { expandInputs, type InputOptions } from './inputs.js';
import { loadNative, type Native, type NativeSecrets } from './native.js';
import { type EngineOptions, type EngineSetup, fullOutput, resolveOptions, subscription } from './options.js';
import type { Ruleset } from './ruleset.js';
import { Run } from './run.js';
import { loadSecrets } from './secrets.js';

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

/**
 * The engine: a configuration, ready to compile rules and to replay captures. It has no threads of its own and never
 * keeps a process alive; runs do, while they last.
 *
 * ```ts
 * const engine = new Engine();
 * await using rules = await engine.compile({ files: ['my.rules'] });
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
   * @throws {EngineError} `addon/missing`, `addon/broken`, `secrets/invalid`, `secrets/unreadable`
   * @throws {ConfigError} when the configuration cannot be used
   */
  constructor(options: EngineOptions = {}, native: Native = loadNative()) {
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
   * @throws {EngineError} `rules/unreadable` for a file, `rules/compile` when the matcher cannot be had
   */
  compile(source: RuleSource): Promise<Ruleset> {
    return compileRuleset(this.#native, this.catalog, this.config, source, this.#setup.matcher ?? this.config.matcher);
  }

  /**
   * Begins to replay captures: files, directories, `-` for standard input.
   * @throws {EngineError} `capture/not-found`, `output/write`, `config/invalid`
   */
  replay(captures: string | readonly string[], options: ReplayOptions = {}): Run {
    options.signal?.throwIfAborted();
    const config = this.#runConfig(captures, options);
    try {
      const native = this.#native.startRun(JSON.stringify(config), options.rules?.native() ?? null, this.#secrets);
      return new Run(
        native,
        config.outputs.some(({ sink }) => sink === null),
        options.signal,
      );
    } catch (error) {
      throw fromNative(error);
    }
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
      const options = compileOptions(this.config, this.catalog);
      return withPredicates(trace, (text) => ruleOrigins(text, options));
    } catch (error) {
      throw fromNative(error);
    }
  }

  #resolve(logDir: string): Config {
    return resolveOptions(this.#setup, this.catalog, logDir);
  }

  #runConfig(captures: string | readonly string[], options: ReplayOptions): RunConfig {
    const inputs = expandInputs(typeof captures === 'string' ? [captures] : captures, options);
    if (inputs.length === 0) throw new EngineError('capture/not-found', 'There is nothing to replay.');
    const hasFile = this.#setup.config !== undefined || this.#setup.tree !== undefined;
    const { logDir } = options;
    const wantsEvents = options.types === undefined || options.types.length > 0;
    const resolved = this.#resolve(logDir ?? '.').run;
    const own = logDir !== undefined && hasFile;
    return {
      ...resolved,
      inputs,
      rules: options.rules?.counts ?? resolved.rules,
      continue_files: options.continue ?? false,
      outputs: [
        ...(wantsEvents ? [subscription(this.protocols, options.types)] : []),
        ...(logDir === undefined
          ? []
          : own
            ? resolved.outputs
            : [fullOutput(join(logDir, 'eve.json'), this.protocols)]),
      ],
      file_store: own ? resolved.file_store : null,
    };
  }
}
