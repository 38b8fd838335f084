import type { FileCheck, FileDigest, FileScope, FileSide } from '../../../generated/ir.js';
import { plainContent, type RuleContext } from '../lower/context.js';
import { parsePattern } from './content.js';
import type { Keyword, Option } from './keyword.js';
import { parseNumeric } from './number.js';

const FAMILY = 'file';

/** Adds a check on a file as a whole: those of a rule must hold on the same file, and are one condition. */
function addFileCheck(check: FileCheck, cx: RuleContext): void {
  const known = cx.rule.conditions.find((condition) => condition.kind === 'file');
  if (known?.kind === 'file') known.checks.push(check);
  else cx.condition({ kind: 'file', checks: [check] });
  cx.origins?.set(check, cx.option);
}

/** The value is a pattern in a buffer of files, in any case. The keyword ends a sticky buffer before it, as in Suricata. */
function lowerPattern(option: Option, buffer: string, endsWith: boolean, cx: RuleContext): void {
  const pattern = parsePattern(option, cx);
  const row = cx.catalog.buffer(buffer);
  if (pattern === null || row === undefined) return;
  if (cx.sticky !== null) cx.deselect();
  const run = cx.runOf(row.name, row, option.span);
  cx.check(run, { ...plainContent(pattern, option.negated), nocase: true, ends_with: endsWith });
}

export const filename: Keyword = {
  name: 'filename',
  family: FAMILY,
  doc: 'The name of a file holds this, in any case; `file.name` looks at it more closely.',
  value: 'required',
  quotes: 'allowed',
  negatable: true,
  needs: { buffer: 'file.name' },
  lower(option, cx) {
    lowerPattern(option, 'file.name', false, cx);
  },
  examples: [
    { options: 'filename:"secret";', protocol: 'http' },
    { options: 'filename:!"secret";', protocol: 'http' },
    { options: 'filename:"a|0";', protocol: 'http', error: 'content/hex' },
  ],
};

export const fileext: Keyword = {
  name: 'fileext',
  family: FAMILY,
  doc: 'The name of a file ends in a dot and this, in any case.',
  value: 'required',
  quotes: 'allowed',
  negatable: true,
  needs: { buffer: 'file.name' },
  lower(option, cx) {
    lowerPattern({ ...option, value: `.${option.value}` }, 'file.name', true, cx);
  },
  examples: [
    { options: 'fileext:"pdf";', protocol: 'http' },
    { options: 'fileext:!"pdf"; filename:"x";', protocol: 'smb' },
    { options: 'fileext:"p|df";', protocol: 'http', error: 'content/hex' },
  ],
};

export const filemagic: Keyword = {
  name: 'filemagic',
  family: FAMILY,
  doc: "The kind of a file under libmagic's name holds this, in any case; `file.magic` looks at it more closely.",
  value: 'required',
  quotes: 'allowed',
  negatable: true,
  needs: { buffer: 'file.magic' },
  lower(option, cx) {
    lowerPattern(option, 'file.magic', false, cx);
  },
  examples: [
    { options: 'filemagic:"PDF document";', protocol: 'http' },
    { options: 'filemagic:!"for MS Windows";', protocol: 'smb' },
    { options: 'filemagic:"a|0";', protocol: 'http', error: 'content/hex' },
  ],
};

/** A number no file is larger than: numbers of rules are doubles. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;

export const filesize: Keyword = {
  name: 'filesize',
  family: FAMILY,
  doc: 'The size of a file, once it is over. Octets, or with a unit.',
  value: 'required',
  needs: { buffer: 'file.name' },
  lower(option, cx) {
    const parsed = parseNumeric(option.value, MAX_SIZE);
    if (typeof parsed === 'string' || parsed.kind === 'bits') {
      const why = typeof parsed === 'string' ? parsed : 'a size has no bits';
      cx.report('keyword/value', option.span, why, 'write `filesize:>10kb` or `filesize:100<>200`', option.name);
      return;
    }
    addFileCheck({ kind: 'size', test: parsed.test }, cx);
  },
  examples: [
    { options: 'filesize:>10kb;', protocol: 'http' },
    { options: 'filesize:100<>200; fileext:"exe";', protocol: 'http' },
    { options: 'filesize:large;', protocol: 'http', error: 'keyword/value' },
  ],
};

/** Hexadecimal digits of a digest. */
const DIGITS: Readonly<Record<FileDigest, number>> = { md5: 32, sha1: 40, sha256: 64 };

