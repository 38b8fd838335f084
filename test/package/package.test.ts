import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { platformName } from '../../src/engine/platform.js';

const ROOT = join(import.meta.dirname, '../..');

/** Runs a program in the empty project; its standard output. */
function run(cwd: string, program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('the packages, installed without scripts into an empty project', () => {
  let project = '';

  beforeAll(async () => {
    const pack = join(ROOT, 'src/tools/pack.mjs');
    const tools = (await import(pack)) as { pack(folder: string): string[] };
    const tarballs = tools.pack(mkdtempSync(join(tmpdir(), 'sidewire-packages-')));
    project = mkdtempSync(join(tmpdir(), 'sidewire-project-'));
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
    run(project, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs);
  }, 300_000);

  it('hold the platform package and no sources', () => {
    expect(existsSync(join(project, 'node_modules/@sidewire', platformName(), `sidewire.${platformName()}.node`))).toBe(
      true,
    );
    expect(existsSync(join(project, 'node_modules/sidewire/native/crates'))).toBe(false);
    expect(existsSync(join(project, 'node_modules/sidewire/dist/rules/suricata/index.js'))).toBe(true);
  });

  it('are imported, and replay', () => {
    const capture = JSON.stringify(join(ROOT, 'pcaps/hive-upload.pcap'));
    writeFileSync(
      join(project, 'use.mjs'),
      `import { Engine, collect } from 'sidewire';
       import { check } from 'sidewire/rules';
       import { http, replay } from 'sidewire/testing';
       const { summary } = await collect(new Engine().replay(${capture}));
       const { alerts } = await replay(http().exchange({ uri: '/x' }), 'alert http any any -> any any (http.uri; content:"/x"; sid:1;)');
       const { statistics } = check([{ path: 'x', text: 'alert ip any any -> any any (sid:1;)' }]);
       console.log(JSON.stringify([summary.packets, alerts.length, statistics.loaded]));`,
    );
    expect(JSON.parse(run(project, process.execPath, 'use.mjs'))).toEqual([22, 1, 1]);
  });

  it('keep the rule compiler away from the addon', () => {
    const script =
      "import 'sidewire/rules'; console.log(process.report.getReport().sharedObjects.some((so) => so.includes('sidewire')))";
    expect(run(project, process.execPath, '--input-type=module', '-e', script).trim()).toBe('false');
  });

  it('have a command line, with the rules that come with it', () => {
    const cli = join(project, 'node_modules/.bin/sidewire');
    expect(run(project, cli, '--version').trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(run(project, cli, 'report', join(ROOT, 'pcaps/dcom-invoke.pcap'), '-o', 'page.html')).toContain('page.html');
    const summary = JSON.parse(run(project, cli, 'replay', join(ROOT, 'pcaps/hive-upload.pcap'), '--json'));
    expect(summary.rules.loaded).toBeGreaterThan(0);
    expect(existsSync(join(project, 'sidewire-out/eve.json'))).toBe(true);
  });

  it('have types', () => {
    writeFileSync(
      join(project, 'types.ts'),
      `import { Engine, type EveEvent } from 'sidewire';
       import { compile } from 'sidewire/rules';
       import { tcp, replay } from 'sidewire/testing';
       export async function uris(path: string): Promise<(string | undefined)[]> {
         const engine = new Engine({ midstream: true });
         const found: (string | undefined)[] = [];
         for await (const event of engine.replay(path)) if (event.event_type === 'http') found.push(event.http.url);
         return found;
       }
       // @ts-expect-error an event has no such type
       export const wrong = (event: EveEvent) => event.event_type === 'nonsense';
       export const use = [compile, tcp, replay];`,
    );
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'NodeNext',
          target: 'ES2022',
          lib: ['ES2023', 'ESNext.Disposable'],
          strict: true,
          noEmit: true,
          types: ['node'],
        },
        files: ['types.ts'],
      }),
    );
    symlinkSync(join(ROOT, 'node_modules/@types'), join(project, 'node_modules/@types'));
    run(project, process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'));
  });

  it('publish the schema of msrpc', () => {
    const script =
      "import { readFileSync } from 'node:fs'; console.log(JSON.parse(readFileSync(new URL(import.meta.resolve('sidewire/schema/msrpc.json')))).title)";
    expect(run(project, process.execPath, '--input-type=module', '-e', script)).toContain('msrpc');
  });
});

describe('the tools', () => {
  it('name platforms as the library does', async () => {
    const tools = (await import(join(ROOT, 'src/tools/platform.mjs'))) as { platformName(): string };
    expect(tools.platformName()).toBe(platformName());
  });
});
