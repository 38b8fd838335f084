import { z } from 'zod';
import { flag, size, text, texts, whole } from './values.js';

// A configuration is read once: compiling its schema to code takes longer than walking it.
z.config({ jitless: true });

/** Anything below a key, for parts that each user reads by itself. */
const anything: z.ZodType<unknown> = z.unknown();

/** Flow timeouts of one protocol. Seconds. */
const timeouts = z.record(text, whole);

const xff = z.looseObject({
  enabled: flag.optional(),
  mode: text.optional(),
  deployment: text.optional(),
  header: text.optional(),
});

/** The options of an EVE output beside its types. */
export const eveLog = z.looseObject({
  enabled: flag.optional(),
  filetype: text.optional(),
  filename: text.optional(),
  append: flag.optional(),
  'community-id': flag.optional(),
  'community-id-seed': whole.optional(),
  'pcap-file': flag.optional(),
  ethernet: flag.optional(),
  metadata: flag.optional(),
  xff: xff.optional(),
  types: z.union([z.array(anything), z.literal('')]).optional(),
});

/**
 * The part of suricata.yaml that exists here. Values are texts in the file and what they mean here. A key that is not in
 * this schema does nothing; `unknownKeys` finds such keys, so that a run can name them.
 */
export const rawConfig = z.looseObject({
  vars: z
    .looseObject({
      'address-groups': z.record(text, text).optional(),
      'port-groups': z.record(text, text).optional(),
    })
    .optional(),
  'default-log-dir': text.optional(),
  'sensor-name': text.optional(),
  stats: z.looseObject({ enabled: flag.optional(), interval: whole.optional() }).optional(),
  outputs: z.union([z.array(anything), z.literal('')]).optional(),
  logging: z
    .looseObject({
      'default-log-level': text.optional(),
      outputs: z.union([z.array(anything), z.literal('')]).optional(),
    })
    .optional(),
  'pcap-file': z.looseObject({ 'checksum-checks': text.optional() }).optional(),
  'app-layer': z.looseObject({ protocols: z.record(text, anything).optional() }).optional(),
  'host-os-policy': z.record(text, texts).optional(),
  defrag: z
    .looseObject({
      enabled: flag.optional(),
      memcap: size.optional(),
      trackers: whole.optional(),
      'max-frags': whole.optional(),
      timeout: whole.optional(),
      'host-config': z
        .union([z.array(z.record(text, z.looseObject({ timeout: whole, address: texts }))), z.literal('')])
        .optional(),
    })
    .optional(),
  flow: z.looseObject({ memcap: size.optional(), 'emergency-recovery': whole.optional() }).optional(),
  vlan: z.looseObject({ 'use-for-tracking': flag.optional() }).optional(),
  'flow-timeouts': z.record(text, timeouts).optional(),
  stream: z
    .looseObject({
      memcap: size.optional(),
      'checksum-validation': flag.optional(),
      inline: text.optional(),
      midstream: flag.optional(),
      'async-oneside': flag.optional(),
      // Not Suricata's: refuse nothing because of windows whose scale was not seen.
      'liberal-windows': flag.optional(),
      // Not Suricata's: DCERPC is read as it arrives, not when it is acknowledged.
      'early-calls': flag.optional(),
      bypass: flag.optional(),
      'max-synack-queued': whole.optional(),
      'max-syn-queued': whole.optional(),
      reassembly: z
        .looseObject({
          memcap: size.optional(),
          depth: size.optional(),
          'toserver-chunk-size': size.optional(),
          'toclient-chunk-size': size.optional(),
          raw: flag.optional(),
          'check-overlap-different-data': flag.optional(),
          urgent: z.looseObject({ policy: text.optional() }).optional(),
        })
        .optional(),
    })
    .optional(),
  decoder: z
    .looseObject({
      'max-layers': whole.optional(),
      'recursion-level': z.looseObject({ 'use-for-tracking': flag.optional() }).optional(),
      // Not Suricata's: an IP length of 0 means "to the end of the frame".
      'offload-length': flag.optional(),
      // Not Suricata's: a checksum that covers the pseudo header only is right.
      'partial-checksums': flag.optional(),
      teredo: z.looseObject({ enabled: flag.optional(), ports: text.optional() }).optional(),
      vxlan: z.looseObject({ enabled: flag.optional(), ports: text.optional() }).optional(),
      geneve: z.looseObject({ enabled: flag.optional(), ports: text.optional() }).optional(),
      erspan: z.looseObject({ typeI: z.looseObject({ enabled: flag.optional() }).optional() }).optional(),
    })
    .optional(),
  detect: z
    .looseObject({ 'inspection-recursion-limit': whole.optional(), thresholds: z.looseObject({}).optional() })
    .optional(),
  'mpm-algo': text.optional(),
  'packet-alert-max': whole.optional(),
  pcre: z.looseObject({ 'match-limit': whole.optional(), 'match-limit-recursion': whole.optional() }).optional(),
  'default-rule-path': text.optional(),
  'rule-files': texts.optional(),
  'classification-file': text.optional(),
  'reference-config-file': text.optional(),
  'threshold-file': text.optional(),
});

/** A configuration whose values have their meaning. */
export type RawConfig = z.output<typeof rawConfig>;
