import type { PcreCapture, PcreScope } from '../../../generated/ir.js';
import type { Span } from '../../../source/span.js';
import type { Code } from '../codes.js';
import type { CheckRun, RuleContext } from '../lower/context.js';
import type { Keyword } from './keyword.js';
import { splitCommas } from './operand.js';

/** Letters that choose a buffer, by the content modifier of the same meaning. */
const BUFFERS: ReadonlyMap<string, string> = new Map([
  ['U', 'http_uri'],
  ['I', 'http_raw_uri'],
  ['P', 'http_client_body'],
  ['Q', 'http_server_body'],
  ['H', 'http_header'],
  ['D', 'http_raw_header'],
  ['M', 'http_method'],
  ['C', 'http_cookie'],
  ['S', 'http_stat_code'],
  ['Y', 'http_stat_msg'],
  ['V', 'http_user_agent'],
  ['W', 'http_host'],
  ['Z', 'http_raw_host'],
]);

/** Flags handed on to PCRE. */
const FLAGS = 'imsxAEGO';

const SCOPES: ReadonlyMap<string, PcreScope> = new Map([
  ['flow', 'flow'],
  ['pkt', 'packet'],
  ['alert', 'alert'],
]);

/** What can be seen of an expression's shape without compiling it; `null` when nothing is wrong. */
function shapeProblem(expression: string): string | null {
  let depth = 0;
  for (let at = 0; at < expression.length; at += 1) {
    const char = expression[at];
    if (char === '\\') {
      if (expression[at + 1] === 'Q') {
        const end = expression.indexOf('\\E', at + 2);
        if (end < 0) return null;
        at = end + 1;
      } else at += 1;
      if (at >= expression.length) return 'the expression ends in a backslash';
    } else if (char === '[') {
      const end = classEnd(expression, at);
      if (end < 0) return 'a character class is not closed';
      at = end;
    } else if (char === '(') {
      if (expression.startsWith('(?#', at)) {
        const end = expression.indexOf(')', at);
        if (end < 0) return 'a comment is not closed';
        at = end;
      } else depth += 1;
    } else if (char === ')') {
      depth -= 1;
      if (depth < 0) return 'a `)` has no `(`';
    }
  }
  return depth > 0 ? 'a `(` is not closed' : null;
}

function classEnd(expression: string, open: number): number {
  let at = open + 1;
  if (expression[at] === '^') at += 1;
  if (expression[at] === ']') at += 1;
  for (; at < expression.length; at += 1) {
    if (expression[at] === '\\') at += 1;
    else if (expression[at] === '[' && ':.='.includes(expression[at + 1] ?? ' ')) {
      // `[:alpha:]` and its like; their names are short.
      const named = /^\[([:.=])\^?[a-z-]{0,32}\1\]/i.exec(expression.slice(at, at + 40));
      if (named !== null) at += named[0].length - 1;
    } else if (expression[at] === ']') return at;
  }
  return -1;
}

export const pcre: Keyword = {
  name: 'pcre',
  family: 'payload',
  doc: 'A regular expression between slashes; letters after it are flags, `R` for relative, or choose an HTTP buffer.',
  value: 'required',
  quotes: 'allowed',
  negatable: true,
  lower(option, cx) {
    const { value, span } = option;
    const fail = (message: string, help: string) => cx.report('pcre/syntax', span, message, help, 'pcre');
    // As in Suricata what stands before the first slash is not looked at.
    const open = value.indexOf('/');
    const close = value.lastIndexOf('/', flagsFrom(value));
    if (open < 0 || close <= open) return fail('the value is not `/expression/flags`', 'write `pcre:"/abc/i";`');
    const pattern = value.slice(open + 1, close);
    const problem = shapeProblem(pattern);
    if (problem !== null) return fail(problem, 'mend the expression; a literal bracket is written `\\(`');
    const [letters = '', ...names] = splitCommas(value.slice(close + 1));

    const read = readLetters(letters);
    if ('problem' in read) return fail(read.problem, read.help);
    const { flags, relative, modifier } = read;

    const captures = readCaptures(pattern, names);
    if (typeof captures === 'string')
      return fail(captures, 'write `pcre:"/a(b)/,flow:name";` with a group for each name');

    const run = modifier === null ? cx.run(span) : modifierRun(modifier, { flags, pattern }, span, cx);
    if (run === null) return;
    if (relative && cx.sticky === null && run.condition.checks.length === 0)
      return fail(
        '`R` has no match in the same buffer before it',
        'drop `R`, or put a `content` of the buffer before it',
      );
    cx.check(run, {
      kind: 'pcre',
      pattern,
      flags: [...flags].sort().join(''),
      negated: option.negated,
      relative,
      captures,
    });
  },
  examples: [
    { options: 'pcre:"/a[0-9]+b/i";', hits: ['A12b'], misses: ['ab'] },
    { options: 'content:"x"; pcre:"/^a/R";', hits: ['xa'], misses: ['x.a'] },
    { options: 'pcre:!"/a/"; content:"b";', hits: ['b'], misses: ['ab'] },
    { options: 'pcre:"/a(b)(c)/,flow:one, pkt:two";' },
    { options: 'pcre:"/a(?P<flow_one>b)/";' },
    { options: 'pcre:"/abc/U";', protocol: 'http' },
    { options: 'pcre:"/abc/UI";', protocol: 'http', error: 'pcre/syntax' },
    { options: 'pcre:"/(abc/";', error: 'pcre/syntax' },
    { options: 'pcre:"/abc";', error: 'pcre/syntax' },
    { options: 'pcre:"/abc/K";', error: 'pcre/syntax' },
    { options: 'pcre:"/abc/R";', error: 'pcre/syntax' },
    { options: 'pcre:"/a(b)/,flow:x,flow:y";', error: 'pcre/syntax' },
  ],
};

