import { render } from 'preact';
import type { PageSource } from './page-source.js';
import { ReportSource } from './report-source.js';
import { ServerSource } from './server-source.js';
import { Shell } from './shell.js';
import { guardTexts } from './text-guard.js';

guardTexts();
const place = document.getElementById('app') ?? document.body;
const data = document.getElementById('data');

async function open(): Promise<PageSource> {
  if (data === null) return ServerSource.open();
  const text = data.textContent ?? '';
  data.remove();
  return ReportSource.open(text);
}

try {
  const source = await open();
  const first = await source.overview();
  place.textContent = '';
  render(<Shell source={source} first={first} />, place);
} catch (error) {
  place.textContent = `The page cannot be shown: ${(error as Error).message}`;
}
