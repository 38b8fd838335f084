//! `arp`.

use sidewire_decode::Arp;
use sidewire_eve::Object;

use super::envelope;
use super::outputs::EveOutput;

/// Writes the `arp` member of an event. Only ARP for IPv4 over Ethernet is decoded.
pub(crate) fn write(arp: &Arp<'_>, output: &EveOutput, out: &mut Object<'_>) {
    out.object("arp", |o| {
        o.str("hw_type", "ethernet").str("proto_type", "ipv4");
        match arp.opcode() {
            1 => o.str("opcode", "request"),
            2 => o.str("opcode", "reply"),
            3 => o.str("opcode", "request_reverse"),
            4 => o.str("opcode", "reply_reverse"),
            other => o.fmt("opcode", format_args!("{other}")),
        };
        for (mac, ip, (hardware, protocol)) in
            [("src_mac", "src_ip", arp.sender()), ("dest_mac", "dest_ip", arp.target())]
        {
            envelope::mac(o, mac, hardware);
            envelope::address(o, ip, protocol.into(), output);
        }
    });
}
