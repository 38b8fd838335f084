export type { AlertCount, OutputCount, Progress, RunError, Summary } from '../generated/run.js';
