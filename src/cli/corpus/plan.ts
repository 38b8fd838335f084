import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSigmaFiles } from '../../engine/hunt.js';
import { Engine, readSources } from '../../engine/index.js';
import { packageVersion } from '../../package.js';
import { shippedRules, shippedSigmaRules } from '../rule-package.js';
import { type CaptureOptions, type CapturePlan, type LogOptions, type LogPlan, textDigest } from './job.js';

/**
 * The plan of captures.
 * @throws {EngineError} `rules/unreadable`
 * @throws {ConfigError} when the configuration cannot be used
 */
export function capturePlan(rules: readonly string[] | null, options: CaptureOptions): CapturePlan {
  const { config, ...rest } = options;
  const own: CaptureOptions = config === undefined ? rest : { ...rest, config: resolve(config) };
  const engine = new Engine({ ...own, workers: 1 });
  const { run, addressVariables, portVariables, classificationFile, referenceFile, thresholdFile } = engine.config;
  const about = {
    run,
    matcher: engine.config.matcher,
    variables: [[...addressVariables], [...portVariables]],
    files: [classificationFile, referenceFile, thresholdFile].map((path) =>
      path === null ? null : digestOrNull(path),
    ),
    version: packageVersion(),
  };
  const paths = rules?.map((path) => resolve(path)) ?? null;
  return {
    kind: 'capture',
    rules: paths,
    options: own,
    rulesDigest: digestAll(readSources({ files: paths ?? shippedRules() })),
    optionsDigest: textDigest(JSON.stringify(about)),
  };
}

/**
 * The plan of event logs.
 * @throws {EngineError} `rules/unreadable`
 */
export function logPlan(rules: readonly string[] | null, options: LogOptions): LogPlan {
  const paths = rules?.map((path) => resolve(path)) ?? null;
  return {
    kind: 'log',
    rules: paths,
    options,
    rulesDigest: digestAll(readSigmaFiles({ files: paths ?? shippedSigmaRules() })),
    optionsDigest: textDigest(JSON.stringify({ options, version: packageVersion() })),
  };
}

function digestAll(files: Iterable<{ readonly text: string | Uint8Array }>): string {
  const hash = createHash('sha256');
  for (const { text } of files) hash.update(String(text.length)).update('\0').update(text);
  return hash.digest('hex');
}

function digestOrNull(path: string): string | null {
  try {
    return textDigest(readFileSync(path, 'latin1'));
  } catch {
    return null;
  }
}
