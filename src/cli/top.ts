import { existsSync, statSync } from 'node:fs';
import { CommandClient } from '../operation/index.js';
import { EXIT, Stop } from './exit.js';
import { harmless, type Terminal } from './terminal.js';
import { FollowedFile } from './top/follow.js';
import { SensorState } from './top/state.js';
import { sensorView } from './top/view.js';

type Values = Readonly<Record<string, unknown>>;

/** `sidewire top`: what a sensor does, as it does it. */
export async function top(places: readonly string[], values: Values, terminal: Terminal): Promise<number> {
  const seconds = Number(values.interval ?? 2);
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new Stop(EXIT.usage, '--interval takes seconds from 0.1 to 3600');
  const { sockets, files } = sorted(places);
  const state = new SensorState();
  const once = values.once === true;
  const followed = files.map((path) => new FollowedFile(path, once || values.all === true));
  const clients = await Promise.all(sockets.map(connected));
  const title = `sidewire top: ${places.join(', ')}`;
  let ended = false;
  let wake = (): void => {};
  const end = (): void => {
    ended = true;
    wake();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  const draws = terminal.wraps && !once;
  // The alternate screen, without a cursor.
  if (draws) process.stdout.write('\u001b[?1049h\u001b[?25l');
  try {
    for (let turn = 0; !ended; turn += 1) {
      for (const file of followed) for (const line of file.lines()) state.line(line);
      for (const client of clients) await ask(client, state);
      const height = draws ? (process.stdout.rows ?? 40) : 60;
      const options = { title, color: terminal.color.out, width: process.stdout.columns ?? 120, height };
      // A rate needs two moments.
      const isDue = !once || turn > 0 || clients.length === 0;
      if (draws) process.stdout.write(`\u001b[H\u001b[J${sensorView(state, options).map(harmless).join('\n')}`);
      else if (isDue) terminal.out(sensorView(state, options).join('\n'));
      if (once && isDue) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    if (draws) process.stdout.write('\u001b[?25h\u001b[?1049l');
    process.removeListener('SIGINT', end);
    process.removeListener('SIGTERM', end);
    for (const client of clients) client.close();
    for (const file of followed) file.close();
  }
  return EXIT.ok;
}

async function ask(client: CommandClient, state: SensorState): Promise<void> {
  const { return: status, message } = await client.ask('dump-counters').catch((error: Error) => {
    throw new Stop(EXIT.engine, `the sensor is gone: ${error.message}`);
  });
  if (status === 'OK') state.count(message, performance.now() / 1000);
}

async function connected(path: string): Promise<CommandClient> {
  try {
    return await CommandClient.connect(path);
  } catch (error) {
    throw new Stop(EXIT.usage, `${path}: ${(error as Error).message}`);
  }
}

/** Command sockets and files of EVE lines. */
function sorted(places: readonly string[]): { sockets: string[]; files: string[] } {
  const missing = places.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Stop(EXIT.usage, `${missing}: there is no such socket or file`);
  const isSocket = (path: string) => statSync(path).isSocket();
  return { sockets: places.filter(isSocket), files: places.filter((path) => !isSocket(path)) };
}
