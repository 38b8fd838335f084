// Each check finds what it is for, and nothing in what is as it should be.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../eve.js';

type Texts = Readonly<Record<string, string>>;
interface Tree {
  metadata: unknown;
}
interface Check {
  readonly name: string;
  readonly about: string;
  find?(tree: Tree): string[];
}

const load = async (path: string): Promise<Record<string, unknown>> => await import(join(ROOT, 'src/tools', path));
const { OF_THE_TREE } = (await load('checks/index.mjs')) as { OF_THE_TREE: Check[] };
const { treeOf } = (await load('checks/tree.mjs')) as { treeOf(texts: Texts): Tree };
const { judged } = (await load('checks/run.mjs')) as {
  judged(
    check: Check,
    faults: string[],
    skipped: string | undefined,
    allowed: number,
  ): { verdict: string; lines: string[] };
};

const LIB = 'native/crates/flow/src/lib.rs';
const rust = (code: string): Texts => ({ [LIB]: code });
const crate = (name: string, dependencies: object[] = []) => ({
  name: `sidewire-${name}`,
  id: name,
  source: null,
  targets: [{ name: `sidewire_${name}`, kind: ['lib'] }],
  manifest_path: `/x/native/crates/${name}/Cargo.toml`,
  dependencies,
});
const bought = (
  name: string,
  license: string | null,
  source = 'registry+https://github.com/rust-lang/crates.io-index',
) => ({
  name,
  id: name,
  version: '1.0.0',
  license,
  source,
  targets: [{ name: name.replaceAll('-', '_'), kind: ['lib'] }],
  dependencies: [],
});
const workspace = (...packages: { id: string; source: unknown }[]) => ({
  packages,
  workspace_members: packages.filter(({ source }) => source === null).map(({ id }) => id),
});
const DENY = { 'native/deny.toml': 'allow = ["MIT", "Apache-2.0"]\n', 'package-lock.json': '{"packages":{"":{}}}' };
const CATALOG = { 'src/generated/catalog.json': '{"protocols":[{"name":"http","aliases":["http1"]}]}' };
const lines = (count: number, line: string) => `${line}\n`.repeat(count);

interface Case {
  readonly check: string;
  /** What is wrong, and what the check says of it. */
  readonly wrong: Texts;
  readonly says: RegExp;
  /** The same, mended. */
  readonly right: Texts;
  readonly metadata?: [wrong: unknown, right: unknown];
}

