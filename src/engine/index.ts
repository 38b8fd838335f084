// Not hunt.js: the compiler of Sigma rules behind it is loaded by who has such rules, and no other start pays for it.
export { type Collected, collect } from './collect.js';
export { compileOptions, type RuleSource, readSources } from './compile.js';
export { Engine, type ListenOptions, type ReplayOptions } from './engine.js';
export { EngineError } from './error.js';
export type * from './events.js';
export {
  type ExplainedRule,
  type FlowTrace,
  protocolName,
  type Result,
  resultText,
  type Stage,
  type Trace,
  traceText,
} from './explain.js';
export { type Hint, whyNoAlert } from './hints.js';
export { joinIncidents } from './incidents.js';
export { beginsAsCapture, expandInputs, type InputOptions, type InputOrder } from './inputs.js';
export { loadNative, magicVersion, type Native, type NativeRuleset, type NativeRun } from './native.js';
export { defaultWorkers, type EngineOptions, type EngineSetup } from './options.js';
export { platformName } from './platform.js';
export { costAdvice, type RuleCost, type RuleProfile } from './profile.js';
export { account, becomeUser } from './rights.js';
export { userCacheFolder } from './rule-cache.js';
export { type Findings, type Problem, Ruleset, type RulesetStats } from './ruleset.js';
export { Run } from './run.js';
export type { SecretOptions } from './secrets.js';
export { isSigmaFile } from './sigma-file.js';
export type {
  AlertCount,
  CaptureCount,
  HostReport,
  InterfaceReport,
  LiveMethod,
  Notice,
  OpenedReport,
  OutputCount,
  Progress,
  RunError,
  RunStats,
  Summary,
  WorkerStats,
} from './summary.js';