/** What the letters after the closing slash say. */
interface Letters {
  readonly flags: string;
  readonly relative: boolean;
  /** The old modifier whose buffer a letter chooses. */
  readonly modifier: string | null;
}

function readLetters(letters: string): Letters | { readonly problem: string; readonly help: string } {
  let flags = '';
  let relative = false;
  let raw = false;
  let modifier: string | null = null;
  for (const letter of letters) {
    const buffer = BUFFERS.get(letter);
    if (FLAGS.includes(letter)) flags += flags.includes(letter) ? '' : letter;
    else if (letter === 'R') relative = true;
    else if (letter === 'B') raw = true;
    else if (buffer === undefined)
      return {
        problem: `\`${letter}\` is no flag`,
        help: `flags are ${FLAGS}RB, buffers ${[...BUFFERS.keys()].join('')}`,
      };
    else if (modifier !== null) return { problem: 'two letters choose a buffer', help: 'keep one of them' };
    else modifier = buffer;
  }
  if (raw && modifier !== null)
    return { problem: '`B` asks for raw octets, the other letter for a buffer', help: 'keep one of them' };
  return { flags, relative, modifier };
}

/** The run of checks on the buffer that a letter chooses; null after a report of why there is none. */
function modifierRun(
  modifier: string,
  { flags, pattern }: { readonly flags: string; readonly pattern: string },
  span: Span,
  cx: RuleContext,
): CheckRun | null {
  const fail = (code: Code, message: string, help: string): null => {
    cx.report(code, span, message, help, 'pcre');
    return null;
  };
  const row = cx.catalog.modifier(modifier);
  if (row === undefined)
    return fail(
      'keyword/unsupported',
      `no protocol gives \`${modifier}\` yet`,
      'rules with it load once HTTP is there',
    );
  // `file.data` and the response body are the same octets to older rules.
  const same = cx.sticky === row.name || (modifier === 'http_server_body' && cx.sticky === 'file.data');
  if (cx.sticky !== null && !same)
    return fail(
      'buffer/sticky',
      `the expression asks for \`${row.name}\`, the rule for \`${cx.sticky}\``,
      'drop the letter, or go back with `pkt_data`',
    );
  const run = cx.sticky === null ? cx.runOf(row.name, row, span) : cx.run(span);
  if (modifier === 'http_host' && !flags.includes('i') && /[A-Z]/.test(pattern.replace(/\\./g, '')))
    return fail(
      'transform/never',
      'the normalised host is lower case',
      'write the expression in lower case, or use `Z` for the raw host',
    );
  return run;
}

/** Where to look backwards for the closing slash: captures after the flags hold none, the expression may hold commas. */
function flagsFrom(value: string): number {
  const captures = /\/[A-Za-z]*((?:\s*,\s*(?:flow|pkt|alert)\s*:\s*[\w./-]+)+)\s*$/.exec(value);
  return captures === null ? value.length : captures.index;
}

/** Names after the flags, or groups named `flow_...`, `pkt_...`, `alert_...`; a sentence when they do not fit. */
function readCaptures(pattern: string, names: readonly string[]): PcreCapture[] | string {
  const captures: PcreCapture[] = [];
  for (const entry of names) {
    const colon = entry.indexOf(':');
    const scope = SCOPES.get(entry.slice(0, Math.max(0, colon)).trim());
    const name = entry.slice(colon + 1).trim();
    if (scope === undefined || name === '') return `\`${entry}\` is no capture`;
    captures.push({ scope, name });
  }
  if (captures.length === 0) {
    if (!pattern.includes('(?')) return captures;
    for (const match of pattern.matchAll(/\(\?P?<(flow|pkt|alert)_(\w+)>/g)) {
      captures.push({ scope: SCOPES.get(match[1] ?? '') ?? 'packet', name: match[2] ?? '' });
    }
  }
  const groups = pattern.replace(/\\./g, '').match(/\((?!\?)|\(\?P?<[A-Za-z_]|\(\?'/g)?.length ?? 0;
  return captures.length > groups ? `${captures.length} names for ${groups} groups` : captures;
}
