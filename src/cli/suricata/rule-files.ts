import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Config } from '../../config/index.js';

/** The rule files of a run, and the names that stood for none. */
export interface RuleFiles {
  readonly paths: readonly string[];
  readonly unmatched: readonly string[];
}

/**
 * The rule files: those of `-S` alone, else those of the configuration (relative to `default-rule-path`), and then those
 * of `-s`. Names may hold `*` and `?` in their last part.
 */
export function ruleFiles(config: Config, exclusive: readonly string[], additional: readonly string[]): RuleFiles {
  const folder = config.rulePath;
  const configured = exclusive.length > 0 ? [] : config.ruleFiles.map((name) => placed(name, folder));
  const paths: string[] = [];
  const unmatched: string[] = [];
  for (const pattern of [...exclusive, ...configured, ...additional]) {
    const found = expand(pattern);
    if (found.length === 0) unmatched.push(pattern);
    paths.push(...found);
  }
  return { paths, unmatched };
}

function placed(name: string, folder: string | null): string {
  return isAbsolute(name) || folder === null ? name : join(folder, name);
}

function expand(pattern: string): string[] {
  if (existsSync(pattern)) return [pattern];
  const folder = dirname(pattern);
  const last = basename(pattern);
  if (!/[*?]/.test(last) || !existsSync(folder)) return [];
  const expression = new RegExp(
    `^${last
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  return readdirSync(folder)
    .filter((name) => expression.test(name))
    .sort()
    .map((name) => join(folder, name));
}
