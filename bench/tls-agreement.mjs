// Do we read TLS handshakes as tshark does? node bench/tls-agreement.mjs FOLDER|CAPTURE...
// Replays each capture, asks tshark for the same, and compares by flow: JA3, JA3S, server name, inner protocols, and SHA-1,
// serial number and number of the server's certificates. Prints the agreement of each in per cent, and what differs.
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const BIN = join(import.meta.dirname, '../dist/cli/bin.js');
const CAPTURE = /\.(pcap|pcapng|cap)(\.gz)?$/;
/** Members of EVE's `tls` that are compared. */
const CUSTOM = 'sni, version, serial, fingerprint, chain, ja3, ja3s, client_alpns, server_alpns';
const CONFIG = `%YAML 1.1
---
stream: { midstream: yes, reassembly: { depth: 0 } }
app-layer: { protocols: { tls: { enabled: yes, ja3-fingerprints: yes } } }
outputs:
  - eve-log: { enabled: yes, filename: eve.json, compress-ipv6: yes, types: [ { tls: { custom: [ ${CUSTOM} ] } } ] }
`;
const HELLO_FIELDS = ['frame.number', 'ip.src', 'ipv6.src', 'tcp.srcport', 'ip.dst', 'ipv6.dst', 'tcp.dstport'];
const FIELDS = [
  ...HELLO_FIELDS,
  'tls.handshake.type',
  'tls.handshake.ja3',
  'tls.handshake.ja3s',
  'tls.handshake.extensions_server_name',
  'tls.handshake.extensions_alpn_str',
  'tls.handshake.certificate',
];

function captures(path) {
  if (!statSync(path).isDirectory()) return [path];
  const below = readdirSync(path, { recursive: true }).map((name) => join(path, name));
  return below.filter((name) => CAPTURE.test(name) && statSync(name).isFile()).sort();
}

/** What tshark reads: by flow, from the first hello of each side and the first certificates of the server. */
function tshark(path) {
  const args = ['-r', path, '-Y', 'tls.handshake.type', '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|'];
  const options = { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] };
  const text = execFileSync('tshark', [...args, ...FIELDS.flatMap((field) => ['-e', field])], options);
  const flows = new Map();
  for (const line of text.split('\n').filter((row) => row !== '')) {
    const [, ip4, ip6, port, to4, to6, toPort, types, ja3, ja3s, sni, alpn, certificates] = line.split('\t');
    const [from, to] = [`${ip4 || ip6}:${port}`, `${to4 || to6}:${toPort}`];
    // Of tunnels and datagrams there is more or less than one of each.
    if (/\|/.test(`${ip4}${ip6}${port}`) || port === '') continue;
    const kinds = types.split('|');
    if (kinds.includes('1')) {
      const flow = flows.get(`${from} ${to}`) ?? {};
      flows.set(`${from} ${to}`, { ja3: ja3.split('|')[0], sni: sni.split('|')[0], client_alpns: alpn, ...flow });
    }
    const flow = flows.get(`${to} ${from}`);
    if (flow === undefined) continue;
    if (kinds.includes('2') && flow.ja3s === undefined)
      Object.assign(flow, { ja3s: ja3s.split('|')[0], server_alpns: alpn });
    if (kinds.includes('11') && flow.chain === undefined && certificates !== '')
      flow.chain = certificates.split('|').map((hex) => Buffer.from(hex.replaceAll(':', ''), 'hex'));
  }
  return flows;
}

/** What we read, in the same shape. */
function sidewire(path, folder) {
  const out = mkdtempSync(join(folder, 'out-'));
  let file = path;
  if (path.endsWith('.gz')) {
    file = join(out, 'capture.pcap');
    writeFileSync(file, gunzipSync(readFileSync(path)));
  }
  execFileSync(process.execPath, [BIN, 'suricata', '-r', file, '-c', join(folder, 'c.yaml'), '-l', out, '-k', 'none'], {
    stdio: 'ignore',
  });
  const flows = new Map();
  for (const line of readFileSync(join(out, 'eve.json'), 'utf8').split('\n')) {
    if (line === '') continue;
    const { src_ip, src_port, dest_ip, dest_port, tls } = JSON.parse(line);
    flows.set(`${src_ip}:${src_port} ${dest_ip}:${dest_port}`, tls);
  }
  return flows;
}

const sha1 = (octets) => createHash('sha1').update(octets).digest('hex').match(/../g).join(':');

/** The serial number as it stands in a certificate, without leading zeros. */
const serial = (octets) => {
  try {
    return new X509Certificate(octets).serialNumber.replace(/^0+/, '');
  } catch {
    return undefined;
  }
};

/** Pairs of what tshark says and what we say, by field; those tshark says nothing of are left out. */
function pairs(theirs, ours) {
  const list = {
    ja3: [theirs.ja3 || undefined, ours.ja3?.hash],
    ja3s: [theirs.ja3s || undefined, ours.ja3s?.hash],
    sni: [theirs.sni || undefined, ours.sni],
    client_alpns: [theirs.client_alpns || undefined, ours.client_alpns?.join('|')],
    server_alpns: [theirs.server_alpns || undefined, ours.server_alpns?.join('|')],
  };
  if (theirs.chain !== undefined) {
    list.fingerprint = [sha1(theirs.chain[0]), ours.fingerprint];
    list.chain_length = [theirs.chain.length, ours.chain?.length];
    const number = serial(theirs.chain[0]);
    list.serial = [number, ours.serial?.replaceAll(':', '').replace(/^0+/, '')];
  }
  return Object.entries(list).filter(([, [theirsSays]]) => theirsSays !== undefined);
}

const folder = mkdtempSync(join(tmpdir(), 'tls-agreement-'));
writeFileSync(join(folder, 'c.yaml'), CONFIG);
const counts = new Map();
let [handshakes, told] = [0, 0];
try {
  for (const path of process.argv.slice(2).flatMap(captures)) {
    let theirs;
    try {
      theirs = tshark(path);
    } catch {
      continue; // No capture, or one of a kind that tshark does not read.
    }
    if (theirs.size === 0) continue;
    const ours = sidewire(path, folder);
    for (const [flow, fields] of theirs) {
      handshakes += 1;
      const own = ours.get(flow);
      if (own === undefined) {
        // A session is told once both sides are done with their handshake.
        console.log(`${path}: ${flow}: not told (${Object.keys(fields).join(' ')})`);
        continue;
      }
      told += 1;
      for (const [field, [want, have]] of pairs(fields, own)) {
        const count = counts.get(field) ?? { same: 0, all: 0 };
        counts.set(field, { same: count.same + (want === have ? 1 : 0), all: count.all + 1 });
        if (want !== have) console.log(`${path}: ${flow}: ${field}: tshark ${want}, here ${have}`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${handshakes} handshakes by tshark, ${told} of them told here`);
for (const [field, { same, all }] of counts)
  console.log(`${field.padEnd(14)} ${same}/${all} ${((100 * same) / all).toFixed(2)} %`);
