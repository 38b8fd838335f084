//! What a packet is filed under.

use core::net::IpAddr;

use sidewire_base::Endpoint;
use sidewire_base::ip_protocol::{ESP, ICMP, ICMPV6, SCTP, TCP, UDP};
use sidewire_decode::{Icmp, Ip, Packet, TransportLayer};

use crate::{FlowTableConfig, IcmpTypes, key::FlowKey};

const IPV4: u8 = 4;
const IPV6: u8 = 41;

/// What a packet is filed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowTuple {
    /// Sender; its port is 0 where the transport has none.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// IP protocol number.
    pub protocol: u8,
    /// ICMP types that take the place of ports.
    pub icmp: Option<IcmpTypes>,
    /// The security parameters index of ESP, which takes the place of ports.
    pub spi: Option<u32>,
    /// VLAN identifiers, outermost first, 0 where there are none.
    pub vlans: [u16; 3],
    /// How many of `vlans` there are.
    pub vlan_count: u8,
    /// Number of the capture device.
    pub device: u16,
    /// Tunnel depth: the same tuple inside and outside a tunnel is two flows.
    pub level: u8,
    /// For an ICMP error: the packet it quotes. The error belongs to that packet's flow, and opens none.
    pub quoted: Option<QuotedPacket>,
}

/// The packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedPacket {
    /// Its sender.
    pub source: Endpoint,
    /// Its receiver.
    pub destination: Endpoint,
    /// Its IP protocol number.
    pub protocol: u8,
}

impl FlowTuple {
    /// The tuple of a packet; `None` when it has no flow. Flows have TCP, UDP, SCTP, ICMP, ICMPv6, ESP and IP in IP, as in Suricata;
    /// not fragments, not packets whose transport header is broken, not ICMP errors of IPv4, except "destination
    /// unreachable" about TCP, UDP or SCTP, which belongs to the flow it is about.
    #[must_use]
    pub fn of(packet: &Packet<'_>, device: u16) -> Option<Self> {
        if packet.fragment {
            return None;
        }
        Self::of_headers(packet.ip.as_ref()?, &packet.transport, &packet.vlans, device, packet.level)
    }

    fn of_headers(ip: &Ip<'_>, transport: &TransportLayer<'_>, tags: &[u16], device: u16, level: u8) -> Option<Self> {
        let (source_port, destination_port) = transport.ports();
        let (icmp, quoted) = match transport {
            TransportLayer::Icmp(icmp) if ip.protocol == ICMP && is_error(icmp.kind) => {
                (Some(types(ip.protocol, icmp)), Some(quoted(icmp)?))
            }
            TransportLayer::Icmp(icmp) => (Some(types(ip.protocol, icmp)), None),
            TransportLayer::None if !matches!(ip.protocol, IPV4 | IPV6 | ESP) => return None,
            _ => (None, None),
        };
        let spi = match transport {
            TransportLayer::None if ip.protocol == ESP => Some(u32::from_be_bytes(*ip.payload.first_chunk()?)),
            _ => None,
        };
        let mut vlans = [0; 3];
        for (slot, &vlan) in vlans.iter_mut().zip(tags) {
            *slot = vlan;
        }
        Some(Self {
            source: Endpoint { address: ip.source, port: source_port },
            destination: Endpoint { address: ip.destination, port: destination_port },
            protocol: ip.protocol,
            icmp,
            spi,
            vlans,
            vlan_count: u8::try_from(tags.len().min(3)).unwrap_or(3),
            device,
            level,
            quoted,
        })
    }

    /// The key of this tuple, the same for both directions, and whether its source is the lower endpoint.
    pub(crate) fn key(&self, config: &FlowTableConfig) -> (FlowKey, bool) {
        let ports = match (self.icmp, self.spi) {
            (Some(icmp), _) => (u16::from(icmp.request.0), u16::from(icmp.response.0)),
            // Half of it at each host, the same whoever sends.
            (None, Some(spi)) if self.source.address <= self.destination.address => ((spi >> 16) as u16, spi as u16),
            (None, Some(spi)) => (spi as u16, (spi >> 16) as u16),
            (None, None) => (self.source.port, self.destination.port),
        };
        let source = Endpoint { port: ports.0, ..self.source };
        self.key_of(source, Endpoint { port: ports.1, ..self.destination }, self.protocol, config)
    }

    /// The key of the packet an ICMP error quotes.
    pub(crate) fn quoted_key(&self, config: &FlowTableConfig) -> Option<FlowKey> {
        self.quoted.map(|quoted| self.key_of(quoted.source, quoted.destination, quoted.protocol, config).0)
    }

    fn key_of(
        &self,
        source: Endpoint,
        destination: Endpoint,
        protocol: u8,
        config: &FlowTableConfig,
    ) -> (FlowKey, bool) {
        let vlans = if config.vlan_tracking { self.vlans } else { [0; 3] };
        let device = if config.device_tracking { self.device } else { 0 };
        let level = if config.recursion_tracking { self.level } else { 0 };
        FlowKey::new(source, destination, [protocol, level], vlans, device)
    }

