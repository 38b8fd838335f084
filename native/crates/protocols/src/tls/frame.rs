//! Frames of the record layer.

use sidewire_app_layer::{FrameInfo, FrameKind};

pub(super) const FRAMES: &[FrameInfo] = &[
    FrameInfo { name: "tls.stream", doc: "All octets that one side sends." },
    FrameInfo { name: "tls.pdu", doc: "A record: header and fragment." },
    FrameInfo { name: "tls.hdr", doc: "The five octets of a record's header." },
    FrameInfo { name: "tls.data", doc: "The fragment of a record." },
    FrameInfo { name: "tls.alert", doc: "The fragment of an alert record." },
    FrameInfo { name: "tls.heartbeat", doc: "The fragment of a heartbeat record." },
    FrameInfo { name: "tls.ssl2.hdr", doc: "Length and message type of an SSL 2.0 record." },
    FrameInfo { name: "tls.ssl2.pdu", doc: "An SSL 2.0 record." },
];

pub(super) const PDU: FrameKind = FrameKind(1);
pub(super) const HEADER: FrameKind = FrameKind(2);
pub(super) const DATA: FrameKind = FrameKind(3);
pub(super) const ALERT: FrameKind = FrameKind(4);
pub(super) const HEARTBEAT: FrameKind = FrameKind(5);
pub(super) const SSL2_HEADER: FrameKind = FrameKind(6);
pub(super) const SSL2_PDU: FrameKind = FrameKind(7);
