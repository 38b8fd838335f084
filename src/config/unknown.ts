import type * as v from 'valibot';
import type { ConfigNode } from './node.js';
import { truth } from './values.js';

/**
 * Keys that cannot change what this engine reports, so that nobody need hear of them: sizes of preallocated tables,
 * threads and their places, capture methods of other runs, caches, and switches for inline use.
 */
const INERT = new Set(
  (
    'suricata-version action-order af-packet af-xdp asn1-max-frames capture coredump daemon-directory ' +
    'decoder.ipv4 decoder.ipv6 default-packet-size defrag.hash-size defrag.prealloc ' +
    'detect.custom-values detect.grouping detect.prefilter detect.profile detect.profiling ' +
    'detect.sgh-mpm-caching-max-age detect.sgh-mpm-context ' +
    'detect.thresholds dpdk engine-analysis exception-policy flow.hash-size flow.managers flow.prealloc flow.recyclers ' +
    'heartbeat host host-mode ipfw ippair landlock legacy livedev logging luajit max-pending-packets napatech ' +
    'netmap nflog nfq pcap pcap-file.buffer-size pfring pid-file plugins profiling run-as runmode security spm-algo ' +
    'stats.decoder-events stats.decoder-events-prefix stats.exception-policy stats.stream-events stream.drop-invalid ' +
    'stream.max-sessions stream.midstream-policy stream.prealloc-sessions ' +
    'stream.reassembly.memcap-policy stream.reassembly.randomize-chunk-range stream.reassembly.randomize-chunk-size ' +
    'stream.reassembly.segment-prealloc stream.reassembly.urgent.oob-limit-policy stream.memcap-policy ' +
    'stream.stream-3whs-ack-mode threading umask unix-command vlan.qinq windivert firewall.enabled ' +
    // Always on, as in Suricata 8, which no longer asks.
    'decoder.erspan'
  ).split(' '),
);

/** Paths of the keys that neither the schema nor the list above knows, shortest first named; a part that is off is left out. */
export function unknownKeys(schema: v.GenericSchema, node: ConfigNode): string[] {
  const found: string[] = [];
  visit(schema, node, [], found);
  return found;
}

function visit(schema: v.GenericSchema, node: ConfigNode, path: string[], found: string[]): void {
  const type = unwrap(schema);
  if (!('entries' in type) || node.kind !== 'map') return;
  const shape = type.entries as Readonly<Record<string, v.GenericSchema>>;
  for (const [key, child] of node.entries) {
    const here = [...path, key];
    const name = here.join('.');
    if (INERT.has(name) || isEmpty(child)) continue;
    const known = shape[key];
    if (known) visit(known, child, here, found);
    else if (!isOff(child)) found.push(name);
  }
}

function unwrap(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? unwrap(schema.wrapped as v.GenericSchema) : schema;
}

/** A part that says that it is off. */
function isOff(node: ConfigNode): boolean {
  return node.kind === 'map' && saysNo(node.entries.get('enabled'));
}

function saysNo(node: ConfigNode | undefined): boolean {
  return node?.kind === 'scalar' && truth(node.text) === false;
}

function isEmpty(node: ConfigNode): boolean {
  if (node.kind === 'scalar') return node.text === '';
  const children = node.kind === 'map' ? [...node.entries.values()] : node.items;
  return children.every(isEmpty);
}
