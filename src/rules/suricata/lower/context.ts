import type { BufferRow } from '../../../generated/catalog.js';
import type { Check, Condition, Content, FileCheck, Rule, Transform } from '../../../generated/ir.js';
import type { Span } from '../../../source/span.js';
import type { CatalogIndex } from '../catalog/catalog.js';
import { CODES, type Code } from '../codes.js';
import { type Diagnostic, diagnostic } from '../diagnostic.js';
import type { Settings } from '../settings/settings.js';
import type { RuleLine } from '../syntax/lines.js';

/** The name of the packet's or stream's payload among buffers. */
export const PAYLOAD = 'payload';
/** The name of what `base64_decode` decoded. */
export const BASE64_DATA = 'base64_data';

/** What an unknown keyword brings about: a buffer that was not selected, a content that was not there. */
const CONSEQUENCES: ReadonlySet<Code> = new Set<Code>([
  'buffer/empty',
  'buffer/missing',
  'buffer/sticky',
  'content/fast-pattern',
  'content/missing',
  'keyword/twice',
  'pcre/syntax',
  'transform/place',
  'variable/unknown',
]);

export type ContentCheck = Extract<Check, { kind: 'content' }>;
export type BufferCondition = Extract<Condition, { kind: 'buffer' | 'item' | 'frame' }>;

/** The checks of a rule on one buffer. */
export interface CheckRun {
  readonly condition: BufferCondition;
  /** `null` for the payload and `base64_data`. */
  readonly row: BufferRow | null;
  /** Where the rule selected it. */
  readonly span: Span;
}

/** The sticky buffer that is selected. */
interface Sticky {
  readonly kind: BufferCondition['kind'];
  readonly row: BufferRow | null;
  readonly name: string;
  /** Which of its named values; `null` where they have no names. */
  readonly item: string | null;
  readonly span: Span;
  used: boolean;
}

/** A `content` while its modifiers are read: what Suricata remembers of it beside what it means. */
export interface OpenContent {
  readonly check: ContentCheck;
  run: CheckRun;
  readonly span: Span;
  /** Octets. */
  readonly length: number;
  startsWith: boolean;
  rawBytes: boolean;
  /** Modifiers seen, to refuse the second. */
  readonly seen: string[];
}

/** Spans in a rule's text by the condition or check that was read there. */
export type Origins = Map<Condition | Check | FileCheck, Span>;

/** Everything known about a rule while its options are read, in order. */
export class RuleContext {
  readonly rule: Rule;
  readonly line: RuleLine;
  readonly catalog: CatalogIndex;
  readonly settings: Settings;
  /** Names set by `byte_extract` and `byte_math` so far, and the buffer they were set in. */
  readonly variables = new Map<string, string>();
  /** Keywords seen, for those that may stand once. */
  readonly seen = new Map<string, Span>();
  readonly runs: CheckRun[] = [];
  /** The last `content`, whatever its buffer. */
  content: OpenContent | null = null;
  /** The last check of each kind that looks into a buffer and the run it belongs to. */
  last: CheckRun | null = null;
  /** True after `classtype` or `priority` set a priority. */
  prioritised = false;
  failed = false;
  /** The rule is passed over without being wrong. */
  skipped = false;
  /** The keyword being read, which diagnostics are about. */
  keyword = '';
  /** True once a keyword was not known: what depends on it would only repeat that. */
  incomplete = false;
  /** The option being read, from its name to the end of its value. */
  option: Span = { start: 0, end: 0 };
  /** The options that conditions and checks came from, when somebody asks. */
  readonly origins: Origins | null;

  readonly #diagnostics: (finding: Diagnostic) => void;
  #sticky: Sticky | null = null;
  #current: CheckRun | null = null;
  #transforms: Transform[] = [];
  #transformSpan: Span | null = null;

  constructor(
    rule: Rule,
    line: RuleLine,
    catalog: CatalogIndex,
    settings: Settings,
    diagnostics: (finding: Diagnostic) => void,
    origins: Origins | null = null,
  ) {
    this.rule = rule;
    this.origins = origins;
    this.line = line;
    this.catalog = catalog;
    this.settings = settings;
    this.#diagnostics = diagnostics;
  }

  /** Reports; an error loses the rule. The span counts in the rule's text. */
  report(code: Code, span: Span, message: string, help: string, keyword = this.keyword): void {
    if (CODES[code][0] === 'error') this.failed = true;
    if (this.incomplete && CONSEQUENCES.has(code)) return;
    const sid = this.rule.sid === 0 ? null : this.rule.sid;
    this.#diagnostics(diagnostic(this.line.source, this.line.inFile(span), { code, message, help, sid, keyword }));
  }

  /** True the first time; reports the second. */
  once(keyword: string, span: Span): boolean {
    if (this.seen.has(keyword)) {
      this.report('keyword/twice', span, `\`${keyword}\` stands twice`, 'keep one of them', keyword);
      return false;
    }
    this.seen.set(keyword, span);
    return true;
  }

  /** The sticky buffer selected now; `null` for the payload. */
  get sticky(): string | null {
    return this.#sticky === null ? null : this.#sticky.name;
  }

