import { RING_LENGTH } from '../config/index.js';
import type { HostReport } from '../generated/live.js';
import { vectorscanLibraries } from './compile.js';
import type { Native } from './native.js';

/** What this host offers to a sensor. */
export function hostReport(native: Native): HostReport {
  return JSON.parse(native.hostReport(RING_LENGTH, vectorscanLibraries())) as HostReport;
}
