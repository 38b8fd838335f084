import { printable } from '../calls/wording.js';
import type { SigmaFailure, SigmaTrace } from '../generated/hunt.js';

/** Why a Sigma rule did not match, in words: a line for what it looked at, then one for each kind of failure. */
export function sigmaTraceText({ looked_at, failed }: SigmaTrace, hasSource: boolean): string[] {
  const looked = !hasSource
    ? 'neither an event log of Windows nor traffic is of its log source'
    : looked_at === 0
      ? 'the logs have no event that it looks at'
      : `${counted(looked_at)} ${looked_at === 1 ? 'record' : 'records'} looked at`;
  return [looked, ...failed.map(failureText)];
}

function failureText({ search, field, why, count, example, value }: SigmaFailure): string {
  const where = `as in record ${example.position}`;
  const name = search === '' ? '' : `${search}: `;
  const times = counted(count);
  if (why === 'excluded') return `${times} x ${name}holds, and the condition excludes it, ${where}`;
  if (why === 'absent') return `${times} x ${name}${field ?? 'keywords'} is not in the event, ${where}`;
  const shown = printable(value ?? '');
  return `${times} x ${name}${field ?? 'keywords'} does not fit, ${where}${shown === '' ? '' : `: ${shown}`}`;
}

function counted(value: number): string {
  return value.toLocaleString('en-US');
}
