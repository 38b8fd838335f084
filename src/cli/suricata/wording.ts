import type { Diagnostic } from '../../rules/suricata/index.js';

/** A line of Suricata's log: the module that speaks, and what it says. */
export interface Line {
  readonly module: string;
  readonly message: string;
}

/**
 * What scripts that read Suricata's log look for: some errors are said in the words the public suricata-verify suite
 * (MIT licence) checks, beside our own, which name place and way out. `null` for what has no such words.
 */
export function suricataWords(found: Diagnostic): Line | null {
  for (const [codes, words] of WORDS)
    if (codes.includes(found.code)) {
      const line = words(found);
      if (line !== null) return line;
    }
  return null;
}

const line = (module: string, message: string): Line => ({ module, message });
const value = ({ text }: Diagnostic): string => text.trim();
const firstQuoted = ({ message }: Diagnostic): string => /`([^`]*)`/.exec(message)?.[1] ?? '';

/** What stands between the bars of a pattern, bars included, up to the first part that cannot be read. */
function hexPart(found: Diagnostic): string {
  const parts = value(found).match(/\|[^|]*\|?/g) ?? [];
  return parts.find((part) => !/^\|(?:\s*[0-9a-f]{2}[\s,]*)*\|$/i.test(part)) ?? '';
}

function hex(found: Diagnostic): Line {
  const part = hexPart(found);
  const odd = /[^|0-9a-f\s,]/i.exec(part)?.[0];
  if (!part.endsWith('|') || part.length < 2)
    return line(
      'detect-content',
      `Invalid hex code assembly in content - ${part.replace(/"$/, '')}.  Invalidating signature.`,
    );
  return odd === undefined
    ? line('detect-content', `Incomplete hex code in content - ${part}. Invalidating signature.`)
    : line('detect-content', `Invalid hex code in content - ${part}, hex ${odd}. Invalidating signature.`);
}

const MODIFIED =
  'content, uricontent option, http_client_body, http_server_body, http_header option, http_raw_header option, ' +
  'http_method option, http_cookie, http_raw_uri, http_stat_msg, http_stat_code, http_user_agent, http_host, ' +
  'http_raw_host or file_data/dce_stub_data sticky buffer options.';

/** What Suricata calls the buffers that letters behind an expression ask for. */
const STICKY: Readonly<Record<string, string>> = {
  'http.cookie': 'http cookie header',
  'http.header': 'http headers',
  'http.header.raw': 'raw http headers',
  'http.host': 'http host',
  'http.host.raw': 'http raw host',
  'http.method': 'http request method',
  'http.request_body': 'http request body',
  'http.response_body': 'data from tracked files',
  'http.stat_code': 'http response status code',
  'http.stat_msg': 'http response status message',
  'http.uri': 'http request uri',
  'http.uri.raw': 'raw http uri',
  'http.user_agent': 'http user agent',
};

const MIXED =
  "can't use a relative keyword like within/distance with a absolute relative keyword like depth/offset for the " +
  'same content.';

