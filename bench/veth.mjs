// A pair of interfaces in a network namespace of its own: what is sent into `west` comes out at `east`, where an engine listens.
// Root of a Linux, with iproute2 and tcpreplay.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const SPACE = `sidewire-bench-${process.pid}`;
/** Milliseconds in which an engine has read what was on the wire when the sender ended. */
const SETTLED = 1500;

const ip = (line) => execFileSync('ip', line.split(' '), { stdio: 'pipe' });

/** Runs something beside a pair of interfaces, which is gone afterwards. */
export async function withVeth(use) {
  try {
    ip(`netns add ${SPACE}`);
    ip(`-n ${SPACE} link add west type veth peer name east`);
    for (const end of ['west', 'east']) {
      ip(`-n ${SPACE} link set ${end} addrgenmode none arp off mtu 9000`);
      ip(`-n ${SPACE} link set ${end} up`);
    }
    return await use();
  } finally {
    ip(`netns del ${SPACE}`);
  }
}

/** Starts a program in the namespace. */
export function spawnInside(words, options) {
  return spawn('ip', ['netns', 'exec', SPACE, ...words], options);
}

/** Process ids in the namespace. */
export function pidsInside() {
  return execFileSync('ip', ['netns', 'pids', SPACE], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** Seconds of CPU of every thread in the namespace, by its number. */
export function cpuInside() {
  const threads = pidsInside().flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}`),
  );
  const nanoseconds = (thread) => Number(readFileSync(`${thread}/schedstat`, 'utf8').split(' ')[0]);
  return new Map(threads.map((thread) => [thread, nanoseconds(thread) / 1e9]));
}

/** Sends a capture; `flags` are tcpreplay's. @returns {Promise<{sent: number, pps: number}>} packets, and packets a second */
export async function send(capture, flags) {
  const child = spawnInside(['tcpreplay', '-i', 'west', '-K', ...flags, capture], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  await new Promise((resolve) => child.once('exit', resolve));
  await pause(SETTLED);
  const [, sent, seconds] = /Actual: (\d+) packets .* sent in ([\d.]+) seconds/.exec(said) ?? [];
  if (sent === undefined) throw new Error(`tcpreplay: ${said}`);
  return { sent: Number(sent), pps: Number(sent) / Number(seconds) };
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until something holds; throws after so many milliseconds, with what `said` tells. */
export async function until(holds, most, said) {
  const end = Date.now() + most;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`in vain: ${said()}`);
    await pause(20);
  }
}