function digestKeyword(name: string, algorithm: FileDigest): Keyword {
  return {
    name,
    family: FAMILY,
    doc: `The ${algorithm.toUpperCase()} digest of a complete file is in a list, or with \`!\` is not: the name of a file of digests, one a line.`,
    value: 'required',
    quotes: 'allowed',
    negatable: true,
    needs: { buffer: 'file.name' },
    lower(option, cx) {
      const fail = (message: string, help: string): void =>
        cx.report('keyword/value', option.span, message, help, option.name);
      const text = cx.settings.readList(option.value, cx.line.source.path);
      if (text === null) {
        fail(`there is no list \`${option.value}\``, 'lists lie beside the rule file or in `default-rule-path`');
        return;
      }
      const digests: string[] = [];
      for (const line of text.split('\n')) {
        if (line === '' || /^[\s#]/.test(line)) continue;
        const digest = line.slice(0, DIGITS[algorithm]).toLowerCase();
        if (digest.length !== DIGITS[algorithm] || !/^[0-9a-f]+$/.test(digest)) {
          fail(`\`${line.trim()}\` in \`${option.value}\` is no ${algorithm.toUpperCase()} digest`, 'write one a line');
          return;
        }
        digests.push(digest);
      }
      if (digests.length === 0) fail(`\`${option.value}\` holds no digest`, 'write one a line');
      else addFileCheck({ kind: 'digest', algorithm, digests: digests.join(''), negated: option.negated }, cx);
    },
    examples: [{ options: `${name}:no-such-list;`, protocol: 'http', error: 'keyword/value' }],
  };
}

export const filemd5 = digestKeyword('filemd5', 'md5');
export const filesha1 = digestKeyword('filesha1', 'sha1');
export const filesha256 = digestKeyword('filesha256', 'sha256');

const SIDES: ReadonlyMap<string, FileSide> = new Map([
  ['request', 'to_server'],
  ['to_server', 'to_server'],
  ['response', 'to_client'],
  ['to_client', 'to_client'],
  ['both', 'both'],
]);

const SCOPES: ReadonlyMap<string, FileScope> = new Map([
  ['file', 'file'],
  ['tx', 'tx'],
  ['ssn', 'flow'],
  ['flow', 'flow'],
]);

export const filestore: Keyword = {
  name: 'filestore',
  family: FAMILY,
  doc: 'Has files stored when the rule matches: those it holds on, or all of a direction and transaction or flow.',
  value: 'optional',
  needs: { buffer: 'file.name' },
  lower(option, cx) {
    if (!cx.once('filestore', option.span)) return;
    const [side = '', scope = '', ...more] = option.value
      .toLowerCase()
      .split(',')
      .map((part) => part.trim());
    const direction = SIDES.get(side) ?? 'rule';
    const known = (side === '' || direction !== 'rule') && (scope === '' || SCOPES.has(scope)) && more.length === 0;
    if (!known) {
      const help =
        'write `filestore:request,tx`: a direction (`request`, `response`, `both`) and a scope (`file`, `tx`, `flow`)';
      cx.report('keyword/value', option.span, `\`${option.value}\` names no files`, help, option.name);
      return;
    }
    addFileCheck({ kind: 'store', direction, scope: SCOPES.get(scope) ?? (side === '' ? 'file' : 'tx') }, cx);
  },
  examples: [
    { options: 'filestore;', protocol: 'http' },
    { options: 'fileext:"exe"; filestore:both,flow;', protocol: 'http' },
    { options: 'filestore:sideways;', protocol: 'http', error: 'keyword/value' },
  ],
};
