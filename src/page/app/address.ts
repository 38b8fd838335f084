import { useEffect, useState } from 'preact/hooks';

/** The views of the page, in the order of their keys. */
export const VIEWS = ['incidents', 'alerts', 'calls', 'events', 'flows', 'coverage'] as const;
export type ViewName = (typeof VIEWS)[number];

/** Where the page is: which view, and what it shows. All of it stands behind the `#`, so that it can be kept and passed on. */
export interface PageAddress {
  readonly view: ViewName;
  readonly parameters: URLSearchParams;
}

/** The address of a view: what a link names. */
export function addressOf(view: ViewName, parameters: Readonly<Record<string, string>> | URLSearchParams = {}): string {
  const text = new URLSearchParams(parameters).toString();
  return `#${view}${text === '' ? '' : `?${text}`}`;
}

/** Goes to a view. */
export function go(view: ViewName, parameters: Readonly<Record<string, string>> | URLSearchParams = {}): void {
  location.hash = addressOf(view, parameters);
}

/** Changes parameters of this view; an empty value takes one away. What is typed does not make a step to go back to. */
export function change(changes: Readonly<Record<string, string | undefined>>, isStep = false): void {
  const { view, parameters } = addressNow('incidents');
  for (const [name, value] of Object.entries(changes)) {
    if (value) parameters.set(name, value);
    else parameters.delete(name);
  }
  const address = addressOf(view, parameters);
  if (isStep) {
    location.hash = address;
    return;
  }
  history.replaceState(null, '', address);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function addressNow(first: ViewName): PageAddress {
  const [name = '', text = ''] = location.hash.slice(1).split(/\?(.*)/s);
  return { view: VIEWS.find((view) => view === name) ?? first, parameters: new URLSearchParams(text) };
}

/** Where the page is, as it changes. `first`: the view of an address that names none. */
export function useAddress(first: ViewName): PageAddress {
  const [, turn] = useState(0);
  useEffect(() => {
    const changed = () => turn((count) => count + 1);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return addressNow(first);
}
