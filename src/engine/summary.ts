export type { HostReport, InterfaceReport, LiveMethod, OpenedReport } from '../generated/live.js';
export type { AlertCount, CaptureCount, Notice, OutputCount, Progress, RunError, Summary } from '../generated/run.js';
