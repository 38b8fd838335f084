import type { MsrpcRecord } from '../generated/events.js';

/** A piece of a line: plain text, and what it is, which decides its colour. */
export interface Piece {
  readonly text: string;
  readonly kind: 'interface' | 'name' | 'value' | 'result' | 'failure' | 'remark' | 'plain';
}

/** Lists and records that are told without their name. */
const BARE = new Set(['in', 'interface_names', 'out']);

interface Sizes {
  readonly least: number;
  readonly most: number;
}

/** How much of a call is shown. */
export interface Detail {
  /** Everything, uncut. */
  readonly full: boolean;
  /** Arguments that differ between calls that are shown as one. */
  readonly differs?: ReadonlySet<string>;
  /** Sizes of sealed requests and responses, when several calls are shown as one. */
  readonly sizes?: readonly [Sizes, Sizes];
}

/** Characters of one value, and items of one list, before they are cut. */
const MAX_VALUE = 200;
const MAX_ITEMS = 4;

/** Results by their names; everything else in `arguments` is what the caller gave. */
const RESULTS = new Set([
  'account_rid',
  'aliases',
  'authn_hint',
  'bindings',
  'connections',
  'controller',
  'dispids',
  'domains',
  'endpoints',
  'files',
  'groups',
  'guid',
  'info',
  'negotiated_flags',
  'oid',
  'out',
  'principals',
  'references',
  'rem_unknown',
  'resolver',
  'results',
  'returned',
  'server_info',
  'server_challenge',
  'server_credential',
  'services',
  'sessions',
  'share',
  'shares',
  'users',
  'uses',
  'workstation',
]);

/** What is asked for by one of these names is answered by the others. */
const ASKED = ['names', 'rids', 'sids'] as const;

/** Whether a value was answered: names for identifiers, or identifiers for names, the first given and the rest found. */
function isResult(all: Readonly<Record<string, unknown>>, name: string): boolean {
  if (RESULTS.has(name)) return true;
  const here = Object.keys(all).filter((key) => ASKED.some((asked) => asked === key));
  return here.length > 1 && here.indexOf(name) > 0;
}

/** Numbers that are sets of bits. */
const BITS = /^(access|.*flags|.*_control|hDefKey)$/;

/** Identifiers of objects, which are told by their first part. */
const OBJECTS = new Set(['ipid', 'ipids', 'returned']);

/** What objects are known and reached by: shown only when everything is. */
const PLUMBING = new Set(['authn_hint', 'oid', 'references', 'rem_unknown', 'resolver']);

/** What a better name stands beside: the identifier is shown only when everything is. */
const NAMED_BY: Readonly<Record<string, string>> = {
  clsid: 'class',
  iids: 'interface_names',
  interface: 'interface_name',
};

/** `svcctl.RCreateServiceW(service_name="x", ...)`, its results and its end, in pieces. */
export function callPieces(record: MsrpcRecord, detail: Detail): Piece[] {
  if (record.refused !== undefined) return refusedPieces(record.refused);
  const { given, results } = sorted(record, detail);
  return [
    ...nameOf(record),
    { text: '(', kind: 'plain' },
    ...(given.length > 0 ? given : unread(record, detail)),
    { text: ')', kind: 'plain' },
    ...onWhat(record),
    ...outcome(record, results, detail),
    ...remarks(record),
  ];
}

/** `efsrpc: refused (abstract syntax not supported)`: what a bind asked for in vain. */
function refusedPieces(refused: NonNullable<MsrpcRecord['refused']>): Piece[] {
  return refused.flatMap(({ uuid, name, reason }, nth): Piece[] => [
    ...(nth > 0 ? [{ text: ', ', kind: 'plain' } as const] : []),
    { text: `${name ?? uuid}: `, kind: 'interface' },
    { text: 'refused', kind: 'failure' },
    ...(reason === undefined ? [] : [{ text: ` (${reason.replaceAll('_', ' ')})`, kind: 'failure' } as const]),
  ]);
}

/** In the place of arguments: how much there is that is encrypted, or that no table decodes. */
function unread(record: MsrpcRecord, { sizes }: Detail): Piece[] {
  const size = record.request?.size ?? 0;
  if (sealed(record)) return [{ text: sizeText(record.request?.size, sizes?.[0]), kind: 'remark' }];
  return size > 0 && record.arguments === undefined ? [{ text: `${size} octets`, kind: 'remark' }] : [];
}

