import { readFileSync } from 'node:fs';
import {
  type Catalog,
  type Compilation,
  type CompileOptions,
  compile,
  type Diagnostic,
  type Rule,
  type RuleBatch,
} from '../../src/rules/suricata/index.js';

/** What the engine has: written from the Rust tables, so that these tests need no build. */
export const catalog = JSON.parse(
  readFileSync(new URL('../../src/generated/catalog.json', import.meta.url), 'utf8'),
) as Catalog;

export const options: CompileOptions = {
  catalog,
  addressVariables: { HOME_NET: '[10.0.0.0/8,192.168.0.0/16]', EXTERNAL_NET: '!$HOME_NET', SERVERS: '$HOME_NET' },
  portVariables: { HTTP_PORTS: '80', SHELLCODE_PORTS: '!80', WEB: '[$HTTP_PORTS,8080]' },
  classification: {
    path: 'classification.config',
    text: 'config classification: bad-unknown,Potentially Bad Traffic, 2\nconfig classification: command-and-control,Malware Command and Control Activity Detected,1\n',
  },
  reference: {
    path: 'reference.config',
    text: '# kinds\nconfig reference: url       https://\nconfig reference: cve https://cve.example/\n',
  },
};

export interface Compiled {
  readonly batches: readonly RuleBatch[];
  readonly rules: readonly Rule[];
  readonly diagnostics: readonly Diagnostic[];
  readonly statistics: Compilation['statistics'];
}

/** Compiles text to the end. */
export function compileText(text: string | Uint8Array, more: CompileOptions = {}): Compiled {
  const compilation = compile([{ path: 'test.rules', text }], { ...options, ...more });
  const batches = [...compilation.batches].map((batch) => JSON.parse(batch.toString('utf8')) as RuleBatch);
  const { diagnostics, statistics } = compilation;
  return { batches, rules: batches.flatMap((batch) => batch.rules), diagnostics, statistics };
}

/** A rule around options. */
export function ruleOf(body: string, protocol = 'tcp'): string {
  return `alert ${protocol} any any -> any any (msg:"test"; ${body} sid:1;)`;
}

/** The one rule some options make; fails with the diagnostics when they make none. */
export function lowered(body: string, protocol = 'tcp', more: CompileOptions = {}): Rule {
  const { rules, diagnostics } = compileText(ruleOf(body, protocol), more);
  const [rule] = rules;
  if (rule === undefined) throw new Error(diagnostics.map((one) => `${one.code}: ${one.message}`).join('\n'));
  return rule;
}

/** Codes of what some options are refused or warned for. */
export function codes(body: string, protocol = 'tcp'): readonly string[] {
  return compileText(ruleOf(body, protocol)).diagnostics.map((one) => one.code);
}
