// The options of the measurements: what they are, read and explained in one place.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const WRONG_USE = 2;

/**
 * Reads the command line. `--help` and whatever cannot be read end the program, the one with 0, the other with 2.
 * @param {object} of
 * @param {string} of.usage what is written behind `node bench/`
 * @param {string} of.about what is measured
 * @param {Record<string, {kind: 'number' | 'text' | 'switch', default?: string | number | boolean, doc?: string, value?: string}>}
 *   of.options by name; one without `doc` is for the program's own use
 * @param {boolean | 'optional'} [of.files] whether files or folders follow; they must exist
 * @returns {{values: Record<string, string | number | boolean | undefined>, files: string[]}}
 */
export function readOptions({ usage, about, options, files = false }) {
  const fail = (problem) => {
    console.error(`error: ${problem}\nusage: node bench/${usage}\n--help tells more.`);
    process.exit(WRONG_USE);
  };
  const parsed = parse(options, files !== false, fail);
  if (parsed.values.help) {
    console.log(explained(usage, about, options));
    process.exit(0);
  }
  const values = {};
  for (const [name, { kind, default: otherwise }] of Object.entries(options)) {
    const given = parsed.values[name];
    values[name] = given ?? otherwise;
    if (kind === 'number' && given !== undefined) {
      if (!/^[1-9][0-9]*$/.test(given)) fail(`--${name} takes a whole number above 0, not "${given}"`);
      values[name] = Number(given);
    }
  }
  if (files === true && parsed.positionals.length === 0) fail('a capture, or a folder of captures, is to follow');
  for (const path of parsed.positionals) if (!existsSync(path)) fail(`${path}: there is no such file or folder`);
  return { values, files: parsed.positionals };
}

function parse(options, allowPositionals, fail) {
  const known = Object.entries(options).map(([name, { kind }]) => [
    name,
    { type: kind === 'switch' ? 'boolean' : 'string' },
  ]);
  try {
    return parseArgs({
      allowPositionals,
      options: { ...Object.fromEntries(known), help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    // Node's message: its first sentence says what is wrong, the rest is about its own rules.
    return fail(error.message.split(/\. |\n/)[0]);
  }
}

function explained(usage, about, options) {
  const rows = Object.entries(options)
    .filter(([, { doc }]) => doc !== undefined)
    .map(([name, { kind, value, doc, default: otherwise }]) => [
      `--${name}${kind === 'switch' ? '' : ` ${value ?? (kind === 'number' ? 'N' : 'TEXT')}`}`,
      doc + (otherwise === undefined || otherwise === false ? '' : ` (default: ${otherwise})`),
    ]);
  rows.push(['-h, --help', 'this text']);
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    `usage: node bench/${usage}`,
    '',
    about,
    '',
    ...rows.map(([flag, doc]) => `  ${flag.padEnd(width)}  ${doc}`),
  ].join('\n');
}
