//! ICMP (RFC 792) and ICMPv6 (RFC 4443), with the packet that error messages quote.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sidewire_base::Endpoint;

use crate::ipv4;
use crate::packet_decoder::PacketDecoder;
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, EmbeddedPacket, Icmp, TransportLayer, ipv6};
use sidewire_base::ip_protocol as protocol;

/// Type, code, checksum and the rest-of-header word.
const LENGTH: usize = 8;
/// Originate, receive and transmit timestamp.
const TIMESTAMPS_LENGTH: usize = 12;
/// The part of it that ICMPv6's informational messages have.
const SHORT_LENGTH: usize = 4;

/// How a message type is to be read.
enum IcmpReading {
    /// With identifier and sequence number.
    Echo,
    /// An error message that quotes a packet.
    Error,
    /// With a "next-hop MTU" and a quoted packet.
    TooBig,
    /// Nothing more to read.
    Plain,
}

impl<'a> PacketDecoder<'_, 'a> {
    pub(crate) fn icmpv4(&mut self, data: &'a [u8]) {
        self.stats.count(DecodeCounter::Icmpv4);
        let Some(([kind, code, _, _, r0, r1, r2, r3], quoted)) = data.split_first_chunk::<LENGTH>() else {
            return self.invalid(DecodeEvent::ICMPV4_PKT_TOO_SMALL);
        };
        let (reading, code_is_known) = match kind {
            0 | 8 | 13..=18 => (IcmpReading::Echo, *code == 0),
            3 => (IcmpReading::Error, *code <= 15),
            4 => (IcmpReading::Error, *code == 0),
            5 => (IcmpReading::Error, *code <= 3),
            9 => (IcmpReading::Plain, true),
            11 => (IcmpReading::Error, *code <= 1),
            12 => (IcmpReading::Error, *code == 0),
            _ => {
                self.event(DecodeEvent::ICMPV4_UNKNOWN_TYPE);
                (IcmpReading::Plain, true)
            }
        };
        let (mut echo, mut embedded) = (None, None);
        match reading {
            _ if !code_is_known => self.event(DecodeEvent::ICMPV4_UNKNOWN_CODE),
            IcmpReading::Echo => echo = Some((u16::from_be_bytes([*r0, *r1]), u16::from_be_bytes([*r2, *r3]))),
            // Source quench without a packet is an event, the others are not: Suricata's choice.
            IcmpReading::Error if !quoted.is_empty() || *kind == 4 => match quoted_ipv4(quoted) {
                Ok(found) => embedded = found,
                Err(event) => self.invalid(event),
            },
            _ => {}
        }
        // Three timestamps follow.
        if matches!(kind, 13 | 14) && quoted.len() < TIMESTAMPS_LENGTH {
            self.event(DecodeEvent::ICMPV4_IPV4_TRUNC_PKT);
        }
        self.packet.bad_checksum.transport = self.options.checksums && crate::checksum::internet(data) != 0;
        self.packet.payload = quoted;
        let header = data.get(..LENGTH).unwrap_or_default();
        self.packet.transport =
            TransportLayer::Icmp(Icmp { kind: *kind, code: *code, echo, mtu: None, embedded, header });
    }

    pub(crate) fn icmpv6(&mut self, data: &'a [u8]) {
        self.stats.count(DecodeCounter::Icmpv6);
        let Some(([kind, code, _, _, r0, r1, r2, r3], quoted)) = data.split_first_chunk::<LENGTH>() else {
            return self.invalid(DecodeEvent::ICMPV6_PKT_TOO_SMALL);
        };
        let (reading, code_is_known) = match kind {
            1 => (IcmpReading::Error, *code <= 6),
            2 => (IcmpReading::TooBig, *code == 0),
            3 => (IcmpReading::Error, *code <= 1),
            4 => (IcmpReading::Error, *code <= 2),
            128 | 129 => (IcmpReading::Echo, *code == 0),
            // Neighbour discovery, multicast listeners, mobility, certificates and the like: one code each.
            130..=137 | 141..=149 | 154 | 156..=159 => (IcmpReading::Plain, *code == 0),
            138 => (IcmpReading::Plain, matches!(code, 0..=2 | 255)), // router renumbering
            139 | 140 => (IcmpReading::Plain, *code <= 2),            // node information
            150..=153 => (IcmpReading::Plain, true),
            155 => (IcmpReading::Plain, matches!(code, 0..=3 | 128..=132)), // RPL
            100 | 101 | 200 | 201 => {
                self.event(DecodeEvent::ICMPV6_EXPERIMENTATION_TYPE);
                (IcmpReading::Plain, true)
            }
            5..=99 | 102..=126 | 160..=199 | 202.. => {
                self.event(DecodeEvent::ICMPV6_UNASSIGNED_TYPE);
                (IcmpReading::Plain, true)
            }
            _ => {
                self.event(DecodeEvent::ICMPV6_UNKNOWN_TYPE);
                (IcmpReading::Plain, true)
            }
        };
        // Multicast listener discovery never leaves the link.
        if matches!(kind, 130..=132) && self.packet.ip.as_ref().is_some_and(|ip| ip.ttl != 1) {
            self.event(DecodeEvent::ICMPV6_MLD_MESSAGE_WITH_INVALID_HL);
        }
        let (mut echo, mut mtu, mut embedded) = (None, None, None);
        let mut length = LENGTH;
        match reading {
            _ if !code_is_known => {
                self.event(DecodeEvent::ICMPV6_UNKNOWN_CODE);
                length = SHORT_LENGTH;
            }
            IcmpReading::Echo => echo = Some((u16::from_be_bytes([*r0, *r1]), u16::from_be_bytes([*r2, *r3]))),
            IcmpReading::Error | IcmpReading::TooBig => {
                if matches!(reading, IcmpReading::TooBig) {
                    mtu = Some(u32::from_be_bytes([*r0, *r1, *r2, *r3]));
                }
                match quoted_ipv6(quoted) {
                    Ok(found) => embedded = Some(found),
                    Err(event) => self.invalid(event),
                }
            }
            IcmpReading::Plain => length = SHORT_LENGTH,
        }
        self.packet.bad_checksum.transport = self.checksum_is_bad(protocol::ICMPV6, data);
        // Suricata's `icmpv6.hdr` has the rest-of-header word also where the payload begins with it.
        let header = data.get(..LENGTH).unwrap_or_default();
        self.packet.payload = data.get(length..).unwrap_or_default();
        self.packet.transport = TransportLayer::Icmp(Icmp { kind: *kind, code: *code, echo, mtu, embedded, header });
    }
}

