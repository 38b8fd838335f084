import type { Source } from '../../../source/source.js';
import { type Diagnostic, diagnostic } from '../diagnostic.js';
import { parseInteger } from '../keywords/number.js';
import { parsePairs, parseThreshold, parseTrack } from '../keywords/threshold.js';
import { settingLines } from './lines.js';
import type { GlobalSuppression, GlobalThreshold } from './settings.js';

/** What threshold.config says. */
export interface ThresholdConfig {
  readonly thresholds: readonly GlobalThreshold[];
  readonly suppressions: readonly GlobalSuppression[];
}

/** Reads threshold.config: `threshold`, `event_filter` and `suppress` lines. `rate_filter` is named as not supported. */
export function parseThresholdConfig(source: Source, report: (finding: Diagnostic) => void): ThresholdConfig {
  const thresholds: GlobalThreshold[] = [];
  const suppressions: GlobalSuppression[] = [];
  for (const { text, span } of settingLines(source)) {
    const fail = (
      message: string,
      help: string,
      code: 'settings/threshold' | 'settings/unsupported' = 'settings/threshold',
    ) => report(diagnostic(source, span, { code, message, help }));
    const match = /^(\w+)\s+(.+)$/.exec(text);
    const [, word = '', rest = ''] = match ?? [];
    switch (word) {
      case 'threshold':
      case 'event_filter': {
        const pairs = parsePairs(rest, ['gen_id', 'sig_id', 'type', 'track', 'count', 'seconds', 'multiplier']);
        const whom = typeof pairs === 'string' ? pairs : parseWhom(pairs);
        const threshold = typeof pairs === 'string' ? pairs : parseThreshold(pairs);
        if (typeof whom === 'string')
          fail(whom, `write \`${word} gen_id 1, sig_id 1000001, type limit, track by_src, count 1, seconds 60\``);
        else if (typeof threshold === 'string')
          fail(threshold, `write \`${word} gen_id 1, sig_id 1000001, type limit, track by_src, count 1, seconds 60\``);
        else thresholds.push({ ...whom, threshold });
        break;
      }
      case 'suppress': {
        const suppression = parseSuppress(rest);
        if (typeof suppression === 'string')
          fail(suppression, 'write `suppress gen_id 1, sig_id 1000001, track by_src, ip 10.0.0.0/8`');
        else suppressions.push(suppression);
        break;
      }
      case 'rate_filter':
        fail(
          '`rate_filter` is not supported yet',
          'the rule keeps its action; use `detection_filter` in the rule to count',
          'settings/unsupported',
        );
        break;
      default:
        fail('this is no threshold', 'lines begin with `threshold`, `event_filter` or `suppress`');
    }
  }
  return { thresholds, suppressions };
}

function parseWhom(pairs: ReadonlyMap<string, string>): { gid: number; sid: number } | string {
  const gid = parseInteger(pairs.get('gen_id') ?? '');
  const sid = parseInteger(pairs.get('sig_id') ?? '');
  if (gid === null || gid > 0xffff_ffff) return '`gen_id` must be a number; 0 stands for all';
  if (sid === null || sid > 0xffff_ffff) return '`sig_id` must be a number; 0 stands for all';
  if (gid === 0 && sid !== 0) return '`gen_id 0` stands for all rules and takes only `sig_id 0`';
  return { gid, sid };
}

/** The address expression comes last and may hold commas of its own. */
function parseSuppress(text: string): GlobalSuppression | string {
  const at = /,\s*ip\s+/.exec(text);
  const addresses = at === null ? null : text.slice(at.index + at[0].length).trim();
  const pairs = parsePairs(at === null ? text : text.slice(0, at.index), ['gen_id', 'sig_id', 'track']);
  if (typeof pairs === 'string') return pairs;
  const whom = parseWhom(pairs);
  if (typeof whom === 'string') return whom;
  const word = pairs.get('track');
  if (word === undefined && addresses === null) return { ...whom, track: 'by_rule', addresses: null };
  // `by_either` looks at both addresses and holds when one is in the set.
  const track = word === 'by_either' ? 'by_both' : parseTrack(word ?? '');
  if (track !== 'by_source' && track !== 'by_destination' && track !== 'by_both')
    return '`track` must be by_src, by_dst or by_either';
  if (addresses === null || addresses === '') return '`track` needs `ip` with addresses';
  return { ...whom, track, addresses };
}
