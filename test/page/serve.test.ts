import { appendFileSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { coverageTable } from '../../src/page/model/coverage.js';
import { EveStore } from '../../src/page/node/eve-store.js';
import { KnownRules } from '../../src/page/node/known-rules.js';
import { MarkFile } from '../../src/page/node/mark-file.js';
import { PageServer } from '../../src/page/node/page-server.js';
import { bundle, hasBrowser, startBrowser, watched } from './browser.js';
import { alertLine, callLine, flowLine } from './events.js';

const RULE =
  'alert tcp any any -> any any (msg:"a signature"; content:"x"; metadata:mitre_technique_id T1021_003; sid:7;)';

interface Served {
  readonly folder: string;
  readonly eve: string;
  readonly url: string;
}

const closing: (() => Promise<void>)[] = [];
beforeAll(bundle);
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function served({ token = null as string | null } = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'sidewire-serve-'));
  const eve = join(folder, 'eve.json');
  writeFileSync(eve, `${[alertLine(0), callLine(1, 1), flowLine(2)].join('\n')}\n`);
  const store = new EveStore(eve);
  await store.refresh();
  const about = { title: folder, made: '', release: '1', inputs: [eve], remarks: [] };
  const rules = new KnownRules([{ path: 'x', text: RULE }]);
  const coverage = coverageTable([{ techniques: ['T1021.003'], isProved: false }]);
  const marks = new MarkFile(join(folder, 'page-marks.jsonl'));
  const server = await PageServer.listen(
    { about, store, marks, rules, coverage, token, failed: () => {} },
    '127.0.0.1',
    0,
  );
  closing.push(async () => {
    await server.close();
    await store.close();
  });
  return { folder, eve, url: `http://127.0.0.1:${server.port}` };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A request with headers that `fetch` does not let anybody choose. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, method }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        // The stream of news has no end.
        if (url.endsWith('/live')) response.destroy();
      });
      response.on('close', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const JSON_BODY = { 'content-type': 'application/json' };
const MARK = JSON.stringify({ key: 'k', state: 'escalated' });

describe('sidewire serve', () => {
  it('answers with events, rules and numbers of the file', async () => {
    const { url } = await served();
    const json = async (path: string) => JSON.parse((await ask(`${url}/api/${path}`)).text);
    expect(await json('overview')).toMatchObject({ events: 3, groups: [{ sid: 7, techniques: [] }] });
    expect(await json('events?type=alert')).toMatchObject({ total: 1, lines: [alertLine(0)] });
    expect((await json('conversation?one=10.0.0.1&other=10.0.0.2')).lines).toHaveLength(3);
    expect(await json('rule?gid=1&sid=7')).toMatchObject({
      sid: 7,
      options: [{ name: 'msg' }, { name: 'content' }, {}, {}],
    });
    expect(await json('rule?gid=1&sid=8')).toBeNull();
    expect(await json('head')).toMatchObject({
      coverage: { rules: 1, techniques: [{ technique: 'T1021.003', rules: 1, proved: 0 }] },
      left: 0,
    });
  });

  it('has a page that may load nothing from elsewhere', async () => {
    const { url } = await served();
    const { status, headers, text } = await ask(url);
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-/,
    );
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(text).not.toContain('id="data"');
  });

  it('serves nobody who comes by another name, or from the page of another site', async () => {
    const { url } = await served();
    const port = new URL(url).port;
    expect((await ask(url, { host: `attacker.example:${port}` })).status).toBe(403);
    expect((await ask(url, { host: `localhost:${port}` })).status).toBe(200);
    const crossing = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
    expect((await ask(`${url}/api/overview`, crossing)).status).toBe(403);
    expect((await ask(`${url}/api/overview`, { origin: 'http://attacker.example' })).status).toBe(403);
    const visit = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask(url, visit)).status).toBe(200);
    expect((await ask(`${url}/api/marks`, { ...visit, ...JSON_BODY }, 'POST', MARK)).status).toBe(403);
  });

  it('asks for the token where there is one', async () => {
    const { url } = await served({ token: 'a-secret' });
    expect((await ask(url)).status).toBe(401);
    expect((await ask(`${url}/?token=a-guess!`)).status).toBe(401);
    expect((await ask(`${url}/api/overview?token=a-secret`)).status).toBe(401);
    const { status, headers } = await ask(`${url}/?token=a-secret`);
    expect([status, headers.location]).toEqual([303, '/']);
    const [cookie = ''] = headers['set-cookie'] as string[];
    expect(cookie).toContain('HttpOnly');
    expect((await ask(`${url}/api/overview`, { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
  });

  it('keeps marks in a file, and takes nothing else', async () => {
    const { url, folder } = await served();
    expect((await ask(`${url}/api/marks`, JSON_BODY, 'POST', MARK)).status).toBe(200);
    expect((await ask(`${url}/api/marks`, JSON_BODY, 'POST', '{"key":"k","state":"gone"}')).status).toBe(400);
    expect((await ask(`${url}/api/marks`, JSON_BODY, 'POST', 'x'.repeat(70_000))).status).toBe(413);
    expect((await ask(`${url}/api/marks`, { 'content-type': 'text/plain' }, 'POST', MARK)).status).toBe(415);
    expect((await ask(`${url}/api/marks`, {}, 'DELETE')).status).toBe(405);
    expect((await ask(`${url}/../../etc/passwd`)).status).toBe(404);
    expect(readFileSync(join(folder, 'page-marks.jsonl'), 'utf8')).toMatch(
      /^\{"key":"k","made":"2.*","state":"escalated"\}\n$/,
    );
    expect(JSON.parse((await ask(`${url}/api/marks`)).text)).toMatchObject([{ key: 'k', state: 'escalated' }]);
  });

  it('tells a page that comes back whether it has missed something', async () => {
    const { url, eve } = await served();
    const hello = await ask(`${url}/live`);
    expect(hello.headers['content-type']).toContain('text/event-stream');
    const [, id = ''] = /^event: hello\nid: (\S+)\n/.exec(hello.text) ?? [];
    expect((await ask(`${url}/live`, { 'last-event-id': id })).text).toContain('hello');
    appendFileSync(eve, `${alertLine(9)}\n`);
    await expect.poll(async () => (await ask(`${url}/live`, { 'last-event-id': id })).text).toContain('data: news');
  });
});

describe.skipIf(!hasBrowser())('the page that is served, in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  it('shows what comes, survives rotation, and keeps what was decided', async () => {
    const { url, eve } = await served();
    const { page, requests, errors } = await watched(browser, `${url}/#alerts`);
    const rows = () => page.locator('tbody tr').count();
    await expect.poll(rows).toBe(1);
    await page.waitForSelector('.live:not(.is-off)');
    appendFileSync(eve, `${alertLine(5, { sid: 8, severity: 1, signature: 'a new one' })}\n`);
    await expect.poll(rows, { timeout: 10_000 }).toBe(2);
    renameSync(eve, `${eve}.1`);
    writeFileSync(eve, `${alertLine(6, { sid: 9, severity: 3, signature: 'after the rotation' })}\n`);
    await expect.poll(rows, { timeout: 10_000 }).toBe(3);
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await expect.poll(rows, { timeout: 10_000 }).toBe(2);
    await page.reload();
    await expect.poll(rows).toBe(2);
    // Something new of the same group opens it again.
    appendFileSync(eve, `${alertLine(7, { sid: 8, severity: 1, signature: 'a new one' })}\n`);
    await expect.poll(rows, { timeout: 10_000 }).toBe(3);
    expect(errors).toEqual([]);
    expect(requests.filter((one) => !one.startsWith(url))).toEqual([]);
  });
});
