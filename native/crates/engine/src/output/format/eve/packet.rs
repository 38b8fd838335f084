//! The packet of an event, and `packet` events.

use sidewire_decode::Packet;
use sidewire_eve::Object;

/// Writes the members `packet`, with at most `limit` octets of it, and `packet_info`.
pub(crate) fn write(packet: &Packet<'_>, limit: usize, out: &mut Object<'_>) {
    out.str("packet", &sidewire_eve::base64(packet.frame.get(..limit).unwrap_or(packet.frame)));
    out.object("packet_info", |o| {
        o.u64("linktype", packet.link_type);
        if let Some(name) = link_name(packet.link_type) {
            o.str("linktype_name", name);
        }
    });
}

/// Names of link types, as Suricata shows them.
const fn link_name(link_type: u32) -> Option<&'static str> {
    Some(match link_type {
        0 => "NULL",
        1 => "EN10MB",
        9 => "PPP",
        12 | 14 | 101 => "RAW",
        104 => "C_HDLC",
        108 => "LOOP",
        113 => "LINUX_SLL",
        228 => "IPv4",
        229 => "IPv6",
        276 => "LINUX_SLL2",
        _ => return None,
    })
}
