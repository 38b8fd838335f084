// A type's name is defined once in the workspace, so that a name that is read or searched for means one thing.
import { typesDefined } from './rust-source.mjs';

export const typeNames = {
  name: 'type names',
  about: 'a name of a type is defined once in the workspace',
  find({ rust }) {
    const places = new Map();
    for (const { path, code, isTest } of rust)
      if (!isTest)
        for (const { name, line } of typesDefined(code))
          places.set(name, [...(places.get(name) ?? []), `${path}:${line}`]);
    return [...places]
      .filter(([, at]) => at.length > 1)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, at]) => `${name} is defined ${at.length} times: ${at.join(', ')}`);
  },
};
