import type { SourceFile } from '../../rules/suricata/index.js';
import { keywords, parseRule } from '../../rules/suricata/index.js';
import { ruleLines } from '../../rules/suricata/syntax/lines.js';
import { Source } from '../../source/source.js';
import { type TaggedRule, techniqueId } from '../model/coverage.js';
import type { RuleText } from '../model/rule-text.js';

/** The rules that a page knows: their texts by signature id, and what they are tagged with. */
export class LoadedRules {
  readonly #texts = new Map<string, string>();
  readonly #made = new Map<string, RuleText>();
  /** Rules that are known to be loaded. */
  readonly tagged: readonly TaggedRule[];
  #docs: ReadonlyMap<string, string> | null = null;

  /** `areLoaded`: the events are of these rules. Else they only tell what rules say that alerted, and nothing is known of the others. */
  constructor(files: readonly SourceFile[], areLoaded: boolean) {
    const tagged: TaggedRule[] = [];
    for (const { path, text } of files)
      for (const line of ruleLines(new Source(path, text))) {
        const [, sid] = /[(;]\s*sid\s*:\s*(\d+)/.exec(line.text) ?? [];
        if (sid === undefined) continue;
        const [, gid = '1'] = /[(;]\s*gid\s*:\s*(\d+)/.exec(line.text) ?? [];
        this.#texts.set(`${gid}:${sid}`, line.text);
        if (areLoaded) tagged.push({ techniques: techniquesOf(line.text) });
      }
    this.tagged = tagged;
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

/** ATT&CK techniques in the metadata of a rule. */
function techniquesOf(text: string): string[] {
  return [...text.matchAll(/\bmitre_technique_id\s+(T\d{4}(?:[._]\d{3})?)/g)].map(([, id]) => techniqueId(id ?? ''));
}
