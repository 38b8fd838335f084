// `npm run generate`: everything under src/generated and src/schema. Rust's types cross by way of its tests; the types of
// events come of their descriptions. The manual page comes of the commands.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedEvents } from './events.mjs';
import { EXPORT } from './generated.mjs';
import { CARGO } from './rust.mjs';
import { main, must, NATIVE, ROOT, say } from './shell.mjs';

await main(async () => {
  for (const [path, text] of generatedEvents()) writeFileSync(join(ROOT, path), text);
  await must('Exporting the types', CARGO, EXPORT, { cwd: NATIVE });
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  await must('Writing the manual page', process.execPath, [vitest, 'run', 'src/cli/man.test.ts', '--update'], {
    cwd: ROOT,
  });
  say('generate: src/generated and src/schema are what the sources say');
});
