import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileSigmaRules, type SigmaSource, startHunt } from '../../src/engine/hunt.js';
import type { AlertEvent } from '../../src/generated/events.js';
import type { HuntReport } from '../../src/generated/hunt.js';
import { checkEvent } from '../eve.js';

export interface Hunted {
  readonly alerts: readonly AlertEvent[];
  readonly report: HuntReport;
}

/** A record of Sysmon 1 as evtx_dump writes it. */
export function creation(
  data: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return record('Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-Sysmon', 1, data, more);
}

/** A record of Security 4688. */
export function audited(data: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): string {
  return record('Security', 'Microsoft-Windows-Security-Auditing', 4688, data, more);
}

/** A record as evtx_dump writes it. */
export function record(
  channel: string,
  provider: string,
  id: number,
  data: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    Event: {
      System: {
        Provider: { '#attributes': { Name: provider } },
        EventID: id,
        TimeCreated: { '#attributes': { SystemTime: more.time ?? '2026-01-02T03:04:05.6Z' } },
        EventRecordID: 7,
        Channel: channel,
        Computer: more.computer ?? 'host.example',
      },
      EventData: data,
    },
  });
}

/** Holds rules against a log that is given as text or octets. */
export async function huntIn(
  log: string | Uint8Array,
  source: SigmaSource,
  options: { readonly complete?: boolean; readonly name?: string } = {},
): Promise<Hunted> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-hunt-'));
  try {
    const path = join(folder, options.name ?? 'log.jsonl');
    writeFileSync(path, log);
    return await huntLogs([path], source, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Holds rules against logs. */
export async function huntLogs(
  logs: readonly string[],
  source: SigmaSource,
  options: { readonly complete?: boolean } = {},
): Promise<Hunted> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-eve-'));
  try {
    const eve = join(folder, 'eve.json');
    const rules = await compileSigmaRules(source);
    const errors = rules.diagnostics.filter(({ severity }) => severity === 'error');
    if (errors.length > 0 || rules.problems.length > 0) throw new Error(JSON.stringify([errors, rules.problems]));
    const hunt = startHunt(logs, { rules, eve, complete: options.complete ?? true });
    const report = await hunt.report();
    const alerts = readFileSync(eve, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AlertEvent);
    for (const alert of alerts) checkEvent(alert);
    return { alerts, report };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A rule on process creations with a detection, in flow style or as lines. */
export function rule(detection: string, logsource = '{product: windows, category: process_creation}'): string {
  const lines = detection.split('\n').map((line) => `  ${line}`);
  return `title: Test\nid: 11111111-2222-4333-8444-555555555555\nlogsource: ${logsource}\nlevel: high\ndetection:\n${lines.join('\n')}\n`;
}

/** Positions of the records that a detection matches. */
export async function matches(
  detection: string,
  records: readonly string[],
  source: SigmaSource = {},
): Promise<number[]> {
  const { alerts } = await huntIn(records.join('\n'), { ...source, text: rule(detection) });
  return alerts.map(({ winlog }) => winlog?.position ?? 0);
}