/// Ports of a quoted transport header, 0 where it has none or is cut.
fn quoted_ports(protocol: u8, header: &[u8]) -> (u16, u16) {
    match (protocol, header.first_chunk::<4>()) {
        (protocol::TCP | protocol::UDP | protocol::SCTP, Some([s0, s1, d0, d1])) => {
            (u16::from_be_bytes([*s0, *s1]), u16::from_be_bytes([*d0, *d1]))
        }
        _ => (0, 0),
    }
}

fn quoted_ipv4(data: &[u8]) -> Result<Option<EmbeddedPacket>, DecodeEvent> {
    let Some(header) = data.first_chunk::<{ ipv4::HEADER_LENGTH }>() else {
        return Err(DecodeEvent::ICMPV4_IPV4_TRUNC_PKT);
    };
    let [first, _, _, _, _, _, _, _, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header;
    if first >> 4 != 4 {
        return Err(DecodeEvent::ICMPV4_IPV4_UNKNOWN_VER);
    }
    let options_end = usize::from(first & 0x0f).max(5) * 4;
    let ports = quoted_ports(protocol, data.get(options_end..).unwrap_or_default());
    Ok(Some(EmbeddedPacket {
        protocol,
        source: Endpoint { address: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)), port: ports.0 },
        destination: Endpoint { address: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)), port: ports.1 },
    }))
}

fn quoted_ipv6(data: &[u8]) -> Result<EmbeddedPacket, DecodeEvent> {
    let Some((header, rest)) = data.split_first_chunk::<{ ipv6::HEADER_LENGTH }>() else {
        return Err(DecodeEvent::ICMPV6_IPV6_TRUNC_PKT);
    };
    let [first, _, _, _, _, _, protocol, _, addresses @ ..] = header;
    if first >> 4 != 6 {
        return Err(DecodeEvent::ICMPV6_IPV6_UNKNOWN_VERSION);
    }
    let (source, destination) = addresses.split_at(16);
    let address = |octets: &[u8]| IpAddr::V6(octets.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |o| (*o).into()));
    let ports = quoted_ports(*protocol, rest);
    Ok(EmbeddedPacket {
        protocol: *protocol,
        source: Endpoint { address: address(source), port: ports.0 },
        destination: Endpoint { address: address(destination), port: ports.1 },
    })
}