const CASES: readonly Case[] = [
  {
    check: 'layering',
    wrong: {},
    says: /^base uses flow, which is not below it$/,
    right: {},
    metadata: [
      workspace(crate('base', [{ name: 'sidewire-flow', kind: null }])),
      workspace(crate('flow', [{ name: 'sidewire-base', kind: null }])),
    ],
  },
  {
    check: 'rights of crates',
    wrong: rust('pub fn age() { std::time::Instant::now(); }'),
    says: /lib\.rs:1: reads the clock/,
    right: rust(
      '// Instant::now\n#[cfg(test)]\nmod tests { fn age() { std::time::Instant::now(); } }\npub fn age(now: Time) {}',
    ),
  },
  {
    check: 'rights of crates',
    wrong: rust('pub fn get() -> u8 { unsafe { *POINTER } }'),
    says: /uses unsafe, which capture/,
    right: rust('#![forbid(unsafe_code)]\nfn f() -> &str { "unsafe" }'),
  },
  {
    check: 'protocols in generic code',
    wrong: { ...CATALOG, ...rust('fn is_web(name: &str) -> bool { name == "http1" }') },
    says: /lib\.rs:1: "http1"$/,
    right: {
      ...CATALOG,
      'native/crates/protocols/src/http1/mod.rs': 'const NAME: &str = "http1";',
      ...rust('// "http"'),
    },
  },
  {
    check: 'circles of Rust files',
    wrong: {
      ...rust('mod a;\nmod b;\npub use b::Two;'),
      'native/crates/flow/src/a.rs': 'use crate::Two;\npub struct One(Two);',
      'native/crates/flow/src/b.rs': 'use super::a;\npub struct Two;\nfn f(one: a::One) {}',
    },
    says: /a\.rs <-> .*b\.rs$/,
    right: {
      ...rust('mod a;\nmod b;\npub use b::Two;\nfn f(one: a::One) {}'),
      'native/crates/flow/src/a.rs': 'use crate::Two;\npub struct One(Two);',
      'native/crates/flow/src/b.rs': 'pub struct Two;\n#[cfg(test)]\nmod tests { use crate::a::One; }',
    },
  },
  {
    check: 'circles of TypeScript files',
    wrong: {
      'src/a.ts': "import type { B } from './b.js';\nexport type A = B;",
      'src/b.ts': "export type { A } from './a.js';\nexport type B = 1;",
    },
    says: /^src\/a\.ts <-> src\/b\.ts$/,
    right: { 'src/a.ts': "import type { B } from './b.js';\nexport type A = B;", 'src/b.ts': 'export type B = 1;' },
  },
  {
    check: 'type names',
    wrong: { ...rust('pub struct Key;'), 'native/crates/tcp/src/lib.rs': 'pub(crate) enum Key { A }' },
    says: /^Key is defined 2 times: /,
    right: {
      ...rust(
        'pub struct FlowKey;\nimpl Iterator for FlowKey { type Item = u8; }\n#[cfg(test)] mod tests { struct Key; }',
      ),
      'native/crates/tcp/src/lib.rs': '/// struct Key\npub enum Key { A }\nimpl Iterator for Key { type Item = u8; }',
    },
  },
  {
    check: 'file sizes',
    wrong: rust(lines(601, '//')),
    says: /lib\.rs: 601 lines$/,
    right: { ...rust(lines(600, '//')), 'src/generated/ir.ts': lines(900, '//') },
  },
  {
    check: 'function sizes',
    wrong: rust(`impl A {\n  fn long(&self) -> [u8; 2] {\n${lines(80, '    step();')}  }\n}`),
    says: /lib\.rs:2: long has 82 lines$/,
    right: rust(
      `fn long() {\n${lines(78, 'step();')}}\n#[cfg(test)]\nmod tests {\n  fn long() {\n${lines(90, '//')}  }\n}`,
    ),
  },
  {
    check: 'function sizes',
    wrong: { 'src/a.ts': `export const long = () => {\n${lines(80, "f('}');")}};` },
    says: /^src\/a\.ts:1: long has 82 lines$/,
    right: {
      'src/a.ts': 'export const short = () => {};',
      'test/a.test.ts': `it('x', () => {\n${lines(90, 'f();')}});`,
    },
  },
  {
    check: 'inherited lints',
    wrong: { 'native/crates/flow/Cargo.toml': '[package]\nname = "x"\n' },
    says: /^native\/crates\/flow\/Cargo\.toml: /,
    right: { 'native/crates/flow/Cargo.toml': '[package]\nname = "x"\n\n[lints]\nworkspace = true\n' },
  },
  {
    check: 'wholesale allows',
    wrong: rust('//! Flows.\n#![allow(clippy::indexing_slicing, reason = "it cannot fail")]'),
    says: /lib\.rs:2: indexing_slicing$/,
    right: rust(
      '//! Flows.\n#![allow(clippy::similar_names)]\n#[cfg(test)]\nmod tests {\n    #![allow(clippy::unwrap_used)]\n}',
    ),
  },
  {
    check: 'module docs',
    wrong: rust('use std::fmt;'),
    says: /lib\.rs$/,
    right: rust('#![forbid(unsafe_code)]\n//! Flows.\nuse std::fmt;'),
  },
  {
    check: 'crossing shapes',
    wrong: { 'src/a.ts': "import type { Trace } from './trace.js';\nexport const t = JSON.parse('1') as Trace[];" },
    says: /^src\/a\.ts:2: JSON\.parse\(\.\.\) as Trace\[\]$/,
    right: {
      'src/a.ts':
        "import type { Trace } from './generated/trace.js';\nexport const t = JSON.parse('1') as readonly Trace[];\nexport const u = JSON.parse('') as unknown;",
    },
  },
  {
    check: 'fields that cross',
    wrong: {
      'native/crates/engine/src/config/run_config.rs':
        '#[derive(Debug, Deserialize)]\npub struct DefragConfig { pub enabled: bool }\n#[derive(Deserialize)]\npub struct VxlanConfig { pub enabled: bool }',
      'native/crates/engine/src/setup.rs': 'fn f(vxlan: &VxlanConfig) -> bool { vxlan.enabled }',
    },
    says: /run_config\.rs: DefragConfig\.enabled is read nowhere$/,
    right: {
      'native/crates/ir/src/check.rs':
        '#[derive(Deserialize)]\n#[serde(tag = "kind")]\npub enum Check { Size { least: u8, most: u8 } }\npub struct Own { pub unread: u8 }',
      'native/crates/engine/src/config/run_config.rs':
        '#[derive(Deserialize)]\npub struct DefragConfig { pub enabled: bool, pub depth: u8 }\n#[derive(Deserialize)]\npub struct VxlanConfig { pub enabled: bool }',
      'native/crates/engine/src/setup.rs':
        'fn f(vxlan: &VxlanConfig, defrag: &DefragConfig) -> bool { let VxlanConfig { enabled } = vxlan; g(defrag.depth) }\nfn g(DefragConfig { enabled, .. }: &DefragConfig) {}',
      'native/crates/detect/src/size.rs': 'fn f(check: &Check) { match check { Check::Size { least, most } => {} } }',
    },
  },
  {
    check: 'unused crates',
    wrong: rust('fn f() { smallvec(); }\n// hashbrown'),
    says: /^sidewire-flow: hashbrown$/,
    right: rust('use hashbrown::HashMap;'),
    metadata: [
      workspace(crate('flow', [{ name: 'hashbrown', kind: null }])),
      workspace(crate('flow', [{ name: 'hashbrown', kind: null }])),
    ],
  },
  {
    check: 'unused npm packages',
    wrong: { 'package.json': '{"dependencies":{"yaml":"1"}}', 'src/a.ts': "import 'valibot';" },
    says: /^yaml$/,
    right: {
      'package.json': '{"dependencies":{"yaml":"1","@x/y":"1"},"devDependencies":{"typescript":"1"}}',
      'src/a.ts': "import { parse } from 'yaml';\nexport * from '@x/y/z';",
      'src/tools/b.mjs': "run('tsc');",
    },
  },
  {
    check: 'licences',
    wrong: DENY,
    says: /^crate gpl 1\.0\.0: GPL-3\.0 AND MIT$/,
    right: { ...DENY, 'package-lock.json': '{"packages":{"":{},"node_modules/a":{"version":"1","license":"MIT"}}}' },
    metadata: [
      workspace(bought('gpl', 'GPL-3.0 AND MIT')),
      workspace(bought('a', '(GPL-3.0 OR MIT) AND Apache-2.0'), bought('b', 'MIT/Unknown')),
    ],
  },
  {
    check: 'sources of crates',
    wrong: {},
    says: /^x: git\+https/,
    right: {},
    metadata: [workspace(bought('x', 'MIT', 'git+https://example.org/x')), workspace(bought('x', 'MIT'))],
  },
  {
    check: 'oldest Rust',
    wrong: { 'native/Cargo.toml': 'rust-version = "1.70"', 'native/clippy.toml': 'msrv = "1.88"' },
    says: /^native\/Cargo\.toml says 1\.70/,
    right: { 'native/Cargo.toml': 'rust-version = "1.88"', 'native/clippy.toml': 'msrv = "1.88"' },
  },
  {
    check: 'paths in documents',
    wrong: { 'docs/ADDING.md': 'See `src/nowhere/at-all.ts`, or [there](src/gone.ts).' },
    says: /^docs\/ADDING\.md names src\//,
    right: { 'docs/ADDING.md': 'See `src/index.ts` and `native/crates/protocols/src/PROTOCOL/NAME.eve.json`.' },
  },
];

