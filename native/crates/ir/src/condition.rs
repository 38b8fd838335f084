//! What must hold for a rule to match, and what it does then.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Check, FileCheck, Number, Operand, Transform};

/// Something that must hold. Order is the rule's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum Condition {
    /// Checks on one buffer, in order, later ones relative to earlier ones. `payload` is the packet's or stream's payload;
    /// all others are catalog rows. Two runs of the same buffer in a rule are two conditions only when a multi-buffer is
    /// asked twice (each must hold on some item).
    Buffer {
        /// Catalog name.
        buffer: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<Check>,
    },
    /// Checks on the values of one name in a buffer of named values (`dcerpc.arg:"service_name"`): they must all hold on
    /// one of the values that have the name.
    Item {
        /// Catalog name.
        buffer: String,
        /// The name; the names of records with dots between them.
        item: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<Check>,
    },
    /// Checks on a frame: a part of the stream as it was sent. A rule names one kind; all its checks hold on one frame.
    Frame {
        /// Catalog name, with the protocol in front: `smb.nbss.hdr`.
        buffer: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<Check>,
    },
    /// A numeric catalog field (`ttl`, `itype`, `dsize`, `http.stat_code` ...).
    Number {
        /// Catalog name.
        field: String,
        /// What holds.
        test: Number,
    },
    /// A field of named bits (`tcp.flags`, `fragbits`).
    Flags {
        /// Catalog name.
        field: String,
        /// How the bits are compared.
        compare: FlagCompare,
        /// Bits asked for.
        #[ts(type = "number")]
        value: u64,
        /// Bits looked at (others are ignored).
        #[ts(type = "number")]
        mask: u64,
        /// Holds when the comparison does not.
        negated: bool,
    },
    /// `decode-event`: something was wrong with the headers of the packet.
    DecodeEvent {
        /// Its name.
        event: String,
        /// Holds when it did not happen.
        negated: bool,
    },
    /// `stream-event`: something was odd about the TCP session.
    StreamEvent {
        /// Its name.
        event: String,
        /// Holds when it did not happen.
        negated: bool,
    },
    /// `app-layer-event`: something was odd about the application protocol.
    AppLayerEvent {
        /// Whose event it is; `None`: of protocol detection.
        protocol: Option<String>,
        /// Its name.
        event: String,
        /// Holds when it did not happen.
        negated: bool,
    },
    /// `app-layer-protocol`: what the flow was taken for.
    AppLayerProtocol {
        /// Of what part of the flow.
        part: AppLayerPart,
        /// Protocols: one of them.
        protocols: Vec<String>,
        /// Or none that is known.
        failed: bool,
        /// Or nothing yet.
        unknown: bool,
        /// Holds when it is none of these.
        negated: bool,
    },
    /// `sameip`: both addresses are the same.
    SameIp {
        /// Holds when they are not.
        negated: bool,
    },
    /// `ipopts`: an IPv4 option.
    IpOption {
        /// Its name; `None`: any.
        option: Option<String>,
        /// Holds when it is not there.
        negated: bool,
    },
    /// A bound RPC interface (`dcerpc.iface`).
    Interface {
        /// Text form, lower case, with dashes.
        uuid: String,
        /// Version, when asked.
        version: Option<Number>,
        /// Holds on any fragment, not only the first.
        any_fragment: bool,
    },
    /// Checks on a file as a whole: they must all hold on the same one.
    File {
        /// What must hold.
        checks: Vec<FileCheck>,
    },
    /// `stream_size`.
    StreamSize {
        /// Which side.
        side: StreamSide,
        /// Octets.
        test: Number,
    },
    /// `flowbits` with several names is an OR.
    FlowBits {
        /// What is done or asked.
        action: FlowBitAction,
        /// Names.
        names: Vec<String>,
    },
    /// `flowint`.
    FlowInt {
        /// Name.
        name: String,
        /// What is done or asked.
        action: FlowIntAction,
        /// Right-hand side: number or another variable's name.
        value: Option<Operand>,
    },
    /// `xbits` and `hostbits`.
    XBits {
        /// What is done or asked.
        action: FlowBitAction,
        /// Name.
        name: String,
        /// By what it is kept.
        scope: XbitScope,
        /// Seconds until it is forgotten.
        expire: u32,
    },
}

/// How flags are compared, after both sides were masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FlagCompare {
    /// Exactly these.
    Exactly,
    /// These and maybe more (`+`).
    All,
    /// One of these (`*`).
    Any,
    /// None of these (`!` or `-`).
    None,
}

/// Of what part of a flow `app-layer-protocol` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum AppLayerPart {
    /// The direction of the packet.
    Packet,
    /// `to_server`.
    ToServer,
    /// `to_client`.
    ToClient,
    /// `either`: one of the directions.
    Either,
    /// `final`: the flow as a whole.
    Final,
    /// `original`: before it changed its protocol.
    Original,
}

/// Which side `stream_size` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum StreamSide {
    /// To the server.
    Server,
    /// To the client.
    Client,
    /// Both must hold.
    Both,
    /// One must hold.
    Either,
}

/// Actions of `flowbits`, `xbits`, `hostbits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FlowBitAction {
    /// Set on a match.
    Set,
    /// Unset on a match.
    Unset,
    /// Toggle on a match.
    Toggle,
    /// Must be set.
    IsSet,
    /// Must not be set.
    IsNotSet,
}

/// Actions of `flowint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum FlowIntAction {
    /// `=`
    Set,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
    /// `isset`
    IsSet,
    /// `notset`
    NotSet,
}

/// By what an xbit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "ir.ts")]
pub enum XbitScope {
    /// Source host.
    Source,
    /// Destination host.
    Destination,
    /// Pair of hosts.
    Pair,
    /// From the source to the destination: the pair in this direction only.
    Path,
    /// From the destination to the source: what was kept by [`XbitScope::Path`] the other way.
    PathBack,
    /// Transaction.
    Transaction,
    /// Flow.
    Flow,
}
