import { didYouMean } from '../diagnostics/suggest.js';
import { EngineError } from './error.js';

/** The members of a type of options, each: a member that is added to the type must be added here. */
export type KnownKeys<T> = Readonly<Record<keyof T, true>>;

/**
 * Refuses options with members that nobody reads. A misspelt one would change nothing and say nothing: rules under `file` would be
 * no rules, and everything silent.
 * @throws {EngineError} `options/unknown`
 */
export function refuseUnknown<T>(what: string, given: unknown, known: KnownKeys<T>): void {
  const names = Object.keys(known);
  const way = `${what} has ${names.map((name) => `\`${name}\``).join(', ')}`;
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw new EngineError('options/unknown', `${what} is an object, not ${shown(given)}; ${way}.`);
  // By name: an object of another realm (a test in a context of its own) has another `Object`.
  const name = Object.getPrototypeOf(given) === null ? 'Object' : given.constructor?.name;
  if (name !== 'Object') throw new EngineError('options/unknown', `${what} is a plain object, not a ${name}; ${way}.`);
  const unknown = Object.keys(given).find((key) => !names.includes(key));
  if (unknown === undefined) return;
  const hint = didYouMean(unknown, names) ?? way;
  throw new EngineError('options/unknown', `${what} has no member \`${unknown}\`: ${hint}`);
}

/** Refuses a list that is none, or holds something else than texts: a text alone would be taken letter by letter. */
export function refuseNoTexts(what: string, given: unknown): void {
  if (given === undefined || (Array.isArray(given) && given.every((one) => typeof one === 'string'))) return;
  throw new EngineError('options/unknown', `${what} is a list of texts, not ${shown(given)}.`);
}

/** Refuses what is no text where one is due. */
export function refuseNoText(what: string, given: unknown): void {
  if (given === undefined || typeof given === 'string') return;
  throw new EngineError('options/unknown', `${what} is a text, not ${shown(given)}.`);
}

function shown(given: unknown): string {
  if (Array.isArray(given)) return 'a list';
  if (typeof given === 'string') return `the text ${JSON.stringify(given.slice(0, 40))}`;
  return given === null ? 'null' : typeof given === 'object' ? 'an object' : `${typeof given} ${String(given)}`;
}
