//! The catalog of keywords, which the rule compiler reads.

use std::collections::BTreeMap;

use sidewire_app_layer::{BufferInfo, BufferKind, DetectionEvent, FrameKind, ProtocolDef, Transport};
use sidewire_base::Direction;
use sidewire_decode::DecodeEvent;
use sidewire_ir::{
    BufferRow, Catalog, DocumentStoreRow, EventFamily, FieldKind, FieldRow, FrameRow, NamedValue, ProtocolRow,
    ValueKind,
};

use crate::keyword::fields::{self, PacketBuffer, PacketField, PacketFieldKind};
use crate::keyword::transform;

/// All keywords: header fields, protocol rows, events, transforms.
#[must_use]
pub fn catalog(protocols: &[ProtocolDef]) -> Catalog {
    let mut catalog = Catalog {
        version: sidewire_ir::IR_VERSION,
        protocols: protocols.iter().map(protocol).collect(),
        buffers: fields::BUFFERS.iter().map(packet_buffer).collect(),
        fields: fields::FIELDS.iter().map(packet_field).collect(),
        frames: protocols.iter().flat_map(frames).collect(),
        events: vec![
            family("decode-event", "", DecodeEvent::NAMES.iter().copied()),
            family("stream-event", "", sidewire_tcp::StreamEvent::ALL.iter().map(|event| event.name())),
            family("app-layer-event", "", DetectionEvent::ALL.iter().map(|event| event.name())),
        ],
        transforms: owned(transform::NAMES),
        ..Catalog::default()
    };
    let of_protocols = protocols.iter().filter(|def| !def.info.events.is_empty());
    catalog.events.extend(
        of_protocols
            .map(|def| family("app-layer-event", def.info.name, def.info.events.iter().map(|event| event.name))),
    );
    protocol_rows(protocols, &mut catalog);
    catalog
}

/// The rows of protocols; those of one name in several protocols are one keyword.
fn protocol_rows(protocols: &[ProtocolDef], catalog: &mut Catalog) {
    let (mut buffers, mut numbers) = (BTreeMap::<&str, BufferRow>::new(), BTreeMap::<&str, FieldRow>::new());
    for def in protocols {
        for info in (0..).map_while(def.buffers) {
            let (to_server, to_client) = sides(info);
            let (protocols, towards_server, towards_client) = match row_kind(info.kind) {
                RowKind::Own => continue,
                RowKind::Buffer => {
                    let row = buffers.entry(info.name).or_insert_with(|| buffer_row(info));
                    (&mut row.protocols, &mut row.to_server, &mut row.to_client)
                }
                RowKind::Field(kind) => {
                    let row = numbers.entry(info.name).or_insert_with(|| field_row(info, kind));
                    (&mut row.protocols, &mut row.to_server, &mut row.to_client)
                }
            };
            protocols.push(def.info.name.into());
            *towards_server |= to_server;
            *towards_client |= to_client;
        }
    }
    catalog.buffers.extend(buffers.into_values());
    catalog.fields.extend(numbers.into_values());
}

/// What a protocol's row is to rules.
enum RowKind {
    Buffer,
    Field(FieldKind),
    /// A keyword with a grammar of its own: `dcerpc.iface`, and those on files.
    Own,
}

fn row_kind(row: BufferKind) -> RowKind {
    match row {
        BufferKind::Bytes | BufferKind::Multi | BufferKind::Items | BufferKind::Body | BufferKind::Bodies => {
            RowKind::Buffer
        }
        BufferKind::Interfaces | BufferKind::Files => RowKind::Own,
        BufferKind::Uint(bits) | BufferKind::UintList(bits) => RowKind::Field(kind(ValueKind::Number, bits, &[])),
        BufferKind::Enumeration(names) | BufferKind::EnumerationList(names) => {
            RowKind::Field(kind(ValueKind::Enumeration, 64, names))
        }
        BufferKind::Flags(names) => RowKind::Field(kind(ValueKind::Flags, 64, names)),
    }
}

