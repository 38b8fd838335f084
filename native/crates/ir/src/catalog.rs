//! The catalog: what the engine has, for the rule compiler and the configuration.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which keywords and which kinds of sinks the engine has: written from the Rust tables, read by the rule compiler and the
/// configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct Catalog {
    /// [`crate::IR_VERSION`].
    pub version: u32,
    /// Application-layer protocols.
    pub protocols: Vec<ProtocolRow>,
    /// Buffers rules can look into. One row per name, whatever number of protocols gives it.
    pub buffers: Vec<BufferRow>,
    /// Fields of packets, flows and transactions that are no byte strings.
    pub fields: Vec<FieldRow>,
    /// Parts of streams rules can look into.
    pub frames: Vec<FrameRow>,
    /// Events by family.
    pub events: Vec<EventFamily>,
    /// Transforms, by keyword.
    pub transforms: Vec<String>,
    /// Kinds of sinks that outputs can write to.
    pub sinks: Vec<SinkRow>,
    /// What packets can be read with as they happen.
    pub methods: Vec<MethodRow>,
}

/// A way to read packets as they happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct MethodRow {
    /// Its name, and that of its section of suricata.yaml.
    pub name: String,
    /// One sentence.
    pub doc: String,
}

/// A kind of sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct SinkRow {
    /// Its names (`filetype`).
    pub filetypes: Vec<String>,
    /// One sentence.
    pub doc: String,
    /// What an output may tell it.
    pub settings: Vec<SettingRow>,
}

/// A setting of something that declares its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct SettingRow {
    /// Its key, with dots.
    pub key: String,
    /// What it is.
    pub doc: String,
    /// What its text means.
    pub kind: SettingType,
    /// The text it has where the configuration has none; absent: none.
    pub usual: Option<String>,
    /// It has to have a value.
    pub required: bool,
}

/// What the text of a setting means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "catalog.ts")]
pub enum SettingType {
    /// Text as it stands.
    Text,
    /// A path; a relative one is below the directory of logs.
    Path,
    /// Yes or no.
    Flag,
    /// A whole number.
    Number {
        /// The greatest.
        #[ts(type = "number")]
        most: u64,
    },
    /// Octets: `64mb`.
    Size,
    /// Permissions of a file: three octal digits.
    FileMode,
    /// A span of time: `minute`, `hour`, `day`, or a number with `s`, `m`, `h`, `d` or `w`.
    Span,
    /// One of some words.
    OneOf {
        /// The words.
        words: Vec<String>,
    },
}

/// A protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct ProtocolRow {
    /// Name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// One sentence.
    pub doc: String,
    /// `tcp`, `udp`.
    pub transports: Vec<String>,
    /// It is off unless a configuration switches it on.
    pub off_by_default: bool,
    /// Hook names, requests.
    pub to_server_stages: Vec<String>,
    /// Hook names, responses.
    pub to_client_stages: Vec<String>,
    /// The output that stores what its transactions carry, if rules may have that stored.
    pub document_store: Option<DocumentStoreRow>,
}

/// An output that stores what transactions carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct DocumentStoreRow {
    /// Its name.
    pub output: String,
    /// Key of its setting for the directory.
    pub folder: String,
}

/// A buffer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct BufferRow {
    /// Sticky buffer name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Content modifier of the same meaning; empty without.
    pub modifier: String,
    /// One sentence.
    pub doc: String,
    /// Several items (a rule's checks must hold on one).
    pub multi: bool,
    /// Its items have names, and a rule says which it means: `dcerpc.arg:"service_name"`.
    pub named: bool,
    /// Which protocols give it; empty: packets.
    pub protocols: Vec<String>,
    /// Exists towards the server.
    pub to_server: bool,
    /// Exists towards the client.
    pub to_client: bool,
}

/// A field that is no byte string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct FieldRow {
    /// Keyword.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// One sentence.
    pub doc: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Which protocols give it; empty: packets.
    pub protocols: Vec<String>,
    /// Exists towards the server.
    pub to_server: bool,
    /// Exists towards the client.
    pub to_client: bool,
}

/// A kind of frame of a TCP stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct FrameRow {
    /// With the protocol in front: `smb.nbss.hdr`.
    pub name: String,
    /// Without it, as rules that name the protocol in their header may have it: `nbss.hdr`.
    pub short: String,
    /// One sentence.
    pub doc: String,
    /// Which protocol has it.
    pub protocol: String,
    /// Over which transports.
    pub transports: Vec<String>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct FieldKind {
    /// Number, names or bits.
    pub value: ValueKind,
    /// Bits of the number.
    pub bits: u8,
    /// Named values of an enumeration or flags.
    pub names: Vec<NamedValue>,
}

/// The value grammar of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "catalog.ts")]
pub enum ValueKind {
    /// `5`, `>5`, `5-10`, `5<>10`, `!5`, and names where there are any.
    Number,
    /// One of the names, or a number.
    Enumeration,
    /// Letters or names of bits.
    Flags,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct NamedValue {
    /// Name.
    pub name: String,
    /// Value.
    #[ts(type = "number")]
    pub value: u64,
}

/// Events of one family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "catalog.ts")]
pub struct EventFamily {
    /// `decode-event`, `stream-event`, `app-layer-event`.
    pub family: String,
    /// Protocol name for application events; empty otherwise.
    pub protocol: String,
    /// Names.
    pub names: Vec<String>,
}
