// A browser for tests of the page: that of the system, because none is downloaded.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Whether there is a browser. Without one it says that tests are skipped. */
export function hasBrowser(): boolean {
  if (existsSync(CHROMIUM)) return true;
  console.warn(`skipped: the page is not tried in a browser, ${CHROMIUM} is not installed`);
  return false;
}

/** Starts the browser. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A page, and everything it did that it should not: requests, errors, what its policy refused. */
export interface WatchedPage {
  readonly page: Page;
  readonly requests: string[];
  readonly errors: string[];
}

/** Opens an address. */
export async function watched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const [requests, errors]: [string[], string[]] = [[], []];
  page.on('request', (request) => void requests.push(request.url()));
  page.on('pageerror', (error) => void errors.push(error.message));
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('dialog', (dialog) => {
    errors.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  await page.waitForSelector('main');
  return { page, requests, errors };
}

/** Bundles the page where the package looks for it: what is tried is what the sources say. */
export async function bundle(): Promise<void> {
  const tools = (await import(join(import.meta.dirname, '../../src/tools/page.mjs'))) as {
    bundlePage(): Promise<string>;
  };
  await tools.bundlePage();
}
