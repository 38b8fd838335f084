import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Name of the cookie that holds the token. */
const COOKIE = 'sidewire-token';

/** What becomes of a request: it is served, sent on with a cookie, or refused with a reason. */
export type AccessVerdict =
  | { readonly kind: 'served' }
  | { readonly kind: 'sent on'; readonly cookie: string }
  | { readonly kind: 'refused'; readonly status: 401 | 403; readonly reason: string };

/**
 * Decides who may see the page. On a loopback address whoever is on this machine may, by a name of this machine alone: a page of
 * somebody else whose name leads here is not served. With a token, whoever has it.
 */
export function verdictOf(request: IncomingMessage, url: URL, token: string | null): AccessVerdict {
  if (!isOwn(request)) return { kind: 'refused', status: 403, reason: 'asked for by the page of another site' };
  if (token === null) {
    const { hostname } = new URL(`http://${request.headers.host ?? ''}`);
    if (isLoopback(hostname)) return { kind: 'served' };
    return { kind: 'refused', status: 403, reason: `"${hostname}" is no name of this machine: use 127.0.0.1` };
  }
  const given = url.searchParams.get('token');
  if (given !== null && isSame(given, token) && url.pathname === '/')
    return { kind: 'sent on', cookie: `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax` };
  const kept = cookieOf(request.headers.cookie ?? '');
  if (kept !== null && isSame(kept, token)) return { kind: 'served' };
  return {
    kind: 'refused',
    status: 401,
    reason: 'open the address that `sidewire serve` has shown: it ends in ?token=..',
  };
}

/** Whether a name or an address is of this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/.test(host);
}

/** Whether a request is of the page itself, or of somebody who typed the address: browsers say which. */
function isOwn({ method, headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  const isRead = method === 'GET' || method === 'HEAD';
  if (typeof site === 'string' && site !== 'same-origin' && !(isRead && site === 'none'))
    return isRead && isVisit(headers);
  const { origin } = headers;
  return origin === undefined || origin === `http://${headers.host}` || origin === `https://${headers.host}`;
}

/** A link elsewhere that leads here is followed, by itself it can read nothing. */
function isVisit(headers: IncomingMessage['headers']): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

function cookieOf(text: string): string | null {
  for (const part of text.split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE && value !== undefined) return value;
  }
  return null;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
