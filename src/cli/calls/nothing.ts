import type { Collection } from '../../calls/collect.js';
import type { Summary } from '../../engine/index.js';
import { plural } from '../terminal.js';

/** Names told at most. */
const MAX_NAMES = 12;

/** Why there is no call to show: what was looked at, and what was in it. */
export function whyNothing(summary: Summary, seen: Collection): string[] {
  if (summary.packets === 0) return ['No calls: the capture holds no packets.'];
  if (seen.calls > 0)
    return [
      `No call passes the filter (${plural(seen.calls, 'call')} without it).`,
      `  hosts: ${some(seen.hosts)}`,
      `  interfaces: ${some(seen.interfaces)}`,
    ];
  const flows = [...seen.flows].sort((a, b) => b[1] - a[1]);
  const total = flows.reduce((sum, [, number]) => sum + number, 0);
  const kinds = flows.slice(0, MAX_NAMES).map(([name, number]) => `${number} ${named(name)}`);
  const lines = [
    `No calls in ${plural(summary.packets, 'packet')}, ${plural(total, 'flow')}${total > 0 ? `: ${kinds.join(', ')}` : ''}.`,
  ];
  const has = (name: string) => seen.flows.has(name);
  if (has('dcerpc')) lines.push('  RPC was spoken, but no request was seen: only binds, or answers that fit none.');
  if (has('smb'))
    lines.push('  No call went over a pipe of SMB that can be read; encrypted SMB 3 does not show its pipes.');
  if (!has('dcerpc') && !has('smb')) lines.push('  None of them speaks RPC, and none carries a pipe of SMB.');
  return lines;
}

function some(names: ReadonlySet<string>): string {
  const all = [...names].sort();
  return all.slice(0, MAX_NAMES).join(', ') + (all.length > MAX_NAMES ? `, +${all.length - MAX_NAMES} more` : '');
}

function named(protocol: string): string {
  return protocol === 'unknown' || protocol === 'failed' ? 'of no known protocol' : protocol;
}
