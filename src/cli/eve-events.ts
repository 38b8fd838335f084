import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EveEvent } from '../generated/events.js';

/**
 * The events of one type in an eve.json, as they come: the file may be larger than memory.
 * @throws {Error} when the file cannot be read
 */
export async function* eveEvents<T extends EveEvent['event_type']>(
  path: string,
  type: T,
): AsyncGenerator<Extract<EveEvent, { event_type: T }>> {
  const mark = `"event_type":"${type}"`;
  for await (const line of createInterface({ input: createReadStream(path) }))
    if (line.includes(mark)) yield JSON.parse(line);
}
