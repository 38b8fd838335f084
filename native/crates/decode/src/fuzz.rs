//! Entry for fuzzing: any octets may be a series of frames of any link type.

use sidewire_base::{Cursor, Time};

use crate::{DecodeOptions, FrameDecoder, FrameSharder, LinkFrame, TunnelPorts};

/// Decodes `data` as frames: an octet of options, then for each frame a link type, a length and its octets.
pub fn decode(data: &[u8]) {
    let mut cur = Cursor::new(data);
    let Ok(flags) = cur.u8() else { return };
    let teredo = if flags & 4 != 0 { TunnelPorts::Any } else { TunnelPorts::None };
    let options =
        DecodeOptions { checksums: flags & 1 != 0, offload_length: flags & 2 != 0, teredo, ..DecodeOptions::default() };
    let mut sharder = FrameSharder::new(&options);
    let mut decoder = FrameDecoder::new(options);
    let mut ordinal = 0;
    while let (Ok(link), Ok(length)) = (cur.u8(), cur.u16_be()) {
        let Ok(octets) = cur.take(usize::from(length).min(cur.left())) else { return };
        ordinal += 1;
        let link_type = if link == 255 { 276 } else { u32::from(link) };
        let time = Time::new(ordinal * 10, 0);
        let wire_length = u32::from(length);
        let frame = LinkFrame {
            time,
            ordinal: ordinal.unsigned_abs(),
            link_type,
            data: octets,
            wire_length,
            interface: 0,
            checksums_pending: false,
        };
        let mut packets = 0usize;
        decoder.decode(&frame, &mut |packet| packets += packet.payload.len());
        std::hint::black_box((packets, sharder.key(&frame)));
    }
}
