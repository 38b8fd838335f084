import type { BufferRow, Catalog, FieldRow, FrameRow, ProtocolRow } from '../../../generated/catalog.js';

/** The catalog by name: what the engine has. */
export class CatalogIndex {
  readonly rows: Catalog;
  readonly #protocols = new Map<string, ProtocolRow>();
  readonly #buffers = new Map<string, BufferRow>();
  readonly #modifiers = new Map<string, BufferRow>();
  readonly #fields = new Map<string, FieldRow>();
  readonly #frames = new Map<string, FrameRow>();
  readonly #events = new Map<string, ReadonlySet<string>>();
  readonly #transforms: ReadonlySet<string>;

  constructor(catalog: Catalog) {
    this.rows = catalog;
    for (const row of catalog.protocols) named(this.#protocols, row);
    for (const row of catalog.buffers) {
      named(this.#buffers, row);
      if (row.modifier !== '') this.#modifiers.set(row.modifier, row);
    }
    for (const row of catalog.fields) named(this.#fields, row);
    for (const row of catalog.frames) this.#frames.set(row.name, row);
    for (const family of catalog.events) {
      this.#events.set(eventKey(family.family, family.protocol), new Set(family.names));
    }
    this.#transforms = new Set(catalog.transforms);
  }

  protocol(name: string): ProtocolRow | undefined {
    return this.#protocols.get(name);
  }

  buffer(name: string): BufferRow | undefined {
    return this.#buffers.get(name);
  }

  /** The buffer a content modifier (`http_uri`) selects. */
  modifier(name: string): BufferRow | undefined {
    return this.#modifiers.get(name);
  }

  field(name: string): FieldRow | undefined {
    return this.#fields.get(name);
  }

  /** A kind of frame, with the protocol in front. */
  frame(name: string): FrameRow | undefined {
    return this.#frames.get(name);
  }

  isTransform(name: string): boolean {
    return this.#transforms.has(name);
  }

  /** Event names of a family, and for `app-layer-event` of a protocol. */
  events(family: string, protocol = ''): ReadonlySet<string> | undefined {
    return this.#events.get(eventKey(family, protocol));
  }
}

function eventKey(family: string, protocol: string): string {
  return `${family}:${protocol}`;
}

function named<Row extends { readonly name: string; readonly aliases: readonly string[] }>(
  map: Map<string, Row>,
  row: Row,
): void {
  map.set(row.name, row);
  for (const alias of row.aliases) map.set(alias, row);
}
