import type { Number as NumberTest } from '../../../generated/ir.js';
import { plainContent, type RuleContext } from '../lower/context.js';
import { parsePattern } from './content.js';
import { flagKeyword } from './flag.js';
import type { Example, Keyword, Option } from './keyword.js';
import { parseInteger } from './number.js';

/** Versions `ssl_version` names, as they stand on the wire. */
const VERSIONS: Readonly<Record<string, NumberTest['ranges']>> = {
  sslv2: [{ min: 0x0002, max: 0x0002 }],
  sslv3: [{ min: 0x0300, max: 0x0300 }],
  'tls1.0': [{ min: 0x0301, max: 0x0301 }],
  'tls1.1': [{ min: 0x0302, max: 0x0302 }],
  'tls1.2': [{ min: 0x0303, max: 0x0303 }],
  // With the drafts that were in use.
  'tls1.3': [
    { min: 0x0304, max: 0x0304 },
    { min: 0x7f01, max: 0x7f1c },
    { min: 0xfb14, max: 0xfb1a },
  ],
};

export const sslVersion: Keyword = {
  name: 'ssl_version',
  family: 'tls',
  doc: 'The version a side wants is one of a list; with `!`, none of it.',
  needs: { protocol: 'tls' },
  value: 'required',
  negatable: true,
  lower(option, cx) {
    const names = option.value.split(/[\s,]+/).filter((name) => name !== '');
    const negated = option.negated || names.some((name) => name.startsWith('!'));
    const bare = names.map((name) => name.replace(/^!/, '').toLowerCase());
    const unknown = bare.find((name) => VERSIONS[name] === undefined);
    if (unknown !== undefined || bare.length === 0) {
      const help = `versions are ${Object.keys(VERSIONS).join(', ')}`;
      cx.report('keyword/value', option.span, `\`${unknown ?? ''}\` is no version`, help, option.name);
      return;
    }
    const ranges = bare.flatMap((name) => VERSIONS[name] ?? []);
    cx.condition({ kind: 'number', field: 'ssl_version', test: { ranges, negated } });
  },
  examples: [
    { options: 'ssl_version:tls1.2;', protocol: 'tls' },
    { options: 'ssl_version:sslv2,sslv3;', protocol: 'tls' },
    { options: 'ssl_version:!tls1.2,!tls1.3;', protocol: 'tls' },
    { options: 'ssl_version:tls9;', protocol: 'tls', error: 'keyword/value' },
  ],
};

export const tlsVersion: Keyword = {
  name: 'tls.version',
  family: 'tls',
  doc: 'The version a side wants: `1.0` to `1.3`, or as it stands on the wire, `0x7f1c`.',
  needs: { protocol: 'tls' },
  value: 'required',
  quotes: 'allowed',
  negatable: true,
  lower(option, cx) {
    const text = option.value.trim().toLowerCase();
    const number = /^0x[0-9a-f]{1,4}$/.test(text) ? Number.parseInt(text, 16) : null;
    const ranges = number === null ? (VERSIONS[`tls${text}`] ?? VERSIONS[text]) : [{ min: number, max: number }];
    if (ranges === undefined) {
      const help = 'versions are 1.0, 1.1, 1.2, 1.3 (with its drafts), sslv2, sslv3 and numbers as `0x0303`';
      cx.report('keyword/value', option.span, `\`${option.value}\` is no version`, help, option.name);
      return;
    }
    cx.condition({ kind: 'number', field: 'tls.version', test: { ranges, negated: option.negated } });
  },
  examples: [
    { options: 'tls.version:1.2;', protocol: 'tls' },
    { options: 'tls.version:"1.3";', protocol: 'tls' },
    { options: 'tls.version:!0x0304;', protocol: 'tls' },
    { options: 'tls.version:2.0;', protocol: 'tls', error: 'keyword/value' },
  ],
};

/** Messages `ssl_state` names: their bits in the row. */
const MESSAGES: Readonly<Record<string, number>> = {
  client_hello: 1,
  server_hello: 2,
  client_keyx: 4,
  server_keyx: 8,
  unknown: 16,
};

export const tlsStore: Keyword = {
  name: 'tls.store',
  aliases: ['tls_store'],
  family: 'tls',
  doc: 'Has the certificates of the direction of the match stored, by the output `tls-store`.',
  needs: { protocol: 'tls' },
  value: 'none',
  lower(_, cx) {
    cx.condition({ kind: 'store_document' });
  },
  examples: [
    { options: 'tls.cert_issuer; content:"O=Example"; tls.store;', protocol: 'tls' },
    { options: 'tls_store;', protocol: 'tls' },
    { options: 'tls.store:yes;', protocol: 'tls', error: 'keyword/unexpected-value' },
  ],
};

