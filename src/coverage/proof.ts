import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Diagnostic as AnyDiagnostic } from '../diagnostics/diagnostic.js';
import { filesAt } from '../engine/rule-paths.js';
import type { AlertEvent } from '../generated/events.js';
import { Source } from '../source/source.js';
import { diagnostic } from './codes.js';
import { INFO_FILE, readRegressionTests } from './regression-data.js';
import type { CoverageRule } from './row.js';

/** Name of a table of proofs, which holds for the rules in the same directory. */
export const PROOF_TABLE = 'proofs.tsv';

/** Samples that make a rule alert, by the rule's id. */
export type ProofMap = ReadonlyMap<string, readonly string[]>;

/** Samples of one rule that are kept. */
const MAX_SAMPLES = 16;

class ProofCollector {
  readonly samples = new Map<string, string[]>();

  add(rule: string, sample: string): void {
    const known = this.samples.get(rule);
    if (known === undefined) this.samples.set(rule, [sample]);
    else if (known.length < MAX_SAMPLES && !known.includes(sample)) known.push(sample);
  }
}

/**
 * Reads what proves rules: a table of a rule's id and a sample (`proofs.tsv`), SigmaHQ's regression data (`info.yml` beside its
 * samples), the `eve.json` of a replay or a hunt; or directories of these. What cannot be read is reported.
 * @throws {EngineError} `rules/unreadable`
 */
export async function readProofs(
  paths: readonly string[],
  report: (problem: AnyDiagnostic) => void,
): Promise<ProofMap> {
  const collector = new ProofCollector();
  for (const path of paths) {
    const { isDirectory, files } = filesAt(path);
    for (const file of files) {
      const name = basename(file);
      if (name.endsWith('.tsv')) {
        if (!isDirectory || name === PROOF_TABLE) readTable(file, collector, report);
      } else if (INFO_FILE.test(name)) {
        for (const { rule, sample, wanted } of readRegressionTests(file, report))
          if (wanted !== 0) collector.add(rule, sample);
      } else if (name === 'eve.json' || (!isDirectory && /\.jsonl?$/.test(name)))
        await readEve(file, collector, report);
    }
  }
  return collector.samples;
}

/** The proofs of each rule: those that were given, and those of the table beside its file. */
export function proofsOf(
  rules: readonly CoverageRule[],
  given: ProofMap,
  report: (problem: AnyDiagnostic) => void,
): Map<CoverageRule, readonly string[]> {
  const tables = new Map<string, ProofMap>();
  const beside = (file: string): ProofMap => {
    const path = join(dirname(resolve(file)), PROOF_TABLE);
    const known = tables.get(path);
    if (known) return known;
    const collector = new ProofCollector();
    if (existsSync(path)) readTable(path, collector, report);
    tables.set(path, collector.samples);
    return collector.samples;
  };
  return new Map(
    rules.flatMap((rule) => {
      const samples = [...(beside(rule.file).get(rule.id) ?? []), ...(given.get(rule.id) ?? [])];
      return samples.length > 0 ? [[rule, [...new Set(samples)]] as const] : [];
    }),
  );
}

/** A table of proofs as text, by rule. */
export function proofTable(rows: readonly (readonly [rule: string, sample: string])[]): string {
  const lines = [...new Set(rows.map((row) => row.join('\t')))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  return ['rule\tsample', ...lines, ''].join('\n');
}

function readTable(path: string, collector: ProofCollector, report: (problem: AnyDiagnostic) => void): void {
  const source = new Source(path, readFileSync(path));
  let offset = 0;
  for (const line of source.text.split('\n')) {
    const [rule, sample, ...more] = line.trimEnd().split('\t');
    const isRow = rule !== undefined && rule !== '' && !rule.startsWith('#') && rule !== 'rule';
    if (isRow && (sample === undefined || sample === '' || more.length > 0))
      report(
        diagnostic(
          source,
          { start: offset, end: offset + line.length },
          {
            code: 'coverage/proof',
            message: 'this is no proof',
            help: 'a line is the id of a rule, a tab, and the sample that makes it alert',
          },
        ),
      );
    else if (isRow && sample !== undefined) collector.add(rule, sample);
    offset += line.length + 1;
  }
}

async function readEve(
  path: string,
  collector: ProofCollector,
  report: (problem: AnyDiagnostic) => void,
): Promise<void> {
  const sample = inputsOf(path);
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (!line.includes('"event_type":"alert"')) continue;
    try {
      const { alert, pcap_filename } = JSON.parse(line) as AlertEvent;
      const sigma = alert.metadata?.sigma_id?.[0];
      collector.add(sigma ?? String(alert.signature_id), pcap_filename ?? sample);
    } catch {
      const source = new Source(path, line);
      const help = 'the file is no eve.json, or it was cut';
      report(diagnostic(source, { start: 0, end: 1 }, { code: 'coverage/proof', message: 'a line is no event', help }));
      return;
    }
  }
}

/** What was searched, as `run.json` beside the events says; else the events themselves. */
function inputsOf(path: string): string {
  try {
    const record: unknown = JSON.parse(readFileSync(join(dirname(path), 'run.json'), 'utf8'));
    const inputs = record !== null && typeof record === 'object' && 'inputs' in record ? record.inputs : [];
    const names = Array.isArray(inputs) ? inputs.filter((one) => typeof one === 'string') : [];
    return names.length > 0 ? names.join(', ') : path;
  } catch {
    return path;
  }
}
