// Writes the captures that `npm run profile` replays into a folder, and prints their paths: what is in pcaps/ many times over,
// and everyday traffic.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { multiply, shipped } from './captures.mjs';
import { everyday } from './everyday.mjs';

/** Frames of the capture that is made of those in pcaps/. */
const FRAMES = 50_000;
/** Rounds of everyday traffic, of some 140 frames each. */
const ROUNDS = 800;

const [folder] = process.argv.slice(2);
const [attacks, usual] = ['attacks.pcap', 'everyday.pcap'].map((name) => join(folder, name));
multiply(shipped(), attacks, FRAMES);
writeFileSync(usual, everyday(ROUNDS));
console.log(`${attacks}\n${usual}`);
