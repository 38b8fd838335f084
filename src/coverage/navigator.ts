import type { CoverageRule } from './row.js';

/** What a technique of a layer says of a rule. */
interface LayerMetadata {
  readonly name: string;
  readonly value: string;
}

/** A technique of a layer. */
interface LayerTechnique {
  readonly techniqueID: string;
  /** Absent where no rule is about the technique itself. */
  readonly score?: number;
  readonly color?: string;
  readonly comment?: string;
  readonly enabled: boolean;
  readonly metadata?: readonly LayerMetadata[];
  readonly showSubtechniques: boolean;
}

/** A layer of the ATT&CK Navigator, version 4.5 of its format. */
export interface NavigatorLayer {
  readonly name: string;
  readonly versions: { readonly attack: string; readonly navigator: string; readonly layer: '4.5' };
  readonly domain: 'enterprise-attack';
  readonly description: string;
  readonly sorting: number;
  readonly techniques: readonly LayerTechnique[];
  readonly legendItems: readonly { readonly label: string; readonly color: string }[];
  readonly hideDisabled: boolean;
  readonly showTacticRowBackground: boolean;
  readonly selectTechniquesAcrossTactics: boolean;
  readonly selectSubtechniquesWithParent: boolean;
}

const COLORS = { proved: '#31a354', tagged: '#fdae6b', none: '#ffffff' } as const;

/** The Navigator sorts by falling score. */
const BY_SCORE = 3;

/**
 * Rules as a layer: the score is the number of rules, the colour says whether a test proves one of them, or only a tag names the
 * technique; the metadata name each rule and its samples.
 */
export function navigatorLayer(
  rules: readonly CoverageRule[],
  proofs: ReadonlyMap<CoverageRule, readonly string[]>,
): NavigatorLayer {
  const tagged = techniqueRules(rules);
  const names = new Set(tagged.map(([technique]) => technique));
  // A technique below another is seen where that is unfolded.
  const parents = new Set([...names].flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])));
  const unfolded = [...parents].filter((name) => !names.has(name));
  const scored = tagged.map(([techniqueID, own]): LayerTechnique => {
    const proved = own.filter((rule) => proofs.has(rule)).length;
    return {
      techniqueID,
      score: own.length,
      color: proved > 0 ? COLORS.proved : COLORS.tagged,
      comment: `${own.length} rules, ${proved} proved by a test`,
      enabled: true,
      metadata: own.map((rule) => ({
        name: `${rule.vendor} ${rule.id}`,
        value: `${rule.title}: ${stateOf(rule, proofs)}`,
      })),
      showSubtechniques: parents.has(techniqueID),
    };
  });
  const bare = unfolded.map((techniqueID) => ({ techniqueID, enabled: true, showSubtechniques: true }));
  const techniques = [...scored, ...bare].sort((a, b) => (a.techniqueID < b.techniqueID ? -1 : 1));
  return {
    name: 'sidewire coverage',
    versions: { attack: '17', navigator: '5.1.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description: `${rules.length} rules; green: a test proves one, orange: only tagged, white: none`,
    sorting: BY_SCORE,
    techniques,
    legendItems: [
      { label: 'proved by a test', color: COLORS.proved },
      { label: 'only tagged', color: COLORS.tagged },
      { label: 'no rule', color: COLORS.none },
    ],
    hideDisabled: false,
    showTacticRowBackground: false,
    selectTechniquesAcrossTactics: true,
    selectSubtechniquesWithParent: false,
  };
}

/** How much a rule is worth: proved by samples, only tagged, or read and not run here. */
export function stateOf(rule: CoverageRule, proofs: ReadonlyMap<CoverageRule, readonly string[]>): string {
  const samples = proofs.get(rule);
  if (samples) return `proved by ${samples.join(', ')}`;
  return rule.runs ? 'only tagged' : 'only tagged, does not run here';
}

/** The techniques that rules are tagged with, each with its rules; by id. */
export function techniqueRules(rules: readonly CoverageRule[]): [technique: string, rules: CoverageRule[]][] {
  const found = new Map<string, CoverageRule[]>();
  for (const rule of rules)
    for (const technique of rule.techniques) {
      const known = found.get(technique);
      if (known) known.push(rule);
      else found.set(technique, [rule]);
    }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}
