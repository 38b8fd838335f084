import * as v from 'valibot';

/**
 * A key of suricata.yaml and what its text means. What is a key is read: a run's configuration is made of settings, and
 * the schema is made of their keys.
 */
export interface Key<T> {
  /** As in `--set`: `stream.reassembly.depth`. */
  readonly path: string;
  readonly type: v.GenericSchema<unknown, T>;
}

export function key<T>(path: string, type: v.GenericSchema<unknown, T>): Key<T> {
  return { path, type };
}

/** The values of a configuration by their keys. */
export class Values {
  readonly #parsed: unknown;

  /** `parsed`: what a schema of all keys has made of a configuration. */
  constructor(parsed: unknown) {
    this.#parsed = parsed;
  }

  /** The value of a key; `undefined` when the configuration does not have it. */
  get<T>({ path }: Key<T>): T | undefined {
    let node: unknown = this.#parsed;
    for (const name of path.split('.')) {
      if (typeof node !== 'object' || node === null) return undefined;
      node = (node as Readonly<Record<string, unknown>>)[name];
    }
    return node as T | undefined;
  }
}

/** Where a field of the run's configuration is from. */
export interface Setting<T> {
  readonly keys: readonly Key<unknown>[];
  resolve(values: Values): T;
}

/** A setting for each field: one that Rust has and no setting fills does not compile. */
export type Table<T> = { readonly [Field in keyof T]: Setting<T[Field]> };

/** A field that is one key's value; `absent`: what Suricata's code has without it. */
export function from<T>(path: string, type: v.GenericSchema<unknown, T>, absent: T): Setting<T> {
  const one = key(path, type);
  return { keys: [one], resolve: (values) => values.get(one) ?? absent };
}

/** A number that is one key's value, up to what its field holds. */
export function upTo(
  most: number,
  path: string,
  type: v.GenericSchema<unknown, number>,
  absent: number,
): Setting<number> {
  return made([key(path, type)], (value) => Math.min(value ?? absent, most));
}

/** A field that is made of the values of several keys. */
export function made<const Keys extends readonly Key<unknown>[], T>(
  keys: Keys,
  make: (...values: { [At in keyof Keys]: Keys[At] extends Key<infer V> ? V | undefined : never }) => T,
): Setting<T> {
  const apply = make as (...values: unknown[]) => T;
  return { keys, resolve: (values) => apply(...keys.map((one) => values.get(one))) };
}

/** A field that no configuration sets. */
export function fixed<T>(value: T): Setting<T> {
  return { keys: [], resolve: () => value };
}

/** The fields of a table. */
export function resolveTable<T>(table: Table<T>, values: Values): T {
  const fields = Object.entries(table) as [string, Setting<unknown>][];
  return Object.fromEntries(fields.map(([field, setting]) => [field, setting.resolve(values)])) as T;
}

/** The keys of a table. */
export function keysOf<T>(table: Table<T>): readonly Key<unknown>[] {
  return (Object.values(table) as Setting<unknown>[]).flatMap(({ keys }) => keys);
}

interface Branch {
  readonly [name: string]: Branch | v.GenericSchema;
}

/** The schema of a configuration that has these keys. It lets others through; `unknownKeys` names them. */
export function schemaOf(keys: readonly Key<unknown>[]): v.GenericSchema {
  const root: { [name: string]: Branch | v.GenericSchema } = {};
  for (const { path, type } of keys) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    let branch = root;
    for (const name of names) {
      branch[name] ??= {};
      branch = branch[name] as typeof root;
    }
    branch[last] = type;
  }
  return objectOf(root);
}

function objectOf(branch: Branch): v.GenericSchema {
  const entries = Object.entries(branch).map(([name, child]) => [
    name,
    v.optional(isSchema(child) ? child : sectionOf(child)),
  ]);
  return v.looseObject(Object.fromEntries(entries) as v.ObjectEntries);
}

/** A section; one of which everything is commented out says nothing. */
function sectionOf(branch: Branch): v.GenericSchema {
  const [wrapped, empty] = [objectOf(branch), v.literal('')];
  return Object.assign(
    v.lazy((input): v.GenericSchema => (input === '' ? empty : wrapped)),
    // What the section has is looked up by `unknownKeys`.
    { wrapped },
  );
}

function isSchema(child: Branch | v.GenericSchema): child is v.GenericSchema {
  return '~standard' in child;
}
