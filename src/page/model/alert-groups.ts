import type { Micros } from '../../calls/call.js';
import { techniqueId } from './coverage.js';
import { endsOf, eveMicros } from './event-facts.js';
import { type JsonMembers, membersOf, nameOf, numberOf, textsOf } from './members.js';

/** Alerts of one rule about one pair of hosts. */
export interface AlertGroup {
  /** The same whenever the same is told. */
  readonly key: string;
  readonly gid: number;
  readonly sid: number;
  readonly signature: string;
  readonly category: string;
  /** 1 is the highest. */
  readonly severity: number;
  /** Who does it to whom: the rule's `target`, else client and server of the flow, else the packet's ends. */
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly first: Micros;
  readonly last: Micros;
  /** ATT&CK techniques and detections that the rule's metadata names. */
  readonly techniques: readonly string[];
  readonly detections: readonly string[];
}

/** Groups that are kept. */
const MOST_GROUPS = 5000;

type OpenGroup = { -readonly [Member in keyof AlertGroup]: AlertGroup[Member] };

/** Puts alerts together by rule and pair. What a flood brings costs the least severe and oldest groups first. */
export class AlertGroups {
  readonly #groups = new Map<string, OpenGroup>();
  /** Alerts of groups that were given up. */
  left = 0;

  /** Takes an event of type `alert`. */
  take(event: JsonMembers): void {
    const alert = membersOf(event.alert);
    const gid = numberOf(alert.gid);
    const sid = numberOf(alert.signature_id);
    const { from, to } = sidesOf(event);
    const key = JSON.stringify([gid, sid, from, to]);
    const at = eveMicros(event.timestamp);
    const known = this.#groups.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.first = Math.min(known.first, at);
      known.last = Math.max(known.last, at);
      return;
    }
    const metadata = membersOf(alert.metadata);
    this.#groups.set(key, {
      key,
      gid,
      sid,
      signature: nameOf(alert.signature),
      category: nameOf(alert.category),
      severity: numberOf(alert.severity),
      from,
      to,
      count: 1,
      first: at,
      last: at,
      techniques: textsOf(metadata.mitre_technique_id).map(nameOf).map(techniqueId),
      detections: textsOf(metadata.detection).map(nameOf),
    });
    if (this.#groups.size > MOST_GROUPS * 2) this.#forget();
  }

  /** The groups, the most severe and newest first. */
  get groups(): AlertGroup[] {
    if (this.#groups.size > MOST_GROUPS) this.#forget();
    return [...this.#groups.values()].map((group) => ({ ...group })).sort(worstFirst);
  }

  #forget(): void {
    for (const { key, count } of [...this.#groups.values()].sort(worstFirst).slice(MOST_GROUPS)) {
      this.#groups.delete(key);
      this.left += count;
    }
  }
}

function worstFirst(a: AlertGroup, b: AlertGroup): number {
  return (a.severity || 255) - (b.severity || 255) || b.last - a.last;
}

/** Who does it to whom. A packet's ends alone would make two groups of a flow: rules look at both directions. */
function sidesOf(event: JsonMembers): { readonly from: string; readonly to: string } {
  const { source, target } = membersOf(event.alert);
  const flow = membersOf(event.flow);
  const ends = endsOf(event);
  return {
    from: nameOf(membersOf(source).ip) || nameOf(flow.src_ip) || ends.from,
    to: nameOf(membersOf(target).ip) || nameOf(flow.dest_ip) || ends.to,
  };
}
