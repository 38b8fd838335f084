// Conversations that the pack is tried on, in few words: interfaces by name, calls, files, commands.
import {
  type Call,
  type Conversation,
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
  uuidBytes,
  wide,
} from '../../src/testing/index.js';
import { made } from './services.js';
import { createService, execMethod, gives, invoke, jobAdd, login, names, registerTask } from './stubs.js';

export const SVCCTL = '367abb81-9844-35f1-ad32-98f038001003';
export const TASKS = '86d35949-83c9-4044-b424-db363231fd0c';
export const ATSVC = '1ff70682-0a51-30e8-076d-740be8cee98b';
export const WBEM = '9556dc99-828c-11cf-a37e-00aa003240c7';
export const WBEM_LOGIN = 'f309ad18-d86a-11d0-a075-00c04fb68820';
export const ACTIVATOR = '000001a0-0000-0000-c000-000000000046';
export const OLD_ACTIVATOR = '4d9f4ab8-7d1c-11cf-861e-0020af6e7c57';
export const DISPATCH = '00020400-0000-0000-c000-000000000046';
export const FACTORY = '00000001-0000-0000-c000-000000000046';
export const REM_UNKNOWN = '00000143-0000-0000-c000-000000000046';
export const DRSUAPI = 'e3514235-4b06-11d1-ab04-00c04fc2dcd2';
export const NETLOGON = '12345678-1234-abcd-ef00-01234567cffb';
export const LSARPC = '12345778-1234-abcd-ef00-0123456789ab';
export const SAMR = '12345778-1234-abcd-ef00-0123456789ac';
export const BACKUP_KEY = '3dde7c30-165d-11d1-ab8f-00805f14db40';
export const RESOLVER = '99fcfec4-5260-101b-bbcb-00aa0021347a';
export const EFS = 'c681d488-d850-11d0-8c52-00c04fd90f7e';
export const SPOOLSS = '12345678-1234-abcd-ef00-0123456789ab';
export const WINSPOOL = '76f03f96-cdfd-44fc-a22c-64950a001209';
export const NETDFS = '4fc742e0-4a10-11cf-8273-00aa004ae673';
export const SHADOW = 'a8e0653c-2744-4389-a61d-7373df8b2292';
export const EVENTLOG = '82273fdc-e32a-18c3-3f78-827929dc23ea';
export const EVENTLOG6 = 'f6beaff7-1e19-4fbb-9f8f-b89e2018337c';
export const SRVSVC = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
export const WKSSVC = '6bffd098-a112-3610-9833-46c3f87e345a';
export const WINREG = '338cd001-2244-31f1-aaaa-900038001003';
export const EPM = 'e1af8308-5d1f-11c9-91a4-08002b14a0fa';
export const MIMIKATZ = '17fc11e9-c258-4b8d-8d07-2f4125156244';
export const MMC = '49b2791a-b1ae-4c90-9b8e-e860ba07f889';
export const LOGIN_CLASS = '8bc3f05e-d86b-11d0-a075-00c04fb68820';
export const IPID = '00008c0c-19e0-1884-c168-d6c9a7cd5bc2';

export const START = 1_704_067_200_000_000;
export const SEALED: Security = {};
export const IMPACKET: Security = { context: 79_231 };

/** One connection with calls on one interface. */
export function calls(uuid: string, ...list: readonly (number | Call)[]): DcerpcConversation {
  return all(dcerpc({ uuid }), list);
}

/** One connection with calls on several interfaces, which are its contexts by position. */
export function mixed(uuids: readonly string[], ...list: readonly Call[]): DcerpcConversation {
  return all(dcerpc(null).bind(uuids.map((uuid, id) => ({ uuid, id }))), list);
}

export function all(conversation: DcerpcConversation, list: readonly (number | Call)[]): DcerpcConversation {
  for (const call of list) conversation.call(typeof call === 'number' ? { opnum: call } : call);
  return conversation;
}

/** A call after what happened on another connection: seconds later. */
export function later(seconds: number, uuid: string, ...list: readonly (number | Call)[]): DcerpcConversation {
  return all(dcerpc({ uuid }, { client: '10.0.0.1:49900', start: START + seconds * 1e6 }), list);
}

/** Several frames of one kind: a SYN that is not answered. */
export function syns(port: number, times: number, at = 0): readonly Frame[] {
  const [syn] = tcp({ server: `10.0.0.2:${port}`, start: START + at }).frames();
  return syn === undefined ? [] : Array.from({ length: times }, (_, nth) => ({ ...syn, time: syn.time + nth * 1e6 }));
}

export const refused = (octets: number, status: number) => Buffer.concat([Buffer.alloc(octets), u32(status)]);
export const sealed = (opnum: number, answer = 4): Call => ({ opnum, security: SEALED, answer: Buffer.alloc(answer) });
export const service = (program: string) => calls(SVCCTL, { opnum: 12, stub: createService(program) });
/** A process that WMI makes. */
export const command = (line: string) =>
  calls(WBEM, { opnum: 24, stub: execMethod('Win32_Process', 'Create', { CommandLine: line }) });
