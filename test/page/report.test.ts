import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { bundle, hasBrowser, startBrowser, watched } from './browser.js';
import { alertLine, callLine, flowLine, incidentLine, line } from './events.js';

const PCAPS = join(import.meta.dirname, '../../pcaps');

/** What an attacker may call his files: markup, the end of a script, text that turns what follows, a bell and an escape. */
const HOSTILE = '</script><img src=x onerror=alert(1)><b>bold</b>\u202Egnp.exe\u0007\u001B[31m\u2066';
const SHOWN = '</script><img src=x onerror=alert(1)><b>bold</b>\\u{202e}gnp.exe\\u{7}\\u{1b}[31m\\u{2066}';

/** What is never to be on the page: characters of control, but for those of lines, and those that turn text. */
const TURNING = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u;

function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'sidewire-page-'));
}

async function report(...argv: string[]): Promise<{ status: number; out: string; path: string }> {
  const path = join(scratch(), 'report.html');
  const lines: string[] = [];
  const status = await main(['report', '-o', path, ...argv], {
    out: (text) => void lines.push(text),
    err: (text) => void lines.push(text),
    color: { out: false, err: false },
    live: false,
    width: 100,
    wraps: false,
  });
  return { status, out: lines.join('\n'), path };
}

function eveOf(lines: readonly string[]): string {
  const path = join(scratch(), 'eve.json');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const effect = [
  { pid: 300, image: 'C:\\x.exe', command_line: HOSTILE, parent: HOSTILE, joined_by: ['logon'], after_ms: 5 },
];
const HOSTILE_EVENTS = [
  callLine(0, 1, { arguments: { [HOSTILE]: HOSTILE, command: HOSTILE }, procedure: HOSTILE, says: HOSTILE }),
  alertLine(1, { signature: HOSTILE, severity: 1, more: { tx_id: 1, msrpc: {}, payload: 'R0VUIC8=' } }),
  alertLine(2, { sid: 8, signature: 'a second one' }),
  alertLine(3, { sid: 9, signature: 'a third one', severity: 3, from: '10.9.9.9', to: HOSTILE }),
  line('http', 3, { src_ip: '10.0.0.1', dest_ip: '10.0.0.2', http: { hostname: HOSTILE, url: '/' } }),
  flowLine(4, { client: { host: HOSTILE, pid: 100, image: HOSTILE, known_by: ['sysmon 3'] } }),
  incidentLine(5, { says: HOSTILE, effect, from: { ip: '10.0.0.1', host: HOSTILE } }),
];

describe('sidewire report', () => {
  beforeAll(bundle);

  it('writes one page of a capture, and warns of what is in it', async () => {
    const { status, out, path } = await report(join(PCAPS, 'dcom-invoke.pcap'));
    expect(status).toBe(0);
    expect(out).toContain('perhaps passwords');
    const html = readFileSync(path, 'utf8');
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/(?:src|href)=["']?https?:/);
  });

  it('says what it needs', async () => {
    expect(await report()).toMatchObject({ status: 2, out: expect.stringContaining('name captures, or an EVE file') });
    expect(await report('--eve', '/nowhere')).toMatchObject({
      status: 2,
      out: expect.stringContaining('does not exist'),
    });
    expect(await report('--eve', eveOf([]), '--events', 'x')).toMatchObject({ status: 2 });
    expect(await report('--eve', scratch())).toMatchObject({ status: 2, out: expect.stringContaining('EISDIR') });
    expect(await report('--eve', eveOf([]), '-o', '/nowhere/x')).toMatchObject({
      status: 2,
      out: expect.stringContaining('/nowhere/x'),
    });
  });

  it('keeps what matters when there are more events than it may hold, and says so', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => line('dns', index));
    const { out, path } = await report('--eve', eveOf([...lines, ...HOSTILE_EVENTS]), '--events', '10');
    expect(out).toContain('10 events; 297 of 307 were left out');
    expect(statSync(path).size).toBeLessThan(400_000);
  });
});

