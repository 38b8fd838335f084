import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { EngineError } from '../engine/error.js';
import { filesAt } from '../engine/rule-paths.js';
import type { RuleVendor } from './row.js';

/** A file of rules, and whose they are. */
export interface VendorFile {
  readonly vendor: RuleVendor;
  readonly path: string;
  readonly text: Uint8Array;
}

/** What a YAML file is, by the members at its left margin. */
const YAML_KINDS: readonly (readonly [vendor: RuleVendor, marks: readonly RegExp[]])[] = [
  ['sigma', [/^detection:/m]],
  ['sigma', [/^correlation:/m]],
  ['splunk', [/^search:/m, /^(?:data_source|how_to_implement|tags|type):/m]],
  ['kusto', [/^query:/m, /^(?:relevantTechniques|queryFrequency|tactics|requiredDataConnectors|kind):/m]],
];

/**
 * The rules that files and directories hold, whose they are by what is in them. Files of a directory that hold no rules are
 * passed over; one that is named must be known.
 * @throws {EngineError} `rules/unreadable`
 */
export function ruleFiles(paths: readonly string[]): VendorFile[] {
  return paths.flatMap((path) => {
    const { isDirectory, files } = filesAt(path);
    return files.flatMap((file) => {
      const found = recognized(file);
      if (found) return [found];
      if (isDirectory) return [];
      const kinds =
        'Suricata (.rules), Sigma (.yml), Elastic (.toml), Splunk (.yml with `search:`), Kusto (.yaml with `query:`)';
      throw new EngineError('rules/unreadable', `${file}: these are no rules that can be read: ${kinds}`);
    });
  });
}

function recognized(path: string): VendorFile | null {
  const kind = extname(path).toLowerCase();
  if (kind === '.rules') return { vendor: 'suricata', path, text: readRules(path) };
  if (kind === '.toml') return { vendor: 'elastic', path, text: readRules(path) };
  if (kind !== '.yml' && kind !== '.yaml') return null;
  const text = readRules(path);
  const shown = Buffer.from(text).toString('latin1');
  const found = YAML_KINDS.find(([, marks]) => marks.every((mark) => mark.test(shown)));
  return found ? { vendor: found[0], path, text } : null;
}

function readRules(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new EngineError('rules/unreadable', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
