import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import type { EveEvent } from '../../src/index.js';
import {
  type Conversation,
  capture,
  clientHello,
  handshakeRecord,
  replay,
  serverHello,
  smtp,
} from '../../src/testing/index.js';
import { checkEvent } from '../eve.js';

const SILENT = { out() {}, err() {}, color: { out: false, err: false }, live: false, width: 100, wraps: false };
const folder = mkdtempSync(join(tmpdir(), 'sidewire-smtp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MESSAGE = `From: "A" <a@example.org>
To: "B, b" <b@example.org>, c@example.org
Cc: d@example.org
Bcc: e@example.org
Reply-To: f@example.org
Subject: invoice
Date: Mon, 1 Jan 2024 00:00:00 +0000
Message-ID: <1@example.org>
In-Reply-To: <0@example.org>
References: <0@example.org>
Received: from one
Received: from two
X-Mailer: mailer
User-Agent: agent
X-Originating-IP: 10.0.0.9
Importance: high
Priority: urgent
Sensitivity: private
Organization: Example
Content-MD5: none
Content-Type: multipart/mixed; boundary=AA

--AA

see http://example.org/path
--AA
Content-Disposition: attachment; filename=evil.exe
Content-Transfer-Encoding: base64

TVqQAAMAAAAEAAAA
--AA--
`;

const mail = () =>
  smtp()
    .greet()
    .mail({ to: ['b@example.org', 'c@example.org'], message: MESSAGE });

/** Sids that fired, once each, in order. */
const fired = (alerts: readonly { alert: { signature_id: number } }[]) =>
  [...new Set(alerts.map((one) => one.alert.signature_id))].sort((a, b) => a - b);

/** What `sidewire suricata` writes under a configuration. */
async function written(conversation: Conversation, yaml: string, rules = ''): Promise<EveEvent[]> {
  const [config, pcap, rule] = [join(folder, 'suricata.yaml'), join(folder, 'capture.pcap'), join(folder, 'x.rules')];
  writeFileSync(config, `%YAML 1.1\n---\n${yaml}`);
  writeFileSync(pcap, capture(conversation));
  writeFileSync(rule, rules);
  writeFileSync(join(folder, 'eve.json'), '');
  expect(await main(['suricata', '-r', pcap, '-c', config, '-S', rule, '-l', folder, '-k', 'none'], SILENT)).toBe(0);
  const lines = readFileSync(join(folder, 'eve.json'), 'utf8').trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as EveEvent);
  events.forEach(checkEvent);
  return events;
}

describe('SMTP', () => {
  it('tells a mail with its files', async () => {
    const { events } = await replay(mail(), '');
    const [event] = events.filter((one) => one.event_type === 'smtp');
    expect(event).toMatchObject({
      smtp: {
        helo: 'client.example',
        mail_from: '<a@example.org>',
        rcpt_to: ['<b@example.org>', '<c@example.org>'],
      },
      email: {
        from: '"A" <a@example.org>',
        to: ['"B, b" <b@example.org>', 'c@example.org'],
        cc: ['d@example.org'],
        status: 'PARSE_DONE',
        attachment: ['evil.exe'],
        url: ['example.org/path'],
      },
    });
    const [file] = events.filter((one) => one.event_type === 'fileinfo');
    expect(file).toMatchObject({
      fileinfo: { filename: 'evil.exe', size: 12, state: 'CLOSED' },
      email: { attachment: ['evil.exe'] },
    });
  });

  it('looks into envelope, headers and files', async () => {
    const rules = [
      'alert smtp any any -> any any (smtp.helo; content:"client.example"; bsize:14; sid:1;)',
      'alert smtp any any -> any any (smtp.mail_from; content:"<a@example.org>"; bsize:15; sid:2;)',
      'alert smtp any any -> any any (smtp.rcpt_to; content:"<c@example.org>"; bsize:15; sid:3;)',
      'alert smtp any any -> any any (smtp.rcpt_to; content:"<b@"; content:"<c@"; sid:4;)',
      'alert smtp any any -> any any (email.from; content:"|22|A|22|"; startswith; sid:5;)',
      'alert smtp any any -> any any (email.subject; content:"invoice"; bsize:7; sid:6;)',
      'alert smtp any any -> any any (email.to; content:"c@example.org"; endswith; sid:7;)',
      'alert smtp any any -> any any (email.cc; content:"d@"; email.date; content:"2024"; sid:8;)',
      'alert smtp any any -> any any (email.message_id; content:"<1@"; email.x_mailer; content:"mailer"; sid:9;)',
      'alert smtp any any -> any any (email.url; content:"example.org/path"; bsize:16; sid:10;)',
      'alert smtp any any -> any any (email.received; content:"two"; endswith; sid:11;)',
      'alert smtp any any -> any any (file.data; content:"MZ"; startswith; fileext:"exe"; sid:12;)',
      'alert tcp any any -> any any (file_data; content:"|90 00 03|"; sid:13;)',
      'alert smtp any any -> any any (frame:smtp.command_line; content:"RCPT TO"; startswith; sid:14;)',
      'alert smtp any any -> any any (frame:smtp.data; content:"|0d 0a|.|0d 0a|"; endswith; sid:15;)',
      'alert smtp any any -> any any (frame:smtp.response_line; content:"354"; startswith; sid:16;)',
      'alert smtp:request_data any any -> any any (content:"boundary=AA"; sid:17;)',
    ];
    const { alerts } = await replay(mail(), rules.join('\n'));
    expect(fired(alerts)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    expect(alerts.find((one) => one.alert.signature_id === 6)).toHaveProperty('email.attachment');
  });

  it('tells the headers and digests that an output names', async () => {
    const eve = (options: string) =>
      `outputs:\n  - eve-log: { enabled: yes, filename: eve.json, types: [ { smtp: { ${options} } } ] }\n` +
      'app-layer: { protocols: { smtp: { enabled: yes, mime: { body-md5: yes, log-url-scheme: yes } } } }\n';
    const names =
      'reply-to, bcc, message-id, subject, x-mailer, user-agent, received, x-originating-ip, in-reply-to, ' +
      'references, importance, priority, sensitivity, organization, content-md5, date';
    const [all] = await written(mail(), eve(`custom: [${names}], md5: [body, subject]`));
    expect(all).toHaveProperty('email', {
      from: '"A" <a@example.org>',
      to: ['"B, b" <b@example.org>', 'c@example.org'],
      cc: ['d@example.org'],
      status: 'PARSE_DONE',
      attachment: ['evil.exe'],
      url: ['http://example.org/path'],
      reply_to: 'f@example.org',
      bcc: ['e@example.org'],
      message_id: '<1@example.org>',
      subject: 'invoice',
      x_mailer: 'mailer',
      user_agent: 'agent',
      received: ['from one', 'from two'],
      x_originating_ip: '10.0.0.9',
      in_reply_to: '<0@example.org>',
      references: '<0@example.org>',
      importance: 'high',
      priority: 'urgent',
      sensitivity: 'private',
      organization: 'Example',
      content_md5: 'none',
      date: 'Mon, 1 Jan 2024 00:00:00 +0000',
      subject_md5: 'e5f96ae00443877315fbb64fd3d90005',
      body_md5: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const [extended] = await written(mail(), eve('extended: yes'));
    expect(extended).toHaveProperty('email.subject', 'invoice');
    expect(extended).not.toHaveProperty('email.date');
  });

  it('stores attachments, or mails as a whole', async () => {
    const yaml = (smtpSettings: string) =>
      'outputs:\n  - eve-log: { enabled: yes, filename: eve.json, types: [ files ] }\n' +
      '  - file-store: { enabled: yes, version: 2 }\n' +
      `app-layer: { protocols: { smtp: { enabled: yes, ${smtpSettings} } } }\n`;
    const store = 'alert smtp any any -> any any (filestore; sid:1;)';
    await written(mail(), yaml('raw-extraction: no'), store);
    const [raw] = await written(mail(), yaml('raw-extraction: yes, mime: { decode-mime: no }'), store);
    expect(raw).toMatchObject({ fileinfo: { filename: 'rawmsg', stored: true } });
    expect(raw).not.toHaveProperty('email');
    const stored = readdirSync(join(folder, 'filestore'), { recursive: true }).filter(
      (name) => String(name).length > 60,
    );
    expect(stored).toHaveLength(2);
  });

  it('follows a session into TLS', async () => {
    const session = smtp()
      .greet()
      .command('STARTTLS', '220 go ahead')
      .toServer(handshakeRecord(clientHello({ serverName: 'mail.example', versions: [0x0304] })))
      .toClient(handshakeRecord(serverHello({ cipher: 0x1301, chosen: 0x0304 })))
      .toClient(Buffer.from([23, 3, 3, 0, 4, 1, 2, 3, 4]));
    const { events } = await replay(session, '');
    const [told] = events.filter((one) => one.event_type === 'tls');
    expect(told).toMatchObject({ tls: { sni: 'mail.example', from_proto: 'smtp' } });
    expect(events.filter((one) => one.event_type === 'smtp')).toHaveLength(1);
  });

  it('gives up a mail that does not end, and says so', async () => {
    const session = smtp().greet().command('BDAT 4\r\nab').command('DATA', '354 go').command('Subject: x\r\n\r\n.');
    const { events } = await replay(session, '');
    expect(events.filter((one) => one.event_type === 'anomaly')).toMatchObject([
      { anomaly: { app_proto: 'smtp', event: 'UNPARSABLE_CONTENT' } },
    ]);
  });
});
