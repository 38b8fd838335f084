export type { HostReport, InterfaceReport, LiveMethod, OpenedReport } from '../generated/live.js';
export type {
  AlertCount,
  CaptureCount,
  Notice,
  OutputCount,
  Progress,
  RunError,
  RunStats,
  Summary,
  WorkerStats,
} from '../generated/run.js';