const WORDS: readonly (readonly [readonly Diagnostic['code'][], (found: Diagnostic) => Line | null])[] = [
  [['content/hex'], hex],
  [
    ['content/escape'],
    ({ message }) =>
      message.includes('double quote')
        ? line('detect-content', 'Invalid unescaped double quote within content section.')
        : null,
  ],
  [
    ['syntax/quote'],
    (found) => {
      const { keyword } = found;
      if (value(found).startsWith('"'))
        return line(
          'detect-parse',
          `bad option value formatting (possible missing semicolon) for keyword ${keyword}: '${value(found)}'`,
        );
      return line(
        'detect-parse',
        keyword === 'content'
          ? "invalid formatting to content keyword: value must be double quoted 'content'"
          : `invalid formatting to ${keyword} keyword`,
      );
    },
  ],
  [
    ['syntax/option'],
    ({ message }) => (message.includes('without a name') ? line('detect-parse', "unknown rule keyword ''.") : null),
  ],
  [
    ['buffer/sticky'],
    ({ keyword, message }) => {
      const buffer = keyword === 'pcre' ? STICKY[/asks for `([^`]*)`/.exec(message)?.[1] ?? ''] : undefined;
      return buffer === undefined
        ? null
        : line(
            'detect-pcre',
            `Expression seen with a sticky buffer still set; either (1) reset sticky buffer with pkt_data or (2) use a sticky buffer providing "${buffer}".`,
          );
    },
  ],
  [['rule/reference'], (found) => line('detect-reference', `unknown reference key "${firstQuoted(found)}"`)],
  [['settings/reference'], () => line('reference-config', 'Invalid Reference Config in reference.config file')],
  [['content/missing'], ({ keyword }) => line(`detect-${keyword}`, `${keyword} needs preceding ${MODIFIED}`)],
  [['content/mixed-window'], ({ keyword }) => line(`detect-${keyword}`, MIXED)],
  [
    ['keyword/twice'],
    ({ keyword }) =>
      keyword === 'depth' || keyword === 'offset'
        ? line(`detect-${keyword}`, `can't use multiple ${keyword}s for the same content.`)
        : null,
  ],
  [
    ['content/fast-pattern'],
    ({ message }) => {
      if (message.includes('decoded data'))
        return line('detect-fast-pattern', 'fast_pattern cannot be used with base64_data');
      if (message.includes('looks at no place'))
        return line('detect-parse', "can't have a relative keyword set along with 'fast_pattern:only;'.");
      if (message.includes('negated'))
        return line('detect-parse', "can't have a relative negated keyword set along with 'fast_pattern'.");
      return null;
    },
  ],
  [
    ['keyword/value'],
    (found) => {
      const { keyword } = found;
      if (keyword === 'within' || keyword === 'distance')
        return line(`detect-${keyword}`, `invalid value for ${keyword}: ${value(found)}`);
      return null;
    },
  ],
  [
    ['keyword/value', 'keyword/missing-value'],
    ({ keyword }) => line(`detect-${keyword}`, `invalid formatting or malformed option to ${keyword} keyword`),
  ],
  [
    ['variable/unknown'],
    (found) => {
      const name = firstQuoted(found);
      const { keyword } = found;
      return keyword === 'byte_jump' || keyword === 'byte_test' || keyword === 'isdataat'
        ? line(`detect-${keyword}`, `Unknown byte_extract var seen in ${keyword} - ${name}`)
        : line(`detect-${keyword}`, `unknown byte_ keyword var seen in ${keyword} - ${name}.`);
    },
  ],
  [
    ['rule/never'],
    ({ message, text }) => {
      const [, needed, place = ''] = /need (\d+) octets and do not fit into (.*)$/.exec(message) ?? [];
      if (needed === undefined) return null;
      const words = `signature can't match as required content length ${needed} exceeds`;
      // Of a range, the end as the rule has it.
      if (place.includes('`dsize`'))
        return line('detect-dsize', `${words} dsize value ${/(\d+)\D*$/.exec(text)?.[1] ?? ''}`);
      const [, least, greatest] = /(\d+)(?: to (\d+))?$/.exec(place) ?? [];
      return line(
        'detect-bsize',
        greatest === undefined
          ? `${words} bsize value: ${least}`
          : `${words} bsize range: ${Number(least) - 1}-${Number(greatest) + 1}`,
      );
    },
  ],
  [
    ['transform/never'],
    (found) => {
      if (found.message.startsWith('`http.host`'))
        return line(
          'detect-http-host',
          found.message.includes('`nocase`')
            ? `rule ${found.sid}: http.host keyword specified along with "nocase". The hostname buffer is normalized to lowercase, specifying nocase is redundant.`
            : `rule ${found.sid}: A pattern with uppercase characters detected for http.host. The hostname buffer is normalized to lowercase, please specify a lowercase pattern.`,
        );
      return line(
        'detect-content',
        `content string "${value(found).replace(/^"|"$/g, '')}" incompatible with ${firstQuoted(found)} transform`,
      );
    },
  ],
];
