import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_FOLDER } from '../../package.js';

/** The program and the style of the page, as the build has made them. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** The page cannot be made; the message says why, and the way out. */
export class PageError extends Error {
  override readonly name = 'PageError';
}

/**
 * Reads what the build has put into `dist/page`.
 * @throws {PageError} when it is not there
 */
export function pageAssets(folder = join(PACKAGE_FOLDER, 'dist', 'page', 'app')): PageAssets {
  try {
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { script: text('app.js'), style: text('app.css') };
  } catch {
    throw new PageError(`the page is not built (${folder}): run \`npm run build\``);
  }
}

/** What a page with its data inside may load: its own script and style, and nothing from anywhere. */
export function reportPolicy({ script, style }: PageAssets): string {
  return `default-src 'none'; script-src '${digestOf(script)}'; style-src '${digestOf(style)}'; base-uri 'none'; form-action 'none'`;
}

/** What a page that is served may load: beside its own script and style, data from where it is from. */
export function servedPolicy(assets: PageAssets): string {
  return `${reportPolicy(assets)}; connect-src 'self'; frame-ancestors 'none'`;
}

/** The page as HTML. `policy` goes into the page itself where no server says it; `data` is base64 of gzip. */
export function pageHtml(
  { script, style }: PageAssets,
  { title, policy, data }: { readonly title: string; readonly policy?: string; readonly data?: string },
): string {
  const meta = policy === undefined ? '' : `<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">\n`;
  const inside = data === undefined ? '' : `<script type="application/octet-stream" id="data">${data}</script>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${meta}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<div id="app"><p class="loading">Reading the events. This page needs JavaScript, and nothing from a network.</p></div>
${inside}<script type="module">${script}</script>
</body>
</html>
`;
}

function digestOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
