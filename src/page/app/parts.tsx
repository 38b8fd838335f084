import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { civil, type Micros } from '../../calls/call.js';
import { printable } from '../../calls/wording.js';
import { addressOf, change } from './address.js';

/** Text of the wire: what would change how others are read is shown as an escape. */
export function Shown({ text }: { readonly text: string }) {
  return <>{printable(text)}</>;
}

/** Text of the wire, cut behind so many characters; all of it on demand. */
export function Long({ text, most = 240 }: { readonly text: string; readonly most?: number }) {
  const [isOpen, open] = useState(false);
  const whole = printable(text);
  if (isOpen || whole.length <= most) return <span class="wraps">{whole}</span>;
  return (
    <span class="wraps">
      {whole.slice(0, most)}
      <button type="button" class="more" onClick={() => open(true)}>
        {`+${(whole.length - most).toLocaleString('en')} characters`}
      </button>
    </span>
  );
}

/** A time: of the day, with the date when the pointer is on it. */
export function Time({ at, hasDate = false }: { readonly at: Micros; readonly hasDate?: boolean }) {
  if (at === 0) return <span class="dim">no time</span>;
  const text = civil(at);
  return (
    <time dateTime={`${text.replace(' ', 'T')}Z`} title={`${text} UTC`}>
      {hasDate ? text.slice(0, 19) : text.slice(11, 23)}
    </time>
  );
}

const SEVERITY_WORDS = ['', 'high', 'medium', 'low', 'note'];

/** How severe an alert is, as a number in a shape. */
export function Severity({ of }: { readonly of: number }) {
  const word = SEVERITY_WORDS[Math.min(of, 4)] ?? '';
  return (
    <span class={`severity s${Math.min(Math.max(of, 0), 4)}`} title={`severity ${of}${word ? `, ${word}` : ''}`}>
      <span class="hidden">severity </span>
      {of}
    </span>
  );
}

/** An address that leads to the events of the host. */
export function Host({ ip, name }: { readonly ip: string; readonly name?: string | undefined }) {
  if (ip === '') return <span class="dim">unknown</span>;
  return (
    <a class="host" href={addressOf('events', { host: ip })}>
      {name ? (
        <>
          <Shown text={name} /> <span class="dim">{printable(ip)}</span>
        </>
      ) : (
        <Shown text={ip} />
      )}
    </a>
  );
}

/** A technique of ATT&CK. Its page is named and not linked: nothing here leads out. */
export function Technique({ id }: { readonly id: string }) {
  return (
    <a class="tag" href={addressOf('alerts', { q: id, state: 'all' })}>
      <Shown text={id} />
    </a>
  );
}

/** A field that filters, written into the address as it is typed. */
export function Filter({
  name,
  label,
  value,
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
}) {
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        data-filter={name}
        value={value}
        onInput={({ currentTarget: { value: text } }) => {
          clearTimeout(timer.current);
          timer.current = setTimeout(() => change({ [name]: text, before: undefined }), 200) as unknown as number;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
        }}
      />
    </label>
  );
}

/** A choice that filters, written into the address. The first option is the one that needs no words there. */
export function Choice(props: {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}) {
  const { name, label, value, options } = props;
  const [first] = options[0] ?? [''];
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value || first}
        onChange={({ currentTarget: { value: chosen } }) =>
          change({ [name]: chosen === first ? undefined : chosen, before: undefined })
        }
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Names and what they stand for. What is empty is left out. */
export function Facts({ of }: { readonly of: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== '' && value !== undefined && value !== null && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** What is shown while there is nothing. */
export function Nothing({ children }: { readonly children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}

/** What a promise comes to, again whenever one of `on` changes. Until then, and beside an error, what was there before. */
export function useAnswer<Answer>(
  ask: () => Promise<Answer>,
  on: readonly unknown[],
): { readonly answer: Answer | null; readonly error: string | null } {
  const [state, set] = useState<{ answer: Answer | null; error: string | null }>({ answer: null, error: null });
  useEffect(() => {
    let isWanted = true;
    ask().then(
      (answer) => isWanted && set({ answer, error: null }),
      (error: unknown) => isWanted && set(({ answer }) => ({ answer, error: String((error as Error).message) })),
    );
    return () => {
      isWanted = false;
    };
    // What is asked depends on what it is asked again for, and on nothing else.
  }, on as unknown[]);
  return state;
}
