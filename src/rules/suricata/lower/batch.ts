import type { Rule } from '../../../generated/ir.js';
import { BatchSetTable } from './sets.js';

/** Room for a batch of usual rules. Octets. */
const INITIAL = 1 << 20;

/** Writes rules into a batch one by one, so that none has to be kept until the batch is full. */
export class BatchWriter {
  readonly #version: number;
  #sets = new BatchSetTable();
  #octets = Buffer.allocUnsafe(INITIAL);
  #length = 0;
  #count = 0;

  constructor(version: number) {
    this.#version = version;
  }

  /** Where the sets of the rules written next go. */
  get sets(): BatchSetTable {
    return this.#sets;
  }

  /** Rules in the batch so far. */
  get count(): number {
    return this.#count;
  }

  add(rule: Rule): void {
    const json = JSON.stringify(rule);
    // A UTF-16 unit takes three octets at most, and a comma.
    this.#reserve(json.length * 3 + 1);
    if (this.#count > 0) this.#length += this.#octets.write(',', this.#length, 'latin1');
    this.#length += this.#octets.write(json, this.#length, 'utf8');
    this.#count += 1;
  }

  /** The batch as JSON; the next one begins empty. */
  take(): Buffer {
    const head = `{"version":${this.#version},"sets":${JSON.stringify(this.#sets.sets)},"rules":[`;
    const batch = Buffer.concat([
      Buffer.from(head, 'utf8'),
      this.#octets.subarray(0, this.#length),
      Buffer.from(']}', 'latin1'),
    ]);
    this.#sets = new BatchSetTable();
    this.#length = 0;
    this.#count = 0;
    return batch;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#octets.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#octets.length * 2, this.#length + more));
    this.#octets.copy(grown, 0, 0, this.#length);
    this.#octets = grown;
  }
}
