//! `frame`: a part of a stream as its protocol divides it.

use sidewire_app_layer::{Frame, FrameExtent};
use sidewire_base::Direction;
use sidewire_detect::FrameSource;
use sidewire_eve::Object;

use crate::output::format::pieces::{joined, say_missing};

/// EVE's `frame`: of an event of its own, and of alerts on frames.
pub(crate) struct FrameFacts<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) extent: FrameExtent,
    pub(crate) source: FrameSource<'a>,
    pub(crate) direction: Direction,
    /// Its kind, without the protocol.
    pub(crate) name: &'static str,
}

impl FrameFacts<'_> {
    /// Writes the members, with at most `limit` octets of the frame.
    pub(crate) fn write(&self, limit: usize, out: &mut Object<'_>) {
        let &Self { frame, extent, source, direction, name } = self;
        out.str("type", name).u64("id", frame.id);
        out.str("direction", if direction == Direction::ToServer { "toserver" } else { "toclient" });
        out.u64("stream_offset", frame.start);
        out.u64("length", frame.length.unwrap_or(extent.end - frame.start));
        let shown = octets(frame, extent, source, limit);
        if !shown.is_empty() {
            out.str("payload", &sidewire_eve::base64(&shown));
            out.str("payload_printable", &sidewire_eve::printable(&shown));
        }
        out.bool("complete", extent.complete);
        if let Some(tx) = frame.tx {
            out.u64("tx_id", tx.0);
        }
    }
}

/// The octets of a frame at hand, at most `limit`; what is missing is said in their place.
fn octets(frame: &Frame, extent: FrameExtent, source: FrameSource<'_>, limit: usize) -> Vec<u8> {
    let (mut shown, end) = joined(source.within(frame.start, extent.end), frame.start, limit);
    if shown.len() < limit {
        say_missing(&mut shown, end, extent.end);
    }
    shown.truncate(limit);
    shown
}
