import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, Engine, EngineError, type SecretOptions } from '../../src/index.js';

const PCAPS = join(import.meta.dirname, '../../pcaps');
const KEYTAB = { keytabs: [join(PCAPS, 'sealed.keytab')] };
const SECRETS = { files: [join(PCAPS, 'sealed.secrets')] };

interface Call {
  readonly transport: string;
  readonly pipe?: string;
  readonly procedure?: string;
  readonly stub?: string;
  readonly opened?: true;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly auth?: Readonly<Record<string, unknown>>;
}

/** The sealed calls of a capture. */
async function calls(file: string, secrets: SecretOptions): Promise<Call[]> {
  const engine = new Engine({ workers: 1, secrets });
  const found: Call[] = [];
  for await (const event of engine.replay(join(PCAPS, file), { types: ['msrpc'] }))
    if (event.event_type === 'msrpc') found.push(event.msrpc as unknown as Call);
  return found.filter(({ stub }) => stub === 'sealed');
}

describe('sealed calls', () => {
  it.each([
    ['sealed-ntlm.pcap', SECRETS, { provider: 'ntlm', user: 'Administrator', domain: 'LAB' }],
    ['sealed-ntlm.pcap', { passwords: ['wrong', 'Opens-Sealed-1'] }, { provider: 'ntlm' }],
    ['sealed-spnego.pcap', SECRETS, { provider: 'spnego', user: 'Administrator', domain: 'LAB' }],
    ['sealed-impacket.pcap', SECRETS, { provider: 'ntlm', user: 'Administrator', domain: 'LAB' }],
    ['sealed-pipe-impacket.pcap', SECRETS, { provider: 'ntlm', user: 'Administrator', domain: 'LAB' }],
    ['sealed-kerberos.pcap', KEYTAB, { provider: 'kerberos', user: 'Administrator', domain: 'LAB.EXAMPLE' }],
    ['sealed-kerberos-rc4.pcap', KEYTAB, { provider: 'kerberos', user: 'Administrator', domain: 'LAB.EXAMPLE' }],
  ])('of %s are opened', async (file, secrets, auth) => {
    const found = await calls(file, secrets);
    expect(found.map(({ procedure, opened }) => [procedure, opened])).toEqual([
      ['SamrConnect2', true],
      ['SamrLookupDomainInSamServer', true],
      ['SamrOpenDomain', true],
      ['SamrLookupNamesInDomain', true],
    ]);
    expect(found[0]?.arguments?.system_name).toBe('dc1');
    expect(found[1]?.arguments?.domain_name).toBe('LAB');
    expect(found[3]?.arguments?.names).toEqual(['Administrator']);
    for (const call of found) expect(call.auth).toMatchObject({ ...auth, level: 'privacy' });
  });

  it.each([
    ['sealed-pipe.pcap', SECRETS, { provider: 'ntlm', user: 'Administrator@LAB.EXAMPLE' }],
    ['sealed-pipe-kerberos.pcap', KEYTAB, { provider: 'kerberos', user: 'Administrator', domain: 'LAB.EXAMPLE' }],
  ])('over the pipes of %s are opened', async (file, secrets, auth) => {
    const found = await calls(file, secrets);
    expect(found).toHaveLength(20);
    for (const call of found)
      expect(call).toMatchObject({ transport: 'smb', opened: true, auth: { level: 'privacy' } });
    expect(new Set(found.map(({ pipe }) => pipe))).toEqual(new Set(['samr', 'lsarpc']));
    const listed = found.find(({ procedure }) => procedure === 'SamrEnumerateUsersInDomain');
    expect(listed?.auth).toMatchObject(auth);
    expect(listed?.arguments?.users).toEqual([
      { rid: 500, name: 'Administrator' },
      { rid: 501, name: 'Guest' },
      { rid: 502, name: 'krbtgt' },
    ]);
    const opened = found.find(({ procedure }) => procedure === 'LsarOpenPolicy');
    expect(opened?.arguments).toEqual({ impersonation_level: 2, access: 0x02000000 });
    const sealed = await calls(file, {});
    expect(sealed.map(({ procedure, opened }) => [procedure, opened])).toEqual(
      found.map(({ procedure }) => [procedure, undefined]),
    );
  });

  it.each([
    ['none', {}],
    ['wrong ones', { passwords: ['Opens-Sealed-2'], ntlmHashes: ['00'.repeat(16)] }],
    ['those of another way', KEYTAB],
  ])('stay sealed with %s', async (_, secrets) => {
    const found = await calls('sealed-ntlm.pcap', secrets);
    expect(found).toHaveLength(4);
    for (const call of found) {
      expect(call.opened).toBeUndefined();
      expect(call.arguments).toBeUndefined();
    }
  });

  it('are looked into by rules', async () => {
    const text =
      'alert dcerpc any any -> any any (msg:"a"; flow:to_server; dcerpc.arg:"domain_name"; content:"LAB"; sid:1;)';
    for (const [secrets, times] of [[SECRETS, 1] as const, [{}, 0] as const]) {
      const engine = new Engine({ workers: 1, secrets });
      await using rules = await engine.compile({ text });
      const { alerts } = await collect(engine.replay(join(PCAPS, 'sealed-spnego.pcap'), { rules, types: ['alert'] }));
      expect(alerts).toHaveLength(times);
    }
  });

  it('are refused secrets that are none, without telling them', () => {
    const refused = (secrets: SecretOptions) => {
      try {
        new Engine({ secrets });
      } catch (error) {
        return error as EngineError;
      }
      throw new Error('nothing was refused');
    };
    const wrong = refused({ ntlmHashes: ['hunter2'] });
    expect(wrong).toBeInstanceOf(EngineError);
    expect(wrong.code).toBe('secrets/invalid');
    expect(wrong.message).toBe('--ntlm-hash: an NT hash is 32 hexadecimal digits, or 32:32 with the LM hash in front');
    expect(refused({ keytabs: ['/nowhere/x.keytab'] })).toMatchObject({ code: 'secrets/unreadable' });
    expect(refused({ keytabs: [join(PCAPS, 'MANIFEST.tsv')] }).message).toContain('MANIFEST.tsv: no keytab');
  });
});
