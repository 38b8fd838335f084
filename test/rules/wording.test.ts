import { expect, it } from 'vitest';
import { suricataWords } from '../../src/cli/suricata/wording.js';
import { compileText } from './fixture.js';

const said = (options: string): readonly string[] =>
  compileText(`alert tcp any any -> any any (${options} sid:7;)`).diagnostics.flatMap(
    (found) => suricataWords(found)?.message ?? [],
  );

it.each([
  ['content:"|l0 01|";', 'Invalid hex code in content - |l0 01|, hex l. Invalidating signature.'],
  ['content:"|22 2 22|";', 'Incomplete hex code in content - |22 2 22|. Invalidating signature.'],
  ['content:"|1";', 'Invalid hex code assembly in content - |1.  Invalidating signature.'],
  ['content:AA;', "invalid formatting to content keyword: value must be double quoted 'content'"],
  ['content:"A"; depth:d;', 'unknown byte_ keyword var seen in depth - d.'],
  ['content:"A"; depth:5; depth:6;', "can't use multiple depths for the same content."],
  ['content:"A"; within:1048577;', 'invalid value for within: 1048577'],
  [
    'dsize:10; content:"thisstringisgreaterthan10bytes";',
    "signature can't match as required content length 30 exceeds dsize value 10",
  ],
  [
    'dsize:5<>10; content:"thisstringisgreaterthan10bytes";',
    "signature can't match as required content length 30 exceeds dsize value 10",
  ],
  [
    'http.uri; content:"abcdefghi123456"; offset:12; bsize:3;',
    "signature can't match as required content length 15 exceeds bsize value: 3",
  ],
  [
    'http.uri; content:"abc"; offset:3; bsize:<4;',
    "signature can't match as required content length 6 exceeds bsize value: 4",
  ],
  [
    'http.uri; content:"abcdefgh123456"; bsize:10<>13;',
    "signature can't match as required content length 14 exceeds bsize range: 10-13",
  ],
  [
    'http.uri; content:"a"; http.header; pcre:"/b/P";',
    'Expression seen with a sticky buffer still set; either (1) reset sticky buffer with pkt_data or (2) use a sticky buffer providing "http request body".',
  ],
  [
    'http.host; content:"somehost.com"; nocase;',
    'rule 7: http.host keyword specified along with "nocase". The hostname buffer is normalized to lowercase, specifying nocase is redundant.',
  ],
])('%s is said in the words that scripts look for', (options, message) => {
  expect(said(options)).toContain(message);
});

it('keeps to our own words where there are no others', () => {
  expect(said('content:"A"; nosuchkeyword;')).toEqual([]);
});
