/**
 * The catalog of coverage: rules of several vendors as rows of field, operator and value, what those under a technique have in
 * common, and which of them a test proves. Runs no rule and loads no native code.
 *
 * @module
 */

export { type CoverageCatalog, readCatalog } from './catalog.js';
export { exclusionFilter } from './guide.js';
export { type NavigatorLayer, navigatorLayer, stateOf, techniqueRules } from './navigator.js';
export { type ProofMap, proofsOf, proofTable, readProofs } from './proof.js';
export type { CoverageRow, CoverageRule, RowOperator, RuleVendor } from './row.js';
export {
  type ExclusionCount,
  type FieldCount,
  type FieldNaming,
  isAbout,
  type TechniqueTally,
  tallyTechnique,
  type ValueCount,
} from './tally.js';
