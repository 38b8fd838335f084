import type { Span } from '../../../source/span.js';
import type { Keyword, Option } from '../keywords/keyword.js';
import type { OptionNode } from '../syntax/ast.js';
import type { RuleContext } from './context.js';

/** Brings an option's value into the form its keyword takes: without `!` and quotes. Reports and gives `null` when it cannot. */
export function readOption(node: OptionNode, keyword: Keyword, cx: RuleContext): Option | null {
  const name = node.name.text.toLowerCase();
  const { value } = node;
  if (value === null) {
    if (keyword.value === 'required') {
      cx.report('keyword/missing-value', node.name, `\`${name}\` needs a value`, `write \`${name}:...;\``, name);
      return null;
    }
    return { name, value: '', span: node.name, negated: false };
  }
  if (keyword.value === 'none') {
    cx.report('keyword/unexpected-value', value, `\`${name}\` takes no value`, `write \`${name};\``, name);
    return null;
  }
  let { text, start } = value;
  let negated = false;
  if (keyword.negatable === true && text.startsWith('!')) {
    negated = true;
    const rest = text.slice(1);
    // Blanks may stand between `!` and a quote.
    text = keyword.quotes === undefined ? rest : rest.trimStart();
    start += value.text.length - text.length;
  }
  const span: Span = { start, end: value.end };
  if (!text.startsWith('"')) {
    if (keyword.quotes !== 'required') return { name, value: text, span, negated };
    return refuse(cx, span, name, `the value of \`${name}\` stands in double quotes`, `write \`${name}:"...";\``);
  }
  switch (keyword.quotes) {
    case 'kept':
      return { name, value: text, span, negated };
    case 'required':
    case 'allowed':
      if (text.length < 2 || !text.endsWith('"')) {
        return refuse(
          cx,
          span,
          name,
          'the closing quote is missing',
          'a `;` inside quotes is written `\\;`; close the value with `"`',
        );
      }
      if (text.length === 2) return refuse(cx, span, name, 'the value is empty', 'write something between the quotes');
      return { name, value: text.slice(1, -1), span: { start: start + 1, end: value.end - 1 }, negated };
    default:
      return refuse(cx, span, name, `the value of \`${name}\` has no quotes`, 'remove them');
  }
}

function refuse(cx: RuleContext, span: Span, name: string, message: string, help: string): null {
  cx.report('syntax/quote', span, message, help, name);
  return null;
}
