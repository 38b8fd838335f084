// A service is created and started over RPC, and both hosts log it: a capture and a log of one run that never was. Everything is
// made here; examples/incident is what this file says.
import { capture, dcerpc, HANDLE, pointer, u32, wide } from '../../src/testing/index.js';
import { record } from './fixture.js';

export const CLIENT = { address: '10.20.30.1', port: 49_152 };
export const SERVER = { address: '10.20.30.2', port: 49_700 };
const SVCCTL = { uuid: '367abb81-9844-35f1-ad32-98f038001003', version: '2.0' };
export const NAME = 'sidewire-demo';
export const COMMAND = 'C:\\Windows\\System32\\cmd.exe /c echo sidewire demo > C:\\Windows\\Temp\\demo.txt';
/** The server's clock is ahead, milliseconds. */
const AHEAD = 3000;

/** The capture. */
export function serviceCapture(): Buffer {
  const options = { client: `${CLIENT.address}:${CLIENT.port}`, server: `${SERVER.address}:${SERVER.port}` };
  const none = u32(0);
  const create = Buffer.concat([
    HANDLE,
    wide(NAME),
    pointer(wide(NAME)),
    u32(0x000f_01ff, 0x10, 3, 1),
    wide(COMMAND),
    ...[none, none, none, u32(0), none, none, u32(0)],
  ]);
  const conversation = dcerpc(SVCCTL, options)
    .call({
      opnum: 15,
      stub: Buffer.concat([pointer(wide(SERVER.address)), none, u32(0x000f_003f)]),
      answer: Buffer.concat([HANDLE, u32(0)]),
    })
    .call({ opnum: 12, stub: create, answer: Buffer.concat([none, HANDLE, u32(0)]) })
    // The program is no service: ERROR_SERVICE_REQUEST_TIMEOUT.
    .call({ opnum: 19, stub: Buffer.concat([HANDLE, u32(0), none]), answer: u32(1053) });
  return capture(conversation);
}

/** The log of both hosts, JSON lines; `started` is the time of the first packet. */
export function serviceLog(started: number): string[] {
  const at = (milliseconds: number) => new Date(started + milliseconds).toISOString();
  const [client, server] = [
    { computer: 'ws1.example', time: at(1) },
    (milliseconds: number) => ({ computer: 'srv2.example', time: at(AHEAD + milliseconds) }),
  ];
  const SYSMON = ['Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-Sysmon'] as const;
  const SECURITY = ['Security', 'Microsoft-Windows-Security-Auditing'] as const;
  const ends = {
    SourceIp: CLIENT.address,
    SourcePort: String(CLIENT.port),
    DestinationIp: SERVER.address,
    DestinationPort: String(SERVER.port),
  };
  const services = 'C:\\Windows\\System32\\services.exe';
  return [
    record(
      ...SYSMON,
      3,
      { Initiated: 'true', ProcessId: 2228, Image: 'C:\\Windows\\System32\\sc.exe', ...ends },
      client,
    ),
    record(...SYSMON, 3, { Initiated: 'false', ProcessId: 620, Image: services, ...ends }, server(1)),
    record(
      ...SECURITY,
      4624,
      {
        IpAddress: CLIENT.address,
        IpPort: String(CLIENT.port),
        LogonType: '3',
        TargetLogonId: '0x2b7e3c0',
        TargetUserName: 'alice',
        TargetDomainName: 'EXAMPLE',
      },
      server(2),
    ),
    record(
      'System',
      'Service Control Manager',
      7045,
      {
        ServiceName: NAME,
        ImagePath: COMMAND,
        ServiceType: 'user mode service',
        StartType: 'demand start',
        AccountName: 'LocalSystem',
      },
      server(4),
    ),
    record(
      ...SYSMON,
      1,
      {
        ProcessId: 4242,
        Image: 'C:\\Windows\\System32\\cmd.exe',
        CommandLine: COMMAND,
        ParentProcessId: 620,
        ParentImage: services,
        LogonId: '0x3e7',
        User: 'NT AUTHORITY\\SYSTEM',
      },
      server(6),
    ),
  ];
}
