import * as v from 'valibot';
import { flag, size, text, texts, whole } from './values.js';

/** Anything below a key, for parts that each user reads by itself. */
const anything = v.unknown();

/** Flow timeouts of one protocol. Seconds. */
const timeouts = v.record(text, whole);

const xff = v.looseObject({
  enabled: v.optional(flag),
  mode: v.optional(text),
  deployment: v.optional(text),
  header: v.optional(text),
});

/** The options of an EVE output beside its types. */
export const eveLog = v.looseObject({
  enabled: v.optional(flag),
  filetype: v.optional(text),
  filename: v.optional(text),
  append: v.optional(flag),
  'community-id': v.optional(flag),
  'community-id-seed': v.optional(whole),
  'pcap-file': v.optional(flag),
  ethernet: v.optional(flag),
  metadata: v.optional(flag),
  xff: v.optional(xff),
  types: v.optional(v.union([v.array(anything), v.literal('')])),
});

/**
 * The part of suricata.yaml that exists here. Values are texts in the file and what they mean here. A key that is not in
 * this schema does nothing; `unknownKeys` finds such keys, so that a run can name them.
 */
export const rawConfig = v.looseObject({
  vars: v.optional(
    v.looseObject({
      'address-groups': v.optional(v.record(text, text)),
      'port-groups': v.optional(v.record(text, text)),
    }),
  ),
  'default-log-dir': v.optional(text),
  'sensor-name': v.optional(text),
  stats: v.optional(v.looseObject({ enabled: v.optional(flag), interval: v.optional(whole) })),
  outputs: v.optional(v.union([v.array(anything), v.literal('')])),
  logging: v.optional(
    v.looseObject({
      'default-log-level': v.optional(text),
      outputs: v.optional(v.union([v.array(anything), v.literal('')])),
    }),
  ),
  'pcap-file': v.optional(v.looseObject({ 'checksum-checks': v.optional(text) })),
  'app-layer': v.optional(v.looseObject({ protocols: v.optional(v.record(text, anything)) })),
  'host-os-policy': v.optional(v.record(text, texts)),
  defrag: v.optional(
    v.looseObject({
      enabled: v.optional(flag),
      memcap: v.optional(size),
      trackers: v.optional(whole),
      'max-frags': v.optional(whole),
      timeout: v.optional(whole),
      'host-config': v.optional(
        v.union([v.array(v.record(text, v.looseObject({ timeout: whole, address: texts }))), v.literal('')]),
      ),
    }),
  ),
  flow: v.optional(v.looseObject({ memcap: v.optional(size), 'emergency-recovery': v.optional(whole) })),
  vlan: v.optional(v.looseObject({ 'use-for-tracking': v.optional(flag) })),
  'flow-timeouts': v.optional(v.record(text, timeouts)),
  stream: v.optional(
    v.looseObject({
      memcap: v.optional(size),
      'checksum-validation': v.optional(flag),
      inline: v.optional(text),
      midstream: v.optional(flag),
      'async-oneside': v.optional(flag),
      // Not Suricata's: refuse nothing because of windows whose scale was not seen.
      'liberal-windows': v.optional(flag),
      // Not Suricata's: DCERPC is read as it arrives, not when it is acknowledged.
      'early-calls': v.optional(flag),
      bypass: v.optional(flag),
      'max-synack-queued': v.optional(whole),
      'max-syn-queued': v.optional(whole),
      reassembly: v.optional(
        v.looseObject({
          memcap: v.optional(size),
          depth: v.optional(size),
          'toserver-chunk-size': v.optional(size),
          'toclient-chunk-size': v.optional(size),
          raw: v.optional(flag),
          'check-overlap-different-data': v.optional(flag),
          urgent: v.optional(v.looseObject({ policy: v.optional(text) })),
        }),
      ),
    }),
  ),
  decoder: v.optional(
    v.looseObject({
      'max-layers': v.optional(whole),
      'recursion-level': v.optional(v.looseObject({ 'use-for-tracking': v.optional(flag) })),
      // Not Suricata's: an IP length of 0 means "to the end of the frame".
      'offload-length': v.optional(flag),
      // Not Suricata's: a checksum that covers the pseudo header only is right.
      'partial-checksums': v.optional(flag),
      teredo: v.optional(v.looseObject({ enabled: v.optional(flag), ports: v.optional(text) })),
      vxlan: v.optional(v.looseObject({ enabled: v.optional(flag), ports: v.optional(text) })),
      geneve: v.optional(v.looseObject({ enabled: v.optional(flag), ports: v.optional(text) })),
      erspan: v.optional(v.looseObject({ typeI: v.optional(v.looseObject({ enabled: v.optional(flag) })) })),
    }),
  ),
  detect: v.optional(
    v.looseObject({
      'inspection-recursion-limit': v.optional(whole),
      'guess-applayer-tx': v.optional(flag),
      'stream-tx-log-limit': v.optional(whole),
      thresholds: v.optional(v.looseObject({})),
    }),
  ),
  'mpm-algo': v.optional(text),
  'packet-alert-max': v.optional(whole),
  pcre: v.optional(v.looseObject({ 'match-limit': v.optional(whole), 'match-limit-recursion': v.optional(whole) })),
  'default-rule-path': v.optional(text),
  'rule-files': v.optional(texts),
  'classification-file': v.optional(text),
  'reference-config-file': v.optional(text),
  'threshold-file': v.optional(text),
});

/** A configuration whose values have their meaning. */
export type RawConfig = v.InferOutput<typeof rawConfig>;
