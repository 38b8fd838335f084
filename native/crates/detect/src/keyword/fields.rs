//! Keywords on packets and flows: one row each, with its name, documentation and extraction.

use sidewire_base::PerDirection;
use sidewire_decode::{Icmp, Ip, Packet, TcpHeader, TransportLayer};
use sidewire_tables::IP_PROTOCOLS;

use crate::state::app_proto::FlowStats;

/// What fields are read from.
#[derive(Clone, Copy)]
pub(crate) struct FieldSubject<'s> {
    pub(crate) packet: Option<&'s Packet<'s>>,
    pub(crate) stats: Option<FlowStats>,
}

impl<'s> FieldSubject<'s> {
    fn ip(&self) -> Option<&'s Ip<'s>> {
        self.packet?.ip.as_ref()
    }

    fn tcp(&self) -> Option<&'s TcpHeader<'s>> {
        match &self.packet?.transport {
            TransportLayer::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    /// Does the checksum hold of a transport that is `wanted`, over this IP version?
    fn transport_checksum(&self, version: u8, wanted: fn(&TransportLayer<'_>) -> bool) -> Option<bool> {
        let packet = self.packet.filter(|packet| wanted(&packet.transport))?;
        self.ip().filter(|ip| ip.version == version)?;
        packet.transport_checksum_holds()
    }

    fn icmp(&self) -> Option<(&'s Icmp<'s>, u8)> {
        match &self.packet?.transport {
            TransportLayer::Icmp(icmp) => Some((icmp, self.ip()?.version)),
            _ => None,
        }
    }
}

/// How a field's value is written in rules.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PacketFieldKind {
    /// A number of this many bits.
    Number(u8),
    /// One of some names, or a number.
    Enumeration(u8, &'static [(&'static str, u64)]),
    /// Named bits.
    Flags(u8, &'static [(&'static str, u64)]),
}

/// A field that is no byte string.
pub(crate) struct PacketField {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) doc: &'static str,
    pub(crate) kind: PacketFieldKind,
    /// It is read from the packet, not from the flow: rules that ask for it look at packets.
    pub(crate) of_packet: bool,
    /// The value; fields with several give one for each `nth` from 0.
    pub(crate) get: fn(&FieldSubject<'_>, nth: u32) -> Option<u64>,
}

impl core::fmt::Debug for PacketField {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

/// A buffer of a packet.
pub(crate) struct PacketBuffer {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) get: for<'s> fn(&FieldSubject<'s>) -> Option<&'s [u8]>,
}

/// The value of a field that has one.
fn once<T: Into<u64>>(nth: u32, value: Option<T>) -> Option<u64> {
    value.filter(|_| nth == 0).map(Into::into)
}

/// IPv4 option kinds by the names `ipopts` has; `any` is all of them.
pub(crate) const IP_OPTIONS: &[(&str, u64)] = &[
    ("eol", 0),
    ("nop", 1),
    ("rr", 7),
    ("qs", 25),
    ("ts", 68),
    ("sec", 130),
    ("lsrr", 131),
    ("esec", 133),
    ("cipso", 134),
    ("satid", 136),
    ("ssrr", 137),
    ("rtralt", 148),
];

/// Whether a checksum holds.
const CHECKSUM: &[(&str, u64)] = &[("invalid", 0), ("valid", 1)];

const TCP_FLAGS: &[(&str, u64)] = &[
    ("F", 0x01),
    ("S", 0x02),
    ("R", 0x04),
    ("P", 0x08),
    ("A", 0x10),
    ("U", 0x20),
    ("E", 0x40),
    ("C", 0x80),
    ("2", 0x40),
    ("1", 0x80),
];

const FRAGMENT_FLAGS: &[(&str, u64)] = &[("M", 1), ("D", 2), ("R", 4)];

macro_rules! fields {
    ($($name:literal $aliases:tt $kind:expr, $of_packet:literal, $doc:literal, $get:expr;)*) => {
        &[$(PacketField {
            name: $name,
            aliases: &$aliases,
            doc: $doc,
            kind: $kind,
            of_packet: $of_packet,
            get: $get,
        },)*]
    };
}

