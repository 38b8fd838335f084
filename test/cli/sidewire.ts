// The command line as a test runs it: arguments in, status and texts out.
import { main } from '../../src/cli/main.js';

export interface CommandResult {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command; what it writes is kept. */
export async function sidewire(...argv: string[]): Promise<CommandResult> {
  const lines: { out: string[]; err: string[] } = { out: [], err: [] };
  const status = await main(argv, {
    out: (text) => void lines.out.push(text),
    err: (text) => void lines.err.push(text),
    color: { out: false, err: false },
    live: false,
    width: 100,
    wraps: false,
  });
  return { status, out: lines.out.join('\n'), err: lines.err.join('\n') };
}
