import { expect, it } from 'vitest';
import { ruleOrigins } from '../../src/rules/suricata/index.js';

const RULE =
  'alert http any any -> 10.0.0.1 [80,8080] (msg:"x"; flow:established,to_server; http.uri; ' +
  'content:"/a"; startswith; nocase; content:"b"; distance:1; pcre:"/c\\;d/R"; ' +
  'flowbits:isset,seen; http.host; to_lowercase; content:!"evil"; sid:1;)';

const HEADER_MODIFIER =
  'alert http any any -> any any (content:"one"; http_header; content:"two"; depth:9; http_header; nocase; sid:2;)';

it('says what each condition and check was written as', () => {
  const origins = ruleOrigins(RULE);
  const texts = [0, 1, 2].map((condition) => [0, 1, 2, 3].map((check) => origins?.condition(condition, check)));
  expect(texts[0]).toEqual([
    'content:"/a"; startswith; nocase',
    'content:"b"; distance:1',
    'pcre:"/c\\;d/R"',
    'http.uri',
  ]);
  expect(origins?.condition(0)).toBe('http.uri');
  expect(origins?.condition(1)).toBe('flowbits:isset,seen');
  expect(origins?.condition(2, 0)).toBe('content:!"evil"');
  expect(origins?.condition(2)).toBe('http.host');
  expect(origins?.condition(9)).toBeUndefined();
});

it('follows contents into the buffers of their modifiers', () => {
  const origins = ruleOrigins(HEADER_MODIFIER);
  expect([0, 1].map((check) => origins?.condition(0, check))).toEqual([
    'content:"one"; http_header',
    'content:"two"; depth:9; http_header; nocase',
  ]);
});

it('has the parts of the header, and nothing of what is no rule', () => {
  const origins = ruleOrigins(HEADER_MODIFIER);
  expect(['protocol', 'address', 'port', 'flow'].map((part) => origins?.part(part as 'flow'))).toEqual([
    'http',
    'any -> any',
    'any -> any',
    undefined,
  ]);
  const flow = ruleOrigins('alert tcp 10.0.0.1 1: <> any ![80] (flow:to_server; sid:3;)');
  expect([flow?.part('address'), flow?.part('port'), flow?.part('flow')]).toEqual([
    '10.0.0.1 <> any',
    '1: <> ![80]',
    'flow:to_server',
  ]);
  expect(ruleOrigins('nothing')).toBeNull();
});
