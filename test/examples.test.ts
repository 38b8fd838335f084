// The programs in examples/, run as a reader would run them, on what is built.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './eve.js';

const PACK = join('rules', 'lateral-movement.rules');

function example(name: string, ...args: readonly string[]) {
  const program = join('examples', name);
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: ROOT, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('examples', () => {
  it('are all run here, or are tests themselves', () => {
    const here = readFileSync(import.meta.filename, 'utf8');
    const programs = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.mjs'));
    expect(programs.filter((name) => !here.includes(`'${name}'`))).toEqual([]);
  });

  it('stream events', () => {
    const { status, stdout } = example('stream-events.mjs', 'pcaps/dcom-invoke.pcap');
    expect(stdout).toMatch(/Invoke\(.*cmd\.exe/);
    expect(stdout).toMatch(/^\d+ packets of [\d.]+ seconds$/m);
    expect(status).toBe(0);
  });

  it('compare rule sets', () => {
    const capture = 'pcaps/dcom-names.pcap';
    const { stdout } = example('compare-rule-sets.mjs', PACK, 'rules/dcom.rules', capture);
    expect(stdout).toMatch(/^-1 {2}2027189 .*first in packet \d+\)$/m);
    expect(example('compare-rule-sets.mjs', PACK, PACK, capture).stdout).toBe('no alert is gained or lost\n');
    expect(example('compare-rule-sets.mjs').status).toBe(2);
  });

  it('check rules', () => {
    const { status, stdout } = example('check-rules.mjs', PACK);
    expect(stdout).toBe('3 of 3 rules load\n');
    expect(status).toBe(0);
    expect(example('check-rules.mjs', 'pcaps/MANIFEST.tsv').status).toBe(1);
  });

  it('listen', () => {
    const { status, stderr } = example('listen.mjs', 'no-such-port', PACK);
    expect(stderr).toContain('no-such-port');
    expect(status).not.toBe(0);
  });

  it('serve alerts', async () => {
    const service = (await import(join(ROOT, 'examples', 'alert-service.mjs'))) as {
      alertService(files: readonly string[]): Promise<Server>;
    };
    const server = await service.alertService([join(ROOT, PACK)]);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const post = async (body: Uint8Array) => await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body });
    const answer = (await (await post(readFileSync(join(ROOT, 'pcaps/hive-upload.pcap')))).json()) as object;
    expect(answer).toMatchObject({ packets: 22, errors: [], alerts: [{ sid: 2027190 }] });
    expect((await post(Buffer.from('no capture'))).status).toBe(422);
    server.close();
  });
});
