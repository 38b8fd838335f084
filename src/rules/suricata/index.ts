/**
 * The rule compiler: Suricata's rule language to the engine's IR, with diagnostics. Loads no native code.
 *
 * @module
 */

export type { Severity } from '../../diagnostics/diagnostic.js';
export {
  type LspDiagnostic,
  renderJson,
  renderLine,
  renderTerminal,
  type TerminalOptions,
  toLsp,
} from '../../diagnostics/render.js';
export type { Catalog } from '../../generated/catalog.js';
export type { Rule, RuleBatch } from '../../generated/ir.js';
export type { Span } from '../../source/span.js';
export { CODES, type Code } from './codes.js';
export {
  BATCH_SIZE,
  type Compilation,
  type CompileOptions,
  check,
  compile,
  IR_VERSION,
  RULE_LANGUAGE_VERSION,
  type SourceFile,
  type Statistics,
} from './compile.js';
export type { Diagnostic } from './diagnostic.js';
export type { Example } from './keywords/keyword.js';
export { type KeywordEntry, keywords } from './listing.js';
export { type RuleOrigins, type RulePart, ruleOrigins } from './origins.js';
export type { Arrow, HeaderNode, ListNode, OptionNode, RuleNode, SyntaxProblem, Word } from './syntax/ast.js';
export { type Parsed, parseRule } from './syntax/parse.js';
