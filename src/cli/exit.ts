/** Exit statuses of every command but `suricata`, which has Suricata's: 0 and 1. */
export const EXIT = {
  /** Everything asked for was done. */
  ok: 0,
  /** Done, but something was found wrong: a damaged capture, a rule with errors, a rule that did not match. */
  found: 1,
  /** The command line, the configuration or an input cannot be used. */
  usage: 2,
  /** The engine cannot be started or failed. */
  engine: 3,
  /** Ended by an interrupt (Ctrl-C). */
  interrupted: 130,
} as const;

/** The statuses as help shows them. */
export const EXIT_HELP = `
Exit status:
  0    done
  1    done, but something is wrong: a damaged capture, rules with errors, no match
  2    the command line, the configuration or an input cannot be used
  3    the engine cannot be started or failed
  130  interrupted`;

/** A reason to end a command: its message is for people, without a stack. */
export class Stop extends Error {
  override readonly name = 'Stop';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