/** The text of a call, whole: what `--grep` looks into. */
export function callText(record: MsrpcRecord): string {
  const names = [record.interface?.uuid, record.pipe, record.object].filter(Boolean).join(' ');
  return `${callPieces(record, { full: true })
    .map(({ text }) => text)
    .join('')} ${names}`;
}

/** Whether its arguments are encrypted. */
export function sealed(record: MsrpcRecord): boolean {
  return record.stub === 'sealed' && !record.opened && record.arguments === undefined;
}

function nameOf(record: MsrpcRecord): Piece[] {
  const { dcom, interface: on, procedure, opnum } = record;
  const method = dcom?.method;
  if (typeof method === 'string') return [{ text: printable(method), kind: 'name' }];
  if (record.arguments?.method !== undefined && procedure?.startsWith('ExecMethod')) {
    const path = printable(String(record.arguments.path ?? ''));
    return [
      { text: `${on?.name}.${procedure} `, kind: 'interface' },
      { text: `${path}.${printable(String(record.arguments.method))}`, kind: 'name' },
    ];
  }
  return [
    { text: on === undefined ? '(unknown interface) ' : `${on.name ?? on.uuid}.`, kind: 'interface' },
    { text: procedure ?? `opnum ${opnum ?? '?'}`, kind: 'name' },
  ];
}

/** The class of the object, where it is known and the name does not say it. */
function onWhat({ dcom, arguments: given }: MsrpcRecord): Piece[] {
  const name = (dcom?.class as { name?: string } | undefined)?.name;
  return name === undefined || given?.clsid !== undefined ? [] : [{ text: ` on ${name}`, kind: 'remark' }];
}

interface Sorted {
  readonly given: Piece[];
  readonly results: Piece[];
}

/** Arguments apart from results, without what says nothing. */
function sorted(record: MsrpcRecord, detail: Detail): Sorted {
  const all = record.arguments ?? {};
  if (!detail.full && record.interface?.name === 'epmapper' && record.procedure === 'ept_map') return endpoint(all);
  const given: Piece[][] = [];
  const results: Piece[][] = [];
  const invoked = record.dcom?.method !== undefined;
  const activation = all.clsid !== undefined && all.ipids !== undefined;
  for (const [name, value] of Object.entries(all)) {
    const better = NAMED_BY[name];
    if (!detail.full) {
      if (value === null || (name === 'flags' && value === 0) || (better !== undefined && all[better] !== undefined))
        continue;
      if (PLUMBING.has(name) || (invoked && /^(dispid|flags|lcid)$/.test(name))) continue;
      if ((activation && /^(ipids|oxid)$/.test(name)) || isTold(record, name)) continue;
    }
    const bare = (invoked && name === 'parameters') || BARE.has(name);
    const shown = bare ? spread(name, value, detail) : [];
    if (bare && shown.length === 0) continue;
    const piece: Piece[] = bare
      ? shown
      : [
          { text: `${printable(name)}=`, kind: 'plain' },
          { text: detail.differs?.has(name) ? '*' : valueText(name, value, detail), kind: 'value' },
        ];
    const gives = activation && (name === 'ipids' || name === 'oxid');
    (isResult(all, name) || gives ? results : given).push(piece);
  }
  return { given: joined(given), results: joined(results) };
}

/** `path` and `method` stand in the name of a WMI method already. */
function isTold({ procedure, arguments: all }: MsrpcRecord, name: string): boolean {
  return Boolean(procedure?.startsWith('ExecMethod')) && all?.method !== undefined && /^(path|method)$/.test(name);
}

/** The endpoint mapper's question and answer, without the template that towers are. */
function endpoint(all: Readonly<Record<string, unknown>>): Sorted {
  const asked = [all.interface_name ?? all.interface, all.version].filter((part) => part !== undefined).join(' ');
  const towers = Array.isArray(all.endpoints) ? (all.endpoints as Record<string, unknown>[]) : [];
  const places = [...new Set(towers.map(place))];
  const shown = places.slice(0, MAX_ITEMS).join(', ') + more(places.length - MAX_ITEMS);
  const results: Piece[] = all.endpoints === undefined ? [] : [{ text: shown || 'nowhere', kind: 'value' }];
  return { given: [{ text: printable(asked), kind: 'value' }], results };
}

function place(tower: Readonly<Record<string, unknown>>): string {
  const over = tower.pipe ? `pipe ${tower.pipe}` : undefined;
  const port = ['tcp', 'udp', 'http'].find((name) => tower[`${name}_port`] !== undefined);
  const where = over ?? (port ? `${port} ${tower[`${port}_port`]}` : 'local');
  return printable(`${where}${tower.address ? ` at ${tower.address}` : ''}`);
}

