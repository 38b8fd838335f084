import type { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** A command of the line. Its code is loaded only when it is called. */
export interface CommandDef {
  /** `replay`, or `rules check` for a command below another. */
  readonly name: string;
  /** Arguments as commander writes them. */
  readonly args?: string;
  readonly summary: string;
  /** Adds options. */
  readonly options?: (command: Command) => void;
  /** Text after the options in help. */
  readonly more?: string;
  /** Loads and runs it; the exit status. */
  readonly run: (
    args: readonly string[],
    options: Readonly<Record<string, unknown>>,
    terminal: Terminal,
  ) => Promise<number>;
}
