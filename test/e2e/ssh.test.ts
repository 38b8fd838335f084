import { expect, it } from 'vitest';
import { replay, tcp } from '../../src/testing/index.js';

/** A packet that is not encrypted. */
function packet(number: number, message: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(message.length + 2 + 4);
  head.writeUInt8(4, 4);
  head.writeUInt8(number, 5);
  return Buffer.concat([head, message, Buffer.alloc(4)]);
}

const CIPHERS = 'aes128-cbc,3des-cbc,aes192-cbc,aes256-cbc';
const MACS = 'hmac-sha1,hmac-sha1-96,hmac-md5,hmac-md5-96';
const LISTS = ['diffie-hellman-group1-sha1', 'ssh-rsa', CIPHERS, CIPHERS, MACS, MACS, 'none', 'none', '', ''];

const list = (text: string) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
};
const KEX = packet(20, Buffer.concat([Buffer.alloc(16), ...LISTS.map(list), Buffer.alloc(5)]));
const NEWKEYS = packet(21, Buffer.alloc(0));
const HASH = '3cc67862bceac0f334c62ad1b76895b4';

const session = (segment = 1460) =>
  tcp({ server: '10.0.0.2:2222', segment })
    .toClient('SSH-2.0-OpenSSH_9.6p1 Debian\r\n')
    .toServer('SSH-2.0-libssh_0.9\r\n')
    .toServer(Buffer.concat([KEX, NEWKEYS]))
    .toClient(Buffer.concat([KEX, NEWKEYS]))
    .toServer('what follows is a secret');

const RULES = `
alert ssh any any -> any any (ssh.software; content:"libssh"; sid:1;)
alert ssh any any -> any any (ssh.proto; content:"2.0"; sid:2;)
alert ssh any any -> any any (ssh.hassh; content:"${HASH}"; sid:3;)
alert ssh any any -> any any (ssh.hassh.server.string; content:"hmac-md5-96|3b|none"; endswith; sid:4;)
alert ssh any any -> any any (frame:ssh.record.hdr; content:"|14|"; endswith; bsize:6; sid:5;)
alert tcp any any -> any any (content:"secret"; sid:6;)
`;
const fired = (alerts: readonly { alert: { signature_id: number } }[]) =>
  [...new Set(alerts.map((one) => one.alert.signature_id))].sort((a, b) => a - b);

it('tells how both sides identify themselves and what they offer, however it is cut', async () => {
  for (const segment of [1460, 9]) {
    const { events, alerts } = await replay(session(segment), RULES);
    expect(fired(alerts)).toEqual([1, 2, 3, 4, 5]);
    expect(events.filter((event) => event.event_type === 'ssh')).toMatchObject([
      {
        ssh: {
          client: { proto_version: '2.0', software_version: 'libssh_0.9', hassh: { hash: HASH } },
          server: { proto_version: '2.0', software_version: 'OpenSSH_9.6p1', hassh: { hash: HASH } },
        },
      },
    ]);
  }
});
