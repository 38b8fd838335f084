import { useState } from 'preact/hooks';
import type { Micros } from '../../calls/call.js';
import { printable } from '../../calls/wording.js';
import { type KeyMarks, LONGEST_NOTE, type MarkState, type PageMark, stateAt } from '../model/marks.js';

/** What marks something. */
export type Marker = (mark: Omit<PageMark, 'made'>) => void;

const STATE_WORDS: Readonly<Record<MarkState, string>> = { open: '', archived: 'archived', escalated: 'escalated' };

/** States by which rows are filtered. */
export const STATE_CHOICES = [
  ['open', 'open'],
  ['escalated', 'escalated'],
  ['archived', 'archived'],
  ['all', 'all'],
] as const;

/** The state of a row, when it is not just open. */
export function StateTag({ marks, last }: { readonly marks: KeyMarks | undefined; readonly last: Micros }) {
  const state = stateAt(marks, last);
  const notes = marks?.notes.length ?? 0;
  return (
    <>
      {state !== 'open' && <span class={`tag ${state}`}>{STATE_WORDS[state]}</span>}
      {notes > 0 && <span class="tag">{notes === 1 ? 'a note' : `${notes} notes`}</span>}
    </>
  );
}

/** The mark that turns a state on, or off when it is on. */
export function toggled(
  key: string,
  last: Micros,
  marks: KeyMarks | undefined,
  state: 'archived' | 'escalated',
): Omit<PageMark, 'made'> {
  if (stateAt(marks, last) === state) return { key, state: 'open' };
  return { key, state, ...(state === 'archived' ? { until: last } : {}) };
}

/** Buttons and notes about one group of alerts or one incident. */
export function MarksPanel(props: {
  readonly of: string;
  readonly last: Micros;
  readonly marks: KeyMarks | undefined;
  readonly mark: Marker;
  readonly isKept: boolean;
}) {
  const { of: key, last, marks, mark, isKept } = props;
  const [note, write] = useState('');
  const state = stateAt(marks, last);
  return (
    <section class="marks">
      <button
        type="button"
        aria-pressed={state === 'archived'}
        onClick={() => mark(toggled(key, last, marks, 'archived'))}
      >
        Archive <kbd>e</kbd>
      </button>
      <button
        type="button"
        aria-pressed={state === 'escalated'}
        onClick={() => mark(toggled(key, last, marks, 'escalated'))}
      >
        Escalate <kbd>s</kbd>
      </button>
      {!isKept && <span class="dim">Marks and notes are gone when this page is closed: the file does not change.</span>}
      {marks !== undefined && marks.notes.length > 0 && (
        <ul class="notes">
          {marks.notes.map(({ made, note: text = '' }) => (
            <li key={made + text}>
              <span class="dim">{printable(made.slice(0, 16).replace('T', ' '))}</span> {printable(text)}
            </li>
          ))}
        </ul>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (note.trim() !== '') mark({ key, note: note.trim() });
          write('');
        }}
      >
        <label class="field wide">
          <span>Note</span>
          <input value={note} maxLength={LONGEST_NOTE} onInput={({ currentTarget }) => write(currentTarget.value)} />
        </label>
        <button type="submit">Add</button>
      </form>
    </section>
  );
}
