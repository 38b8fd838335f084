import { useEffect } from 'preact/hooks';

/** What keys do. */
export type KeyActions = Readonly<Record<string, () => void>>;

/** Has keys do something, unless somebody is writing, or holds a key for the browser. */
export function useKeys(actions: KeyActions): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const action = actions[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [actions]);
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}

/** Elements that `j` and `k` go through, in their order. */
const ROWS = '[data-row]';

/** Moves the focus by some rows. */
export function moveFocus(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: 'nearest' });
}

/** The key of the row that has the focus. */
export function focusedRow(): string | undefined {
  return document.activeElement?.closest<HTMLElement>(ROWS)?.dataset.row;
}

/** Gives the focus to the first field of the view. */
export function focusFilter(): void {
  document.querySelector<HTMLElement>('[data-filter]')?.focus();
}
