import { expect, it } from 'vitest';
import type { EveEvent } from '../../src/index.js';
import { type Conversation, type Frame, replay, tcp } from '../../src/testing/index.js';

const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';

/** Frames of several conversations, as they cross the wire. */
const together = (...parts: readonly Conversation[]): Frame[] =>
  parts.flatMap((part) => part.frames()).sort((a, b) => a.time - b.time);

const START = 1_704_067_200_000_000;
/** A control connection on which a file and a list of files are asked for. */
const control = (agreement: readonly [string, string], command: string, start = START) =>
  tcp({ client: `${CLIENT}:50000`, server: `${SERVER}:21`, start })
    .toClient('220-Welcome\r\n220 (Ready)\r\n')
    .toServer('user me\r\n')
    .toClient('331 And the password?\r\n')
    .toServer(`${agreement[0]}\r\n`)
    .toClient(`${agreement[1]}\r\n`)
    .wait(100_000)
    .toServer(`${command}\r\n`)
    .toClient('150 Here it comes\r\n')
    .wait(500_000)
    .toClient('226 Done\r\n')
    .toServer(`SITE ${'x'.repeat(5000)}\r\n`);

/** The data connection: who opens it, and to which port. */
const data = (client: string, server: string, from: 'toServer' | 'toClient', octets: string) =>
  tcp({ client, server, start: START + 200_000 })[from](octets);

const of = (events: readonly EveEvent[], type: string) => events.filter((event) => event.event_type === type);
const fired = (alerts: readonly { alert: { signature_id: number } }[]) =>
  [...new Set(alerts.map((one) => one.alert.signature_id))].sort((a, b) => a - b);

const RULES = `
alert ftp any any -> any any (ftp.command; content:"RETR"; sid:1;)
alert ftp any any -> any any (ftp.reply; content:"Ready"; sid:2;)
alert ftp any any -> any any (ftp.completion_code; content:"226"; ftp.reply_received:yes; sid:3;)
alert ftp any any -> any any (ftp.mode:passive; ftp.dynamic_port:51210; sid:4;)
alert ftp any any -> any any (app-layer-event:ftp.request_command_too_long; sid:5;)
alert ftp-data any any -> any any (ftpdata_command:retr; file.data; content:"secret"; sid:6;)
alert ftp-data any any -> any any (file.name; content:"a.txt"; sid:7;)
alert tcp any any -> any any (ftpbounce; sid:8;)
`;

it('tells commands with their replies, and files with their commands', async () => {
  const passive = control(['PASV', '227 Entering Passive Mode (10,0,0,2,200,10).'], 'RETR a.txt');
  const file = data(`${CLIENT}:50001`, `${SERVER}:51210`, 'toClient', 'GET / is a secret');
  const { events, alerts } = await replay(together(passive, file), RULES);
  expect(fired(alerts)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(of(events, 'ftp').map((event) => 'ftp' in event && event.ftp?.command)).toEqual([
    undefined,
    'USER',
    'PASV',
    'RETR',
    'SITE',
  ]);
  expect(of(events, 'ftp')[2]).toMatchObject({ ftp: { dynamic_port: 51210, mode: 'passive', reply_received: 'yes' } });
  expect(of(events, 'ftp_data')).toMatchObject([{ src_port: 50001, ftp_data: { filename: 'a.txt', command: 'RETR' } }]);
  expect(of(events, 'fileinfo')).toMatchObject([
    { src_port: 51210, app_proto: 'ftp-data', fileinfo: { filename: 'a.txt', size: 17, state: 'CLOSED' } },
  ]);
});

it('follows servers that open the data connection, and lists of files', async () => {
  const active = control(['PORT 10,0,0,1,200,10', '200 OK'], 'NLST');
  const list = data(`${SERVER}:20`, `${CLIENT}:51210`, 'toServer', 'a.txt\r\n');
  const { events, alerts } = await replay(together(active, list), RULES);
  expect(fired(alerts)).toEqual([2, 3, 5]);
  expect(of(events, 'ftp_data')).toMatchObject([{ src_port: 20, ftp_data: { command: 'NLST' } }]);
  expect(of(events, 'fileinfo')).toEqual([]);
});

it('takes no service for a data connection, whatever a server says', async () => {
  const forged = control(['PASV', '227 Entering Passive Mode (10,0,0,2,0,80).'], 'RETR a.txt');
  const web = data(`${CLIENT}:50001`, `${SERVER}:80`, 'toServer', 'GET /evil HTTP/1.1\r\nHost: x\r\n\r\n');
  const rules = `
alert http any any -> any any (http.uri; content:"/evil"; sid:1;)
alert ftp any any -> any any (app-layer-event:ftp.privileged_data_port; sid:2;)`;
  expect(fired((await replay(together(forged, web), rules)).alerts)).toEqual([1, 2]);
});

it('sees a client that has data sent elsewhere', async () => {
  const bounce = control(['PORT 10,9,9,9,200,10', '200 OK'], 'RETR a.txt');
  expect(fired((await replay(bounce, RULES)).alerts)).toContain(8);
});

it('goes on with TLS where both sides agree', async () => {
  const hello = Buffer.from('16030100', 'hex');
  const secured = tcp({ server: `${SERVER}:21` })
    .toClient('220 (x)\r\n')
    .toServer('AUTH TLS\r\n')
    .toClient('234 Go on\r\n');
  const { events } = await replay(secured.toServer(Buffer.concat([hello, Buffer.alloc(40)])), '');
  expect(of(events, 'ftp')[1]).toMatchObject({ ftp: { command: 'AUTH TLS', completion_code: ['234'] } });
  expect(of(events, 'flow')).toMatchObject([{ app_proto: 'tls', app_proto_orig: 'ftp' }]);
});
