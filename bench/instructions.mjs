// Counts instructions of a replay in user space: unlike seconds, they hardly depend on what else the machine does.
// `perf` counts them; where it cannot, valgrind does (some fifty times slower).
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadNative } from '../dist/engine/native.js';
import { Engine } from '../dist/index.js';

/**
 * What the control plane hands to the engine for a replay, written to files: the arguments of the example `replay`. Without a
 * file of rules there are none; `written`: eve.json is.
 */
export async function recorded(capture, rulesFile, options, folder, written = true) {
  mkdirSync(folder, { recursive: true });
  const native = loadNative();
  const files = { config: join(folder, 'config.json'), request: join(folder, 'request.json'), batches: [] };
  const recorder = {
    ...native,
    beginRules(request) {
      writeFileSync(files.request, request);
      const compiler = native.beginRules(request);
      return {
        add(batch) {
          const path = join(folder, `batch-${files.batches.length}.json`);
          writeFileSync(path, batch);
          files.batches.push(path);
          compiler.add(batch);
        },
        finish: () => compiler.finish(),
      };
    },
    startRun(config) {
      writeFileSync(files.config, config);
      throw new Error('recorded');
    },
  };
  const engine = new Engine(options, recorder);
  const rules = await engine.compile(rulesFile === null ? { text: '' } : { files: [rulesFile] });
  try {
    engine.replay(capture, { rules, types: [], ...(written ? { logDir: join(folder, 'out') } : {}) });
  } catch (error) {
    if (!String(error).includes('recorded')) throw error;
  }
  rules.close();
  return [files.config, files.request, ...files.batches];
}

/** Instructions a program takes, and what counted them; `null` with neither perf's counters nor valgrind. */
export function countInstructions(program, args) {
  const perf = spawnSync('perf', ['stat', '-x', ',', '-e', 'instructions:u', '--', program, ...args], TEXT);
  const counted = /^(\d+),[^,]*,instructions:u/m.exec(perf.stderr ?? '');
  if (perf.status === 0 && counted) return { instructions: Number(counted[1]), counter: 'perf' };
  const flags = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null'];
  const valgrind = spawnSync('valgrind', [...flags, program, ...args], TEXT);
  const refs = /I\s+refs:\s+([\d,]+)/.exec(valgrind.stderr ?? '');
  if (valgrind.status === 0 && refs) return { instructions: Number(refs[1].replaceAll(',', '')), counter: 'valgrind' };
  return null;
}

const TEXT = { encoding: 'utf8', maxBuffer: 64 << 20 };
