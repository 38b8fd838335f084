import { PageError } from '../page/node/assets.js';
import { EXIT, Stop } from './exit.js';

/** What ends a command of the page: a file that cannot be read or written is no bug of ours. */
export function pageStop(error: unknown): unknown {
  if (error instanceof PageError) return new Stop(EXIT.engine, error.message);
  return error instanceof Error && 'syscall' in error ? new Stop(EXIT.usage, error.message) : error;
}