/// All fields.
pub(crate) static FIELDS: &[PacketField] = fields! {
    "ttl" [] PacketFieldKind::Number(8), true, "Time to live or hop limit.",
        |s, nth| once(nth, s.ip().map(|ip| ip.ttl));
    "tos" [] PacketFieldKind::Number(8), true, "IPv4 type of service or IPv6 traffic class.",
        |s, nth| once(nth, s.ip().map(|ip| ip.tos));
    "id" [] PacketFieldKind::Number(16), true, "IPv4 identification.",
        |s, nth| once(nth, s.ip().filter(|ip| ip.version == 4).map(|ip| ip.id));
    "ip_proto" [] PacketFieldKind::Enumeration(8, IP_PROTOCOLS.words()), true, "IP protocol number.",
        |s, nth| once(nth, s.ip().map(|ip| ip.protocol));
    "ipopts" [] PacketFieldKind::Enumeration(8, IP_OPTIONS), true, "IPv4 options, by kind.",
        |s, nth| ip_option(s.ip().filter(|ip| ip.version == 4)?.options, nth).map(u64::from);
    "fragbits" [] PacketFieldKind::Flags(3, FRAGMENT_FLAGS), true, "Fragmentation flags: more, don't, reserved.",
        |s, nth| once(nth, s.ip().map(|ip| ip.fragment_flags));
    "fragoffset" [] PacketFieldKind::Number(16), true, "Fragment offset, in units of eight octets.",
        |s, nth| once(nth, s.ip().map(|ip| ip.fragment_offset / 8));
    "dsize" [] PacketFieldKind::Number(16), true, "Octets of payload of the packet.",
        |s, nth| once(nth, s.packet.map(|packet| packet.payload.len() as u64));
    "tcp.flags" ["flags"] PacketFieldKind::Flags(8, TCP_FLAGS), true, "TCP flags.",
        |s, nth| once(nth, s.tcp().map(|tcp| tcp.flags));
    "tcp.seq" ["seq"] PacketFieldKind::Number(32), true, "TCP sequence number.",
        |s, nth| once(nth, s.tcp().map(|tcp| tcp.sequence));
    "tcp.ack" ["ack"] PacketFieldKind::Number(32), true, "TCP acknowledgement number.",
        |s, nth| once(nth, s.tcp().map(|tcp| tcp.acknowledgement));
    "tcp.window" ["window"] PacketFieldKind::Number(16), true, "TCP window, not scaled.",
        |s, nth| once(nth, s.tcp().map(|tcp| tcp.window));
    "tcp.mss" [] PacketFieldKind::Number(16), true, "TCP maximum segment size option.",
        |s, nth| once(nth, s.tcp().and_then(|tcp| tcp.options.mss));
    "tcp.wscale" [] PacketFieldKind::Number(8), true, "TCP window scale option.",
        |s, nth| once(nth, s.tcp().and_then(|tcp| tcp.options.window_scale));
    "itype" [] PacketFieldKind::Number(8), true, "ICMP or ICMPv6 type.",
        |s, nth| once(nth, s.icmp().map(|(icmp, _)| icmp.kind));
    "icode" [] PacketFieldKind::Number(8), true, "ICMP or ICMPv6 code.",
        |s, nth| once(nth, s.icmp().map(|(icmp, _)| icmp.code));
    "icmp_id" [] PacketFieldKind::Number(16), true, "ICMP identifier.",
        |s, nth| once(nth, s.icmp().and_then(|(icmp, _)| icmp.echo).map(|(id, _)| id));
    "icmp_seq" [] PacketFieldKind::Number(16), true, "ICMP sequence number.",
        |s, nth| once(nth, s.icmp().and_then(|(icmp, _)| icmp.echo).map(|(_, sequence)| sequence));
    "icmpv6.mtu" [] PacketFieldKind::Number(32), true, "MTU of an ICMPv6 `packet too big`.",
        |s, nth| once(nth, s.icmp().filter(|(_, version)| *version == 6).and_then(|(icmp, _)| icmp.mtu));
    "ipv4-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of the IPv4 header.",
        |s, nth| once(nth, s.packet.and_then(Packet::network_checksum_holds));
    "tcpv4-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of TCP over IPv4.",
        |s, nth| once(nth, s.transport_checksum(4, |transport| matches!(transport, TransportLayer::Tcp(_))));
    "tcpv6-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of TCP over IPv6.",
        |s, nth| once(nth, s.transport_checksum(6, |transport| matches!(transport, TransportLayer::Tcp(_))));
    "udpv4-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of UDP over IPv4.",
        |s, nth| once(nth, s.transport_checksum(4, |transport| matches!(transport, TransportLayer::Udp(_))));
    "udpv6-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of UDP over IPv6.",
        |s, nth| once(nth, s.transport_checksum(6, |transport| matches!(transport, TransportLayer::Udp(_))));
    "icmpv4-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of ICMP.",
        |s, nth| once(nth, s.transport_checksum(4, |transport| matches!(transport, TransportLayer::Icmp(_))));
    "icmpv6-csum" [] PacketFieldKind::Enumeration(8, CHECKSUM), true, "The checksum of ICMPv6.",
        |s, nth| once(nth, s.transport_checksum(6, |transport| matches!(transport, TransportLayer::Icmp(_))));
    "vlan.id" [] PacketFieldKind::Number(12), true, "VLAN identifiers; one must hold.",
        |s, nth| s.packet?.vlans.get(nth as usize).map(|id| (*id).into());
    "vlan.id.0" [] PacketFieldKind::Number(12), true, "The outermost VLAN identifier.",
        |s, nth| once(nth, s.packet.and_then(|packet| packet.vlans.first().copied()));
    "vlan.id.1" [] PacketFieldKind::Number(12), true, "The second VLAN identifier.",
        |s, nth| once(nth, s.packet.and_then(|packet| packet.vlans.get(1).copied()));
    "vlan.id.2" [] PacketFieldKind::Number(12), true, "The third VLAN identifier.",
        |s, nth| once(nth, s.packet.and_then(|packet| packet.vlans.get(2).copied()));
    "vlan.layers" [] PacketFieldKind::Number(8), true, "Number of VLAN tags.",
        |s, nth| once(nth, s.packet.map(|packet| packet.vlans.len() as u64));
    "flow.age" [] PacketFieldKind::Number(32), false, "Seconds since the flow's first packet.",
        |s, nth| once(nth, s.stats.map(|stats| stats.age));
    "flow.pkts" [] PacketFieldKind::Number(64), false, "Packets of the flow in either direction.",
        |s, nth| either(s.stats?.packets, nth);
    "flow.pkts_toserver" [] PacketFieldKind::Number(64), false, "Packets of the flow to the server.",
        |s, nth| once(nth, s.stats.map(|stats| stats.packets.to_server));
    "flow.pkts_toclient" [] PacketFieldKind::Number(64), false, "Packets of the flow to the client.",
        |s, nth| once(nth, s.stats.map(|stats| stats.packets.to_client));
    "flow.bytes" [] PacketFieldKind::Number(64), false, "Octets of the flow in either direction.",
        |s, nth| either(s.stats?.bytes, nth);
    "flow.bytes_toserver" [] PacketFieldKind::Number(64), false, "Octets of the flow to the server.",
        |s, nth| once(nth, s.stats.map(|stats| stats.bytes.to_server));
    "flow.bytes_toclient" [] PacketFieldKind::Number(64), false, "Octets of the flow to the client.",
        |s, nth| once(nth, s.stats.map(|stats| stats.bytes.to_client));
};

