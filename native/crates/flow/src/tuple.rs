use core::net::IpAddr;

use sidewire_base::Endpoint;
use sidewire_decode::{Icmp, Packet, Transport};

use crate::{Config, IcmpTypes, key::Key};

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// What a packet is filed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// Sender; its port is 0 where the transport has none.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// IP protocol number.
    pub protocol: u8,
    /// ICMP types that take the place of ports.
    pub icmp: Option<IcmpTypes>,
    /// VLAN identifiers, outermost first, 0 where there are none.
    pub vlans: [u16; 3],
    /// How many of `vlans` there are.
    pub vlan_count: u8,
    /// Number of the capture device.
    pub device: u16,
    /// For an ICMP error: the packet it quotes. The error belongs to that packet's flow when there is one, else to an
    /// ICMP flow of its own.
    pub quoted: Option<Quoted>,
}

/// The packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Its sender.
    pub source: Endpoint,
    /// Its receiver.
    pub destination: Endpoint,
    /// Its IP protocol number.
    pub protocol: u8,
}

impl Tuple {
    /// The tuple of a packet; `None` when it has no flow: no IP header, a fragment, or a broken header of a transport
    /// that has flows by port.
    #[must_use]
    pub fn of(packet: &Packet<'_>, device: u16) -> Option<Self> {
        let ip = packet.ip.as_ref()?;
        if packet.fragment {
            return None;
        }
        let (source_port, destination_port) = packet.transport.ports();
        let (icmp, quoted) = match &packet.transport {
            Transport::Icmp(icmp) => (Some(types(ip.protocol, icmp)), quoted(ip.protocol, icmp)),
            Transport::None if matches!(ip.protocol, 6 | 17 | 132 | ICMP | ICMPV6) => return None,
            _ => (None, None),
        };
        let mut vlans = [0; 3];
        for (slot, &vlan) in vlans.iter_mut().zip(&packet.vlans) {
            *slot = vlan;
        }
        Some(Self {
            source: Endpoint { address: ip.source, port: source_port },
            destination: Endpoint { address: ip.destination, port: destination_port },
            protocol: ip.protocol,
            icmp,
            vlans,
            vlan_count: u8::try_from(packet.vlans.len().min(3)).unwrap_or(3),
            device,
            quoted,
        })
    }

    /// The key of this tuple, the same for both directions, and whether its source is the lower endpoint.
    pub(crate) fn key(&self, config: &Config) -> (Key, bool) {
        let (source, destination) = match self.icmp {
            Some(icmp) => (
                Endpoint { port: u16::from(icmp.request.0), ..self.source },
                Endpoint { port: u16::from(icmp.response.0), ..self.destination },
            ),
            None => (self.source, self.destination),
        };
        self.key_of(source, destination, self.protocol, config)
    }

    /// The key of the packet an ICMP error quotes.
    pub(crate) fn quoted_key(&self, config: &Config) -> Option<Key> {
        self.quoted.map(|quoted| self.key_of(quoted.source, quoted.destination, quoted.protocol, config).0)
    }

    fn key_of(&self, source: Endpoint, destination: Endpoint, protocol: u8, config: &Config) -> (Key, bool) {
        let vlans = if config.vlan_tracking { self.vlans } else { [0; 3] };
        let device = if config.device_tracking { self.device } else { 0 };
        Key::new(source, destination, protocol, vlans, device)
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

/// Only "destination unreachable" of IPv4 about TCP, UDP or SCTP belongs to another flow; so does Suricata.
fn quoted(protocol: u8, icmp: &Icmp<'_>) -> Option<Quoted> {
    const DESTINATION_UNREACHABLE: u8 = 3;
    let embedded = icmp.embedded.as_ref()?;
    (protocol == ICMP && icmp.kind == DESTINATION_UNREACHABLE && matches!(embedded.protocol, 6 | 17 | 132))
        .then_some(Quoted { source: embedded.source, destination: embedded.destination, protocol: embedded.protocol })
}
