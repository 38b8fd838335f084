import type { Diagnostic as AnyDiagnostic } from '../diagnostics/diagnostic.js';
import { parseDocuments, Reporter } from '../sigma/document.js';
import { currentTechniques } from '../sigma/retired-techniques.js';
import { type MapValue, member, textOf, textsOf } from '../sigma/values.js';
import { Source } from '../source/source.js';
import { diagnostic } from './codes.js';
import type { RuleText } from './elastic-rules.js';
import { fieldName } from './field-names.js';
import { sayIn } from './query/place.js';
import { type QueryMacro, type QueryReader, readKusto, readSpl } from './query/queries.js';
import type { CoverageRule } from './row.js';
import { SplunkMacros } from './splunk-macros.js';

/** What the rules of a vendor call their parts. */
interface YamlRules {
  readonly vendor: 'splunk' | 'kusto';
  readonly query: string;
  readonly reader: QueryReader;
  readonly techniques: (rule: MapValue) => readonly string[];
}

const SPLUNK: YamlRules = {
  vendor: 'splunk',
  query: 'search',
  reader: readSpl,
  techniques: (rule) => {
    const tags = member(rule, 'tags')?.value;
    const own = textsOf(member(rule, 'mitre_attack_id')?.value);
    return [...own, ...(tags?.kind === 'map' ? textsOf(member(tags, 'mitre_attack_id')?.value) : [])];
  },
};

const KUSTO: YamlRules = {
  vendor: 'kusto',
  query: 'query',
  reader: readKusto,
  techniques: (rule) => ['relevantTechniques', 'techniques'].flatMap((name) => textsOf(member(rule, name)?.value)),
};

/** The rules of Splunk's YAML files as rows. */
export function splunkRules(files: readonly RuleText[], report: (problem: AnyDiagnostic) => void): CoverageRule[] {
  const macros = new SplunkMacros();
  return files.flatMap((file) => yamlRules(file, SPLUNK, report, (name) => macros.definition(file.path, name)));
}

/** The rules of Sentinel's YAML files as rows. */
export function kustoRules(files: readonly RuleText[], report: (problem: AnyDiagnostic) => void): CoverageRule[] {
  return files.flatMap((file) => yamlRules(file, KUSTO, report));
}

function yamlRules(
  { path, text }: RuleText,
  of: YamlRules,
  report: (problem: AnyDiagnostic) => void,
  macro?: QueryMacro,
): CoverageRule[] {
  const source = new Source(path, text);
  return parseDocuments(new Reporter(source, report)).flatMap((map): CoverageRule[] => {
    const entry = member(map, of.query);
    const title = textOf(map, 'name');
    if (entry?.value.kind !== 'scalar' || title === null) {
      const message = `the rule has no ${title === null ? '`name`' : `\`${of.query}\``}`;
      const span = entry?.keySpan ?? { start: map.span.start, end: map.span.start + 1 };
      report(diagnostic(source, span, { code: 'coverage/rule', message, help: 'a rule has both' }));
      return [];
    }
    // Some queries stand in a fence of Markdown.
    const query = entry.value.text.replace(/^\s*```\w*|```\s*$/g, (fence) => ' '.repeat(fence.length));
    const { rows, sources } = of.reader(query, sayIn(source, entry.value.span, query, report), macro);
    const techniques = of.techniques(map).flatMap((id) => currentTechniques(id.toUpperCase()));
    return [
      {
        id: textOf(map, 'id') ?? title,
        title,
        vendor: of.vendor,
        file: path,
        line: source.position(map.span.start).line,
        logSource: sources.length > 0 ? sources.join(' ') : textsOf(member(map, 'data_source')?.value).join(', '),
        techniques: [...new Set(techniques.filter((id) => /^T\d{4}(?:\.\d{3})?$/.test(id)))],
        runs: false,
        rows: rows.map((row) => ({ field: fieldName(of.vendor, row.written), ...row })),
      },
    ];
  });
}
