import type { Threshold, ThresholdKind, Track } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';

const KINDS: ReadonlyMap<string, ThresholdKind> = new Map([
  ['limit', 'limit'],
  ['threshold', 'threshold'],
  ['both', 'both'],
  ['backoff', 'backoff'],
]);

const TRACKS: ReadonlyMap<string, Track> = new Map([
  ['by_src', 'by_source'],
  ['by_dst', 'by_destination'],
  ['by_both', 'by_both'],
  ['by_rule', 'by_rule'],
  ['by_flow', 'by_flow'],
]);

/** By whom something is counted; `undefined` for an unknown word. */
export function parseTrack(word: string): Track | undefined {
  return TRACKS.get(word);
}

/** Reads `key value, key value`; a sentence says what is wrong with it. */
export function parsePairs(text: string, keys: readonly string[]): Map<string, string> | string {
  const out = new Map<string, string>();
  for (const part of text.split(',')) {
    const [key = '', value = '', ...more] = part.trim().split(/\s+/);
    if (!keys.includes(key)) return `\`${part.trim()}\` is no setting of it; settings are ${keys.join(', ')}`;
    if (value === '' || more.length > 0) return `\`${key}\` needs one value`;
    if (out.has(key)) return `\`${key}\` stands twice`;
    out.set(key, value);
  }
  return out;
}

/** The `type`, `track`, `count` and `seconds` of a threshold, in a rule as in threshold.config. */
export function parseThreshold(pairs: ReadonlyMap<string, string>): Threshold | string {
  const kind = KINDS.get(pairs.get('type') ?? '');
  if (kind === undefined) return `\`type\` must be ${[...KINDS.keys()].join(', ')}`;
  const track = parseTrack(pairs.get('track') ?? '');
  if (track === undefined) return `\`track\` must be ${[...TRACKS.keys()].join(', ')}`;
  const count = parseInteger(pairs.get('count') ?? '');
  if (count === null || count > 0xffff_ffff) return '`count` must be a number';
  if (kind === 'backoff') {
    if (track !== 'by_flow') return '`type backoff` counts only `track by_flow`';
    const multiplier = parseInteger(pairs.get('multiplier') ?? '');
    if (multiplier === null || multiplier === 0 || multiplier > 0xffff_ffff || pairs.has('seconds')) {
      return '`type backoff` needs `multiplier` and no `seconds`';
    }
    return { kind, track, count, seconds: 0, multiplier };
  }
  const seconds = parseInteger(pairs.get('seconds') ?? '');
  if (seconds === null || seconds > 0xffff_ffff) return '`seconds` must be a number';
  if (pairs.has('multiplier')) return '`multiplier` belongs to `type backoff`';
  return { kind, track, count, seconds, multiplier: 0 };
}

function onlyOne(option: Option, cx: RuleContext): boolean {
  if (!cx.once(option.name, option.span)) return false;
  const other = option.name === 'threshold' ? 'detection_filter' : 'threshold';
  if (!cx.seen.has(other)) return true;
  cx.report(
    'keyword/twice',
    option.span,
    '`threshold` and `detection_filter` exclude each other',
    'keep one of them',
    option.name,
  );
  return false;
}

export const threshold: Keyword = {
  name: 'threshold',
  family: 'rule',
  doc: 'Raises fewer alerts: by kind, by whom it counts, how many matches in how many seconds.',
  value: 'required',
  lower(option, cx) {
    if (!onlyOne(option, cx)) return;
    const pairs = parsePairs(option.value, ['type', 'track', 'count', 'seconds', 'multiplier']);
    const parsed = typeof pairs === 'string' ? pairs : parseThreshold(pairs);
    if (typeof parsed === 'string')
      cx.report(
        'keyword/value',
        option.span,
        parsed,
        'write `type limit, track by_src, count 1, seconds 60`',
        'threshold',
      );
    else cx.rule.threshold = parsed;
  },
  examples: [
    { options: 'threshold:type limit, track by_src, count 1, seconds 60;' },
    { options: 'threshold:type backoff, track by_flow, count 1, multiplier 10;' },
    { options: 'threshold:type limit, track by_src, count 1;', error: 'keyword/value' },
    { options: 'threshold:type most, track by_src, count 1, seconds 60;', error: 'keyword/value' },
    { options: 'threshold:type backoff, track by_src, count 1, multiplier 10;', error: 'keyword/value' },
  ],
};

export const detectionFilter: Keyword = {
  name: 'detection_filter',
  family: 'rule',
  doc: 'Raises alerts only once there were more than so many matches in so many seconds.',
  value: 'required',
  lower(option, cx) {
    if (!onlyOne(option, cx)) return;
    const fail = (message: string) =>
      cx.report('keyword/value', option.span, message, 'write `track by_src, count 5, seconds 60`', option.name);
    const pairs = parsePairs(option.value, ['track', 'count', 'seconds']);
    if (typeof pairs === 'string') return fail(pairs);
    const track = parseTrack(pairs.get('track') ?? '');
    const count = parseInteger(pairs.get('count') ?? '');
    const seconds = parseInteger(pairs.get('seconds') ?? '');
    if (track === undefined || track === 'by_both' || track === 'by_rule')
      return fail('`track` must be by_src, by_dst or by_flow');
    if (
      count === null ||
      seconds === null ||
      count === 0 ||
      seconds === 0 ||
      count > 0xffff_ffff ||
      seconds > 0xffff_ffff
    ) {
      return fail('`count` and `seconds` must be numbers above 0');
    }
    cx.rule.detection_filter = { kind: 'detection_filter', track, count, seconds, multiplier: 0 };
  },
  examples: [
    { options: 'detection_filter:track by_src, count 5, seconds 60;' },
    { options: 'detection_filter:track by_both, count 5, seconds 60;', error: 'keyword/value' },
    { options: 'detection_filter:track by_src, count 0, seconds 60;', error: 'keyword/value' },
    {
      options: 'detection_filter:track by_src,count 1,seconds 6; threshold:type limit,track by_src,count 1,seconds 6;',
      error: 'keyword/twice',
    },
  ],
};
