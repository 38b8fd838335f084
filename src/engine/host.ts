import { RING_LENGTH } from '../config/index.js';
import type { HostReport } from '../generated/live.js';
import type { Native } from './native.js';
import { vectorscanLibraries } from './vectorscan.js';

/** What this host offers to a sensor. */
export function hostReport(native: Native): HostReport {
  return JSON.parse(native.hostReport(RING_LENGTH, vectorscanLibraries())) as HostReport;
}
