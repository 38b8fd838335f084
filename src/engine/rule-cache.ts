import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/index.js';
import type { CompileRequest } from '../generated/config.js';
import { PACKAGE_FOLDER } from '../package.js';
import type { SourceFile } from '../rules/suricata/index.js';
import type { Native, NativeRuleset } from './native.js';
import type { Findings } from './ruleset.js';

/** Octets of rules from which on keeping what was made of them is worth a file. */
const WORTH = 256 * 1024;

/** A list that rules named (`filemd5:list`), and what was in it. */
interface NamedList {
  readonly name: string;
  readonly ruleFile: string;
  /** `null`: there was none. */
  readonly digest: string | null;
}

/** What is kept beside a set. */
interface Kept {
  readonly findings: Findings;
  readonly lists: readonly NamedList[];
}

/** What a set is compiled from, beside its rules. */
export interface CompiledFrom {
  readonly config: Config;
  readonly request: CompileRequest;
  /** Rule files and settings files. */
  readonly files: readonly SourceFile[];
  readonly readList: (name: string, ruleFile: string) => string | null;
}

/** The folder of this user in which compiled rules are kept. */
export function userCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sidewire', 'rules');
}

/** Compiled rules on disk: made once, they are read in a fraction of the time. */
export class RuleCache {
  readonly #lists = new Map<string, NamedList>();

  private constructor(
    readonly request: CompileRequest,
    readonly from: CompiledFrom,
  ) {}

  /** The place in a folder for a set; `null` where keeping it is not worth a file. */
  static open(folder: string | null, from: CompiledFrom): RuleCache | null {
    const octets = from.files.reduce((sum, { text }) => sum + text.length, 0);
    if (folder === null || octets < WORTH) return null;
    return new RuleCache({ ...from.request, cache: { folder, key: keyOf(from) } }, from);
  }

  /** Reads a list, and remembers what was in it. */
  readonly readList = (name: string, ruleFile: string): string | null => {
    const text = this.from.readList(name, ruleFile);
    const digest = text === null ? null : digestOf(text);
    this.#lists.set(`${name}\0${ruleFile}`, { name, ruleFile, digest });
    return text;
  };

  /** The set that was kept; `null` where there is none, or lists it was made from have changed. */
  async read(native: Native): Promise<{ set: NativeRuleset; findings: Findings } | null> {
    const set = await native.cachedRules(JSON.stringify(this.request));
    if (set === null) return null;
    const kept: Kept = JSON.parse(set.findings() ?? '');
    const { findings, lists } = kept;
    const same = ({ name, ruleFile, digest }: NamedList) => {
      const text = this.from.readList(name, ruleFile);
      return (text === null ? null : digestOf(text)) === digest;
    };
    return lists.every(same) ? { set, findings } : null;
  }

  /** Keeps a set. */
  async keep(set: NativeRuleset, findings: Findings): Promise<void> {
    await set.keep(JSON.stringify({ findings, lists: [...this.#lists.values()] } satisfies Kept));
  }
}

/** Digest of everything a set depends on: rules, variables, settings, and the programs that compile them. */
function keyOf({ config, request, files }: CompiledFrom): string {
  const { threads: _, cache: __, ...settings } = request;
  const about = {
    files: files.map(({ path, text }) => [path, digestOf(text)]),
    variables: [[...config.addressVariables], [...config.portVariables]],
    settings,
    programs: [
      PACKAGE_FOLDER,
      process.version,
      newest(join(PACKAGE_FOLDER, 'dist')),
      newest(join(PACKAGE_FOLDER, 'native')),
    ],
  };
  return digestOf(JSON.stringify(about));
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** When a program in a folder, or below one of it, was written last. */
function newest(folder: string): number {
  let last = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'target' && entry.name !== 'crates') last = Math.max(last, newest(path));
      } else if (/\.(?:node|js|so\.\d+)$/.test(entry.name)) last = Math.max(last, statSync(path).mtimeMs);
    }
  } catch {
    // No such folder: installed elsewhere.
  }
  return last;
}