export const sslState: Keyword = {
  name: 'ssl_state',
  family: 'tls',
  doc: 'The handshake message that came last is one of a list; with `!`, is not that one.',
  needs: { protocol: 'tls' },
  value: 'required',
  negatable: true,
  lower(option, cx) {
    const names = `${option.negated ? '!' : ''}${option.value}`.split(/\s*[|,]\s*/).map((name) => name.trim());
    let mask = 0;
    let absent = 0;
    for (const name of names) {
      const bit = MESSAGES[name.replace(/^!\s*/, '')];
      if (bit === undefined) {
        const help = `messages are ${Object.keys(MESSAGES).join(', ')}`;
        cx.report('keyword/value', option.span, `\`${name}\` is no message`, help, option.name);
        return;
      }
      mask |= bit;
      if (name.startsWith('!')) absent |= bit;
    }
    // Holds when one of the messages that are named came, or one that is negated did not.
    cx.condition({ kind: 'flags', field: 'ssl_state', compare: 'exactly', value: absent, mask, negated: true });
  },
  examples: [
    { options: 'ssl_state:client_hello;', protocol: 'tls' },
    { options: 'ssl_state:client_keyx,server_keyx;', protocol: 'tls' },
    { options: 'ssl_state:!client_hello;', protocol: 'tls' },
    { options: 'ssl_state:finished;', protocol: 'tls', error: 'keyword/value' },
  ],
};

/** `2015`, `2015-10`, `2015-10-22`, `2015-10-22 23`, `2015-10-22T23:59:59`: what is left out is the smallest. */
const DATE = /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?$/;

/** A date as rules write it, or seconds since 1970; `null` when it is neither. */
function parseDate(text: string): number | null {
  const trimmed = text.trim().replace(/^"(.*)"$/, '$1');
  if (/^\d+$/.test(trimmed)) return parseInteger(trimmed);
  const match = DATE.exec(trimmed);
  if (match === null) return null;
  const [, year, month, day = '1', hour = '0', minute = '0', second = '0'] = match;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const inRange = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
  return inRange && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 61 ? date / 1000 : null;
}

/** `date`, `<date`, `>date` or `date<>date` (both ends excluded). */
function parseDates(text: string): NumberTest['ranges'] | null {
  const between = text.split('<>');
  if (between.length === 2) {
    const [from = null, to = null] = between.map(parseDate);
    return from !== null && to !== null && from + 1 < to ? [{ min: from + 1, max: to - 1 }] : null;
  }
  const sign = /^\s*([<>]?)(.*)$/s.exec(text);
  const date = parseDate(sign?.[2] ?? '');
  if (date === null) return null;
  if (sign?.[1] === '<') return [{ min: 0, max: Math.max(date - 1, 0) }];
  return sign?.[1] === '>' ? [{ min: date + 1, max: null }] : [{ min: date, max: date }];
}

function validity(name: string, doc: string): Keyword {
  return {
    name,
    family: 'tls',
    doc,
    needs: { protocol: 'tls' },
    value: 'required',
    quotes: 'allowed',
    lower(option, cx) {
      const ranges = parseDates(option.value);
      if (ranges === null) {
        const help = `write \`${name}:>2015-10-22;\`, \`${name}:<2015-10-22T23:59:59;\` or \`${name}:2015-10<>2016-10;\``;
        cx.report('keyword/value', option.span, `\`${option.value}\` is no date, nor two`, help, option.name);
        return;
      }
      cx.condition({ kind: 'number', field: name, test: { ranges, negated: false } });
    },
    examples: [
      { options: `${name}:>2015-10-22;`, protocol: 'tls' },
      { options: `${name}:<2015-10-22 23:59:59;`, protocol: 'tls' },
      { options: `${name}:2015-10<>2016-10-22T10;`, protocol: 'tls' },
      { options: `${name}:1445471999;`, protocol: 'tls' },
      { options: `${name}:yesterday;`, protocol: 'tls', error: 'keyword/value' },
      { options: `${name}:2016-01<>2015-01;`, protocol: 'tls', error: 'keyword/value' },
    ],
  };
}

export const certNotBefore = validity('tls_cert_notbefore', "The day the server's first certificate becomes valid.");
export const certNotAfter = validity('tls_cert_notafter', "The last day of the server's first certificate.");

export const certExpired = flagKeyword('tls_cert_expired', 'tls', "The server's first certificate is valid no more.");
export const certValid = flagKeyword(
  'tls_cert_valid',
  'tls',
  "The server's first certificate has not expired; when its validity begins is not looked at.",
);

/** An older keyword with its text as value: a `content` in a buffer. */
function textIn(name: string, buffer: string, doc: string, example: Example): Keyword {
  return {
    name,
    family: 'tls',
    doc,
    needs: { protocol: 'tls' },
    value: 'required',
    quotes: 'allowed',
    negatable: true,
    lower(option: Option, cx: RuleContext) {
      const pattern = parsePattern(option, cx);
      const row = cx.catalog.buffer(buffer);
      if (pattern === null || row === undefined) return;
      cx.check(cx.runOf(row.name, row, option.span), plainContent(pattern, option.negated));
    },
    examples: [example],
  };
}

export const tlsSubject = textIn(
  'tls.subject',
  'tls.cert_subject',
  "Text in the subject of a side's first certificate.",
  {
    options: 'tls.subject:"CN=example.org";',
    protocol: 'tls',
  },
);
export const tlsIssuer = textIn(
  'tls.issuerdn',
  'tls.cert_issuer',
  "Text in the issuer of a side's first certificate.",
  {
    options: 'tls.issuerdn:!"O=Example";',
    protocol: 'tls',
  },
);
export const tlsFingerprint = textIn(
  'tls.fingerprint',
  'tls.cert_fingerprint',
  "SHA-1 of a side's first certificate, with colons.",
  { options: 'tls.fingerprint:"4a:a3:66:76:82:cb:6b:23:bb:c3:58:47:23:a4:63:a7:78:a4:a1:18";', protocol: 'tls' },
);
