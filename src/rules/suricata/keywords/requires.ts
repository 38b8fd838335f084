import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { splitCommas } from './operand.js';

type Version = readonly [number, number, number];

/** What a `requires` came to: the rule is used, passed over for a reason, or the value cannot be read. */
export type Requirement =
  | { readonly kind: 'met' }
  | { readonly kind: 'unmet'; readonly why: string }
  | { readonly kind: 'malformed'; readonly why: string };

const MET: Requirement = { kind: 'met' };

function parseVersion(text: string): Version | null {
  const match = /^(\d{1,5})(?:\.(\d{1,5}))?(?:\.(\d{1,5}))?$/.exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** `>= 7.0.4 < 8 | >= 8.0.3`: one of the alternatives, in it every comparison. */
function versionHolds(text: string, have: Version): boolean | null {
  let holds = false;
  for (const alternative of text.split('|')) {
    const words = [...alternative.matchAll(/\s*(<=|>=|<|>)\s*(\S+)/gy)];
    if (
      words.length === 0 ||
      words
        .map((word) => word[0])
        .join('')
        .trim() !== alternative.trim()
    )
      return null;
    let all = true;
    for (const [, operator, number = ''] of words) {
      const wanted = parseVersion(number);
      if (wanted === null) return null;
      const order = compare(have, wanted);
      all &&= operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0;
    }
    holds ||= all;
  }
  return holds;
}

/** Works a `requires` out: `version >= 8, feature ja3, keyword dataset`. */
export function checkRequires(
  value: string,
  have: {
    readonly version: Version;
    readonly features: ReadonlySet<string>;
    readonly hasKeyword: (name: string) => boolean;
  },
): Requirement {
  let version = false;
  let unmet: Requirement | null = null;
  for (const part of splitCommas(value)) {
    const blank = part.search(/\s/);
    const what = blank < 0 ? part : part.slice(0, blank);
    const wanted = blank < 0 ? '' : part.slice(blank).trim();
    if (what === 'version') {
      if (version) return { kind: 'malformed', why: '`version` stands twice' };
      version = true;
      const holds = versionHolds(wanted, have.version);
      if (holds === null) return { kind: 'malformed', why: `\`${wanted}\` is no comparison of versions` };
      if (!holds) unmet ??= { kind: 'unmet', why: `it asks for version ${wanted}, this is ${have.version.join('.')}` };
    } else if (what === 'feature') {
      if (!have.features.has(wanted.toLowerCase()))
        unmet ??= { kind: 'unmet', why: `the feature \`${wanted}\` is not there` };
    } else if (what === 'keyword') {
      if (!have.hasKeyword(wanted)) unmet ??= { kind: 'unmet', why: `the keyword \`${wanted}\` is not there` };
    } else {
      unmet ??= { kind: 'unmet', why: `it asks for something unknown, \`${part}\`` };
    }
  }
  return unmet ?? MET;
}

export const requires: Keyword = {
  name: 'requires',
  family: 'rule',
  doc: 'The rule is used only by engines of these versions, with these features and keywords.',
  value: 'required',
  lower(_option: Option, _cx: RuleContext) {
    // Looked at before all other options, which may be unknown to engines the rule is not for.
  },
  examples: [
    { options: 'requires:version >= 7.0.4 < 8 | >= 8.0.3; content:"a";' },
    { options: 'requires:keyword content; content:"a";' },
    { options: 'requires:keyword nope; nope:1;', error: 'rule/skipped' },
    { options: 'requires:version >= 99; content:"a";', error: 'rule/skipped' },
    { options: 'requires:version = 8;', error: 'keyword/value' },
  ],
};
