import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { CompileOptions } from '../rules/suricata/index.js';
import { elasticRules } from './elastic-rules.js';
import { networkRules } from './network-rules.js';
import type { CoverageRule, RuleVendor } from './row.js';
import { ruleFiles, type VendorFile } from './rule-files.js';
import { sigmaRules } from './sigma-rules.js';
import { kustoRules, splunkRules } from './yaml-rules.js';

/** Rules as rows, whosever they are. */
export interface CoverageCatalog {
  readonly rules: readonly CoverageRule[];
  /** What could not be read, each with its place. */
  readonly problems: readonly Diagnostic[];
}

type RuleReader = (
  files: readonly VendorFile[],
  report: (problem: Diagnostic) => void,
  options: CompileOptions,
) => CoverageRule[];

/** Who reads the rules of a vendor. */
const READERS: Readonly<Record<RuleVendor, RuleReader>> = {
  suricata: (files, report, options) => networkRules(files, options, report),
  sigma: sigmaRules,
  elastic: elasticRules,
  splunk: splunkRules,
  kusto: kustoRules,
};

/**
 * Reads the rules of files and directories for the catalog of coverage.
 * @throws {EngineError} `rules/unreadable`
 */
export function readCatalog(paths: readonly string[], options: CompileOptions = {}): CoverageCatalog {
  const problems: Diagnostic[] = [];
  const files = ruleFiles(paths);
  const vendors = Object.keys(READERS) as RuleVendor[];
  const rules = vendors.flatMap((vendor) =>
    READERS[vendor](
      files.filter((file) => file.vendor === vendor),
      (problem) => problems.push(problem),
      options,
    ),
  );
  return { rules, problems };
}
