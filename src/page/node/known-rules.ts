import type { SourceFile } from '../../rules/suricata/index.js';
import { keywords, parseRule } from '../../rules/suricata/index.js';
import { ruleLines } from '../../rules/suricata/syntax/lines.js';
import { Source } from '../../source/source.js';
import type { RuleText } from '../model/rule-text.js';

/** The rules that a page knows, by their signature ids. */
export class KnownRules {
  readonly #texts = new Map<string, string>();
  readonly #made = new Map<string, RuleText>();
  #docs: ReadonlyMap<string, string> | null = null;

  constructor(files: readonly SourceFile[]) {
    for (const { path, text } of files)
      for (const line of ruleLines(new Source(path, text))) {
        const [, sid] = /[(;]\s*sid\s*:\s*(\d+)/.exec(line.text) ?? [];
        if (sid === undefined) continue;
        const [, gid = '1'] = /[(;]\s*gid\s*:\s*(\d+)/.exec(line.text) ?? [];
        this.#texts.set(`${gid}:${sid}`, line.text);
      }
  }

  /** The rule of an alert; `null` when it is none of these. */
  text(gid: number, sid: number): RuleText | null {
    const key = `${gid}:${sid}`;
    const text = this.#texts.get(key);
    if (text === undefined) return null;
    const known = this.#made.get(key) ?? this.#make(gid, sid, text);
    this.#made.set(key, known);
    return known;
  }

  #make(gid: number, sid: number, text: string): RuleText {
    const { rule } = parseRule(text);
    if (rule === null) return { gid, sid, header: text, options: [] };
    const docs = this.#keywordDocs();
    return {
      gid,
      sid,
      header: text.slice(0, text.indexOf('(')).trim(),
      options: rule.options.map(({ name, value }) => {
        const doc = docs.get(name.text);
        return {
          name: name.text,
          ...(value === null ? {} : { value: value.text }),
          ...(doc ? { doc } : {}),
        };
      }),
    };
  }

  #keywordDocs(): ReadonlyMap<string, string> {
    this.#docs ??= new Map(
      keywords().flatMap(({ name, aliases, doc }) => [name, ...aliases].map((one) => [one, doc] as const)),
    );
    return this.#docs;
  }
}
