// No keyword is accepted without effect: what a rule says by it is in the IR, or is said to have none. That Rust reads what the
// IR says is a check of the sources (fields that cross).
import { describe, expect, it } from 'vitest';
import { keywords, parseRule, type Rule } from '../../src/rules/suricata/index.js';
import { catalog, compileText, ruleOf } from './fixture.js';

/** What a rule came to, without the texts that only repeat it; and what was said of it. */
function outcome(text: string): string {
  const { batches, diagnostics } = compileText(text);
  const rules = batches.flatMap(({ rules }) => rules).map(({ text: _, ...rule }: Rule) => rule);
  const sets = batches.map(({ rules: _, ...rest }) => rest);
  return JSON.stringify([rules, sets, diagnostics.map(({ code }) => code)]);
}

/** The rule without the options of a keyword. */
function without(text: string, names: ReadonlySet<string>): string {
  const { rule } = parseRule(text);
  if (rule === null) throw new Error(`no rule: ${text}`);
  let left = text;
  for (const option of [...rule.options].reverse())
    if (names.has(option.name.text.toLowerCase())) left = left.slice(0, option.start) + left.slice(option.end);
  return left;
}

/** Keywords that change nothing of a rule that loads, and why that is right. Their sentence in the listing says it. */
const NO_EFFECT: Readonly<Record<string, RegExp>> = {
  prefilter: /changes no alert/,
  rawbytes: /always look at raw octets/,
  requires: /used only by engines/,
};

/** Examples that ask for nothing: `stateless` only contradicts what asks for a state. */
const NOTHING = new Set(['flow:stateless; content:"a";']);

describe('each keyword has an effect, or says that it has none', () => {
  const tested = keywords(catalog).flatMap(({ name, aliases, examples }) =>
    examples
      .filter(({ error, options }) => error === undefined && NO_EFFECT[name] === undefined && !NOTHING.has(options))
      .map((example) => [example.options, name, aliases, example] as const),
  );

  it.each(Object.entries(NO_EFFECT))('%s says that it has none', (name, says) =>
    expect(keywords(catalog).find((one) => one.name === name)?.doc).toMatch(says),
  );

  it.each(tested)('%s', (_, name, aliases, { options, protocol }) => {
    const text = ruleOf(options, protocol);
    const bare = without(text, new Set([name, ...aliases]));
    expect(bare).not.toBe(text);
    expect(outcome(bare)).not.toBe(outcome(text));
  });
});
