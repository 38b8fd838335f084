// `npm run bench`: set-up, build, and the end-to-end measurements of bench/.
import { join } from 'node:path';
import { build } from './build.mjs';
import { setup } from './setup.mjs';
import { Failed, main, ROOT, run } from './shell.mjs';

await main(async () => {
  await setup();
  await build();
  const status = await run(process.execPath, [join(ROOT, 'bench', 'end-to-end.mjs'), ...process.argv.slice(2)]);
  if (status !== 0) throw new Failed(`The measurements ended with status ${status}.`);
});
