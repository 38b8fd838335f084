import { describe, expect, it } from 'vitest';
import { codes, compileText, lowered, ruleOf } from './fixture.js';

const content = (pattern: string, more: object = {}) => ({
  kind: 'content',
  pattern: Buffer.from(pattern).toString('hex'),
  nocase: false,
  negated: false,
  window: { relative: false, start: null, end: null },
  ends_with: false,
  fast_pattern: { kind: 'auto' },
  ...more,
});
const buffer = (name: string, ...checks: object[]) => ({ kind: 'buffer', buffer: name, transforms: [], checks });

describe('contents', () => {
  it('have windows', () => {
    expect(lowered('content:"ab"; offset:3; depth:9; content:"c"; distance:-2; within:5; nocase;').conditions).toEqual([
      buffer(
        'payload',
        content('ab', { window: { relative: false, start: 3, end: 9 } }),
        content('c', { nocase: true, window: { relative: true, start: -2, end: 5 } }),
      ),
    ]);
  });

  it('at the beginning and the end', () => {
    expect(lowered('content:"abc"; startswith; endswith;').conditions).toEqual([
      buffer('payload', content('abc', { window: { relative: false, start: 0, end: 3 }, ends_with: true })),
    ]);
  });

  it('are octets: hexadecimal, escapes, UTF-8, and Latin-1 where the file is no UTF-8', () => {
    const pattern = (text: string | Uint8Array) => {
      const [condition] = compileText(text).rules[0]?.conditions ?? [];
      return condition?.kind === 'buffer' && condition.checks[0]?.kind === 'content'
        ? condition.checks[0].pattern
        : null;
    };
    expect(pattern(ruleOf('content:"a|0D 0a,4 1|\\"\\;\\\\\\:z";'))).toBe('610d0a41223b5c3a7a');
    expect(pattern(ruleOf('content:"é|00|é";'))).toBe('c3a900c3a9');
    expect(pattern(Buffer.from(ruleOf('content:"é";'), 'latin1'))).toBe('e9');
  });

  it('take variables', () => {
    expect(lowered('byte_extract:1,0,n; content:"a"; distance:n; within:n;').conditions).toMatchObject([
      { checks: [{ kind: 'byte_extract', name: 'n' }, { window: { relative: true, start: 'n', end: 'n' } }] },
    ]);
    expect(codes('byte_extract:1,0,n; http.uri; byte_test:1,=,n,0;', 'http')).toContain('variable/unknown');
    expect(codes('http.cookie; byte_extract:1,0,n; http.uri; byte_test:1,=,n,0;', 'http')).toEqual([]);
  });
});

