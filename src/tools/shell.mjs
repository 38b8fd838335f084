// Running other programs and telling the person about it. Node built-ins only: nothing is installed yet when this starts.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The Cargo workspace. */
export const NATIVE = fileURLToPath(new URL('../../native/', import.meta.url));

/** A step that went wrong in a way its message explains: no stack is shown. */
export class Failed extends Error {}

/** Says a line. */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Seconds since `start` (`performance.now()`), as people read them. */
export function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/**
 * Runs a program and shows what it prints. `onLine` sees each line of its standard output as well.
 * @returns {Promise<number>} its exit status
 */
export function run(program, args, { cwd = ROOT, env = {}, onLine } = {}) {
  const { promise, resolve, reject } = deferred();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', onLine ? 'pipe' : 'inherit', 'inherit'],
  });
  child.on('error', (error) =>
    reject(error.code === 'ENOENT' ? new Failed(`\`${program}\` is not installed or not in PATH.`) : error),
  );
  if (onLine) {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      say(line);
      onLine(line);
    });
  }
  child.on('close', (status, signal) => resolve(status ?? 128 + (signal ? 1 : 0)));
  return promise;
}

/** Runs a program and fails with `what` when it does. */
export async function must(what, program, args, options) {
  const status = await run(program, args, options);
  if (status !== 0)
    throw new Failed(`${what} failed: \`${[program, ...args].join(' ')}\` ended with status ${status}.`);
}

/** The standard output of a program, or null when it cannot be run or fails. */
export function output(program, args, { cwd = ROOT } = {}) {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 256 << 20 });
  return done.status === 0 ? done.stdout : null;
}

/** Whether a module (its `import.meta.url`) is the program, and not imported by another. */
export function isMain(url) {
  const [, program] = process.argv;
  return program !== undefined && url === pathToFileURL(program).href;
}

/** Runs a command's main function; a `Failed` ends the process with its message alone. */
export async function main(action) {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
