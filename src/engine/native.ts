import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PACKAGE_FOLDER } from '../package.js';
import { EngineError } from './error.js';
import { platformName } from './platform.js';

/** The addon. JSON crosses as text, batches as buffers; errors carry `[code] message`. */
export interface Native {
  version(): string;
  catalog(): string;
  /** Version of libmagic, which names kinds of files; `null` where it is not installed. */
  magicVersion(): string | null;
  /** Gives memory that is free back to the system. */
  releaseMemory(): Promise<void>;
  /** Tells systemd of a state; whether it could be told. */
  notifyServiceManager(socket: string, state: string): boolean;
  beginRules(options: string): NativeRuleCompiler;
  /** A set that was kept where the options say; `null` when there is none. */
  cachedRules(options: string): Promise<NativeRuleset | null>;
  readSecrets(sources: NativeSecret[]): NativeSecrets;
  startRun(config: string, rules: NativeRuleset | null, secrets: NativeSecrets | null): NativeRun;
  openCapture(config: string): NativeCapture;
  dropRights(): void;
  confineProcess(): boolean;
  hostReport(ringLength: number, libraries: string[]): string;
  profile(config: string, rules: NativeRuleset, secrets: NativeSecrets | null): Promise<string>;
  explain(config: string, rules: NativeRuleset, secrets: NativeSecrets | null, sid: number): Promise<string>;
  compileSigma(batches: Buffer[], options: string): Promise<NativeSigmaRules>;
  startHunt(config: string, rules: NativeSigmaRules): NativeHunt;
  joinLogs(request: string): Promise<string>;
  explainLogs(config: string, rules: NativeSigmaRules, rule: string): Promise<string>;
}

export interface NativeSigmaRules {
  readonly rules: number;
  readonly elapsed: number;
  problems(): string;
}

export interface NativeHunt {
  progress(): string;
  stop(): void;
  finished(): Promise<string>;
}

/** A secret on its way to the addon: `name` is what messages call it. */
export interface NativeSecret {
  readonly kind: 'password' | 'ntlm-hash' | 'keytab' | 'file';
  readonly name: string;
  readonly octets: Buffer;
}

/** Secrets in the addon; they cannot be had back. */
export type NativeSecrets = object;

/** A compilation: takes batches while they are written. */
export interface NativeRuleCompiler {
  add(batch: Buffer): void;
  finish(): Promise<NativeRuleset>;
}

export interface NativeRuleset {
  readonly rules: number;
  stats(): string;
  problems(): string;
  close(): void;
  /** Keeps the set where its options said. */
  keep(findings: string): Promise<void>;
  /** What was kept beside the set; `null` of one that was compiled. */
  findings(): string | null;
  /** Puts Sigma rules beside the set. */
  addSigma(rules: NativeSigmaRules): void;
}

/** Interfaces that are open. */
export interface NativeCapture {
  opened(): string;
  follow(config: string, rules: NativeRuleset | null, secrets: NativeSecrets | null): NativeRun;
}

export interface NativeRun {
  next(): Promise<Buffer | null>;
  swap(rules: NativeRuleset, counts: string): void;
  progress(): string;
  notices(): string;
  stats(): string;
  reopen(): void;
  stop(): void;
  finished(): Promise<string>;
}

const require = createRequire(import.meta.url);
let loaded: { native: Native; folder: string } | undefined;

/**
 * Loads the addon, once: the platform's package, else the one that `npm run build` made in a checkout.
 * @throws {EngineError} `addon/missing` or `addon/broken`, with the way out
 */
export function loadNative(): Native {
  loaded ??= load();
  return loaded.native;
}

/** Version of libmagic; `null` where it, or the addon, is not installed. */
export function magicVersion(): string | null {
  try {
    return loadNative().magicVersion();
  } catch {
    return null;
  }
}

/** The folder of the addon, once it is loaded; `null` before. */
export function nativeFolder(): string | null {
  return loaded?.folder ?? null;
}

function load(): { native: Native; folder: string } {
  const platform = platformName();
  const path = find(platform);
  if (path === null)
    throw new EngineError(
      'addon/missing',
      `There is no native addon for ${platform}. In a checkout: \`npm run build\`. Installed from npm: install the ` +
        `package @sidewire/${platform} beside sidewire (package managers skip it with --no-optional or on a copied ` +
        'node_modules).',
    );
  try {
    return { native: require(path) as Native, folder: dirname(path) };
  } catch (error) {
    throw new EngineError(
      'addon/broken',
      `The native addon ${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function find(platform: string): string | null {
  try {
    return require.resolve(`@sidewire/${platform}`);
  } catch {
    const file = join(PACKAGE_FOLDER, 'native', `sidewire.${platform}.node`);
    return existsSync(file) ? file : null;
  }
}
