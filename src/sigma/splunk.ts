import type { PatternPiece, SigmaCondition, TextPattern, ValueTest } from '../generated/sigma.js';
import type { LoadedRule } from './compile.js';

/** A Sigma rule as a search of Splunk, as pySigma's backend writes it. What Splunk cannot say is an error. */
export function splunkQuery({ rule, fields }: LoadedRule): string {
  const search = expression(rule.condition, 0);
  const { regex, plain } = search;
  const parts = [plain === '' ? '*' : plain, ...regex.map((one) => `| ${one}`)];
  if (fields.length > 0) parts.push(`| table ${fields.join(',')}`);
  return parts.join(' ');
}

/** What the search language has no word for. */
export class SplunkError extends Error {}

interface Search {
  readonly plain: string;
  /** Commands behind the search: `regex`, `where`. They hold for all that was found. */
  readonly regex: readonly string[];
}

/** `or` binds closest in Splunk's search only inside parentheses: 0 outside, 1 inside of `and`, 2 inside of `not`. */
function expression(condition: SigmaCondition, outer: 0 | 1 | 2): Search {
  switch (condition.kind) {
    case 'search':
      return expression(condition.of, outer);
    case 'field':
      return test(condition.field, condition.test);
    case 'keywords':
      return test(null, condition.test);
    case 'not': {
      const { plain, regex } = expression(condition.of, 2);
      if (regex.length > 0) throw new SplunkError('a regular expression under `not` cannot be said in a search');
      return { plain: `NOT ${plain}`, regex: [] };
    }
    case 'all': {
      const of = condition.of.map((one) => expression(one, 1));
      const plain = of
        .map((one) => one.plain)
        .filter((text) => text !== '')
        .join(' ');
      return { plain: outer === 2 && of.length > 1 ? `(${plain})` : plain, regex: of.flatMap(({ regex }) => regex) };
    }
    case 'any': {
      if (condition.of.length === 0) return { plain: 'NOT *', regex: [] };
      const of = condition.of.map((one) => expression(one, 1));
      if (of.some(({ regex }) => regex.length > 0))
        throw new SplunkError('a regular expression under `or` cannot be said in a search');
      const wrap = (index: number, text: string) =>
        condition.of[index] && isAnd(condition.of[index]) ? `(${text})` : text;
      const plain = of.map((one, index) => wrap(index, one.plain)).join(' OR ');
      return { plain: outer > 0 && of.length > 1 ? `(${plain})` : plain, regex: [] };
    }
  }
}

function isAnd(condition: SigmaCondition): boolean {
  if (condition.kind === 'search') return isAnd(condition.of);
  return condition.kind === 'all' && condition.of.length > 1;
}

function test(field: string | null, test: ValueTest): Search {
  const name = field === null ? '' : quoteName(field);
  const plain = (text: string): Search => ({ plain: text, regex: [] });
  switch (test.kind) {
    case 'text': {
      const values = test.patterns.map((pattern) => value(field === null ? bare(pattern) : pattern));
      const [only] = values;
      if (field === null)
        return plain(test.all ? values.join(' ') : values.length === 1 ? (only ?? '') : `(${values.join(' OR ')})`);
      if (values.length === 1) return plain(`${name}=${only}`);
      return plain(test.all ? values.map((one) => `${name}=${one}`).join(' ') : `${name} IN (${values.join(', ')})`);
    }
    case 'regex':
      return {
        plain: '',
        regex: test.patterns.map((pattern) => `regex ${name}="${flags(test.flags)}${pattern.replaceAll('"', '\\"')}"`),
      };
    case 'cidr':
      return plain(test.networks.map((network) => `${name}="${network}"`).join(' OR '));
    case 'compare':
      return plain(
        `${name}${{ lt: '<', lte: '<=', gt: '>', gte: '>=', eq: '=', neq: '!=' }[test.operator]}${test.number}`,
      );
    case 'exists':
      return plain(test.present ? `${name}=*` : `NOT ${name}=*`);
    case 'null':
      return plain(`NOT ${name}=*`);
    case 'field':
      if (test.part !== 'whole') throw new SplunkError('a part of another field cannot be said in a search');
      return { plain: '', regex: [`where '${field}'='${test.other}'`] };
    case 'time_part':
      throw new SplunkError('a part of a time cannot be said in a search');
  }
}

const flags = (text: string) => (text === '' ? '' : `(?${text})`);

function quoteName(field: string): string {
  return /^[\w.-]+$/.test(field) ? field : `"${field}"`;
}

/** A keyword: a search for a text looks inside of events by itself. */
function bare(pattern: TextPattern): PatternPiece[] {
  return pattern.filter((piece, at) => piece !== 'any' || (at > 0 && at < pattern.length - 1));
}

/** A value in quotes. Splunk has one wildcard, `*`; a backslash is written twice. */
function value(pattern: readonly PatternPiece[]): string {
  const text = pattern.map((piece) =>
    typeof piece === 'string' ? '*' : piece.text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('*', '\\*'),
  );
  return `"${text.join('')}"`;
}
