// What TypeScript writes for Rust is read there: a field of the IR or of the run's configuration that nothing reads is a
// keyword without effect, or a setting accepted in vain.
import { partner } from './rust-source.mjs';

const CONFIGURATION = /^native\/crates\/engine\/src\/config\/run_config\.rs$/;
/** Where the types are that TypeScript fills. */
const DEFINED = [/^native\/crates\/ir\/src\//, CONFIGURATION];
/** Who reads them. */
const READERS = ['detect', 'engine', 'napi', 'sigma'];

export const crossingFields = {
  name: 'fields that cross',
  about: 'every field that TypeScript fills is read by Rust',
  find({ rust }) {
    const sources = rust.filter(({ isTest }) => !isTest);
    const definitions = sources.filter(({ path }) => DEFINED.some((pattern) => pattern.test(path)));
    const code = sources
      .filter((file) => READERS.includes(file.crate) && !definitions.includes(file))
      .map((file) => file.code)
      .join('\n');
    const types = definitions.flatMap((file) => crossingTypes(file).map((type) => ({ ...type, file })));
    return types.flatMap(({ name, fields, file }) =>
      fields
        .filter((field) => !isRead(code, name, field, isShared(types, file, field)))
        .map((field) => `${file.path}: ${name}.${field} is read nowhere`),
    );
  },
};

/**
 * Whether other parts of the configuration have a setting of the name (`enabled`, `memcap`), so that `.enabled` does not say
 * whose is read: such a part is to be taken apart by a pattern. The compiler then says what of it is not used.
 */
function isShared(types, file, field) {
  const shared = types.filter((type) => type.file === file && type.fields.includes(field)).length > 1;
  return shared && CONFIGURATION.test(file.path);
}

function isRead(code, type, field, shared) {
  if (!shared && new RegExp(`\\.\\s*${field}\\b(?!\\s*\\()`).test(code)) return true;
  return patternsOf(code, type).some((inside) =>
    new RegExp(`(?:^|[\\s,{(])(?:ref\\s+|mut\\s+)*${field}\\b(?!\\s*:\\s*_)`).test(inside),
  );
}

/** The insides of the braces after a type's name: patterns that take it apart. */
function patternsOf(code, type) {
  return [...code.matchAll(new RegExp(`\\b${type}\\s*\\{`, 'g'))].map(({ index, 0: match }) => {
    const open = index + match.length - 1;
    return code.slice(open + 1, partner(code, open));
  });
}

/** Structures and variants with named fields of types that are deserialized. */
export function crossingTypes({ code }) {
  const found = [];
  for (const match of code.matchAll(
    /#\[derive\(([^)]*)\)\](?:\s*#\[[^\]]*\])*\s*pub\s+(struct|enum)\s+(\w+)[^{;(]*\{/g,
  )) {
    const [whole, derived, kind, name] = match;
    if (!/\bDeserialize\b/.test(derived)) continue;
    const open = match.index + whole.length - 1;
    const body = code.slice(open + 1, partner(code, open));
    if (kind === 'struct') found.push({ name, fields: fieldsOf(body, /\bpub\s+(?:r#)?(\w+)\s*:/g) });
    else for (const variant of variantsOf(body)) found.push(variant);
  }
  return found;
}

function variantsOf(body) {
  return [...body.matchAll(/\b([A-Z]\w*)\s*\{/g)].map(({ index, 0: match, 1: name }) => {
    const open = index + match.length - 1;
    return {
      name,
      fields: fieldsOf(body.slice(open + 1, partner(body, open)), /(?:^|[,\n])\s*(?:r#)?([a-z]\w*)\s*:(?!:)/g),
    };
  });
}

const fieldsOf = (body, pattern) => [...body.matchAll(pattern)].map(([, name]) => name);
