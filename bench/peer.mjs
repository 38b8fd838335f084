// Suricata as the peer: `--suricata`, `$SURICATA_PROGRAM`, the program in PATH, or the oracle script beside the checkout.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Sessions are picked up in the middle on both sides. */
const MIDSTREAM = ['--set', 'stream.midstream=true'];

/** How the peer is called for a replay with one thread; null without one. `program` is that of `--suricata`. */
export function findPeer(root, program = process.env.SURICATA_PROGRAM ?? 'suricata') {
  const any = ['HOME_NET', 'EXTERNAL_NET'].flatMap((name) => ['--set', `vars.address-groups.${name}=any`]);
  const flags = ['-k', 'none', '--runmode', 'single', ...any, ...MIDSTREAM];
  if (spawnSync(program, ['-V']).status === 0)
    return (capture, rules, out) => [program, ['-r', capture, '-S', rules, '-l', out, ...flags]];
  const oracle = join(root, '..', 'shared', 'oracle', 'suricata.sh');
  if (!existsSync(oracle)) return null;
  return (capture, rules, out) => ['bash', [oracle, 'replay', capture, rules, out, ...any, ...MIDSTREAM]];
}

/** How the peer is called to listen on an interface with one thread: rules and folder to words; null without one. */
export function findListener(root, program = process.env.SURICATA_PROGRAM ?? 'suricata', name = 'lo') {
  const any = ['HOME_NET', 'EXTERNAL_NET'].flatMap((group) => ['--set', `vars.address-groups.${group}=any`]);
  const threads = ['--set', `af-packet.0.interface=${name}`, '--set', 'af-packet.0.threads=1'];
  const flags = (rules, out) =>
    [`--af-packet=${name}`, '-S', rules, '-l', out, '-k', 'none', '--runmode', 'workers'].concat(
      threads,
      any,
      MIDSTREAM,
    );
  if (spawnSync(program, ['-V']).status === 0) return (rules, out) => [program, ...flags(rules, out)];
  const oracle = join(root, '..', 'shared', 'oracle', 'suricata.sh');
  if (!existsSync(oracle)) return null;
  const settings = ['-c', '/etc/suricata/suricata.yaml'];
  return (rules, out) => ['bash', oracle, 'run', ...flags(rules, out), ...settings];
}

/** How this checkout's command line is called for the same: one thread, the same variables and checksums. */
export function ownCommand(root, matcher) {
  const flags = ['--workers', '1', '-k', 'none', '--home-net', 'any', '--external-net', 'any', '--matcher', matcher];
  const cli = join(root, 'dist', 'cli', 'bin.js');
  return (capture, rules, out) => [process.execPath, [cli, 'replay', capture, '-S', rules, '-l', out, ...flags]];
}

/**
 * Seconds of wall clock and peak memory (octets; null where it cannot be told) of one replay as a process of its own,
 * start and loading included; null when it fails.
 */
export function timeCommand(command, capture, rules, out) {
  mkdirSync(out, { recursive: true });
  const [program, args] = command(capture, rules, out);
  const own = spawnSync('/usr/bin/time', ['-f', '%M', 'true']).status === 0;
  const start = performance.now();
  const done = own
    ? spawnSync('/usr/bin/time', ['-f', '%M', program, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
      })
    : spawnSync(program, args, { stdio: 'ignore' });
  const seconds = (performance.now() - start) / 1000;
  const kibibytes = own ? Number(/(\d+)\s*$/.exec(done.stderr)?.[1]) : Number.NaN;
  return done.status === 0 ? { seconds, peakMemory: kibibytes ? kibibytes * 1024 : null } : null;
}
