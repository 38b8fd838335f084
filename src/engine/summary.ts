/** What a run did. */
export interface Summary {
  /** Frames read. */
  readonly packets: number;
  /** Octets of them. */
  readonly bytes: number;
  /** Captures replayed to their end. */
  readonly files: number;
  /** Packet time of the first and the last packet; absent without packets. */
  readonly first?: string;
  readonly last?: string;
  /** Seconds between them. */
  readonly seconds?: number;
  /** Seconds of wall clock. */
  readonly elapsed: number;
  /** The literal matcher that was used. */
  readonly matcher: string;
  /** Stopped before the end, on request. */
  readonly stopped: boolean;
  /** Alerts that thresholds held back. */
  readonly suppressed: number;
  /** Captures whose checksums were so often wrong that they were ignored. */
  readonly checksums_ignored: number;
  /** Steps of packet time: jumps ahead by more than an hour, and steps back by more than a second. */
  readonly time_steps: number;
  /** Packets that sources had to drop. */
  readonly source_dropped: number;
  /** Events written, by type. */
  readonly events: Readonly<Record<string, number>>;
  readonly alerts: readonly AlertCount[];
  readonly errors: readonly RunError[];
  /** Named as in Suricata's stats. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface AlertCount {
  readonly gid: number;
  readonly sid: number;
  readonly count: number;
  readonly msg: string;
  readonly priority: number;
}

/** What went wrong with one input or output. `partial`: packets before the damage were processed. */
export interface RunError {
  readonly file?: string;
  readonly code: string;
  readonly message: string;
  readonly partial: boolean;
}

/** How far a run has come. */
export interface Progress {
  readonly packets: number;
  readonly bytes: number;
  /** Of the capture being read: octets read, and in all (0 when that is not known). */
  readonly fileBytes: number;
  readonly fileTotal: number;
  readonly file: string;
}
