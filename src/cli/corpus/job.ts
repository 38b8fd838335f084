import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { EngineOptions } from '../../engine/index.js';

/** What an input is: packets, or records of event logs. */
export type InputKind = 'capture' | 'log';

/** One input to be worked on by one plan. Crosses to other machines as JSON. */
export interface CorpusJob {
  /** Digest of input, rules and options behind its kind: two jobs with one key have one result. */
  readonly key: string;
  readonly kind: InputKind;
  /** Absolute path, the same wherever it is worked on. */
  readonly path: string;
  /** Octets, as they were when it was added. */
  readonly size: number;
  /** SHA-256 of what is in the file. */
  readonly digest: string;
  readonly plan: CorpusPlan;
}

/** How captures are replayed, or logs hunted: what crosses to a worker, with digests by which it knows that it does the same. */
export type CorpusPlan = CapturePlan | LogPlan;

interface PlanDigests {
  /** SHA-256 of rules, in their order. */
  readonly rulesDigest: string;
  /** SHA-256 of everything else that an event depends on: configuration, variables, settings files, version. */
  readonly optionsDigest: string;
  /** Absolute paths; `null`: the rules that come with sidewire. */
  readonly rules: readonly string[] | null;
}

export interface CapturePlan extends PlanDigests {
  readonly kind: 'capture';
  readonly options: CaptureOptions;
}

/** Options of an engine that may be written down: secrets are not, and the rest is each worker's own. */
export type CaptureOptions = Omit<EngineOptions, 'secrets' | 'ruleCache' | 'workers'>;

export interface LogPlan extends PlanDigests {
  readonly kind: 'log';
  readonly options: LogOptions;
}

export interface LogOptions {
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
  /** Takes what a process creation does not say of its parent from the parent's own event. */
  readonly complete: boolean;
}

/** What became of a job: kept as `result.json` beside its EVE lines. */
export interface CorpusResult {
  readonly key: string;
  readonly kind: InputKind;
  readonly path: string;
  readonly digest: string;
  /** Host that worked on it, and the folder there with its EVE lines. */
  readonly host: string;
  readonly folder: string;
  /** Packets or records read. */
  readonly units: number;
  readonly alerts: number;
  /** Seconds of wall clock. */
  readonly elapsed: number;
  /** What of the input could not be read; what came before it was inspected. */
  readonly problems: readonly string[];
}

/** A job that is not tried again by itself, and why. */
export interface CorpusFailure {
  readonly job: CorpusJob;
  readonly reason: string;
}

/** The job of an input. */
export async function jobOf(kind: InputKind, path: string, size: number, plan: CorpusPlan): Promise<CorpusJob> {
  const digest = await fileDigest(path);
  return {
    key: `${kind}-${textDigest([digest, plan.rulesDigest, plan.optionsDigest].join(' '))}`,
    kind,
    path,
    size,
    digest,
    plan,
  };
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** SHA-256 of text, in hexadecimal digits. */
export function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