  /** Selects a sticky buffer, or of one with named values those of a name. */
  select(name: string, row: BufferRow | null, span: Span, item: string | null = null): void {
    if (this.#sticky?.name === BASE64_DATA) {
      this.report('buffer/sticky', span, '`base64_data` stays selected to the end of the rule', 'move this before it');
      return;
    }
    if (!this.#settleTransforms()) return;
    if (this.#sticky !== null && !this.#sticky.used) this.#reportEmpty(this.#sticky);
    this.#sticky = { kind: item === null ? 'buffer' : 'item', row, name, item, span, used: false };
    this.#current = null;
  }

  /** Selects a kind of frame, as a sticky buffer is selected. */
  selectFrame(row: BufferRow, span: Span): void {
    this.select(row.name, row, span);
    if (this.#sticky?.row === row) this.#sticky = { ...this.#sticky, kind: 'frame' };
  }

  /** Back to the payload (`pkt_data`). */
  deselect(): void {
    if (!this.#settleTransforms()) return;
    if (this.#sticky !== null && !this.#sticky.used) this.#reportEmpty(this.#sticky);
    this.#sticky = null;
    this.#current = null;
  }

  /** A transform of the sticky buffer, for the checks that follow. */
  transform(transform: Transform, span: Span): void {
    if (this.#sticky === null || this.#sticky.name === BASE64_DATA || this.#isTransformed()) {
      this.report(
        'transform/place',
        span,
        `\`${transform.name}\` must follow a sticky buffer`,
        'write `buffer; transform; content:"...";`',
      );
      return;
    }
    this.#transforms.push(transform);
    this.#transformSpan = span;
  }

  /** The checks on the buffer selected now. */
  run(span: Span): CheckRun {
    const sticky = this.#sticky;
    if (this.#current === null || this.#transforms.length > 0) {
      this.#current = this.#open(
        sticky?.name ?? PAYLOAD,
        sticky?.row ?? null,
        this.#transforms,
        sticky?.span ?? span,
        sticky,
      );
      this.#transforms = [];
    }
    if (sticky !== null) sticky.used = true;
    return this.#current;
  }

  /** The checks on a buffer named by the keyword itself: a modifier, a `pcre` letter, `urilen`. */
  runOf(name: string, row: BufferRow | null, span: Span): CheckRun {
    return this.#find(name, []) ?? this.#open(name, row, [], span);
  }

  /** Where a check goes that is relative and follows checks of an older modifier: to the buffer of the last check. */
  runAfterLast(relative: boolean, span: Span): CheckRun {
    return this.#sticky === null && relative && this.last !== null ? this.last : this.run(span);
  }

  /** Adds a check. */
  check(run: CheckRun, check: Check): void {
    run.condition.checks.push(check);
    this.origins?.set(check, this.option);
    this.last = run;
  }

  condition(condition: Condition): void {
    this.rule.conditions.push(condition);
    this.origins?.set(condition, this.option);
  }

  /** At the end of the options: what was begun must have been used. */
  finish(): void {
    if (!this.#settleTransforms()) return;
    if (this.#sticky !== null && !this.#sticky.used) this.#reportEmpty(this.#sticky);
    for (const run of this.runs) {
      if (run.condition.checks.length === 0) {
        const at = this.rule.conditions.indexOf(run.condition);
        if (at >= 0) this.rule.conditions.splice(at, 1);
      }
    }
  }

  /** Moves the last check of `from` (its content got a modifier). */
  move(content: OpenContent, to: CheckRun): void {
    const { checks } = content.run.condition;
    const at = checks.lastIndexOf(content.check);
    if (at >= 0) checks.splice(at, 1);
    to.condition.checks.push(content.check);
    content.run = to;
    this.last = to;
  }

  #isTransformed(): boolean {
    return this.#current !== null && this.#current.condition.transforms.length > 0;
  }

  #settleTransforms(): boolean {
    if (this.#transforms.length === 0) return true;
    const span = this.#transformSpan ?? { start: 0, end: 0 };
    this.report(
      'transform/place',
      span,
      'nothing looks into the transformed buffer',
      'add a `content` after the transform',
    );
    this.#transforms = [];
    return false;
  }

  #reportEmpty(sticky: { readonly name: string; readonly span: Span }): void {
    this.report(
      'buffer/empty',
      sticky.span,
      `nothing looks into \`${sticky.name}\``,
      'add a `content` or another check after the buffer, or remove the buffer',
    );
  }

  #find(name: string, transforms: readonly Transform[]): CheckRun | null {
    for (const run of this.runs) {
      const own = run.condition.transforms;
      if (
        run.condition.buffer === name &&
        own.length === transforms.length &&
        JSON.stringify(own) === JSON.stringify(transforms)
      )
        return run;
    }
    return null;
  }

  #open(
    name: string,
    row: BufferRow | null,
    transforms: Transform[],
    span: Span,
    sticky: { readonly kind: BufferCondition['kind']; readonly item: string | null } | null = null,
  ): CheckRun {
    const known = row?.multi === true ? null : this.#find(name, transforms);
    if (known !== null) return known;
    const looks = { buffer: name, transforms, checks: [] };
    const condition: BufferCondition =
      sticky?.kind === 'item'
        ? { kind: 'item', item: sticky.item ?? '', ...looks }
        : { kind: sticky?.kind ?? 'buffer', ...looks };
    const run: CheckRun = { condition, row, span };
    this.runs.push(run);
    this.rule.conditions.push(condition);
    this.origins?.set(condition, span);
    return run;
  }
}

/** A fresh `content` without any modifier. */
export function plainContent(pattern: string, negated: boolean): { kind: 'content' } & Content {
  return {
    kind: 'content',
    pattern,
    nocase: false,
    negated,
    window: { relative: false, start: null, end: null },
    ends_with: false,
    fast_pattern: { kind: 'auto' },
  };
}
