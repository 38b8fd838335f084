/**
 * sidewire: a network intrusion detection engine.
 *
 * `Engine` compiles rules and replays captures; `Ruleset` and `Run` are what it gives. `sidewire/rules` is the rule
 * compiler alone, without the native addon; `sidewire/testing` and `sidewire/vitest` are for tests of rules.
 */
export { ConfigError } from './config/error.js';
export { type Collected, collect } from './engine/collect.js';
export type { RuleSource } from './engine/compile.js';
export { Engine, type ReplayOptions } from './engine/engine.js';
export { EngineError } from './engine/error.js';
export type * from './engine/events.js';
export type { FlowTrace, Result, Stage, Trace } from './engine/explain.js';
export type { InputOptions, InputOrder } from './engine/inputs.js';
export type { EngineOptions } from './engine/options.js';
export { type Findings, type Problem, Ruleset, type RulesetStats } from './engine/ruleset.js';
export { Run } from './engine/run.js';
export type { SecretOptions } from './engine/secrets.js';
export type { AlertCount, Progress, RunError, Summary } from './engine/summary.js';