describe('buffers', () => {
  it('of sticky and modifier form are the same', () => {
    const modifier = lowered('content:"/a"; http_uri; content:"POST"; http_method; nocase;', 'http');
    const sticky = lowered('http.uri; content:"/a"; http.method; content:"POST"; nocase;', 'http');
    const byBuffer = (rule: typeof sticky) => rule.conditions.map((one) => JSON.stringify(one)).sort();
    expect(byBuffer(modifier)).toEqual(byBuffer(sticky));
  });

  it('asked twice are one condition, multi-buffers two', () => {
    expect(lowered('http.uri; content:"a"; http.host; content:"b"; http.uri; content:"c";', 'http').conditions).toEqual(
      [buffer('http.uri', content('a'), content('c')), buffer('http.host', content('b'))],
    );
    expect(lowered('http.request_header; content:"a"; http.request_header; content:"b";', 'http').conditions).toEqual([
      buffer('http.request_header', content('a')),
      buffer('http.request_header', content('b')),
    ]);
  });

  it('leave no condition behind when their content moves', () => {
    expect(lowered('content:"a"; http_uri;', 'http').conditions).toEqual([buffer('http.uri', content('a'))]);
  });

  it('go back to the payload', () => {
    expect(lowered('http.uri; content:"a"; pkt_data; content:"b"; content:"c"; http_host;', 'http').conditions).toEqual(
      [buffer('http.uri', content('a')), buffer('payload', content('b')), buffer('http.host', content('c'))],
    );
  });

  it('carry transforms', () => {
    expect(
      lowered('http.uri; url_decode; to_lowercase; content:"a"; http.uri; content:"B";', 'http').conditions,
    ).toEqual([
      {
        ...buffer('http.uri', content('a')),
        transforms: [{ name: 'url_decode' }, { name: 'to_lowercase' }],
      },
      buffer('http.uri', content('B')),
    ]);
    expect(lowered('http.uri; xor:"0d0a"; content:"a";', 'http').conditions).toMatchObject([
      { transforms: [{ name: 'xor', key: '0d0a' }] },
    ]);
  });

  it('of `pcre` letters, `urilen` and relative checks are the right ones', () => {
    expect(
      lowered('content:"a"; http_uri; pcre:"/b/UR"; isdataat:!1,relative; urilen:5,norm;', 'http').conditions,
    ).toMatchObject([
      {
        buffer: 'http.uri',
        checks: [
          { kind: 'content' },
          { kind: 'pcre', relative: true, flags: '' },
          { kind: 'is_data_at' },
          { kind: 'bsize' },
        ],
      },
    ]);
    expect(
      lowered('base64_decode:relative; base64_data; content:"a"; content:"b"; within:2;').conditions,
    ).toMatchObject([
      { buffer: 'payload', checks: [{ kind: 'base64_decode', relative: true }] },
      { buffer: 'base64_data', checks: [{ kind: 'content' }, { kind: 'content' }] },
    ]);
  });

  it('look one way when told to', () => {
    expect(lowered('file.data:to_client; content:"a";', 'http').flow).toMatchObject({
      to_client: true,
      to_server: false,
    });
    expect(codes('http.uri:to_server; content:"a";', 'http')).toContain('keyword/unexpected-value');
  });

  it.each([
    ['http.uri; http.host; content:"b";', 'buffer/empty'],
    ['content:"b"; http.host;', 'buffer/empty'],
    ['http.uri; content:"a"; content:"b"; http_header;', 'buffer/sticky'],
    ['content:"a"; http_uri; http_host;', 'content/missing'],
    ['content:"a"; rawbytes; http_uri;', 'content/missing'],
    ['to_lowercase; content:"b";', 'transform/place'],
    ['http.uri; to_lowercase; http.host; content:"a";', 'transform/place'],
    ['http.uri; to_lowercase; content:"B";', 'transform/never'],
    ['http.uri; strip_whitespace; content:"a b";', 'transform/never'],
    ['http.uri; xor:"0a0"; content:"a";', 'keyword/value'],
    ['http.uri; pcrexform:"ab"; content:"a";', 'keyword/value'],
    ['http.host; content:"ABC";', 'transform/never'],
    ['http.method; content:"GET ";', 'rule/never'],
    ['http.uri; content:"a"; http.stat_code; content:"200";', 'buffer/direction'],
    ['flow:to_client; http.uri; content:"a";', 'buffer/direction'],
    ['http.uri; content:"a"; dcerpc.stub_data; content:"b";', 'buffer/protocol'],
    ['ttl:5; http.uri; content:"a";', 'rule/never'],
    ['base64_decode; base64_data; content:"a"; http.uri; content:"b";', 'buffer/sticky'],
  ])('%s is refused', (body, code) => {
    expect(codes(body, 'http')).toContain(code);
  });
});

describe('fields', () => {
  it('of the catalog have numbers, bits and flags', () => {
    const [number, bits, flags, not, any] = lowered(
      'ttl:5<>10; dsize:&7=3; flags:SA,12; tcp.flags:!FR; fragbits:*MD;',
    ).conditions;
    expect(number).toEqual({ kind: 'number', field: 'ttl', test: { ranges: [{ min: 6, max: 9 }], negated: false } });
    expect(bits).toEqual({ kind: 'flags', field: 'dsize', compare: 'exactly', value: 3, mask: 7, negated: false });
    expect(flags).toEqual({
      kind: 'flags',
      field: 'tcp.flags',
      compare: 'exactly',
      value: 0x12,
      mask: 0x3f,
      negated: false,
    });
    expect(not).toEqual({ kind: 'flags', field: 'tcp.flags', compare: 'all', value: 0x05, mask: 0xff, negated: true });
    expect(any).toEqual({ kind: 'flags', field: 'fragbits', compare: 'any', value: 3, mask: 7, negated: false });
  });

  it.each(['flags:s;', 'flags:SFX;', 'flags:-S;', 'flags:S A;', 'flags:S,0;', 'ttl:256;', 'ttl;', 'seq:4294967296;'])(
    '%s is refused',
    (body) => {
      expect(codes(body).length).toBeGreaterThan(0);
      expect(codes(body).every((code) => code.startsWith('keyword/'))).toBe(true);
    },
  );
});

