// The generator of events: types, a closed schema, and what of it was seen.
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../eve.js';

interface Described {
  readonly name: string;
  readonly protocol: boolean;
  readonly schema: object;
}
interface Schema {
  readonly $defs: Readonly<Record<string, object>>;
}

const load = async (path: string): Promise<unknown> => await import(join(ROOT, 'src/tools', path));
const { eveSchema, typesOf } = (await load('events.mjs')) as {
  eveSchema(described: readonly Described[]): Schema;
  typesOf(described: readonly Described[]): string;
};
const { addMembers, describedMembers } = (await load('eve-members.mjs')) as {
  addMembers(schema: Schema, event: unknown, seen: Set<string>): void;
  describedMembers(schema: Schema): { members: Set<string>; excused: Set<string> };
};
const { unmatched } = (await load('checks/members.mjs')) as {
  unmatched(described: { members: Set<string>; excused: Set<string> }, seen: Set<string>): string[];
};

const DESCRIBED: readonly Described[] = [
  {
    name: 'alert',
    protocol: false,
    schema: {
      description: 'A rule matched.',
      'x-event': { records: true, properties: { payload: { type: 'string', description: 'Base64.' } } },
      type: 'object',
      required: ['sid'],
      properties: { sid: { type: 'integer' } },
    },
  },
  {
    name: 'envelope',
    protocol: false,
    schema: {
      type: 'object',
      required: ['timestamp'],
      properties: { timestamp: { type: 'string' }, host: { type: 'string' } },
    },
  },
  {
    name: 'tftp',
    protocol: true,
    schema: {
      description: 'A transfer.',
      type: 'object',
      required: ['packet'],
      properties: {
        packet: { enum: ['read', 'write'] },
        options: { type: 'array', items: { $ref: '#/$defs/option' } },
        rare: { type: 'string', $comment: 'unseen: nothing sends it' },
      },
      $defs: {
        option: {
          title: 'TftpOption',
          type: 'object',
          description: 'An option.',
          required: ['name'],
          properties: { name: { type: 'string' } },
        },
      },
    },
  },
];
const SCHEMA = eveSchema(DESCRIBED);

function isValid(event: object): boolean {
  const ajv = new Ajv2020();
  ajv.addSchema(SCHEMA, 'eve');
  return ajv.validate({ $ref: 'eve' }, event) as boolean;
}

describe('descriptions of events', () => {
  it('become types', () => {
    const text = typesOf(DESCRIBED);
    expect(text).toContain(
      "export interface TftpRecord {\n  readonly packet: 'read' | 'write';\n  readonly options?: readonly TftpOption[];",
    );
    expect(text).toContain('/** An option. */\nexport interface TftpOption {\n  readonly name: string;\n}');
    expect(text).toContain(
      "export interface AlertEvent extends EventBase {\n  readonly event_type: 'alert';\n  /** Base64. */\n  readonly payload?: string;\n  readonly tftp?: TftpRecord;\n  readonly alert: AlertRecord;\n}",
    );
    expect(text).toContain('export type EveEvent =\n  | AlertEvent\n  | TftpEvent;');
  });

  it.each([
    [true, { timestamp: '', event_type: 'tftp', tftp: { packet: 'read', options: [{ name: 'blksize' }] } }],
    [true, { timestamp: '', event_type: 'alert', alert: { sid: 1 }, payload: '', tftp: { packet: 'write' } }],
    [false, { timestamp: '', event_type: 'tftp', tftp: { packet: 'read', more: 1 } }],
    [false, { timestamp: '', event_type: 'tftp', tftp: { packet: 'read', options: [{ name: 'x', value: 1 }] } }],
    [false, { timestamp: '', event_type: 'tftp', tftp: {} }],
    [false, { timestamp: '', event_type: 'tftp', tftp: { packet: 'read' }, payload: '' }],
    [false, { event_type: 'tftp', tftp: { packet: 'read' } }],
    [false, { timestamp: '', event_type: 'ftp', ftp: {} }],
  ])('become a closed schema: %s for %j', (expected, event) => expect(isValid(event)).toBe(expected));

  it('say which members exist, and events which of them were seen', () => {
    const seen = new Set<string>();
    addMembers(
      SCHEMA,
      { timestamp: '', event_type: 'alert', alert: { sid: 1 }, payload: '', tftp: { packet: 'read' } },
      seen,
    );
    const described = describedMembers(SCHEMA);
    expect(unmatched(described, seen)).toEqual([
      'envelope.host was not seen',
      'tftp.options was not seen',
      'tftp.option.name was not seen',
    ]);
    addMembers(
      SCHEMA,
      { timestamp: '', event_type: 'tftp', tftp: { packet: 'read', rare: '', options: [{ name: 'x' }] }, host: '' },
      seen,
    );
    expect(unmatched(described, seen)).toEqual(['tftp.rare is excused, and was seen']);
  });
});
