// SigmaHQ's rules for RPC Firewall and Zeek, unchanged, on conversations that they must hit and such that they must not. The rules are
// under the Detection Rule License and lie outside of the repository.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/engine/collect.js';
import { Engine, type Ruleset } from '../../src/engine/index.js';
import { type Conversation, capture, dcerpc, dns, http, smb, tls } from '../../src/testing/index.js';
import { ROOT } from '../eve.js';

const ARCHIVE = join(ROOT, '..', 'shared', 'host', 'sigma-rules.tar.xz');
const isThere = existsSync(ARCHIVE);
if (!isThere) console.warn('test/sigma: ../shared/host is not there; published rules are not run on traffic');

const ATSVC = '1ff70682-0a51-30e8-076d-740be8cee98b';
const SASEC = '378e52b0-c0a9-11cf-822d-00aa0051e40f';
const TASKS = '86d35949-83c9-4044-b424-db363231fd0c';
const WINREG = '338cd001-2244-31f1-aaaa-900038001003';
const SVCCTL = '367abb81-9844-35f1-ad32-98f038001003';
const SRVSVC = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
const SPOOLSS = '12345678-1234-abcd-ef00-0123456789ab';
const WINSPOOL = '76f03f96-cdfd-44fc-a22c-64950a001209';
const DRSUAPI = 'e3514235-4b06-11d1-ab04-00c04fc2dcd2';
const WBEM = '9556dc99-828c-11cf-a37e-00aa003240c7';
const EFSRPC = 'df1941c5-fe89-4e79-bf10-463657acf44d';
const OTHER = '12345778-1234-abcd-ef00-0123456789ac';

const call = (uuid: string, opnum: number) =>
  dcerpc({ uuid, version: '1.0' }, { server: '10.0.0.2:49700' }).call({ opnum, stub: Buffer.alloc(24) });
const file = (path: string, name: string) => smb().connect(path).create(name);
const lookup = (name: string) => dns().query(name);
const request = (uri: string, headers: Record<string, string>, method = 'GET', server = '10.0.0.2:80') =>
  http({ server }).exchange({ method, uri, headers }, { headers: { 'Content-Type': 'application/x-dosexec' } });

/** Rule, a conversation that it hits, one that it misses; `null`: none can be made. */
const ROWS: readonly (readonly [string, Conversation | null, Conversation])[] = [
  ['rpc_firewall_remote_dcom_or_wmi', call('000001a0-0000-0000-c000-000000000046', 4), call(OTHER, 4)],
  ['rpc_firewall_atsvc_lateral_movement', call(ATSVC, 0), call(ATSVC, 2)],
  ['rpc_firewall_atsvc_recon', call(ATSVC, 2), call(ATSVC, 1)],
  ['rpc_firewall_dcsync_attack', call(DRSUAPI, 3), call(DRSUAPI, 12)],
  ['rpc_firewall_sasec_lateral_movement', call(SASEC, 1), call(SASEC, 2)],
  ['rpc_firewall_sasec_recon', call(SASEC, 2), call(SASEC, 0)],
  ['rpc_firewall_sharphound_recon_account', call('6bffd098-a112-3610-9833-46c3f87e345a', 2), call(SRVSVC, 2)],
  ['rpc_firewall_sharphound_recon_sessions', call(SRVSVC, 12), call(SRVSVC, 15)],
  ['rpc_firewall_efs_abuse', call(EFSRPC, 0), call(OTHER, 0)],
  ['rpc_firewall_remote_service_lateral_movement', call(SVCCTL, 12), call(SRVSVC, 12)],
  ['rpc_firewall_remote_server_service_abuse', call(SRVSVC, 15), call(SVCCTL, 15)],
  ['rpc_firewall_itaskschedulerservice_lateral_movement', call(TASKS, 1), call(TASKS, 2)],
  ['rpc_firewall_itaskschedulerservice_recon', call(TASKS, 2), call(TASKS, 1)],
  ['rpc_firewall_eventlog_recon', call('82273fdc-e32a-18c3-3f78-827929dc23ea', 7), call(OTHER, 7)],
  ['rpc_firewall_printing_lateral_movement', call(SPOOLSS, 89), call(OTHER, 89)],
  ['rpc_firewall_remote_registry_lateral_movement', call(WINREG, 22), call(WINREG, 15)],
  ['rpc_firewall_remote_registry_recon', call(WINREG, 15), call(WINREG, 22)],
  ['zeek_dce_rpc_mitre_bzar_execution', call(SVCCTL, 12), call(SVCCTL, 15)],
  ['zeek_dce_rpc_mitre_bzar_execution', call(WBEM, 24), call(WBEM, 20)],
  ['zeek_dce_rpc_mitre_bzar_persistence', call(WINSPOOL, 44), call(WINSPOOL, 39)],
  ['zeek_dce_rpc_potential_petit_potam_efs_rpc_call', call(EFSRPC, 0), call(OTHER, 0)],
  ['zeek_dce_rpc_exploit_cve_2021_1675_printnightmare_print_driver_install', call(WINSPOOL, 39), call(WINSPOOL, 0)],
  ['zeek_dce_rpc_smb_spoolss_named_pipe', file('\\\\10.0.0.2\\IPC$', 'spoolss'), file('\\\\10.0.0.2\\C$', 'spoolss')],
  [
    'zeek_smb_converted_win_susp_raccess_sensitive_fext',
    file('\\\\10.0.0.2\\C$', 'a\\mail.pst'),
    file('\\\\10.0.0.2\\C$', 'a\\mail.txt'),
  ],
  [
    'zeek_smb_converted_win_susp_psexec',
    file('\\\\10.0.0.2\\IPC$', 'RemCom-host-1-stdin'),
    file('\\\\10.0.0.2\\IPC$', 'PSEXESVC-host-1-stdin'),
  ],
  [
    'zeek_smb_converted_win_impacket_secretdump',
    file('\\\\10.0.0.2\\ADMIN$', 'SYSTEM32\\aBcDeFgH.tmp'),
    file('\\\\10.0.0.2\\ADMIN$', 'SYSTEM32\\x.dll'),
  ],
  [
    'zeek_smb_converted_win_transferring_files_with_credential_data',
    file('\\\\10.0.0.2\\C$', '\\ntds.dit'),
    file('\\\\10.0.0.2\\C$', 'readme'),
  ],
  // Both name a share with a star in it: `\*` is a star in Sigma, which no share has.
  ['zeek_smb_converted_win_atsvc_task', null, file('\\\\10.0.0.2\\IPC$', 'atsvc')],
  ['zeek_smb_converted_win_lm_namedpipe', null, file('\\\\10.0.0.2\\IPC$', 'other')],
  ['zeek_dns_mining_pools', lookup('eu.minexmr.com'), lookup('minexmr.example')],
  ['zeek_dns_torproxy', lookup('a.onion.ly'), lookup('a.onion.example')],
  ['zeek_dns_nkn', lookup('seed.nkn.org'), lookup('nkn.org')],
  [
    'zeek_dns_kerberos_coercion_via_dns_object_spn_spoofing',
    lookup('srv1UWhRCAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAYBAAAA.example'),
    lookup('srv1UWhR.example'),
  ],
  [
    'zeek_dns_susp_zbit_flag',
    dns().request({ flags: 0x0140, questions: [{ name: 'a.example' }] }),
    lookup('a.example'),
  ],
  [
    'zeek_http_susp_file_ext_from_susp_tld',
    request('/x.exe', { Host: 'a.xyz' }),
    request('/x.exe', { Host: 'a.example' }),
  ],
  [
    'zeek_http_executable_download_from_webdav',
    request('/a.exe', { 'User-Agent': 'Microsoft-WebDAV-MiniRedir/10' }),
    request('/a.exe', { 'User-Agent': 'curl' }),
  ],
  [
    'zeek_http_webdav_put_request',
    request('/a', { 'User-Agent': 'WebDAV' }, 'PUT', '203.0.113.9:80'),
    request('/a', { 'User-Agent': 'WebDAV' }, 'PUT'),
  ],
  [
    'zeek_http_katz_stealer_susp_useragent',
    request('/', { 'User-Agent': 'x katz-ontop' }),
    request('/', { 'User-Agent': 'katz' }),
  ],
];

