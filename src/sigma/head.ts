import { createHash } from 'node:crypto';
import type { SigmaHead } from '../generated/sigma.js';
import type { Reporter } from './document.js';
import { RETIRED_TECHNIQUES } from './retired-techniques.js';
import { content, type MapValue, member, textOf, textsOf } from './values.js';

const LEVELS: Readonly<Record<string, number>> = { critical: 1, high: 1, medium: 2, low: 3, informational: 4 };
const STATUSES = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What alerts say of a rule; `null` when it has no title. */
export function readHead(map: MapValue, reporter: Reporter): SigmaHead | null {
  const title = textOf(map, 'title');
  const span = { start: map.span.start, end: Math.min(map.span.end, map.span.start + 40) };
  if (title === null) {
    reporter.say('sigma/title', span, 'the rule has no title', 'add `title:`, which alerts show');
    return null;
  }
  const titleSpan = member(map, 'title')?.value.span ?? span;
  const given = textOf(map, 'id');
  const id = given ?? derivedId(map);
  if (given === null)
    reporter.say(
      'sigma/no-id',
      titleSpan,
      'the rule has no id',
      `alerts say \`${id}\`, made of its text; add \`id:\` to keep one`,
    );
  else if (!UUID.test(given))
    reporter.say(
      'sigma/id',
      member(map, 'id')?.value.span ?? span,
      `\`${given}\` is no UUID`,
      `for example \`${derivedId(map)}\``,
    );
  const level = textOf(map, 'level');
  if (level !== null && !(level.toLowerCase() in LEVELS))
    reporter.say(
      'sigma/level',
      member(map, 'level')?.value.span ?? span,
      `there is no level \`${level}\``,
      `write one of ${Object.keys(LEVELS).join(', ')}`,
    );
  const status = textOf(map, 'status');
  if (status !== null && !STATUSES.includes(status.toLowerCase()))
    reporter.say(
      'sigma/status',
      member(map, 'status')?.value.span ?? span,
      `there is no status \`${status}\``,
      `write one of ${STATUSES.join(', ')}`,
    );
  return {
    id,
    sid: sidOf(id),
    title,
    severity: LEVELS[level?.toLowerCase() ?? 'medium'] ?? 2,
    level: level?.toLowerCase() ?? 'medium',
    status: status?.toLowerCase() ?? null,
    author: textsOf(member(map, 'author')?.value).join(', ') || null,
    techniques: techniquesOf(map, reporter),
  };
}

/** ATT&CK techniques of the tags; those that took the place of retired ones. */
function techniquesOf(map: MapValue, reporter: Reporter): string[] {
  const tags = member(map, 'tags')?.value;
  const found = new Set<string>();
  for (const tag of tags?.kind === 'list' ? tags.items : []) {
    const name =
      tag.kind === 'scalar' ? /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag.text)?.[1]?.toUpperCase() : undefined;
    if (name === undefined) continue;
    const now = RETIRED_TECHNIQUES[name];
    if (now) reporter.say('sigma/retired', tag.span, `ATT&CK has retired ${name}`, `write ${now.join(' or ')}`);
    for (const one of now ?? [name]) found.add(one);
  }
  return [...found];
}

/** An id for a rule without one: the same for the same detection, wherever its file lies. */
function derivedId(map: MapValue): string {
  const parts = ['title', 'logsource', 'detection', 'correlation'].map((key) => content(member(map, key)?.value));
  const digest = createHash('sha256').update(parts.join('\n')).digest('hex');
  // RFC 9562: version 8, of one's own making.
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/** 31 bits of an id: `signature_id` of alerts. */
function sidOf(id: string): number {
  const digits = UUID.test(id) ? id.slice(0, 8) : createHash('sha256').update(id).digest('hex').slice(0, 8);
  return Number.parseInt(digits, 16) & 0x7fffffff;
}
