import * as v from 'valibot';

/** Texts that mean yes and no in a suricata.yaml, in any case. */
const YES = new Set(['yes', 'true', 'on', '1', 'enabled']);
const NO = new Set(['no', 'false', 'off', '0', 'disabled']);

/** Octets of a unit. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  gib: 2 ** 30,
};

/** The truth a text stands for; `null` when it stands for none. */
export function truth(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  return YES.has(word) ? true : NO.has(word) ? false : null;
}

/** Octets of `100kb`, `2 MiB`, `1.5gb`, `4096`; `null` when it is no size. */
export function octets(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match && UNITS[match[2]?.toLowerCase() ?? ''];
  return match && unit ? Math.floor(Number(match[1]) * unit) : null;
}

/** A yes or no. */
export const flag = parsed('yes or no', truth);

/** A size in octets. */
export const size = parsed('a size such as 64mb, 128 KiB or 4096', octets);

/** A size in octets, or `no`, which stands for 0. */
export const depth = parsed('a size such as 64mb, or no', (text) => (truth(text) === false ? 0 : octets(text)));

/** A whole number. */
export const whole = parsed('a whole number', (text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : null));

/** A share of a hundred; `no` is none. */
export const percent = parsed('a percentage such as 1 or 0.1, or no', (text) => {
  if (truth(text) === false) return 0;
  const value = /^\s*\d+(\.\d+)?\s*%?\s*$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  return value <= 100 ? value : null;
});

/** Text as it stands. */
export const text = v.string();

/** One text, or a list of them. */
export const texts = v.union([
  v.pipe(
    v.string(),
    v.transform((one) => (one === '' ? [] : [one])),
  ),
  v.array(v.string()),
]);

function parsed<T>(what: string, parse: (text: string) => T | null) {
  return v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): T => {
      const result = parse(dataset.value);
      if (result !== null) return result;
      addIssue({ message: `must be ${what}, not "${dataset.value}"` });
      return NEVER;
    }),
  );
}
