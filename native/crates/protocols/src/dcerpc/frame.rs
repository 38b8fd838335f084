use sidewire_app_layer::{FrameInfo, FrameKind, Frames};
use sidewire_msrpc::Header;

/// Kinds of frames of DCERPC over TCP.
pub(super) const FRAMES: &[FrameInfo] = &[
    FrameInfo { name: "dcerpc.stream", doc: "All octets that one side sends." },
    FrameInfo { name: "dcerpc.pdu", doc: "A PDU: header, body, and authentication data." },
    FrameInfo { name: "dcerpc.hdr", doc: "The 16 octets every PDU begins with." },
    FrameInfo { name: "dcerpc.data", doc: "What follows the header of a PDU." },
];

const PDU: FrameKind = FrameKind(1);
const HEADER: FrameKind = FrameKind(2);
const DATA: FrameKind = FrameKind(3);

/// Tells the frames of a PDU that begins at a stream offset, in Suricata's order.
#[cold]
pub(super) fn tell(frames: &mut Frames, start: u64, header: &Header) {
    let (length, head) = (u64::from(header.fragment_length), Header::LENGTH as u64);
    frames.begin(HEADER, start, Some(head), None);
    frames.begin(PDU, start, Some(length), None);
    frames.begin(DATA, start + head, Some(length.saturating_sub(head)), None);
}
