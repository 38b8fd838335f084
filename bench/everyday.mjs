// Traffic of everyday, of which the captures in pcaps/ have little: pages and downloads, files on a share, names asked for, a
// service of no known protocol, closed ports, segments lost and out of order.
import { capture, dropped, duplicated, http, reordered, smb, tcp, udp } from '../dist/testing/index.js';

/** Microseconds from one round to the next: shorter than a round, so that conversations run into each other. */
const STEP = 700;

/** A pcap file of so many rounds, each with hosts and times of its own. */
export function everyday(rounds) {
  return capture(...Array.from({ length: rounds }, (_, round) => conversations(round)).flat());
}

function conversations(round) {
  const options = (server) => ({
    client: `10.${(round >> 8) & 255}.${round & 255}.7:${1024 + (round % 60_000)}`,
    server,
    start: 1_704_067_200_000_000 + round * STEP,
  });
  const body = Buffer.alloc(1000 + ((round * 7919) % 40_000), `line ${round} of a file, as good as any other\n`);
  const page = {
    uri: `/pages/${round}.html?from=${round % 7}`,
    headers: { 'User-Agent': 'Mozilla/5.0', Accept: '*/*' },
  };
  const browse = http(options('192.168.1.80:80'))
    .exchange(page, { headers: { 'Content-Type': 'text/html' }, body: body.subarray(0, 3000) })
    .exchange({ ...page, uri: '/data' }, { body });
  const upload = http(options('192.168.1.81:8080')).exchange({ method: 'POST', uri: '/in', body }, { status: 404 });
  const share = smb(options('192.168.1.45')).create(`reports\\${round}.txt`, { disposition: 'create' }).write(body);
  const service = tcp({ ...options('192.168.1.99:9999'), close: 'rst' });
  for (let at = 0; at < body.length; at += 6000) service.toServer(`${at};`).toClient(body.subarray(at, at + 6000));
  const names = udp(options('192.168.1.53:53'));
  for (let ask = 0; ask < 4; ask += 1) names.toServer(body.subarray(ask, ask + 40)).toClient(body.subarray(0, 120));
  const closed = tcp({ ...options(`192.168.2.${round & 255}:${1 + (round % 1000)}`), close: 'rst' });
  const middle = tcp({ ...options('192.168.1.90:7000'), handshake: false, close: 'none' }).toClient(body);
  return [browse, damaged(upload, round), share, damaged(service, round + 1), names, closed, middle];
}

/** One of four is as it was sent. */
function damaged(conversation, round) {
  switch (round % 4) {
    case 0:
      return reordered(conversation, round);
    case 1:
      return dropped(conversation, [3 + (round % 20)]);
    case 2:
      return duplicated(conversation, 9);
    default:
      return conversation;
  }
}
