/**
 * Sigma rules: the specification 2.1 to the engine's IR, with diagnostics. Loads no native code.
 *
 * @module
 */

export { CODES as SIGMA_CODES, type Code as SigmaCode, type Diagnostic as SigmaDiagnostic } from './codes.js';
export {
  compileSigma,
  type LoadedRule,
  SIGMA_VERSION,
  type SigmaCompilation,
  type SigmaFile,
  type SigmaOptions,
  type SigmaStatistics,
} from './compile.js';
export { SplunkError, splunkQuery } from './splunk.js';