describe.skipIf(!hasBrowser())('the page of a report, in a browser', () => {
  let browser: Browser;
  let hostile = '';

  beforeAll(async () => {
    await bundle();
    browser = await startBrowser();
    hostile = `file://${(await report('--eve', eveOf(HOSTILE_EVENTS))).path}`;
  }, 60_000);
  afterAll(() => browser?.close());

  it('asks for nothing, and shows every view', async () => {
    const { page, requests, errors } = await watched(browser, hostile);
    for (const view of ['incidents', 'alerts', 'calls', 'events', 'flows', 'coverage']) {
      await page.click(`nav a[href="#${view}"]`);
      await page.waitForSelector(`nav a[href="#${view}"][aria-current]`);
      expect(await page.textContent('main')).not.toContain('cannot be shown');
    }
    expect(requests).toEqual([hostile]);
    expect(errors).toEqual([]);
  });

  it('shows hostile text as text, what turns it as an escape', async () => {
    const { page, errors } = await watched(browser, hostile);
    for (const address of [
      '#incidents?open=a1b2',
      '#alerts',
      '#calls?open=0',
      '#calls?open=1',
      '#events',
      '#flows?open=5',
    ]) {
      await page.goto(hostile + address);
      await expect.poll(() => page.textContent('main')).toContain(SHOWN);
      expect(await page.$$('img, main b:text-is("bold"), main script')).toEqual([]);
      const text = (await page.textContent('#app')) ?? '';
      expect(text).not.toMatch(TURNING);
      const attributes = await page.$$eval('main *', (all) =>
        all.flatMap((element) => [...element.attributes].map(({ value }) => value)),
      );
      expect(attributes.filter((value) => TURNING.test(value) && !value.startsWith('['))).toEqual([]);
    }
    expect(errors).toEqual([]);
  });

  it('refuses by its policy whatever would be put into it', async () => {
    const { page, errors } = await watched(browser, hostile);
    const ran = await page.evaluate(`(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const asked = await fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused');
      return [window.ran ?? false, asked];
    })()`);
    expect(ran).toEqual([false, 'refused']);
    expect(errors.join('\n')).toContain('Content Security Policy');
  });

  it('is worked by keys alone', async () => {
    const { page } = await watched(browser, `${hostile}#alerts`);
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('j');
    expect(await focused()).toBe(SHOWN);
    await page.keyboard.press('j');
    expect(await focused()).toBe('a second one');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.detail');
    expect(await page.textContent('.detail .octets')).toContain('47 45 54 20 2f');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.detail', { state: 'detached' });
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(2);
    await page.keyboard.press('s');
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.dataset.filter')).toBe('q');
    await page.keyboard.type('third');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    expect(page.url()).toContain('q=third');
    await page.keyboard.press('Escape');
    await page.keyboard.press('4');
    await page.waitForSelector('nav a[href="#events"][aria-current]');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
  });

  it('tells how far a rule came, where that was asked for', async () => {
    const { path } = await report(join(PCAPS, 'dcom-invoke.pcap'), '--explain');
    const { page } = await watched(browser, `file://${path}#alerts`);
    await page.click('button.row');
    await page.waitForSelector('.explained');
    expect(await page.textContent('.explained')).toMatch(/10\.20\.30\.1.*matched/);
    expect(await page.textContent('.rule')).toContain('dcom');
  });

  it('comes back to what its address says', async () => {
    const { page } = await watched(browser, `${hostile}#events?type=http`);
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    await page.click('.filters button');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(7);
    await page.goBack();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
  });

  it('has names for what a reader of screens reads', async () => {
    const { page } = await watched(browser, `${hostile}#calls`);
    await page.waitForSelector('.ladder li');
    const snapshot = await page.locator('main').ariaSnapshot();
    expect(snapshot).toContain('region "Ladder of 1 calls"');
    expect(snapshot).toMatch(/button "call from .* to .*: tcp 49154/);
    const nameless = await page.$$eval('button, a, input, select', (all) =>
      all.filter((element) => {
        const label = element.closest('label')?.textContent ?? element.getAttribute('aria-label') ?? '';
        return (element.textContent ?? '').trim() === '' && label.trim() === '';
      }),
    );
    expect(nameless).toEqual([]);
  });

  it.each([
    [1440, 'light'],
    [900, 'dark'],
    [420, 'light'],
  ] as const)('fits %i pixels', async (width, colorScheme) => {
    const { page } = await watched(browser, hostile, { viewport: { width, height: 900 }, colorScheme });
    for (const view of ['incidents', 'alerts', 'calls', 'events', 'flows', 'coverage']) {
      await page.click(`nav a[href="#${view}"]`);
      await page.waitForSelector(`nav a[href="#${view}"][aria-current]`);
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(wide, view).toBe(0);
    }
  });

  it('says when it was cut', async () => {
    const lines = Array.from({ length: 100 }, (_, index) => line('dns', index));
    const { path } = await report('--eve', eveOf([...lines, ...HOSTILE_EVENTS]), '--events', '20');
    const { page } = await watched(browser, `file://${path}#alerts`);
    expect(await page.textContent('.warning')).toContain('it has 20 of 107 events');
    expect(await page.$$('tbody tr')).toHaveLength(3);
  });
});
