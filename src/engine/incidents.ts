import type { JoinReport, JoinRequest } from '../generated/hunt.js';
import { fromNative } from './error.js';
import { loadNative, type Native } from './native.js';

/**
 * Brings alerts and calls of a run together, and joins them with event logs: flows in its EVE file get `endpoint`, and
 * `incident` events are added at its end. The run is over, and its file is whole.
 * @throws {EngineError} `log/not-found`, `output/write`
 */
export async function joinIncidents(
  eve: string,
  logs: readonly string[] = [],
  native: Native = loadNative(),
): Promise<JoinReport> {
  const request: JoinRequest = { eve, logs: [...logs] };
  try {
    return JSON.parse(await native.joinLogs(JSON.stringify(request))) as JoinReport;
  } catch (error) {
    throw fromNative(error);
  }
}