describe('the rule itself', () => {
  it('has every field written', () => {
    const rule = lowered(
      'rev:3; gid:2; classtype:bad-unknown; reference:URL,a.b/c; reference:cve,2020-1; metadata:a b, c d e; target:src_ip; tag:session, 5, packets;',
    );
    expect(rule).toMatchObject({
      sid: 1,
      rev: 3,
      gid: 2,
      msg: 'test',
      class: 'Potentially Bad Traffic',
      priority: 2,
      references: [
        { kind: 'URL', value: 'a.b/c', shown: 'https://a.b/c' },
        { kind: 'cve', value: '2020-1', shown: 'https://cve.example/2020-1' },
      ],
      metadata: [
        { key: 'a', value: 'b' },
        { key: 'c', value: 'd e' },
      ],
      target: 'source_ip',
      tag: 'session,5,packets',
      noalert: false,
      hook: null,
    });
    expect(lowered('').text).toBe('alert tcp any any -> any any (msg:"test";  sid:1;)');
  });

  it('has one priority', () => {
    expect(lowered('classtype:bad-unknown; priority:7;').priority).toBe(7);
    expect(lowered('priority:7; classtype:bad-unknown; priority:5;').priority).toBe(2);
    expect(lowered('').priority).toBe(3);
  });

  it('warns and loads when a classtype or reference is not known', () => {
    const { rules, diagnostics } = compileText(ruleOf('classtype:nope; reference:nope,x;'));
    expect(rules).toMatchObject([{ class: '', references: [{ shown: 'x' }] }]);
    expect(diagnostics.map((one) => [one.code, one.severity])).toEqual([
      ['rule/classtype', 'warning'],
      ['rule/reference', 'warning'],
    ]);
  });

  it('unescapes its message', () => {
    const { rules } = compileText('alert tcp any any -> any any (msg:"a\\;b \\"c\\" \\\\ d: e"; sid:1;)');
    expect(rules[0]?.msg).toBe('a;b "c" \\ d: e');
  });

  it.each([
    ['alert tcp any any -> any any (msg:"x";)', 'rule/no-sid'],
    ['alert tcp any any -> any any (sid:0;)', 'keyword/value'],
    ['alert tcp any any -> any any (sid:"7";)', 'syntax/quote'],
    ['allow tcp any any -> any any (sid:1;)', 'header/action'],
    ['accept:flow tcp any any -> any any (sid:1;)', 'header/action'],
    ['alert tpc any any -> any any (sid:1;)', 'header/protocol'],
    ['alert dnp3 any any -> any any (sid:1;)', 'header/protocol'],
    ['alert http:nope any any -> any any (sid:1;)', 'header/hook'],
    ['alert tcp any any <- any any (sid:1;)', 'header/direction'],
    ['alert tcp $NOPE any -> any any (sid:1;)', 'header/variable'],
    ['alert tcp any 80:70 -> any any (sid:1;)', 'header/port'],
    ['alert http any any => any any (http.uri; content:"a"; sid:1;)', 'buffer/direction'],
    ['alert tcp-stream any any -> any any (ttl:5; sid:1;)', 'rule/never'],
  ])('%s is refused', (text, code) => {
    const { rules, diagnostics } = compileText(text);
    expect(rules).toEqual([]);
    expect(diagnostics.map((one) => one.code)).toContain(code);
  });

  it('reads headers of every form', () => {
    const header = (text: string) => compileText(`${text} (msg:"x"; sid:1;)`).rules[0];
    expect(header('ALERT TCP any any <> any any')).toMatchObject({
      action: 'alert',
      protocol: { kind: 'tcp' },
      direction: 'both',
    });
    expect(header('drop:flow tcp-pkt any any -> any any')).toMatchObject({
      action: 'drop',
      protocol: { kind: 'tcp_packet' },
    });
    expect(header('rejectboth ip6 any any -> any any')).toMatchObject({
      action: 'rejectboth',
      protocol: { kind: 'ipv6' },
    });
    expect(header('alert http1:request_line any any -> any any')).toMatchObject({
      protocol: { kind: 'application', name: 'http' },
      hook: { stage: 'request_line' },
    });
    expect(header('alert tcp:flow_start any any -> any any')).toMatchObject({ hook: { stage: 'flow_start' } });
    const both = compileText(
      'alert http any any => any any (http.uri; content:"a"; http.stat_code; content:"200"; sid:1;)',
    );
    expect(both.rules).toMatchObject([{ direction: 'transaction' }]);
  });
});
