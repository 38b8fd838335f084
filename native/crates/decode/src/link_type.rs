//! Which link types are decoded, and what the others are called.

/// True for link types that [`FrameDecoder`](crate::FrameDecoder) knows (LINKTYPE and DLT numbers).
#[must_use]
pub const fn link_type_is_known(link_type: u32) -> bool {
    matches!(
        link_type,
        0 | 1 | 9 | 12 | 14 | 50 | 51 | 101 | 104 | 108 | 113 | 228 | 229 | 239 | 276 | 281 | 282 | 284 | 285
    )
}

/// What a link type that is not decoded is called, by the registry of link types, for those that captures have most often.
#[must_use]
pub const fn link_type_name(link_type: u32) -> Option<&'static str> {
    Some(match link_type {
        6 => "token ring",
        10 => "FDDI",
        105 => "IEEE 802.11",
        107 => "frame relay",
        119 => "IEEE 802.11 with Prism header",
        127 => "IEEE 802.11 with radiotap header",
        163 => "IEEE 802.11 with AVS header",
        187 | 201 => "Bluetooth HCI",
        189 | 220 => "USB, Linux",
        192 => "per-packet information (PPI)",
        195 | 215 | 230 | 283 => "IEEE 802.15.4",
        227 => "CAN",
        242 => "IP over InfiniBand",
        247 => "InfiniBand",
        249 => "USB, USBPcap",
        251 => "Bluetooth low energy",
        253 => "netlink",
        258 => "Apple PKTAP",
        _ => return None,
    })
}
