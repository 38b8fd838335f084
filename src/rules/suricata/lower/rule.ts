import { didYouMean } from '../../../diagnostics/suggest.js';
import type { Check, Rule } from '../../../generated/ir.js';
import type { Span } from '../../../source/span.js';
import type { CatalogIndex } from '../catalog/catalog.js';
import { suricataFamily, suricataKeywords } from '../catalog/suricata.js';
import type { Diagnostic } from '../diagnostic.js';
import type { KeywordTable } from '../keywords/index.js';
import { checkRequires } from '../keywords/requires.js';
import { DEFAULT_PRIORITY } from '../keywords/rule.js';
import type { Settings } from '../settings/settings.js';
import type { OptionNode } from '../syntax/ast.js';
import type { RuleLine } from '../syntax/lines.js';
import { parseRule } from '../syntax/parse.js';
import { type Origins, RuleContext } from './context.js';
import { lowerHeader } from './header.js';
import { readOption } from './option.js';
import type { BatchSetTable, SetResolver } from './sets.js';
import { validate } from './validate.js';

/** What rules are lowered with. */
export interface Compiler {
  readonly catalog: CatalogIndex;
  readonly keywords: KeywordTable;
  readonly settings: Settings;
  readonly resolver: SetResolver;
  report(diagnostic: Diagnostic): void;
}

/** What became of a rule. */
export type Lowered =
  | { readonly outcome: 'loaded'; readonly rule: Rule }
  | { readonly outcome: 'failed'; readonly sid: number }
  | { readonly outcome: 'skipped'; readonly sid: number };

function blankRule(text: string): Rule {
  return {
    gid: 1,
    sid: 0,
    rev: 0,
    action: 'alert',
    msg: '',
    protocol: { kind: 'ip' },
    hook: null,
    source: 0,
    source_port: 0,
    destination: 0,
    destination_port: 0,
    direction: 'one_way',
    flow: {
      established: false,
      not_established: false,
      to_server: false,
      to_client: false,
      only_stream: false,
      no_stream: false,
      only_fragment: false,
      no_fragment: false,
    },
    conditions: [],
    priority: DEFAULT_PRIORITY,
    class: '',
    references: [],
    metadata: [],
    target: null,
    noalert: false,
    threshold: null,
    detection_filter: null,
    suppressions: [],
    text,
    tag: '',
  };
}

/** Parses and lowers one rule; its sets go into `sets`. `origins` learns where conditions and checks stood. Never throws. */
export function lowerRule(
  line: RuleLine,
  compiler: Compiler,
  sets: BatchSetTable,
  origins: Origins | null = null,
): Lowered {
  const rule = blankRule(line.text);
  const report = (finding: Diagnostic) => compiler.report(finding);
  const cx = new RuleContext(rule, line, compiler.catalog, compiler.settings, report, origins);
  const parsed = parseRule(line.text);
  if (parsed.rule === null) {
    const { code, span, message, help } = parsed.problem;
    cx.report(code, span, message, help);
    return { outcome: 'failed', sid: 0 };
  }
  const { header, options } = parsed.rule;
  // Diagnostics name the sid, wherever it stands; a wrong one is reported in its turn.
  const early = options.find((option) => option.name.text === 'sid')?.value?.text ?? '';
  if (/^[1-9]\d{0,9}$/.test(early)) rule.sid = Number(early);
  if (!isRequired(options, compiler, cx)) {
    const { sid } = rule;
    return cx.failed ? { outcome: 'failed', sid } : { outcome: 'skipped', sid };
  }

  lowerHeader(header, cx, compiler.resolver, sets);
  for (const option of options) lowerOption(option, compiler, cx);
  cx.finish();
  if (!cx.failed) validate(cx, header);
  if (cx.failed) return { outcome: 'failed', sid: rule.sid };
  return cx.skipped ? { outcome: 'skipped', sid: rule.sid } : { outcome: 'loaded', rule };
}

/** A modifier right behind its content (or another of its modifiers) belongs to the text of the content. */
function stretchOrigin(check: Check, before: Span, cx: RuleContext): void {
  const origin = cx.origins?.get(check);
  if (origin?.end === before.end) cx.origins?.set(check, { start: origin.start, end: cx.option.end });
}

function isRequired(options: readonly OptionNode[], compiler: Compiler, cx: RuleContext): boolean {
  for (const option of options) {
    if (option.name.text.toLowerCase() !== 'requires' || option.value === null) continue;
    const { version, features } = compiler.settings;
    const hasKeyword = (name: string) => compiler.keywords.has(name);
    const requirement = checkRequires(option.value.text, { version, features, hasKeyword });
    if (requirement.kind === 'met') continue;
    if (requirement.kind === 'malformed') {
      cx.report(
        'keyword/value',
        option.value,
        requirement.why,
        'write `requires:version >= 8, feature name, keyword name;`',
        'requires',
      );
    } else {
      cx.report('rule/skipped', option.value, `the rule is passed over: ${requirement.why}`, '', 'requires');
    }
    return false;
  }
  return true;
}

function lowerOption(node: OptionNode, compiler: Compiler, cx: RuleContext): void {
  const name = node.name.text.toLowerCase();
  const keyword = compiler.keywords.get(name);
  if (keyword !== undefined) {
    cx.keyword = name;
    const { content, option: before } = cx;
    const modifiers = content?.seen.length;
    const run = content?.run;
    cx.option = { start: node.name.start, end: node.value?.end ?? node.name.end };
    const option = readOption(node, keyword, cx);
    if (option !== null) keyword.lower(option, cx);
    if (content !== null && (content.seen.length !== modifiers || content.run !== run))
      stretchOrigin(content.check, before, cx);
    cx.keyword = '';
    return;
  }
  cx.incomplete = true;
  const family = suricataFamily(name);
  if (family !== undefined) {
    cx.report(
      'keyword/unsupported',
      node.name,
      `\`${name}\` is not supported yet`,
      `keywords of the family \`${family}\` that are there: \`sidewire rules list\``,
      name,
    );
    return;
  }
  const suggestion = didYouMean(name, [...compiler.keywords.names(), ...suricataKeywords()]);
  cx.report(
    'keyword/unknown',
    node.name,
    `no keyword \`${shorten(node.name.text)}\``,
    suggestion ?? 'keywords are listed by `sidewire rules list`',
    shorten(name),
  );
}

/** Text out of a broken rule, no longer than a message bears. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
