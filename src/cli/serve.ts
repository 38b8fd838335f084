import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSources } from '../engine/index.js';
import { metricsAddress } from '../operation/index.js';
import { packageVersion } from '../package.js';
import { coverageTable } from '../page/model/coverage.js';
import { EveStore } from '../page/node/eve-store.js';
import { KnownRules } from '../page/node/known-rules.js';
import { MarkFile } from '../page/node/mark-file.js';
import { isLoopback } from '../page/node/page-access.js';
import { PageServer } from '../page/node/page-server.js';
import { coverageOf } from './coverage-input.js';
import { EXIT, Stop } from './exit.js';
import { interruptSignal } from './interrupt.js';
import { pageStop } from './page-stop.js';
import { shippedRules } from './rule-package.js';
import { plural, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, unknown>>;

/** File of marks and notes, beside the EVE file. */
const MARKS = 'page-marks.jsonl';

/** `sidewire serve`: until it is stopped. */
export async function serve(_args: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const folder = resolve(values.logDir as string);
  if (!existsSync(folder)) throw new Stop(EXIT.usage, `${folder} does not exist: -l names the directory with eve.json`);
  const { host, port } = addressOf(values.listen as string);
  const chosen = values.rules as string[] | undefined;
  const rules = new KnownRules(readSources({ files: chosen ?? shippedRules() }));
  const coverage = chosen === undefined ? coverageTable([]) : await coverageOf(chosen, values);
  const eve = join(folder, 'eve.json');
  const store = new EveStore(eve);
  const token = isLoopback(host) ? null : randomBytes(24).toString('base64url');
  const interrupt = interruptSignal();
  try {
    await store.refresh();
    const about = {
      title: folder,
      made: new Date().toISOString(),
      release: packageVersion(),
      inputs: [eve],
      remarks: [],
    };
    const failed = (message: string) => terminal.err(`error: ${message}`);
    const marks = new MarkFile(join(folder, MARKS));
    const server = await PageServer.listen({ about, store, marks, rules, coverage, token, failed }, host, port);
    const name = host.includes(':') ? `[${host}]` : host;
    terminal.out(`http://${name}:${server.port}/${token === null ? '' : `?token=${token}`}`);
    terminal.out(
      existsSync(eve) ? `${plural(store.events, 'event')} of ${eve}, and those that come` : `waiting for ${eve}`,
    );
    if (!interrupt.signal.aborted)
      await new Promise((stopped) => interrupt.signal.addEventListener('abort', stopped, { once: true }));
    await server.close();
  } catch (error) {
    throw pageStop(error);
  } finally {
    interrupt.release();
    await store.close();
  }
  return EXIT.ok;
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  try {
    return metricsAddress(text);
  } catch (error) {
    throw new Stop(EXIT.usage, `--listen: ${(error as Error).message}`);
  }
}
