import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine, type Summary } from '../../src/engine/index.js';
import { type Conversation, capture, http } from '../../src/testing/index.js';

// An output is a format and a sink: several of each, side by side.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidewire-outputs-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Replays a conversation with the `outputs` of a suricata.yaml. */
async function write(conversation: Conversation, outputs: string, rules = ''): Promise<Summary> {
  const config = join(folder, 'suricata.yaml');
  writeFileSync(config, `%YAML 1.1\n---\noutputs:\n${outputs}`);
  const path = join(folder, 'capture.pcap');
  writeFileSync(path, capture(conversation));
  const engine = new Engine({ config, workers: 1 });
  await using compiled = await engine.compile({ text: rules });
  return await engine.replay(path, { rules: compiled, types: [], logDir: folder }).summary();
}

/** The events of a file. */
function events(name: string): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, name), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Listens on a unix socket in the folder. */
async function listen(name: string, take: (socket: Socket) => void): Promise<Server> {
  const server = createServer(take);
  await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
  return server;
}

const ALERT = 'alert http any any -> any any (msg:"admin"; http.uri; content:"/admin"; sid:1;)\n';

function browsing(requests = 1): Conversation {
  const conversation = http();
  for (let n = 0; n < requests; n += 1) conversation.exchange({ uri: `/admin?${n}` }, {});
  return conversation;
}

describe('outputs', () => {
  it('write each its own types with its own options', async () => {
    const eve = (name: string, types: string) =>
      `  - eve-log:\n      enabled: yes\n      filename: ${name}\n      types:\n${types}`;
    const summary = await write(
      browsing(),
      eve('a.json', '        - alert\n        - http:\n            dump-all-headers: request\n') +
        eve('b.json', '        - alert:\n            metadata: no\n        - http\n        - flow\n') +
        '  - fast:\n      enabled: yes\n',
      ALERT,
    );
    const of = (name: string, type: string) => events(name).filter((event) => event.event_type === type);
    expect(of('a.json', 'alert')[0]).toHaveProperty('flow');
    expect(of('b.json', 'alert')[0]).not.toHaveProperty('flow');
    expect(of('a.json', 'http')[0]?.http).toHaveProperty('request_headers');
    expect(of('b.json', 'http')[0]?.http).not.toHaveProperty('request_headers');
    expect([of('a.json', 'flow').length, of('b.json', 'flow').length]).toEqual([0, 1]);
    expect(readFileSync(join(folder, 'fast.log'), 'utf8')).toMatch(/\[1:1:0\] admin/);
    expect(summary.outputs.map(({ output, lines, dropped }) => [output.split('/').at(-1), lines, dropped])).toEqual([
      ['a.json', events('a.json').length, 0],
      ['b.json', events('b.json').length, 0],
      ['fast.log', 1, 0],
    ]);
  });

  it('write to a unix socket, with a prefix, and lose nothing that is waited for', async () => {
    let text = '';
    const ended = new Promise<void>((resolve) => {
      void listen('eve.sock', (socket) => {
        socket.on('data', (data) => {
          text += data.toString();
        });
        socket.on('end', resolve);
      });
    });
    const options = 'filetype: unix_stream\n      filename: eve.sock\n      prefix: "@cee: "';
    const summary = await write(
      browsing(3),
      `  - eve-log:\n      enabled: yes\n      ${options}\n      types: [http, flow]\n`,
    );
    await ended;
    const lines = text.split('\n').filter((line) => line !== '');
    expect(lines.every((line) => line.startsWith('@cee: {'))).toBe(true);
    expect(summary.outputs).toMatchObject([{ lines: lines.length, dropped: 0 }]);
    expect(lines.filter((line) => line.includes('"event_type":"http"'))).toHaveLength(3);
  });

  it('drop and count what a reader that does not read leaves no room for', async () => {
    let got = 0;
    const sockets: Socket[] = [];
    const server = await listen('eve.sock', (socket) => {
      socket.pause();
      sockets.push(socket);
    });
    const options = 'filetype: unix_stream\n      filename: eve.sock\n      when-full: drop';
    const summary = await write(
      browsing(20_000),
      `  - eve-log:\n      enabled: yes\n      ${options}\n      types: [http]\n`,
    );
    const [output] = summary.outputs;
    expect(output?.lines).toBe(20_000);
    expect(output?.dropped).toBeGreaterThan(0);
    await new Promise<void>((resolve) => {
      const [socket] = sockets;
      let rest = '';
      socket?.on('data', (data) => {
        const parts = (rest + data.toString()).split('\n');
        rest = parts.pop() ?? '';
        got += parts.length;
      });
      socket?.on('end', resolve);
      socket?.resume();
    });
    server.close();
    expect(got + (output?.dropped ?? 0), 'every line is delivered or counted').toBe(20_000);
  });

  it('fail to begin when nobody listens', async () => {
    const options = 'filetype: unix_stream\n      filename: nobody.sock';
    await expect(write(browsing(), `  - eve-log:\n      enabled: yes\n      ${options}\n`)).rejects.toMatchObject({
      code: 'output/write',
      message: expect.stringContaining('nobody.sock'),
    });
  });
});
