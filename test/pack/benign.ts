// What machines say to each other every day.
import { dcerpc, tcp, utf16, wide } from '../../src/testing/index.js';
import {
  ACTIVATOR,
  all,
  BACKUP_KEY,
  calls,
  DISPATCH,
  EFS,
  LOGIN_CLASS,
  LSARPC,
  later,
  mixed,
  NETDFS,
  NETLOGON,
  OLD_ACTIVATOR,
  OWN,
  PROGRAM,
  printer,
  root,
  SAMR,
  type Scene,
  SEALED,
  SHADOW,
  SPOOLSS,
  START,
  SVCCTL,
  sealed,
  share,
  syns,
  toEach,
  WBEM,
  WINSPOOL,
  zeroChallenge,
} from './scenes.js';
import { activation, createService, execMethod } from './stubs.js';

/** What machines say to each other every day: nothing of it is worth more than a note. */
export const BENIGN: Readonly<Record<string, Scene>> = {
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