/// All buffers of packets, the payload excepted.
pub(crate) static BUFFERS: &[PacketBuffer] = &[
    PacketBuffer {
        name: "ipv4.hdr",
        doc: "The IPv4 header with its options.",
        get: |s| s.ip().filter(|ip| ip.version == 4).map(|ip| ip.header),
    },
    PacketBuffer {
        name: "ipv6.hdr",
        doc: "The IPv6 header with its extension headers.",
        get: |s| s.ip().filter(|ip| ip.version == 6).map(|ip| ip.header),
    },
    PacketBuffer { name: "tcp.hdr", doc: "The TCP header with its options.", get: |s| s.tcp().map(|tcp| tcp.header) },
    PacketBuffer {
        name: "udp.hdr",
        doc: "The UDP header.",
        get: |s| match &s.packet?.transport {
            TransportLayer::Udp(udp) => Some(udp.header),
            _ => None,
        },
    },
    PacketBuffer {
        name: "icmpv4.hdr",
        doc: "The ICMP header.",
        get: |s| s.icmp().filter(|(_, version)| *version == 4).map(|(icmp, _)| icmp.header),
    },
    PacketBuffer {
        name: "icmpv6.hdr",
        doc: "The ICMPv6 header.",
        get: |s| s.icmp().filter(|(_, version)| *version == 6).map(|(icmp, _)| icmp.header),
    },
    PacketBuffer { name: "ip.src", doc: "The source address, 4 or 16 octets.", get: |s| address(s.ip()?, [12, 8]) },
    PacketBuffer {
        name: "ip.dst",
        doc: "The destination address, 4 or 16 octets.",
        get: |s| address(s.ip()?, [16, 24]),
    },
];

/// Kinds of the options of an IPv4 header.
pub(crate) fn ip_options<'s>(subject: FieldSubject<'s>) -> impl Iterator<Item = u64> + use<'s> {
    let options = subject.ip().filter(|ip| ip.version == 4).map_or(&[][..], |ip| ip.options);
    (0..).map_while(move |nth| ip_option(options, nth).map(u64::from))
}

fn either(both: PerDirection<u64>, nth: u32) -> Option<u64> {
    both.into_array().get(nth as usize).copied()
}

/// The `nth` option kind of an IPv4 header.
fn ip_option(options: &[u8], nth: u32) -> Option<u8> {
    let mut at = 0;
    let mut left = nth;
    while let Some(&kind) = options.get(at) {
        if left == 0 {
            return Some(kind);
        }
        left -= 1;
        at += match kind {
            0 => return None,
            1 => 1,
            _ => usize::from(*options.get(at + 1)?).max(2),
        };
    }
    None
}

fn address<'s>(ip: &Ip<'s>, [v4, v6]: [usize; 2]) -> Option<&'s [u8]> {
    if ip.version == 4 { ip.header.get(v4..v4 + 4) } else { ip.header.get(v6..v6 + 16) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_ip_options() {
        let options = [1, 7, 4, 0, 0, 131, 3, 0, 0];
        let kinds: Vec<_> = (0..6).map_while(|nth| ip_option(&options, nth)).collect();
        assert_eq!(kinds, [1, 7, 131, 0]);
        assert_eq!(ip_option(&[68, 0, 1], 1), Some(1), "a length below two is taken as two");
        assert_eq!(ip_option(&[68], 1), None);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = FIELDS.iter().flat_map(|field| field.aliases.iter().chain([&field.name])).collect();
        names.extend(BUFFERS.iter().map(|buffer| &buffer.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