    /// Addresses of source and destination.
    pub(crate) const fn source_address(&self) -> IpAddr {
        self.source.address
    }
}

/// An ICMP message pairs with its counterpart as a port with a port.
const fn types(protocol: u8, icmp: &Icmp<'_>) -> IcmpTypes {
    let counterpart = if protocol == ICMPV6 { counterpart_v6(icmp.kind) } else { counterpart_v4(icmp.kind) };
    let answer = match counterpart {
        Some(kind) => kind,
        None => 0,
    };
    IcmpTypes { request: (icmp.kind, icmp.code), response: (answer, 0), paired: counterpart.is_some() }
}

/// The answer to (or the question of) an ICMP message: echo, timestamp, information, address mask, router discovery.
const fn counterpart_v4(kind: u8) -> Option<u8> {
    Some(match kind {
        0 => 8,
        8 => 0,
        9 => 10,
        10 => 9,
        13 => 14,
        14 => 13,
        15 => 16,
        16 => 15,
        17 => 18,
        18 => 17,
        _ => return None,
    })
}

/// The same for ICMPv6: echo, multicast listener query and report, router and neighbour discovery, node information, home agents.
const fn counterpart_v6(kind: u8) -> Option<u8> {
    Some(match kind {
        128 => 129,
        129 => 128,
        130 => 131,
        131 => 130,
        133 => 134,
        134 => 133,
        135 => 136,
        136 => 135,
        139 => 140,
        140 => 139,
        144 => 145,
        145 => 144,
        _ => return None,
    })
}

/// Destination unreachable, source quench, redirect, time exceeded, parameter problem.
const fn is_error(kind: u8) -> bool {
    matches!(kind, 3 | 4 | 5 | 11 | 12)
}

/// The packet that a "destination unreachable" is about, when it is one with ports.
fn quoted(icmp: &Icmp<'_>) -> Option<QuotedPacket> {
    const DESTINATION_UNREACHABLE: u8 = 3;
    let embedded = icmp.embedded.as_ref()?;
    (icmp.kind == DESTINATION_UNREACHABLE && matches!(embedded.protocol, TCP | UDP | SCTP)).then_some(QuotedPacket {
        source: embedded.source,
        destination: embedded.destination,
        protocol: embedded.protocol,
    })
}

#[cfg(test)]
mod tests {
    use sidewire_decode::EmbeddedPacket;

    use super::*;

    fn of(protocol: u8, transport: &TransportLayer<'_>) -> Option<FlowTuple> {
        let spi = [0, 1, 0, 2, 0, 0, 0, 0];
        let ip = Ip {
            version: 4,
            source: "10.0.0.1".parse().unwrap(),
            destination: "10.0.0.2".parse().unwrap(),
            protocol,
            ttl: 64,
            tos: 0,
            id: 0,
            fragment_flags: 0,
            fragment_offset: 0,
            header: &[],
            options: &[],
            payload: if protocol == ESP { &spi } else { &[] },
        };
        FlowTuple::of_headers(&ip, transport, &[5], 3, 0)
    }

    fn icmp(kind: u8, quoting: Option<u8>) -> TransportLayer<'static> {
        let endpoint = |port| Endpoint { address: "10.0.0.9".parse().unwrap(), port };
        let embedded =
            quoting.map(|protocol| EmbeddedPacket { protocol, source: endpoint(1), destination: endpoint(2) });
        TransportLayer::Icmp(Icmp { kind, code: 1, echo: None, mtu: None, embedded, header: &[] })
    }

    #[test]
    fn protocols_without_a_session_have_no_flow() {
        assert!(of(47, &TransportLayer::None).is_none());
        assert!(of(6, &TransportLayer::None).is_none(), "a broken header");
        assert!(of(IPV6, &TransportLayer::None).is_some(), "a tunnel's outer packets");
        let esp = of(ESP, &TransportLayer::None).unwrap();
        assert_eq!((esp.source.port, esp.device, esp.vlans, esp.vlan_count), (0, 3, [5, 0, 0], 1));
        assert_eq!(esp.spi, Some(0x1_0002));
    }

    #[test]
    fn messages_pair_with_their_answers() {
        let echo = of(ICMP, &icmp(8, None)).unwrap();
        assert_eq!(echo.icmp, Some(IcmpTypes { request: (8, 1), response: (0, 0), paired: true }));
        let solicitation = of(ICMPV6, &icmp(135, None)).unwrap();
        assert_eq!(solicitation.icmp.unwrap().response.0, 136);
        let unpaired = of(ICMP, &icmp(30, None)).unwrap();
        assert!(!unpaired.icmp.unwrap().paired);
    }

    #[test]
    fn errors_belong_to_what_they_quote() {
        assert!(of(ICMP, &icmp(11, Some(6))).is_none());
        assert!(of(ICMP, &icmp(3, Some(1))).is_none());
        let about_udp = of(ICMP, &icmp(3, Some(17))).unwrap();
        assert_eq!(about_udp.quoted.unwrap().protocol, 17);
        let of_version_6 = of(ICMPV6, &icmp(1, Some(17))).unwrap();
        assert!(of_version_6.quoted.is_none(), "a flow of its own");
    }
}
