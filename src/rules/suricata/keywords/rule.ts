import type { TagMetric } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

const MAX_U32 = 0xffff_ffff;

/** Without `classtype` and `priority`. */
export const DEFAULT_PRIORITY = 3;

function number(option: Option, cx: RuleContext, min: number, max: number): number | null {
  const value = /^\d+$/.test(option.value) ? parseInteger(option.value) : null;
  if (value !== null && value >= min && value <= max) return value;
  cx.report(
    'keyword/value',
    option.span,
    `\`${option.value}\` is not a number from ${min} to ${max}`,
    `write \`${option.name}:${Math.max(min, 1)};\``,
    option.name,
  );
  return null;
}

export const sid: Keyword = {
  name: 'sid',
  family: 'rule',
  doc: 'The number that names the rule.',
  value: 'required',
  lower(option, cx) {
    const value = cx.once('sid', option.span) ? number(option, cx, 1, MAX_U32) : null;
    if (value !== null) cx.rule.sid = value;
  },
  examples: [{ options: 'content:"a";' }, { options: 'sid:2;', error: 'keyword/twice' }],
};

export const gid: Keyword = {
  name: 'gid',
  family: 'rule',
  doc: 'The generator the number belongs to; 1 without.',
  value: 'required',
  lower(option, cx) {
    const value = cx.once('gid', option.span) ? number(option, cx, 0, MAX_U32) : null;
    if (value !== null) cx.rule.gid = value;
  },
  examples: [{ options: 'gid:5;' }, { options: 'gid:x;', error: 'keyword/value' }],
};

export const rev: Keyword = {
  name: 'rev',
  family: 'rule',
  doc: 'The revision of the rule.',
  value: 'required',
  lower(option, cx) {
    const value = cx.once('rev', option.span) ? number(option, cx, 1, MAX_U32) : null;
    if (value !== null) cx.rule.rev = value;
  },
  examples: [
    { options: 'rev:5;' },
    { options: 'rev:0;', error: 'keyword/value' },
    { options: 'rev:1; rev:2;', error: 'keyword/twice' },
  ],
};

