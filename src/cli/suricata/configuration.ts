import { applySet, type ConfigMap, fromPlain, loadConfig, SURICATA_DEFAULTS } from '../../config/index.js';
import { defaultWorkers, Engine, type EngineSetup, type Ruleset } from '../../engine/index.js';
import { applyEnvironment } from './environment.js';
import { LISTENING, type Parsed } from './flags.js';
import type { Log } from './log.js';
import type { RuleFiles } from './rule-files.js';

/** The configuration: the file or Suricata's own, includes, and what the command line sets. */
export function configuration(flags: Parsed): ConfigMap {
  const path = flags.values.get('c')?.at(-1);
  const tree = path
    ? loadConfig(path)
    : (fromPlain(SURICATA_DEFAULTS, { file: 'defaults', line: 0, column: 0 }) as ConfigMap);
  for (const file of flags.values.get('include') ?? [])
    for (const [key, node] of loadConfig(file).entries) tree.entries.set(key, node);
  for (const assignment of flags.values.get('set') ?? []) applySet(tree, assignment);
  applyEnvironment(tree, process.env);
  const checksums = flags.values.get('k')?.at(-1);
  if (checksums !== undefined) applySet(tree, `stream.checksum-validation=${checksums === 'none' ? 'no' : 'yes'}`);
  if (checksums === 'all') applySet(tree, 'pcap-file.checksum-checks=yes');
  return tree;
}

/** An engine for a configuration, and the directory of logs. */
export function start(flags: Parsed, tree: ConfigMap): { engine: Engine; logDir: string } {
  const mode = flags.values.get('runmode')?.at(-1);
  const live = LISTENING.some((name) => flags.values.has(name));
  // Without a run mode, how many listen is the configuration's to say.
  const setup: EngineSetup = {
    tree,
    ...(mode === 'single' ? { workers: 1 } : live ? {} : { workers: defaultWorkers() }),
  };
  const engine = new Engine(setup);
  const logDir = flags.values.get('l')?.at(-1) ?? engine.config.logDir ?? '/var/log/suricata';
  return { engine, logDir };
}

/** Compiles the rules of some files; `null` when there are none. */
export async function load(engine: Engine, files: RuleFiles, log: Log): Promise<Ruleset | null> {
  for (const pattern of files.unmatched) log.say('warning', 'detect', `No rule files match the pattern ${pattern}`);
  return files.paths.length === 0 ? null : await engine.compile({ files: files.paths });
}
