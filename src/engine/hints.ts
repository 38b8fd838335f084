import type { Config } from '../config/index.js';
import type { FlowEvent } from './events.js';
import type { Findings } from './ruleset.js';
import type { Summary } from './summary.js';
import { isInside, plainNetworks } from './variables.js';

/** A reason why rules could not apply, and what changes it. */
export interface Hint {
  readonly why: string;
  readonly change: string;
}

/** What the reasons are found in. */
export interface HintFacts {
  readonly summary: Summary;
  readonly config: Config;
  readonly rules: { readonly size: number; readonly findings: Findings } | null;
  /** The flows of the run, as far as they are known. */
  readonly flows: Iterable<FlowEvent>;
}

/** Why a run raised no alert. Only what this run shows: nothing is guessed. */
export function whyNoAlert({ summary, config, rules, flows }: HintFacts): Hint[] {
  const hints: Hint[] = [];
  if (summary.packets === 0) return [{ why: 'The captures hold no packets.', change: '' }];
  if (rules === null || rules.size === 0)
    return [
      {
        why: 'No rule was loaded.',
        change: 'Name rule files with -S; `sidewire rules check FILE` says what is wrong with them.',
      },
    ];
  if (rules.findings.failed > 0)
    hints.push({
      why: `${rules.findings.failed} rules were left out because of errors.`,
      change: '`sidewire rules check FILE` names them.',
    });
  const seen = look(flows, config);
  if (rules.findings.external > 0 && seen.total > 0 && seen.inside > 0)
    hints.push({
      why:
        `${seen.inside} of ${seen.total} flows run between two hosts of HOME_NET, and ${rules.findings.external} of ` +
        `${rules.size} rules ask for $EXTERNAL_NET on one side.`,
      change:
        '`--external-net any` lets them apply to traffic inside, too; `--home-net` says which networks are yours.',
    });
  if (!config.run.stream.midstream && seen.midstream > 0)
    hints.push({
      why: `${seen.midstream} of ${seen.tcp} TCP flows start without a handshake and were not followed.`,
      change: '`--midstream` picks them up.',
    });
  const wrong = ['ipv4', 'tcp', 'udp', 'icmpv4', 'icmpv6'].reduce(
    (sum, name) => sum + (summary.counters[`${name}.invalid_checksum`] ?? 0),
    0,
  );
  if (wrong > 0 && config.run.decode.checksums !== 'ignore' && summary.checksums_ignored === 0)
    hints.push({
      why: `${wrong} packets have a wrong checksum and did not reach streams.`,
      change: '`-k none` ignores checksums, which a capture on the sending host needs.',
    });
  const memory = (summary.counters['flow.memcap'] ?? 0) + (summary.counters['tcp.ssn_memcap_drop'] ?? 0);
  if (memory > 0)
    hints.push({
      why: `${memory} times a memory cap was hit.`,
      change: '`--set flow.memcap=1gb --set stream.memcap=1gb --set stream.reassembly.memcap=2gb` raises them.',
    });
  if (summary.suppressed > 0)
    hints.push({
      why: `${summary.suppressed} matches were held back by thresholds.`,
      change: 'They are in the rules or in threshold.config.',
    });
  return hints;
}

interface Seen {
  total: number;
  inside: number;
  tcp: number;
  midstream: number;
}

function look(flows: Iterable<FlowEvent>, config: Config): Seen {
  const networks = plainNetworks(config.addressVariables.get('HOME_NET') ?? '') ?? [];
  const seen: Seen = { total: 0, inside: 0, tcp: 0, midstream: 0 };
  for (const flow of flows) {
    seen.total += 1;
    if (isInside(flow.src_ip ?? '', networks) && isInside(flow.dest_ip ?? '', networks)) seen.inside += 1;
    if (flow.proto !== 'TCP') continue;
    seen.tcp += 1;
    if (flow.tcp?.syn !== true) seen.midstream += 1;
  }
  return seen;
}
