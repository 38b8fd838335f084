// Suricata as the peer: `$SURICATA`, the program in PATH, or the oracle script beside the checkout.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** How the peer is called for a replay with one thread; null without one. */
export function findPeer(root) {
  const flags = ['-k', 'none', '--runmode', 'single'];
  const own = process.env.SURICATA_PROGRAM ?? 'suricata';
  if (spawnSync(own, ['-V']).status === 0)
    return (capture, rules, out) => [own, ['-r', capture, '-S', rules, '-l', out, ...flags]];
  const oracle = join(root, '..', 'shared', 'oracle', 'suricata.sh');
  if (!existsSync(oracle)) return null;
  return (capture, rules, out) => ['bash', [oracle, 'replay', capture, rules, out]];
}

/** Seconds of wall clock of one replay, loading included; null when it fails. */
export function timePeer(peer, capture, rules, out) {
  mkdirSync(out, { recursive: true });
  const [program, args] = peer(capture, rules, out);
  const start = performance.now();
  const done = spawnSync(program, args, { stdio: 'ignore' });
  return done.status === 0 ? (performance.now() - start) / 1000 : null;
}
