import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/index.js';
import type { Catalog } from '../generated/catalog.js';
import type { CompileRequest, Matcher } from '../generated/config.js';
import type { CompileOptions, SourceFile } from '../rules/suricata/index.js';
import { EngineError, fromNative } from './error.js';
import type { Native, NativeRuleset } from './native.js';
import { RuleCache } from './rule-cache.js';
import { type Findings, Ruleset } from './ruleset.js';
import { isSigmaFile } from './sigma-file.js';
import { vectorscanLibraries } from './vectorscan.js';

/** Where rules come from. Both may be given; files come first. */
export interface RuleSource {
  /**
   * Paths of rule files. Those that end in `.yml` or `.yaml` hold Sigma rules; of a directory, these and its `.rules` files are
   * taken.
   */
  readonly files?: readonly string[];
  /** Rules as text. */
  readonly text?: string;
  /** Sigma rules as text. */
  readonly sigma?: string;
  readonly signal?: AbortSignal;
}

/** Name of rules that were given as text, in diagnostics. */
const TEXT = '<rules>';

/** How rules are compiled, beside the configuration. */
export interface CompileSetup {
  readonly matcher: Matcher;
  /** Folder in which compiled sets are kept; `null`: nowhere. */
  readonly cache: string | null;
}

/** Compiles rules with the variables and settings files of a configuration. */
export async function compileRuleset(
  native: Native,
  catalog: Catalog,
  config: Config,
  given: RuleSource,
  setup: CompileSetup,
): Promise<Ruleset> {
  const { network, sigma } = parted(given.files ?? []);
  const set = await compileNetwork(native, catalog, config, { ...given, files: network }, setup);
  if (sigma.length === 0 && given.sigma === undefined) return set;
  // Not needed where there are none.
  const { compileSigmaRules } = await import('./hunt.js');
  const text = given.sigma === undefined ? {} : { text: given.sigma };
  const rules = { files: sigma, ...text, onlyTraffic: true, onlyApplicable: true, matcher: setup.matcher };
  set.addSigma(await compileSigmaRules(rules, native));
  return set;
}

/** Rule files on packets, and those of Sigma. */
function parted(paths: readonly string[]): { readonly network: readonly string[]; readonly sigma: readonly string[] } {
  const files = paths.flatMap((path) => filesOf(path));
  return { network: files.filter((path) => !isSigmaFile(path)), sigma: files.filter(isSigmaFile) };
}

/** A file, or the rule files of a directory. */
function filesOf(path: string): string[] {
  if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) return [path];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : filesOf(inside);
    return isSigmaFile(entry.name) || entry.name.endsWith('.rules') ? [inside] : [];
  });
}

/** Compiles the rules on packets. */
async function compileNetwork(
  native: Native,
  catalog: Catalog,
  config: Config,
  source: RuleSource,
  { matcher, cache: folder }: CompileSetup,
): Promise<Ruleset> {
  const sources = readSources(source);
  const options = compileOptions(config, catalog);
  const request: CompileRequest = {
    matcher,
    libraries: vectorscanLibraries(),
    threads: 0,
    detect: config.run.detect,
    cache: null,
  };
  const { classification, reference, threshold } = options;
  const settings = [classification, reference, threshold].filter((file) => file !== undefined);
  const lists = (name: string, ruleFile: string) => readList(name, ruleFile, config.rulePath);
  const cache = RuleCache.open(folder, { config, request, files: [...sources, ...settings], readList: lists });
  let trouble: string | null = null;
  try {
    const kept = await cache?.read(native);
    if (kept) return new Ruleset(kept.set, kept.findings);
  } catch (error) {
    trouble = fromNative(error).message;
  }
  const recorded = cache === null ? options : { ...options, readList: cache.readList };
  const [compiled, findings] = await compileAll(native, sources, recorded, cache?.request ?? request, source);
  try {
    await cache?.keep(compiled, findings);
  } catch (error) {
    trouble ??= fromNative(error).message;
  }
  return new Ruleset(compiled, { ...findings, cacheTrouble: trouble });
}

/** Runs the rule compiler, and the addon beside it. */
async function compileAll(
  native: Native,
  sources: readonly SourceFile[],
  options: CompileOptions,
  request: CompileRequest,
  source: RuleSource,
): Promise<[NativeRuleset, Findings]> {
  // Not needed where a set was kept.
  const { compile } = await import('../rules/suricata/index.js');
  const { batches, diagnostics, statistics } = compile(sources, options);
  try {
    const compiler = native.beginRules(JSON.stringify(request));
    for (const batch of batches) {
      compiler.add(batch);
      // Aborting and timers must get a turn while thousands of rules are compiled.
      await new Promise(setImmediate);
      source.signal?.throwIfAborted();
    }
    const compiled = await compiler.finish();
    return [
      compiled,
      {
        diagnostics,
        failed: statistics.failed,
        skipped: statistics.skipped,
        thresholds: statistics.thresholds,
        needs: [...statistics.needs],
        files: source.files?.length ?? 0,
        external: sources.reduce((sum, { text }) => sum + countExternal(asText(text)), 0),
        sids: sources.flatMap(({ text }) => sidsOf(asText(text))),
        silent: statistics.silent,
        cacheTrouble: null,
      },
    ];
  } catch (error) {
    throw source.signal?.aborted ? error : fromNative(error);
  }
}

/**
 * What the rule compiler is told of a configuration. Settings files that do not exist are left out, as Suricata does.
 */
export function compileOptions(config: Config, catalog?: Catalog): CompileOptions {
  const file = (path: string | null): SourceFile | undefined => {
    if (path === null) return undefined;
    try {
      return { path, text: readFileSync(path) };
    } catch {
      return undefined;
    }
  };
  const classification = file(config.classificationFile);
  const reference = file(config.referenceFile);
  const threshold = file(config.thresholdFile);
  return {
    addressVariables: Object.fromEntries(config.addressVariables),
    portVariables: Object.fromEntries(config.portVariables),
    ...(classification && { classification }),
    ...(reference && { reference }),
    ...(threshold && { threshold }),
    readList: (name, ruleFile) => readList(name, ruleFile, config.rulePath),
    ...(catalog && { catalog }),
  };
}

/**
 * Reads rule files.
 * @throws {EngineError} `rules/unreadable`
 */
export function readSources({ files = [], text }: RuleSource): SourceFile[] {
  const sources = files.map((path): SourceFile => {
    try {
      return { path, text: readFileSync(path) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOENT' ? 'there is no such rule file' : (error as Error).message;
      throw new EngineError('rules/unreadable', `${path}: ${reason}`, { cause: error });
    }
  });
  return text === undefined ? sources : [...sources, { path: TEXT, text }];
}

/** A list that a rule names: below `default-rule-path`, or else beside the rule's file, as in Suricata. */
function readList(name: string, ruleFile: string, rulePath: string | null): string | null {
  for (const folder of [rulePath ?? '.', dirname(ruleFile)]) {
    try {
      return readFileSync(resolve(folder, name), 'latin1');
    } catch {
      // The next place.
    }
  }
  return null;
}

function asText(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
}

function sidsOf(text: string): number[] {
  return [...text.matchAll(/^[^#\n]*[;(]\s*sid\s*:\s*(\d+)\s*;/gm)].map((match) => Number(match[1]));
}

function countExternal(text: string): number {
  return text.match(/^\s*(?:alert|drop|reject\w*|pass)\b[^(\n]*\$EXTERNAL_NET/gm)?.length ?? 0;
}
