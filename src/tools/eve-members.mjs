// Which members of EVE events are described and which were seen, to find descriptions of what is never written.

/** Mark of a member that no test makes, in its description's `$comment`, followed by the reason. */
const UNSEEN = 'unseen: ';
/** Mark of one that tests make on some machines only. */
const SOMETIMES = 'sometimes unseen: ';
const EVENT = 'event.';
const ENVELOPE = 'envelope';

/** Every member that the schema (src/schema/eve.json) describes, as `alert.metadata`; and those that are excused. */
export function describedMembers(schema) {
  const members = new Set();
  const excused = new Set();
  const visit = (part, key) => {
    for (const [name, child] of Object.entries(part.properties ?? {})) {
      const here = `${key}.${name}`;
      if (child.$comment?.startsWith(UNSEEN)) excused.add(here);
      else if (!child.$comment?.startsWith(SOMETIMES)) members.add(here);
      visit(child, here);
    }
    if (part.items) visit(part.items, `${key}[]`);
    if (typeof part.additionalProperties === 'object') visit(part.additionalProperties, `${key}.*`);
  };
  for (const [def, part] of Object.entries(schema.$defs)) visit(def.startsWith(EVENT) ? own(schema, part) : part, def);
  return { members, excused };
}

/** Adds the members of an event to `seen`. */
export function addMembers(schema, event, seen) {
  const visit = (part, value, key) => {
    if (typeof value !== 'object' || value === null || part === undefined) return;
    if (part.$ref) {
      const def = part.$ref.slice('#/$defs/'.length);
      visit(schema.$defs[def], value, def);
    } else if (Array.isArray(value)) for (const item of value) visit(part.items, item, `${key}[]`);
    else
      for (const [name, child] of Object.entries(value)) {
        const described = part.properties?.[name];
        if (described) seen.add(`${key}.${name}`);
        const more = typeof part.additionalProperties === 'object' ? part.additionalProperties : undefined;
        visit(described ?? more, child, described ? `${key}.${name}` : `${key}.*`);
      }
  };
  const name = `${EVENT}${event.event_type}`;
  const part = schema.$defs[name];
  if (part === undefined) return;
  visit(schema.$defs[ENVELOPE], event, ENVELOPE);
  visit(part, event, name);
}

/** What an event says beside the envelope and the records, which have definitions of their own. */
function own(schema, part) {
  const common = schema.$defs[ENVELOPE].properties;
  const properties = Object.entries(part.properties).filter(
    ([name, child]) => !(name in common) && name !== 'event_type' && !child.$ref,
  );
  return { properties: Object.fromEntries(properties) };
}
