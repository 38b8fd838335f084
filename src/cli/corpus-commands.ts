import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultWorkers, userCacheFolder } from '../engine/index.js';
import { FolderQueue } from './corpus/folder-queue.js';
import { corpusInputs } from './corpus/inputs.js';
import { type CorpusPlan, type InputKind, jobOf } from './corpus/job.js';
import { workLoop } from './corpus/loop.js';
import { capturePlan, logPlan } from './corpus/plan.js';
import type { CorpusQueue } from './corpus/queue.js';
import { RedisQueue } from './corpus/redis-queue.js';
import { ResultStore } from './corpus/results.js';
import { CorpusWorker } from './corpus/worker.js';
import { EXIT, Stop } from './exit.js';
import { placeholdersOf } from './hunt.js';
import { interruptSignal } from './interrupt.js';
import { engineOptions, whole } from './options.js';
import { count, duration, plural, type Terminal, table } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire corpus add`. */
export async function corpusAdd(paths: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const planOf = planner(values);
  const tally = { added: 0, known: 0, skipped: 0 };
  return await withQueue(values, async (queue) => {
    const skipped = (): void => {
      tally.skipped += 1;
    };
    for (const { kind, path, size } of corpusInputs(paths, skipped)) {
      const isNew = await queue.add(await jobOf(kind, path, size, planOf(kind)));
      tally[isNew ? 'added' : 'known'] += 1;
    }
    if (values.json) terminal.out(JSON.stringify({ queue: queue.place, ...tally }));
    else
      terminal.out(
        `${plural(tally.added, 'job')} added, ${count(tally.known)} known already, ` +
          `${plural(tally.skipped, 'file')} neither a capture nor an event log (${queue.place})`,
      );
    return tally.added + tally.known === 0 ? EXIT.found : EXIT.ok;
  });
}

/** Makes the plan of each kind once, when the first input of the kind is met. */
function planner(values: Values): (kind: InputKind) => CorpusPlan {
  const made = new Map<InputKind, CorpusPlan>();
  const list = (name: string) => (values[name] as string[] | undefined) ?? null;
  const make = (kind: InputKind): CorpusPlan => {
    if (kind === 'log')
      return logPlan(list('sigma'), { placeholders: placeholdersOf(values), complete: values.complete !== false });
    const { secrets: _, ruleCache: __, workers: ___, ...options } = engineOptions(values);
    return capturePlan(list('rules'), options);
  };
  return (kind) => {
    const plan = made.get(kind) ?? make(kind);
    made.set(kind, plan);
    return plan;
  };
}

/** `sidewire corpus work`. */
export async function corpusWork(_args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const parallel = values.parallel === undefined ? defaultWorkers() : whole('--parallel', values.parallel as string);
  const ruleCache =
    values.ruleCache === false ? undefined : ((values.ruleCache as string | undefined) ?? userCacheFolder());
  const tally = { done: 0, failed: 0, alerts: 0, problems: 0 };
  const started = performance.now();
  return await withQueue(values, async (queue, store) => {
    const worker = new CorpusWorker(store, `${hostname()}-${randomUUID()}`, ruleCache);
    const interrupt = interruptSignal();
    const loop = {
      parallel,
      waits: values.wait === true,
      stop: interrupt.signal,
      done: ({ path, alerts, problems }: { path: string; alerts: number; problems: readonly string[] }) => {
        tally.done += 1;
        tally.alerts += alerts;
        tally.problems += problems.length > 0 ? 1 : 0;
        for (const problem of problems) terminal.err(`warning: ${path}: ${problem}`);
      },
      failed: (path: string, reason: string) => {
        tally.failed += 1;
        terminal.err(`error: ${path}: ${reason}`);
      },
    };
    await workLoop(queue, worker, loop).finally(() => worker.close());
    interrupt.release();
    const seconds = (performance.now() - started) / 1000;
    if (values.json) terminal.out(JSON.stringify({ ...tally, seconds }));
    else
      terminal.out(
        `${plural(tally.done, 'job')} done in ${duration(seconds)}, ${plural(tally.alerts, 'alert')}; ${count(tally.failed)} failed`,
      );
    if (interrupt.signal.aborted) return EXIT.interrupted;
    return tally.failed + tally.problems > 0 ? EXIT.found : EXIT.ok;
  });
}

/** `sidewire corpus status`. */
export async function corpusStatus(_args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  return await withQueue(values, async (queue) => {
    const counts = await queue.counts();
    const failures = await all(queue.failures());
    if (values.json) {
      const told = failures.map(({ job: { path, key }, reason }) => ({ path, key, reason }));
      terminal.out(JSON.stringify({ queue: queue.place, ...counts, failures: told }, null, 2));
    } else {
      terminal.out(table(Object.entries(counts).map(([state, jobs]) => [state, jobs])).join('\n'));
      for (const { job, reason } of failures) terminal.err(`error: ${job.path}: ${reason}`);
    }
    return failures.length > 0 ? EXIT.found : EXIT.ok;
  });
}

/** `sidewire corpus results`. */
export async function corpusResults(_args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  return await withQueue(values, async (queue) => {
    const results = await all(queue.results());
    results.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    if (values.json) for (const result of results) terminal.out(JSON.stringify(result));
    else {
      const rows = results.map(({ path, alerts, units, kind, problems, folder }) => [
        path,
        plural(alerts, 'alert'),
        plural(units, kind === 'capture' ? 'packet' : 'record'),
        problems.length > 0 ? plural(problems.length, 'problem') : '',
        join(folder, 'eve.json'),
      ]);
      terminal.out(rows.length === 0 ? 'no results yet' : table(rows, '').join('\n'));
    }
    return results.length === 0 ? EXIT.found : EXIT.ok;
  });
}

/** Opens the queue that the command line names, and closes it in the end. */
async function withQueue(
  values: Values,
  act: (queue: CorpusQueue, store: ResultStore) => Promise<number>,
): Promise<number> {
  const folder = resolve(values.corpus as string);
  const store = new ResultStore(join(folder, 'results'));
  const lease = values.lease === undefined ? undefined : whole('--lease', values.lease as string);
  const url = values.redis as string | undefined;
  if (url !== undefined && !/^rediss?:\/\//.test(url))
    throw new Stop(EXIT.usage, `--redis takes an address such as redis://10.0.0.1:6379, not "${url}"`);
  const queue =
    url === undefined
      ? new FolderQueue(folder, store, lease)
      : await RedisQueue.open({ url, name: values.queue as string }, lease).catch((error: Error) => {
          throw error.name === 'QueueError' ? new Stop(EXIT.usage, error.message) : error;
        });
  return await act(queue, store).finally(() => queue.close());
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
