import { readFileSync } from 'node:fs';
import type { Diagnostic as AnyDiagnostic } from '../diagnostics/diagnostic.js';
import { parseDocuments, Reporter } from '../sigma/document.js';
import { type MapValue, member, textOf } from '../sigma/values.js';
import { Source } from '../source/source.js';
import { diagnostic } from './codes.js';

/** A test of SigmaHQ's regression data, for one of the rules that an `info.yml` names. */
export interface RegressionTest {
  /** Path of the `info.yml`. */
  readonly info: string;
  readonly name: string;
  /** Id of a Sigma rule; of a capture's test, the sid of a network rule. */
  readonly rule: string;
  readonly title: string;
  /** The log or capture, as the file names it: from the root of its repository. */
  readonly sample: string;
  /** Matches that are wanted at least, as SigmaHQ counts them; 0: none. */
  readonly wanted: number;
  readonly isCapture: boolean;
}

/** The name of a file of regression data. */
export const INFO_FILE = /^info\.ya?ml$/;

/** Reads the tests of an `info.yml`. What is none is reported. */
export function readRegressionTests(info: string, report: (problem: AnyDiagnostic) => void): RegressionTest[] {
  const source = new Source(info, readFileSync(info));
  return parseDocuments(new Reporter(source, report)).flatMap((map) => {
    const rules = mapsOf(map, 'rule_metadata');
    const tests = mapsOf(map, 'regression_tests_info');
    const say = ({ start }: MapValue['span'], message: string, help: string): [] => {
      report(diagnostic(source, { start, end: start + 1 }, { code: 'coverage/proof', message, help }));
      return [];
    };
    if (rules.length === 0 || tests.length === 0)
      return say(
        map.span,
        'this is no regression data',
        'it has `rule_metadata` and `regression_tests_info`, a list each',
      );
    return tests.flatMap((test) => {
      const [sample, count] = [textOf(test, 'path'), textOf(test, 'match_count')];
      if (sample === null) return say(test.span, 'a test has no `path`', 'name the log that the rules are to match');
      if (count !== null && !/^\d+$/.test(count))
        return say(test.span, `\`match_count\` is ${count}`, 'write a whole number, or leave it out: one at least');
      return rules.flatMap((rule): RegressionTest[] => {
        const id = textOf(rule, 'id');
        if (id === null) return say(rule.span, 'a rule has no `id`', 'write the id of the rule that is tested');
        return [
          {
            info,
            name: textOf(test, 'name') ?? '',
            rule: id,
            title: textOf(rule, 'title') ?? '',
            sample,
            wanted: count === null ? 1 : Number(count),
            isCapture: /^pcap/i.test(textOf(test, 'type') ?? ''),
          },
        ];
      });
    });
  });
}

/** The maps of a member that is a list of them. */
function mapsOf(map: MapValue, key: string): MapValue[] {
  const value = member(map, key)?.value;
  return value?.kind === 'list' ? value.items.filter((item) => item.kind === 'map') : [];
}
