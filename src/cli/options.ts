import { type EngineOptions, userCacheFolder } from '../engine/index.js';
import { EXIT, Stop } from './exit.js';

type Values = Readonly<Record<string, unknown>>;

const CHECKSUMS = { none: 'ignore', all: 'verify', auto: 'auto' } as const;
const MATCHERS = ['auto', 'vectorscan', 'aho-corasick'] as const;

/** What the command line says of the engine. */
export function engineOptions(values: Values): EngineOptions {
  const text = (name: string) => values[name] as string | undefined;
  const checksums = CHECKSUMS[(text('checksums') ?? 'auto') as keyof typeof CHECKSUMS];
  if (!checksums) throw new Stop(EXIT.usage, `-k takes none, all or auto, not "${text('checksums')}"`);
  const matcher = MATCHERS.find((name) => name === text('matcher'));
  if (text('matcher') !== undefined && !matcher)
    throw new Stop(EXIT.usage, `--matcher takes ${MATCHERS.join(', ')}, not "${text('matcher')}"`);
  return {
    ...(matcher ? { matcher } : {}),
    set: settings(values.set as string[] | undefined),
    ...secretOptions(values),
    ...(checksums === 'auto' ? {} : { checksums }),
    ...(values.midstream === undefined ? {} : { midstream: values.midstream as boolean }),
    ...(values.ruleCache === false ? {} : { ruleCache: text('ruleCache') ?? userCacheFolder() }),
    ...(text('config') === undefined ? {} : { config: text('config') as string }),
    ...(text('homeNet') === undefined ? {} : { homeNet: text('homeNet') as string }),
    ...(text('externalNet') === undefined ? {} : { externalNet: text('externalNet') as string }),
    ...(text('workers') === undefined ? {} : { workers: whole('--workers', text('workers') as string) }),
  };
}

function secretOptions(values: Values): Pick<EngineOptions, 'secrets'> {
  const list = (name: string) => (values[name] as string[] | undefined) ?? [];
  const secrets = {
    passwords: list('password'),
    ntlmHashes: list('ntlmHash'),
    keytabs: list('keytab'),
    files: list('secrets'),
  };
  return Object.values(secrets).every((one) => one.length === 0) ? {} : { secrets };
}

/** `key=value` pairs. */
export function settings(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new Stop(EXIT.usage, `--set ${pair}: write it as --set stream.midstream=yes`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** A whole number from 1 to 256. */
export function whole(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 256)
    throw new Stop(EXIT.usage, `${option} takes a whole number from 1 to 256, not "${text}"`);
  return value;
}