function treeWith(texts: Texts, metadata: unknown): Tree {
  return Object.defineProperty(treeOf(texts), 'metadata', { value: metadata });
}

describe('each check', () => {
  const find = (name: string, tree: Tree) =>
    OF_THE_TREE.find((check) => check.name === name)?.find?.(tree) ?? ['no such check'];

  it.each(CASES.map((one) => [one.check, one] as const))(
    'finds what it is for: %s',
    (name, { wrong, says, right, metadata }) => {
      const faults = find(name, treeWith(wrong, metadata?.[0]));
      expect(
        faults.some((fault) => says.test(fault)),
        faults.join('\n'),
      ).toBe(true);
      expect(find(name, treeWith(right, metadata?.[1]))).toEqual([]);
    },
  );

  it('has a case here, but for those of what is generated, which have tests of their own', () => {
    const own = ['generated events', 'third-party notices'];
    const tested = new Set([...CASES.map(({ check }) => check), ...own]);
    expect(OF_THE_TREE.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });
});

describe('the ratchet', () => {
  const check = { name: 'x', about: 'nothing is wrong' };

  it('lets through what is known, and nothing more', () => {
    expect(judged(check, ['a'], undefined, 1).verdict).toBe('passed');
    expect(judged(check, ['a', 'b'], undefined, 1).verdict).toBe('failed');
    expect(judged(check, [], undefined, 0)).toEqual({ verdict: 'passed', lines: ['holds'] });
    expect(judged(check, [], 'no clippy here', 0).verdict).toBe('skipped');
  });
});