/** Members of a record, or items of a list, without brackets around them. */
function spread(name: string, value: unknown, detail: Detail): Piece[] {
  if (Array.isArray(value)) return [{ text: items(value, name, detail), kind: 'value' }];
  if (value === null || typeof value !== 'object') return [];
  return joined(
    Object.entries(value)
      .filter(([, member]) => detail.full || (member !== null && member !== ''))
      .map(([name, member]) => [
        { text: `${printable(name)}=`, kind: 'plain' },
        { text: valueText(name, member, detail), kind: 'value' },
      ]),
  );
}

function joined(parts: readonly Piece[][]): Piece[] {
  return parts.flatMap((part, index) => (index === 0 ? part : [{ text: ', ', kind: 'plain' } as const, ...part]));
}

/** One value. What is cut says by how much. */
function valueText(name: string, value: unknown, detail: Detail): string {
  if (typeof value === 'string') return OBJECTS.has(name) && !detail.full ? tag(value) : quoted(value, detail);
  if (typeof value === 'number') return BITS.test(name) && value > 9 ? `0x${value.toString(16)}` : String(value);
  if (Array.isArray(value)) {
    if (name === 'endpoints') return `[${value.map((tower) => place(tower)).join(', ')}]`;
    return `[${items(value, name, detail)}]`;
  }
  if (value !== null && typeof value === 'object') {
    const inside = spread(name, value, detail);
    return `{${inside.map(({ text }) => text).join('')}}`;
  }
  return String(value);
}

function items(list: readonly unknown[], name: string, detail: Detail): string {
  const most = detail.full ? list.length : MAX_ITEMS;
  return (
    list
      .slice(0, most)
      .map((item) => (name === 'interface_names' ? String(item ?? '?') : valueText(name, item, detail)))
      .join(', ') + more(list.length - most)
  );
}

function more(left: number): string {
  return left > 0 ? `, +${left} more` : '';
}

function quoted(text: string, { full }: Detail): string {
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text)) return text;
  const characters = [...text];
  if (full || characters.length <= MAX_VALUE) return `"${printable(text)}"`;
  return `"${printable(characters.slice(0, MAX_VALUE).join(''))}"[+${characters.length - MAX_VALUE} characters]`;
}

/** The first part of an object's identifier tells it from its neighbours. */
function tag(uuid: string): string {
  return `${uuid.slice(0, 8)}..`;
}

/** Text of the wire without what a terminal would obey or hide: control, formatting and bidirectional characters. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return short ?? `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/** What came of it: results, status, a fault, or no answer. */
function outcome(record: MsrpcRecord, results: readonly Piece[], { sizes }: Detail): Piece[] {
  const { response } = record;
  if (response === undefined) return [{ text: ', no answer seen', kind: 'remark' }];
  const pieces: Piece[] = results.length > 0 ? [{ text: ' -> ', kind: 'plain' }, ...results] : [];
  if (response.fault !== undefined) {
    const { name, status } = response.fault as { name?: string; status?: string };
    return [...pieces, { text: ` FAULT ${[name, status].filter(Boolean).join(' ')}`, kind: 'failure' }];
  }
  if (sealed(record) && response.size !== undefined)
    pieces.push({ text: ` -> ${sizeText(response.size, sizes?.[1])}`, kind: 'remark' });
  const { result, result_name: name } = response;
  if (result === undefined) return pieces;
  const value = Number(result);
  // Of these, S_OK and its like are what is expected; a name or a set first bit tells of something else.
  if (value === 0) pieces.push({ text: ' = 0', kind: 'result' });
  else pieces.push({ text: ` = ${name ?? result}`, kind: name === 'S_FALSE' ? 'result' : 'failure' });
  return pieces;
}

function remarks(record: MsrpcRecord): Piece[] {
  const { request, response } = record;
  const words = [
    record.known === 'inferred' ? 'inferred' : '',
    record.opened ? 'opened' : '',
    record.cancelled ? 'cancelled' : '',
    request === undefined ? 'request not seen' : request.incomplete ? 'request incomplete' : '',
    response?.incomplete ? 'response incomplete' : '',
  ].filter(Boolean);
  return words.length > 0 ? [{ text: `  [${words.join(', ')}]`, kind: 'remark' }] : [];
}

function sizeText(size: number | undefined, { least, most }: Sizes = { least: 0, most: 0 }): string {
  if (least < most) return `${least} to ${most} octets sealed`;
  return size === undefined ? 'sealed' : `${size} octets sealed`;
}
