// `npm run bench`: set-up, build, and the end-to-end measurements of bench/; with `--gate` or `--write`, instructions a packet
// held against the committed baseline.
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { Failed, main, ROOT, run } from './shell.mjs';

await main(async () => {
  await setup();
  await build();
  const args = process.argv.slice(2);
  const script = args.some((arg) => arg === '--gate' || arg === '--write') ? 'gate.mjs' : 'end-to-end.mjs';
  const status = await run(process.execPath, [join(ROOT, 'bench', script), ...args]);
  if (status !== 0) throw new Failed(`The measurements ended with status ${status}.`);
});
