import type { EventFacts } from './event-facts.js';

/** Texts by small numbers. */
export class TextTable {
  readonly #numbers = new Map<string, number>();
  readonly texts: string[] = [];

  /** The number of a text, which gets one when it is new. */
  add(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.length;
      this.texts.push(text);
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The text of a number. */
  text(number: number): string {
    return this.texts[number] ?? '';
  }
}

type TypedColumn = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Rows that columns have room for at first. */
const FIRST_ROOM = 1024;

/** The facts of many events, by columns: some fifty octets an event, where objects take several hundred. */
export class EventColumns {
  length = 0;
  /** Texts are numbers in these. */
  readonly types = new TextTable();
  readonly hosts = new TextTable();
  readonly protocols = new TextTable();
  at = new Float64Array(FIRST_ROOM);
  type = new Uint32Array(FIRST_ROOM);
  from = new Uint32Array(FIRST_ROOM);
  to = new Uint32Array(FIRST_ROOM);
  fromPort = new Uint16Array(FIRST_ROOM);
  toPort = new Uint16Array(FIRST_ROOM);
  flow = new Float64Array(FIRST_ROOM);
  sid = new Float64Array(FIRST_ROOM);
  severity = new Uint8Array(FIRST_ROOM);
  protocol = new Uint32Array(FIRST_ROOM);
  /** Where the line of the event is: its first octet, and how many there are. */
  offset = new Float64Array(FIRST_ROOM);
  octets = new Uint32Array(FIRST_ROOM);

  /** Adds a row. */
  add(facts: EventFacts, offset: number, octets: number): void {
    const row = this.length;
    if (row === this.at.length) this.#grow();
    this.at[row] = facts.at;
    this.type[row] = this.types.add(facts.type);
    this.from[row] = this.hosts.add(facts.from);
    this.to[row] = this.hosts.add(facts.to);
    this.fromPort[row] = facts.fromPort;
    this.toPort[row] = facts.toPort;
    this.flow[row] = facts.flow;
    this.sid[row] = facts.sid;
    this.severity[row] = facts.severity;
    this.protocol[row] = this.protocols.add(facts.protocol);
    this.offset[row] = offset;
    this.octets[row] = octets;
    this.length += 1;
  }

  #grow(): void {
    this.at = doubled(this.at);
    this.type = doubled(this.type);
    this.from = doubled(this.from);
    this.to = doubled(this.to);
    this.fromPort = doubled(this.fromPort);
    this.toPort = doubled(this.toPort);
    this.flow = doubled(this.flow);
    this.sid = doubled(this.sid);
    this.severity = doubled(this.severity);
    this.protocol = doubled(this.protocol);
    this.offset = doubled(this.offset);
    this.octets = doubled(this.octets);
  }
}

function doubled<Column extends TypedColumn>(column: Column): Column {
  const larger = new (column.constructor as new (length: number) => Column)(column.length * 2);
  larger.set(column);
  return larger;
}
