//! What must hold for a rule to match, and what it does then.

use serde::{Deserialize, Serialize};
use sidewire_ir::{FileCheck, Number, Operand, Transform};
use ts_rs::TS;

use crate::keyword::CheckIr;
use crate::keyword::app_protocol::AppLayerPart;
use crate::keyword::condition::PacketTestIr;
use crate::keyword::field_test::FlagCompare;
use crate::keyword::flowbits::FlowBitAction;
use crate::keyword::flowint::FlowIntAction;
use crate::keyword::xbits::XbitScope;
use crate::state::flow_tags::TagMetric;

/// Something that must hold. Order is the rule's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum Condition {
    /// Checks on one buffer, in order, later ones relative to earlier ones. `payload` is the packet's or stream's payload;
    /// all others are catalog rows. Two runs of the same buffer in a rule are two conditions only when a multi-buffer is
    /// tested twice (each must hold on some item).
    Buffer {
        /// Catalog name.
        buffer: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<CheckIr>,
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
        checks: Vec<CheckIr>,
    },
    /// Checks on a frame: a part of the stream as it was sent. A rule names one kind; all its checks hold on one frame.
    Frame {
        /// Catalog name, with the protocol in front: `smb.nbss.hdr`.
        buffer: String,
        /// Applied in order before the checks.
        transforms: Vec<Transform>,
        /// What must hold, in order.
        checks: Vec<CheckIr>,
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
    /// `tag:session`: packets of the flow are told from the match on.
    Tag {
        /// How many, the packet of the match included.
        count: u32,
        /// What is counted.
        metric: TagMetric,
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
    /// A condition that needs nothing but a packet and its flow.
    Packet {
        /// What holds.
        test: PacketTestIr,
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
    /// `tls.store`: has what the transaction carries in the direction of the match stored, by an output of its protocol's.
    StoreDocument,
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
