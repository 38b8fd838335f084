// `npm run bench [-- NAME] [options]`: set-up, build, and a measurement of bench/ by its name: `end-to-end` unless another is said,
// `gate` with `--gate` or `--write` (instructions a packet, held against the committed baseline).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { Failed, main, ROOT, run } from './shell.mjs';

await main(async () => {
  const [name, args] = asked(process.argv.slice(2));
  const script = join(ROOT, 'bench', `${name}.mjs`);
  if (!existsSync(script)) throw new Failed(`There is no measurement ${name}: bench/README.md lists them.`);
  const explained = args.some((arg) => arg === '--help' || arg === '-h') && existsSync(join(ROOT, 'dist', 'index.js'));
  if (!explained) {
    await setup();
    await build();
  }
  const status = await run(process.execPath, [script, ...args]);
  if (status !== 0) throw new Failed(`The measurements ended with status ${status}.`);
});

/** The script's name, and what is left of the command line for it. */
function asked([first, ...rest]) {
  if (first !== undefined && !first.startsWith('-')) return [first, rest];
  const args = first === undefined ? rest : [first, ...rest];
  return [args.some((arg) => arg === '--gate' || arg === '--write') ? 'gate' : 'end-to-end', args];
}
