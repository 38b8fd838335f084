// Puts the program of the page (src/page/app) and all it imports into one script, and its style beside it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './shell.mjs';

const APP = join(ROOT, 'src', 'page', 'app');

/** Bundles the page into a folder: `app.js` and `app.css`, each in one piece. */
export async function bundlePage(folder = join(ROOT, 'dist', 'page', 'app')) {
  // Not before it is installed.
  const { rolldown } = await import('rolldown');
  const bundled = await rolldown({
    input: { app: join(APP, 'main.tsx') },
    platform: 'browser',
    tsconfig: join(APP, 'tsconfig.json'),
    transform: { target: 'es2022' },
  });
  const { output } = await bundled.generate({ format: 'esm', minify: true, codeSplitting: false });
  await bundled.close();
  if (output.length !== 1) throw new Error(`the page is in ${output.length} pieces, and must be in one`);
  mkdirSync(folder, { recursive: true });
  // It stands inside of HTML: nothing in it may end the script there.
  const script = output[0].code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  write(join(folder, 'app.js'), script);
  write(join(folder, 'app.css'), readFileSync(join(APP, 'app.css'), 'utf8'));
  return folder;
}

/** Puts a file into place whole: tests that run side by side read it while others write it. */
function write(path, text) {
  const fresh = `${path}.${process.pid}-${performance.now()}`;
  writeFileSync(fresh, text);
  renameSync(fresh, path);
}
