import type { Compare, DatarepEntry } from '../../../generated/ir.js';
import type { RuleContext } from '../lower/context.js';
import type { Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';
import { splitCommas } from './operand.js';

/** What a list holds, and how a line is written: hexadecimal, or base64 of any octets. */
const TYPES: ReadonlyMap<string, (text: string) => string | null> = new Map([
  ['string', readBase64],
  ['md5', (text: string) => readHex(text, 32)],
  ['sha256', (text: string) => readHex(text, 64)],
]);

function readHex(text: string, digits: number): string | null {
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? text.toLowerCase() : null;
}

function readBase64(text: string): string | null {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0
    ? Buffer.from(text, 'base64').toString('hex')
    : null;
}

/** Settings of sets that cost nothing here: lists are as large as they are. */
const SIZES: ReadonlySet<string> = new Set(['memcap', 'hashsize']);

/** `key value` settings behind the name of a set. */
interface Named {
  readonly type: string;
  readonly load: string;
}

class Refusal {
  constructor(
    readonly code: 'keyword/value' | 'keyword/unsupported',
    readonly message: string,
    readonly help: string,
  ) {}
}

const wrong = (message: string, help: string) => new Refusal('keyword/value', message, help);
const notYet = (message: string) =>
  new Refusal(
    'keyword/unsupported',
    message,
    'sets that are loaded and not changed are there: `dataset:isset,name,type string,load list.lst;`',
  );

function readSettings(parts: readonly string[]): Named | Refusal {
  let [type, load] = ['', ''];
  for (const part of parts) {
    const [, key = '', value = ''] = /^(\S+)\s*(.*)$/.exec(part) ?? [];
    if (key === 'type') type = value;
    else if (key === 'load') load = value;
    else if (SIZES.has(key)) {
      if (parseInteger(value) === null) return wrong(`\`${part}\` is no size`, `write \`${key} 1mb\``);
    } else if (/^(save|state|format|match|value_key|array_key|context_key|enrichment_key|remove_key)$/.test(key))
      return notYet(`\`${key}\` is not supported yet`);
    else return wrong(`\`${part}\` is no setting of a set`, 'settings are `type`, `load`, `memcap` and `hashsize`');
  }
  if (load === '') return notYet('sets without `load`, which rules fill, are not supported yet');
  if (type === '')
    return wrong('the set has no type', `write \`type string\`; types are ${[...TYPES.keys()].join(', ')}`);
  if (!TYPES.has(type))
    return /^(ip|ipv4|ipv6)$/.test(type)
      ? notYet(`sets of the type \`${type}\` are not supported yet`)
      : wrong(`\`${type}\` is no type of sets`, `types are ${[...TYPES.keys()].join(', ')}`);
  return { type, load };
}

/** The lines of the list of a set, each with what stands behind its comma; reports and gives `null` when it cannot be read. */
function readEntries(
  name: string,
  { type, load }: Named,
  reputations: boolean,
  cx: RuleContext,
): DatarepEntry[] | Refusal {
  const text = cx.settings.readList(load, cx.line.source.path);
  if (text === null)
    return wrong(`there is no list \`${load}\``, 'lists lie beside the rule file or in `default-rule-path`');
  const entries: DatarepEntry[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line === '') continue;
    const [item = '', reputation, ...more] = line.split(',');
    if ((reputation !== undefined) !== reputations)
      return wrong(
        `\`${load}\`: Cannot mix dataset and datarep values for set ${name}`,
        reputations ? 'each line is a value, a comma and a reputation' : 'each line is a value and nothing else',
      );
    const value = TYPES.get(type)?.(item) ?? null;
    const number = reputation === undefined ? 0 : parseInteger(reputation.trim());
    if (value === null || more.length > 0)
      return wrong(
        `\`${line}\` in \`${load}\` is no ${type}`,
        type === 'string' ? 'write values in base64, one a line' : 'write digests in hexadecimal, one a line',
      );
    if (number === null || number > 0xffff)
      return wrong(`invalid datarep value ${name}: \`${line}\` in \`${load}\``, 'a reputation is 0 to 65535');
    entries.push({ value, reputation: number });
  }
  return entries;
}