fn packet_buffer(buffer: &PacketBuffer) -> BufferRow {
    BufferRow {
        name: buffer.name.into(),
        aliases: Vec::new(),
        modifier: String::new(),
        doc: buffer.doc.into(),
        multi: false,
        named: false,
        protocols: Vec::new(),
        to_server: true,
        to_client: true,
    }
}

fn packet_field(field: &PacketField) -> FieldRow {
    FieldRow {
        name: field.name.into(),
        aliases: owned(field.aliases),
        doc: field.doc.into(),
        kind: match field.kind {
            PacketFieldKind::Number(bits) => kind(ValueKind::Number, bits, &[]),
            PacketFieldKind::Enumeration(bits, names) => kind(ValueKind::Enumeration, bits, names),
            PacketFieldKind::Flags(bits, names) => kind(ValueKind::Flags, bits, names),
        },
        protocols: Vec::new(),
        to_server: true,
        to_client: true,
    }
}

/// A buffer of protocols, before the first of them is noted.
fn buffer_row(info: &BufferInfo) -> BufferRow {
    BufferRow {
        name: info.name.into(),
        aliases: owned(info.aliases),
        modifier: info.modifier.unwrap_or_default().into(),
        doc: info.doc.into(),
        multi: matches!(info.kind, BufferKind::Multi | BufferKind::Items | BufferKind::Bodies),
        named: matches!(info.kind, BufferKind::Items),
        protocols: Vec::new(),
        to_server: false,
        to_client: false,
    }
}

/// A field of protocols, before the first of them is noted.
fn field_row(info: &BufferInfo, kind: FieldKind) -> FieldRow {
    FieldRow {
        name: info.name.into(),
        aliases: owned(info.aliases),
        doc: info.doc.into(),
        kind,
        protocols: Vec::new(),
        to_server: false,
        to_client: false,
    }
}

fn sides(info: &BufferInfo) -> (bool, bool) {
    (info.hook.at(Direction::ToServer).is_some(), info.hook.at(Direction::ToClient).is_some())
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn kind(value: ValueKind, bits: u8, names: &[(&str, u64)]) -> FieldKind {
    let names = names.iter().map(|(name, value)| NamedValue { name: (*name).into(), value: *value }).collect();
    FieldKind { value, bits, names }
}

fn family<'n>(family: &str, protocol: &str, names: impl Iterator<Item = &'n str>) -> EventFamily {
    EventFamily { family: family.into(), protocol: protocol.into(), names: names.map(Into::into).collect() }
}

fn frames(def: &ProtocolDef) -> impl Iterator<Item = FrameRow> {
    (0..).map(FrameKind).zip(def.info.frames).filter_map(|(kind, frame)| {
        // Of datagrams there is no stream.
        let over = |transport: &&Transport| kind != FrameKind::STREAM || **transport == Transport::Tcp;
        let transports: Vec<_> = def.info.transports.iter().filter(over).map(transport_name).collect();
        (!transports.is_empty()).then(|| FrameRow {
            name: frame.name.into(),
            short: frame.short().into(),
            doc: frame.doc.into(),
            protocol: def.info.name.into(),
            transports,
        })
    })
}

fn transport_name(transport: &Transport) -> String {
    match transport {
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp => "udp".to_owned(),
    }
}

fn protocol(def: &ProtocolDef) -> ProtocolRow {
    ProtocolRow {
        name: def.info.name.into(),
        aliases: owned(def.info.aliases),
        doc: def.info.doc.into(),
        transports: def.info.transports.iter().map(transport_name).collect(),
        off_by_default: def.info.off_by_default,
        to_server_stages: owned(def.info.stages[Direction::ToServer]),
        to_client_stages: owned(def.info.stages[Direction::ToClient]),
        document_store: def
            .info
            .documents
            .map(|documents| DocumentStoreRow { output: documents.output.into(), folder: documents.folder.into() }),
    }
}
