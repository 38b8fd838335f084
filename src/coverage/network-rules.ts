import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { BatchSets, Check, Condition, Content, Metadata, Number as NumberTest, Rule } from '../generated/ir.js';
import { type CompileOptions, makeCompiler, type SourceFile } from '../rules/suricata/compile.js';
import { lowerRule } from '../rules/suricata/lower/rule.js';
import { BatchSetTable } from '../rules/suricata/lower/sets.js';
import { ruleLines } from '../rules/suricata/syntax/lines.js';
import { currentTechniques } from '../sigma/retired-techniques.js';
import { Source } from '../source/source.js';
import { fieldName } from './field-names.js';
import type { CoverageRule, RowOperator, WrittenRow } from './row.js';

/** The network rules of files as rows. What does not compile has none, and is reported. */
export function networkRules(
  files: readonly SourceFile[],
  options: CompileOptions,
  report: (problem: Diagnostic) => void,
): CoverageRule[] {
  const compiler = makeCompiler(options, (finding) => {
    if (finding.severity === 'error') report(finding);
  });
  return files.flatMap(({ path, text }) => {
    const source = new Source(path, text);
    return [...ruleLines(source)].flatMap((line): CoverageRule[] => {
      const sets = new BatchSetTable();
      const lowered = lowerRule(line, compiler, sets);
      if (lowered.outcome !== 'loaded') return [];
      const { rule } = lowered;
      return [
        {
          id: String(rule.sid),
          title: rule.msg,
          vendor: 'suricata',
          file: path,
          line: source.position(line.start).line,
          logSource: protocolOf(rule),
          techniques: techniquesOf(rule.metadata),
          runs: true,
          rows: rowsOf(rule, sets.sets).map((row) => ({ field: fieldName('suricata', row.written), ...row })),
        },
      ];
    });
  });
}

function protocolOf({ protocol }: Rule): string {
  return protocol.kind === 'application' ? protocol.name : protocol.kind;
}

/** Techniques of `metadata: mitre_technique_id T1021.003`; Emerging Threats write `T1021_003` as well. */
function techniquesOf(metadata: readonly Metadata[]): string[] {
  const found = metadata
    .filter(({ key }) => key === 'mitre_technique_id')
    .flatMap(({ value }) => value.toUpperCase().match(/T\d{4}(?:[._]\d{3})?/g) ?? [])
    .flatMap((id) => currentTechniques(id.replace('_', '.')));
  return [...new Set(found)];
}

function rowsOf(rule: Rule, { ports }: BatchSets): WrittenRow[] {
  return [
    ...portRows('src_port', ports[rule.source_port]?.ranges ?? []),
    ...portRows('dest_port', ports[rule.destination_port]?.ranges ?? []),
    ...rule.conditions.flatMap(conditionRows),
  ];
}

/** Ports that a rule names; any port is none. */
function portRows(written: string, ranges: readonly { readonly from: number; readonly to: number }[]): WrittenRow[] {
  if (ranges.some(({ from, to }) => from === 0 && to === 65_535)) return [];
  return ranges.flatMap(({ from, to }) => rangeRows(written, from, to === 65_535 ? null : to, false));
}

function rangeRows(written: string, min: number, max: number | null, negated: boolean): WrittenRow[] {
  if (min === max) return [{ written, operator: 'eq', value: String(min), negated }];
  const rows: WrittenRow[] = [];
  if (min > 0) rows.push({ written, operator: 'ge', value: String(min), negated });
  if (max !== null) rows.push({ written, operator: 'le', value: String(max), negated });
  return rows;
}

function numberRows(written: string, { ranges, negated }: NumberTest): WrittenRow[] {
  return ranges.flatMap(({ min, max }) => rangeRows(written, min, max, negated));
}

function conditionRows(condition: Condition): WrittenRow[] {
  switch (condition.kind) {
    case 'buffer':
    case 'frame':
      return checkRows(condition.buffer, condition.checks);
    case 'item':
      return checkRows(`${condition.buffer}:${condition.item}`, condition.checks);
    case 'number':
      return numberRows(condition.field, condition.test);
    case 'flags':
      return [{ written: condition.field, operator: 'eq', value: String(condition.value), negated: condition.negated }];
    case 'interface':
      return [{ written: 'dcerpc.iface', operator: 'eq', value: condition.uuid, negated: false }];
    case 'decode_event':
    case 'stream_event':
    case 'app_layer_event':
      return [
        {
          written: condition.kind.replaceAll('_', '-'),
          operator: 'eq',
          value: condition.event,
          negated: condition.negated,
        },
      ];
    case 'app_layer_protocol':
      return condition.protocols.map((value) => ({
        written: 'app-layer-protocol',
        operator: 'eq',
        value,
        negated: condition.negated,
      }));
    case 'file':
      return condition.checks.flatMap((check) => (check.kind === 'size' ? numberRows('filesize', check.test) : []));
    case 'flow_bits':
      return bitRows('flowbits', condition.action, condition.names);
    case 'x_bits':
      return bitRows('xbits', condition.action, [condition.name]);
    default:
      return [];
  }
}

/** Bits that a rule asks for: what another rule has seen before. */
function bitRows(written: string, action: string, names: readonly string[]): WrittenRow[] {
  if (action !== 'is_set' && action !== 'is_not_set') return [];
  return names.map((value) => ({ written, operator: 'eq', value, negated: action === 'is_not_set' }));
}

function checkRows(written: string, checks: readonly Check[]): WrittenRow[] {
  // A buffer that is as long as the content is the content.
  const sizes = checks.flatMap((check) => (check.kind === 'bsize' ? check.test.ranges : []));
  return checks.flatMap((check): WrittenRow[] => {
    switch (check.kind) {
      case 'content': {
        const octets = check.pattern.length / 2;
        const whole = sizes.some(({ min, max }) => min === octets && max === octets);
        return [
          {
            written,
            operator: contentOperator(check, whole),
            value: contentText(check.pattern),
            negated: check.negated,
          },
        ];
      }
      case 'pcre':
        return [
          { written, operator: 'regex_match', value: `/${check.pattern}/${check.flags}`, negated: check.negated },
        ];
      case 'bsize':
        return numberRows(`${written} (size)`, check.test);
      case 'dataset':
        return check.values.map((value) => ({
          written,
          operator: 'in',
          value: contentText(value),
          negated: check.negated,
        }));
      case 'absent':
        return [{ written, operator: 'is_null', value: '', negated: false }];
      default:
        return [];
    }
  });
}

function contentOperator({ window, ends_with, pattern }: Content, whole: boolean): RowOperator {
  const octets = pattern.length / 2;
  const begins = !window.relative && (window.start ?? 0) === 0 && window.end === octets;
  if (whole || (begins && ends_with)) return 'eq';
  return begins ? 'starts_with' : ends_with ? 'ends_with' : 'contains';
}

/** Octets as a rule's `content` has them: `|00|` where they are no text. */
function contentText(pattern: string): string {
  const octets = Buffer.from(pattern, 'hex');
  const hex = (run: string) =>
    Buffer.from(run, 'latin1')
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 ');
  return octets.toString('latin1').replace(/[^\x20-\x7e]+|[|]+/g, (run) => `|${hex(run)}|`);
}