function refuse(refusal: Refusal, option: Option, cx: RuleContext): void {
  cx.report(refusal.code, option.span, refusal.message, refusal.help, option.name);
}

/** The buffer that a set is asked for has to be named. */
function hasBuffer(option: Option, cx: RuleContext): boolean {
  if (cx.sticky !== null) return true;
  const help = `write \`dns.query; ${option.name}:${option.value};\``;
  cx.report('buffer/missing', option.span, `\`${option.name}\` needs a sticky buffer before it`, help, option.name);
  return false;
}

export const dataset: Keyword = {
  name: 'dataset',
  family: 'dataset',
  doc: 'The buffer is in a list of values, or with `isnotset` is not.',
  value: 'required',
  lower(option, cx) {
    if (!hasBuffer(option, cx)) return;
    const [command = '', name = '', ...rest] = splitCommas(option.value);
    if (!/^(isset|isnotset|set|unset)$/.test(command) || name === '') {
      const help = 'write `dataset:isset,name,type string,load list.lst;`';
      return refuse(wrong(`\`${option.value}\` asks nothing of a set`, help), option, cx);
    }
    if (command === 'set' || command === 'unset')
      return refuse(notYet('sets that rules change are not supported yet'), option, cx);
    const settings = readSettings(rest);
    const entries = settings instanceof Refusal ? settings : readEntries(name, settings, false, cx);
    if (entries instanceof Refusal) return refuse(entries, option, cx);
    const values = entries.map((entry) => entry.value);
    cx.check(cx.run(option.span), { kind: 'dataset', values, negated: command === 'isnotset' });
  },
  examples: [
    {
      options: 'dns.query; dataset:isset,seen,type string,load no-such-list;',
      protocol: 'dns',
      error: 'keyword/value',
    },
    { options: 'dns.query; dataset:set,seen,type string;', protocol: 'dns', error: 'keyword/unsupported' },
    {
      options: 'dns.query; dataset:isset,seen,type string,state seen.lst;',
      protocol: 'dns',
      error: 'keyword/unsupported',
    },
    { options: 'dataset:isset,seen,type string,load list;', error: 'buffer/missing' },
  ],
};

const COMPARE: ReadonlyMap<string, Compare> = new Map([
  ['<', 'less'],
  ['<=', 'less_or_equal'],
  ['=', 'equal'],
  ['==', 'equal'],
  ['!=', 'not_equal'],
  ['>=', 'greater_or_equal'],
  ['>', 'greater'],
]);

export const datarep: Keyword = {
  name: 'datarep',
  family: 'dataset',
  doc: 'The buffer has a reputation in a list, and it compares so with a number.',
  value: 'required',
  lower(option, cx) {
    if (!hasBuffer(option, cx)) return;
    const [name = '', sign = '', text = '', ...rest] = splitCommas(option.value);
    const [operator, value] = [COMPARE.get(sign), parseInteger(text)];
    if (name === '' || operator === undefined || value === null || value > 0xffff) {
      const help = 'write `datarep:name,>,200,load list.rep,type string;`';
      return refuse(wrong(`\`${option.value}\` asks nothing of a set`, help), option, cx);
    }
    const settings = readSettings(rest);
    const entries = settings instanceof Refusal ? settings : readEntries(name, settings, true, cx);
    if (entries instanceof Refusal) return refuse(entries, option, cx);
    cx.check(cx.run(option.span), { kind: 'datarep', entries, operator, value });
  },
  examples: [
    { options: 'dns.query; datarep:bad,>,200,load no-such-list,type md5;', protocol: 'dns', error: 'keyword/value' },
    { options: 'dns.query; datarep:bad,~,200,load list,type md5;', protocol: 'dns', error: 'keyword/value' },
  ],
};