/** A command line that no rule of its own tells. */
export const otherCommand = (line: string) =>
  calls(WBEM, { opnum: 24, stub: execMethod('Vendor_Agent', 'Run', { CommandLine: line }) });
/** A service made or changed by WMI. */
export const wmiService = (method: 'Create' | 'Change' | 'StartService', program: string) =>
  calls(WBEM, { opnum: 24, stub: execMethod('Win32_Service', method, { PathName: program }) });
/** A job of the AT service, by WMI and by itself; a task. */
export const job = (line: string) =>
  calls(WBEM, { opnum: 24, stub: execMethod('Win32_ScheduledJob', 'Create', { Command: line }) });
export const atJob = (line: string) => calls(ATSVC, { opnum: 0, stub: jobAdd(line) });
export const task = (program: string, parameters: string) =>
  calls(TASKS, { opnum: 1, stub: registerTask(program, parameters) });
/** The key of a hive opened, with the handle 8. */
export const hive = (name: string): readonly Call[] => [
  { opnum: 2, stub: u32(0, 0x0200_0000), answer: Buffer.concat([made(7), u32(0)]) },
  {
    opnum: 15,
    stub: Buffer.concat([made(7), unicode(name), u32(0, 0x0200_0000)]),
    answer: Buffer.concat([made(8), u32(0)]),
  },
];
export const file = (name: string, disposition: 'open' | 'create' = 'create') => smb().create(name, { disposition });
export const times = (count: number, call: Call) => Array.from({ length: count }, () => call);
export const zeroChallenge = (octet: number): Call => ({
  opnum: 4,
  stub: Buffer.concat([pointer(wide('\\\\dc')), wide('ws'), Buffer.alloc(8, octet)]),
});
/** Logon to a namespace, and calls on the object it gives. */
export const inNamespace = (namespace: string, ...list: readonly Omit<Call, 'contextId'>[]) =>
  mixed(
    [WBEM_LOGIN, WBEM],
    { opnum: 6, stub: login(namespace), answer: gives(IPID, WBEM) },
    ...list.map((call) => ({ ...call, contextId: 1, object: IPID })),
  );
/** An object is made, a name asked for, the member invoked. */
export const invoked = (name: string, texts: readonly string[] = []) =>
  mixed(
    [FACTORY, DISPATCH],
    { opnum: 3, stub: Buffer.concat([ORPC_THIS, uuidBytes(DISPATCH)]), answer: gives(IPID, DISPATCH) },
    { opnum: 5, contextId: 1, object: IPID, ...names(name, 54) },
    { opnum: 6, contextId: 1, object: IPID, stub: invoke(54, texts) },
  );
/** A member invoked of an object that nothing is known of. */
export const unnamed = (dispid: number, ...texts: readonly string[]) =>
  calls(DISPATCH, { opnum: 6, object: IPID, stub: invoke(dispid, texts) });
/** A connection bound as an implementation does it. */
export const boundAs = (how: Parameters<DcerpcConversation['bind']>[1]) =>
  dcerpc(null)
    .bind([{ uuid: WBEM, id: 0 }], how)
    .call({ opnum: 6 });
export const managed = (iid: string) => Buffer.concat([ORPC_THIS, uuidBytes(IPID), u32(5, 1, 1), uuidBytes(iid)]);
export const printer = (machine: string): Call => ({
  opnum: 65,
  stub: Buffer.concat([HANDLE, u32(0x100, 0), pointer(wide(machine)), u32(0, 0)]),
});

export const root = (server: string): Call => ({
  opnum: 13,
  stub: Buffer.concat([wide(server), wide('x'), u32(0)]),
});
/** The machine called, and one that is neither it nor the caller. */
export const OWN = '\\\\10.0.0.2';
export const THIRD = '\\\\10.0.0.9';
/** The same calls to so many machines, a second apart. */
export const toEach = (hosts: number, uuid: string, ...list: readonly (number | Call)[]) =>
  Array.from({ length: hosts }, (_, nth) => {
    const options = { server: `10.0.1.${nth + 1}:135`, client: `10.0.0.1:${50_000 + nth}`, start: START + nth * 1e6 };
    return all(dcerpc({ uuid }, options), list);
  });
export const lookup = (inquiry: number): Call => ({
  opnum: 2,
  stub: Buffer.concat([u32(inquiry, 0, 0, 1), HANDLE, u32(500)]),
});
export const PROGRAM = Buffer.from('MZ\x90\0');
export const OUTPUT = Buffer.from('Volume in drive C');
/** A connection to a share of the machine called. */
export const share = (name: string, at = 0) => smb({ start: START + at * 1e6 }).connect(`${OWN}\\${name}`);
/** A name that nobody has told. */
export const random = () => Math.random().toString(36).slice(2, 10);

export type Scene = Conversation | readonly (Conversation | readonly Frame[])[];