export const msg: Keyword = {
  name: 'msg',
  family: 'rule',
  doc: 'What the alert says.',
  value: 'required',
  quotes: 'required',
  lower(option, cx) {
    if (cx.once('msg', option.span)) {
      cx.rule.msg = option.value.includes('\\') ? option.value.replace(/\\([\\";:])/g, '$1') : option.value;
    }
  },
  examples: [{ options: 'content:"a";' }, { options: 'msg:"again";', error: 'keyword/twice' }],
};

export const classtype: Keyword = {
  name: 'classtype',
  family: 'rule',
  doc: 'The kind of the alert, by its short name in classification.config; gives the priority.',
  value: 'required',
  lower(option, cx) {
    const { classifications } = cx.settings;
    if (classifications === null) return;
    const found = classifications.get(option.value.toLowerCase());
    if (found === undefined) {
      cx.report(
        'rule/classtype',
        option.span,
        `classification.config does not know \`${option.value}\``,
        'add it there; the alert gets no category',
        option.name,
      );
      return;
    }
    if (cx.rule.class === '' || found.priority < cx.rule.priority) cx.rule.class = found.description;
    setPriority(cx, found.priority);
  },
  examples: [{ options: 'classtype:bad-unknown;' }],
};

/** The highest priority of all that are named wins, as in Suricata. */
function setPriority(cx: RuleContext, priority: number): void {
  if (!cx.prioritised || priority < cx.rule.priority) cx.rule.priority = priority;
  cx.prioritised = true;
}

export const priority: Keyword = {
  name: 'priority',
  family: 'rule',
  doc: 'How much the alert matters; 1 is most.',
  value: 'required',
  lower(option, cx) {
    const value = number(option, cx, 0, 255);
    if (value === null) return;
    // A priority of its own goes before the one of the classtype.
    if (!cx.seen.has('priority')) cx.prioritised = false;
    cx.seen.set('priority', option.span);
    setPriority(cx, value);
  },
  examples: [{ options: 'priority:1;' }, { options: 'priority:256;', error: 'keyword/value' }],
};

export const reference: Keyword = {
  name: 'reference',
  family: 'rule',
  doc: 'Where to read more: a kind of reference.config and a value.',
  value: 'required',
  quotes: 'allowed',
  lower(option, cx) {
    const comma = option.value.indexOf(',');
    const kind = option.value.slice(0, Math.max(0, comma)).trim();
    const value = option.value.slice(comma + 1).trim();
    if (kind === '' || value === '') {
      cx.report(
        'keyword/value',
        option.span,
        'kind and value are needed',
        'write `reference:url,example.org/page;`',
        option.name,
      );
      return;
    }
    const prefix = cx.settings.references?.get(kind.toLowerCase());
    if (prefix === undefined && cx.settings.references !== null) {
      cx.report(
        'rule/reference',
        option.span,
        `reference.config does not know \`${kind}\``,
        'add it there; the alert shows the value alone',
        option.name,
      );
    }
    cx.rule.references.push({ kind, value, shown: (prefix ?? '') + value });
  },
  examples: [{ options: 'reference:url,example.org/page;' }, { options: 'reference:url;', error: 'keyword/value' }],
};

export const metadata: Keyword = {
  name: 'metadata',
  family: 'rule',
  doc: 'Pairs of key and value, which alerts show.',
  value: 'required',
  quotes: 'kept',
  lower(option, cx) {
    for (const pair of splitCommas(option.value)) {
      if (pair === '') continue;
      const blank = pair.indexOf(' ');
      if (blank < 0) cx.rule.metadata.push({ key: pair, value: '' });
      else cx.rule.metadata.push({ key: pair.slice(0, blank), value: pair.slice(blank + 1).trim() });
    }
  },
  examples: [
    { options: 'metadata:created_at 2019_04_11, attack_target Client Endpoint;' },
    { options: 'metadata:;', error: 'keyword/missing-value' },
  ],
};

export const target: Keyword = {
  name: 'target',
  family: 'rule',
  doc: 'Which side is attacked.',
  value: 'required',
  lower(option, cx) {
    const side = option.value === 'src_ip' ? 'source_ip' : option.value === 'dest_ip' ? 'destination_ip' : null;
    if (side === null)
      cx.report(
        'keyword/value',
        option.span,
        `\`${option.value}\` is no side`,
        'sides are `src_ip` and `dest_ip`',
        option.name,
      );
    else if (cx.rule.target !== null && cx.rule.target !== side)
      cx.report('rule/never', option.span, '`target` names the other side before', 'keep one of them', option.name);
    else cx.rule.target = side;
  },
  examples: [
    { options: 'target:src_ip;' },
    { options: 'target:both;', error: 'keyword/value' },
    { options: 'target:src_ip; target:dest_ip;', error: 'rule/never' },
  ],
};

export const noalert: Keyword = {
  name: 'noalert',
  family: 'rule',
  doc: 'The rule matches, sets bits, and raises no alert.',
  value: 'none',
  lower(_option, cx) {
    cx.rule.noalert = true;
  },
  examples: [{ options: 'noalert;' }],
};

export const alert: Keyword = {
  name: 'alert',
  family: 'rule',
  doc: 'The rule raises an alert whatever its action.',
  value: 'none',
  lower(_option, cx) {
    cx.rule.noalert = false;
  },
  examples: [{ options: 'noalert; alert;' }],
};

export const prefilter: Keyword = {
  name: 'prefilter',
  family: 'rule',
  doc: 'Accepted; what is looked at first is chosen for all rules together, and changes no alert.',
  value: 'none',
  lower(option, cx) {
    if (cx.rule.conditions.length === 0)
      cx.report(
        'keyword/value',
        option.span,
        '`prefilter` has no condition before it',
        'put it after the condition it belongs to',
        option.name,
      );
  },
  examples: [
    { options: 'ttl:5; prefilter;', protocol: 'ip' },
    { options: 'prefilter;', error: 'keyword/value' },
  ],
};

const TAG = /^(session|host)(?:,(\d+),(packets|bytes|seconds)(?:,(src|dst))?)?$/;

/** Packets that `tag:session` alone asks for, as in Suricata. */
const TAGGED = 256;

export const tag: Keyword = {
  name: 'tag',
  family: 'rule',
  doc: 'Tells packets of the session after the match (EVE `packet`); for those of a host the rule alerts alone.',
  value: 'required',
  lower(option, cx) {
    const text = option.value.trim().replace(/\s*,\s*/g, ',');
    const match = TAG.exec(text);
    const count = Number(match?.[2] ?? TAGGED);
    if (match === null || count > 0xffff_ffff) {
      cx.report(
        'keyword/value',
        option.span,
        `\`${option.value}\` names no tag`,
        'write `tag:session,10,packets;` or `tag:host,60,seconds,src;`',
        option.name,
      );
      return;
    }
    cx.rule.tag = text;
    if (match[1] === 'session') {
      cx.condition({ kind: 'tag', count, metric: (match[3] ?? 'packets') as TagMetric });
      return;
    }
    cx.report(
      'keyword/no-effect',
      option.span,
      'the rule alerts, but packets of the host after the match are not logged',
      'write `tag:session,10,packets;` for those of the session; or leave the keyword in for other engines',
      option.name,
    );
  },
  examples: [
    { options: 'tag:session,10,packets;' },
    { options: 'tag:host,60,seconds,src;' },
    { options: 'tag:flow;', error: 'keyword/value' },
  ],
};
