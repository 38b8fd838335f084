import type { EveEvent, IncidentRecord } from '../../generated/events.js';
import { eveMicros } from './event-facts.js';
import type { JsonMembers } from './members.js';

/** What a value has to be: a text, a number, a list of the same, or an object. A member whose name ends in `?` may be absent. */
type ValueShape = 'text' | 'number' | 'object' | readonly [ValueShape] | { readonly [member: string]: ValueShape };

const END: ValueShape = {
  ip: 'text',
  'host?': 'text',
  'process?': { 'pid?': 'number', image: 'text' },
  'known_by?': ['text'],
};

const INCIDENT: ValueShape = {
  id: 'text',
  grade: 'text',
  says: 'text',
  first: 'text',
  last: 'text',
  'technique?': ['text'],
  'detection?': ['text'],
  from: END,
  to: END,
  'alerts?': [{ signature_id: 'number', signature: 'text', severity: 'number', count: 'number' }],
  'effect?': [
    {
      'pid?': 'number',
      image: 'text',
      'command_line?': 'text',
      parent: 'text',
      joined_by: ['text'],
      after_ms: 'number',
    },
  ],
  'clock?': 'object',
  evidence: ['object'],
};

const PROGRAM: ValueShape = { 'host?': 'text', 'pid?': 'number', image: 'text' };

const FLOW_EVENT: ValueShape = {
  timestamp: 'text',
  'src_ip?': 'text',
  'dest_ip?': 'text',
  'flow_id?': 'number',
  'endpoint?': { 'client?': PROGRAM, 'server?': PROGRAM },
};

const ALERT_EVENT: ValueShape = {
  timestamp: 'text',
  'src_ip?': 'text',
  'dest_ip?': 'text',
  'flow_id?': 'number',
  'tx_id?': 'number',
  'msrpc?': 'object',
  alert: {
    gid: 'number',
    signature_id: 'number',
    signature: 'text',
    severity: 'number',
    'metadata?': { 'detection?': ['text'] },
  },
};

const CALL_EVENT: ValueShape = {
  timestamp: 'text',
  'src_ip?': 'text',
  'dest_ip?': 'text',
  'dest_port?': 'number',
  'flow_id?': 'number',
  'tx_id?': 'number',
  msrpc: {
    transport: 'text',
    'pipe?': 'text',
    'started?': 'text',
    'procedure?': 'text',
    'interface?': { 'uuid?': 'text', 'name?': 'text' },
    'auth?': 'object',
    'refused?': [{ 'uuid?': 'text', 'name?': 'text', 'reason?': 'text' }],
    'request?': 'object',
    'response?': { 'fault?': 'object' },
    'arguments?': 'object',
    'dcom?': { 'class?': 'object', 'server_pid?': 'number', 'client?': { 'host?': 'text', 'pid?': 'number' } },
  },
};

const DRAWN: Readonly<Record<string, ValueShape>> = {
  alert: ALERT_EVENT,
  flow: FLOW_EVENT,
  incident: { incident: INCIDENT },
  msrpc: CALL_EVENT,
};

/** Whether something is an incident: files may hold what they like, and what is none must not hide those that are. */
export function isIncident(value: unknown): value is IncidentRecord {
  return (
    isShaped(value, INCIDENT) &&
    Object.values((value as IncidentRecord).clock ?? {}).every((one) => isShaped(one, CLOCK))
  );
}

const CLOCK: ValueShape = { offset_ms: 'number', from: 'number' };

/** The events among objects that a ladder can be drawn of. */
export function drawnEvents(events: readonly JsonMembers[]): EveEvent[] {
  return events.filter(isDrawn).map((event) => event as unknown as EveEvent);
}

function isDrawn(event: JsonMembers): boolean {
  const shape = DRAWN[String(event.event_type)];
  return shape !== undefined && eveMicros(event.timestamp) > 0 && isShaped(event, shape);
}

function isShaped(value: unknown, shape: ValueShape): boolean {
  if (shape === 'text') return typeof value === 'string';
  if (shape === 'number') return typeof value === 'number';
  if (typeof value !== 'object' || value === null) return false;
  if (shape === 'object') return true;
  if (isListShape(shape)) return Array.isArray(value) && value.every((item) => isShaped(item, shape[0]));
  return Object.entries(shape).every(([name, member]) => {
    const isOptional = name.endsWith('?');
    const found = (value as JsonMembers)[isOptional ? name.slice(0, -1) : name];
    return found === undefined ? isOptional : isShaped(found, member);
  });
}

function isListShape(shape: ValueShape): shape is readonly [ValueShape] {
  return Array.isArray(shape);
}