/** A certificate of a serial number, in DER, made by openssl. */
function certificate(serial: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-certificate-'));
  try {
    const [key, file] = [join(folder, 'key'), join(folder, 'der')];
    const arguments_ = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-set_serial', serial];
    execFileSync('openssl', [...arguments_, '-keyout', key, '-outform', 'DER', '-out', file], { stdio: 'ignore' });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!isThere)('published rules on traffic', () => {
  let folder = '';
  let rules: Ruleset;
  const engine = new Engine({ workers: 1 });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sidewire-published-'));
    execFileSync('tar', ['xJf', ARCHIVE, '-C', folder]);
    rules = await engine.compile({ files: rulesOf(folder) });
  });
  afterAll(async () => {
    await rules[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function said(conversation: Conversation): Promise<readonly string[]> {
    const path = join(folder, 'capture.pcap');
    writeFileSync(path, capture(conversation));
    const { alerts } = await collect(engine.replay(path, { rules }));
    return alerts.map(({ alert }) => alert.metadata?.sigma_id?.[0] ?? '');
  }
  const idOf = (name: string) =>
    rules.sigma?.loaded.find((loaded) => loaded.file.endsWith(`/${name}.yml`))?.rule.head.id ?? name;

  it.each(ROWS)('%s', async (name, hit, miss) => {
    if (hit !== null) expect(await said(hit)).toContain(idOf(name));
    expect(await said(miss)).not.toContain(idOf(name));
  });

  it('zeek_default_cobalt_strike_certificate', async () => {
    const id = idOf('zeek_default_cobalt_strike_certificate');
    expect(await said(tls().handshake({ certificates: [certificate('0x8BB00EE')] }))).toContain(id);
    expect(await said(tls().handshake({ certificates: [certificate('0x8BB00EF')] }))).not.toContain(id);
  });

  it('all but three apply', () => {
    const names = (of: typeof rules.sigma) => of?.loaded.map(({ file }) => file.split('/').at(-1)?.slice(0, -4)).sort();
    const tested = new Set([...ROWS.map(([name]) => name), 'zeek_default_cobalt_strike_certificate']);
    const applied = rules.sigma?.loaded.filter(({ rule }) => rule.sources.length > 0).map(({ file }) => file) ?? [];
    expect(new Set(applied.map((file) => file.split('/').at(-1)?.slice(0, -4)))).toEqual(tested);
    expect(names(rules.sigma)).toContain('zeek_http_exploit_cve_2021_38647_omigod_no_auth_rce');
    expect(rules.sigma?.statistics).toMatchObject({ rules: 41, failed: 0, inapplicable: 3 });
  });
});

/** The files of rules for Zeek and RPC Firewall. */
function rulesOf(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yml'));
  const is = (name: string) => /(?:^|\/)(?:zeek|rpc_firewall)_[^/]*\.yml$/.test(name);
  return all
    .filter(is)
    .map((name) => join(folder, name))
    .sort();
}
