//! Frames of DCERPC over TCP.

use sidewire_app_layer::StreamFrames;
use sidewire_msrpc::PduHeader;

sidewire_app_layer::frames! {
    /// Kinds of frames.
    pub(super) enum FramePart of "dcerpc" {
        /// A PDU: header, body, and authentication data.
        Pdu = "pdu",
        /// The 16 octets every PDU begins with.
        Header = "hdr",
        /// What follows the header of a PDU.
        Data = "data",
    }
}

/// Tells the frames of a PDU that begins at a stream offset, in Suricata's order.
#[cold]
pub(super) fn tell(frames: &mut StreamFrames, start: u64, header: &PduHeader) {
    let (length, head) = (u64::from(header.fragment_length), PduHeader::LENGTH as u64);
    frames.begin(FramePart::Header, start, Some(head), None);
    frames.begin(FramePart::Pdu, start, Some(length), None);
    frames.begin(FramePart::Data, start + head, Some(length.saturating_sub(head)), None);
}
