import * as v from 'valibot';
import { EXIT, Stop } from '../exit.js';
import type { CaptureOptions, CorpusJob, CorpusResult } from './job.js';

// What is read back from files of a corpus: others may have written there.

const KIND = v.picklist(['capture', 'log']);
const PLAN = {
  rules: v.nullable(v.array(v.string())),
  rulesDigest: v.string(),
  optionsDigest: v.string(),
};
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const JOB = v.object({
  key: v.string(),
  kind: KIND,
  path: v.string(),
  size: v.number(),
  digest: v.string(),
  plan: v.variant('kind', [
    v.object({ kind: v.literal('capture'), options: v.custom<CaptureOptions>(isObject), ...PLAN }),
    v.object({
      kind: v.literal('log'),
      options: v.object({ placeholders: v.record(v.string(), v.array(v.string())), complete: v.boolean() }),
      ...PLAN,
    }),
  ]),
});

const QUEUED = v.object({ job: JOB, reason: v.optional(v.string(), '') });

const RESULT = v.object({
  key: v.string(),
  kind: KIND,
  path: v.string(),
  digest: v.string(),
  host: v.string(),
  folder: v.string(),
  units: v.number(),
  alerts: v.number(),
  elapsed: v.number(),
  problems: v.array(v.string()),
});

/** A job in a file of the queue, and why it failed; empty when it did not. */
export interface QueuedJob {
  readonly job: CorpusJob;
  readonly reason: string;
}

/** @throws {Stop} when text is no job */
export function queuedJob(text: string, path: string): QueuedJob {
  return parsed(QUEUED, text, path);
}

/** @throws {Stop} when text is no result */
export function corpusResult(text: string, path: string): CorpusResult {
  return parsed(RESULT, text, path);
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, text: string, path: string): T {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (error) {
    throw new Stop(EXIT.usage, `${path}: not what a corpus holds (${(error as Error).message}); move it away`);
  }
}
