import type { FlowEvent } from '../generated/events.js';
import { eveEvents } from './eve-events.js';

/** Flow events kept; the reasons drawn from them need no more. */
const MAX_FLOWS = 200_000;

/** The flow events of an eve.json, up to a limit. */
export async function readFlows(path: string): Promise<FlowEvent[]> {
  const flows: FlowEvent[] = [];
  try {
    for await (const flow of eveEvents(path, 'flow')) {
      flows.push(flow);
      if (flows.length >= MAX_FLOWS) break;
    }
  } catch {
    // Without the file there are fewer reasons to give; the run itself has said why it is missing.
  }
  return flows;
}
