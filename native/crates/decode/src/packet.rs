//! A decoded packet.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::{Endpoint, Time};
use smallvec::SmallVec;

use crate::{DecodeEvent, checksum};
use sidewire_base::ip_protocol as protocol;

const ARP_LENGTH: usize = 28;

/// One decoded packet, borrowed from its frame (or from a reassembly buffer). A tunnel yields one for each layer that
/// carries an IP packet, outermost first.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// When it was captured.
    pub time: Time,
    /// Position in the capture, from 1. All layers of a tunnel share it. EVE's `pcap_cnt`.
    pub ordinal: u64,
    /// The octets of this layer, from its first header (link header for the outermost) to its end.
    pub frame: &'a [u8],
    /// Link layer type of `frame`, as a DLT number; 101 (raw IP) for inner layers.
    pub link_type: u32,
    /// Octets on the wire, which a snap length may have cut.
    pub wire_length: u32,
    /// Ethernet addresses and type of the outermost layer.
    pub ethernet: Option<Ethernet>,
    /// VLAN identifiers, outermost first; at most three.
    pub vlans: SmallVec<[u16; 3]>,
    /// The network header, absent when the frame carries none or it is broken.
    pub ip: Option<Ip<'a>>,
    /// The ARP packet, when the frame carries one that could be read.
    pub arp: Option<Arp<'a>>,
    /// The transport header; [`TransportLayer::None`] for fragments and broken headers.
    pub transport: TransportLayer<'a>,
    /// What the transport (or ESP) carries; empty without one, as rules see it. [`Ip::payload`] has the rest.
    pub payload: &'a [u8],
    /// Decoder events, in the order found.
    pub events: SmallVec<[DecodeEvent; 2]>,
    /// True when one of the events means that the packet cannot be what it claims (Suricata's `decoder.invalid`).
    pub invalid: bool,
    /// True when an option of its IP or TCP header is malformed. Suricata counts such a packet under `decoder.invalid`, too,
    /// but hosts may take it: it goes on.
    pub malformed_options: bool,
    /// Checksums that were verified and wrong. Empty when verification is off.
    pub bad_checksum: BadChecksum,
    /// Tunnel depth: 0 for the outermost packet.
    pub level: u8,
    /// What carried this layer, when `level` is not 0.
    pub tunnel: Option<TunnelKind>,
    /// The captured packet that this one came out of: for layers of a tunnel and for reassembled datagrams.
    pub root: Option<RootPacket>,
    /// What the payload is delivered as once more, on the next level; its octets need not be inspected twice.
    pub carries: Option<TunnelKind>,
    /// True for one fragment of an IP datagram (it has no transport).
    pub fragment: bool,
    /// True for a datagram put together from fragments (it borrows from the reassembly buffer).
    pub reassembled: bool,
}

impl Packet<'_> {
    /// Source address and port; ports are 0 where there are none. `None` without an IP header.
    #[must_use]
    pub fn source(&self) -> Option<Endpoint> {
        self.ip.as_ref().map(|ip| Endpoint { address: ip.source, port: self.transport.ports().0 })
    }

    /// Destination address and port.
    #[must_use]
    pub fn destination(&self) -> Option<Endpoint> {
        self.ip.as_ref().map(|ip| Endpoint { address: ip.destination, port: self.transport.ports().1 })
    }

    /// Does the checksum of the IPv4 header hold? Computed when asked, whether or not checksums are verified.
    #[must_use]
    pub fn network_checksum_holds(&self) -> Option<bool> {
        let ip = self.ip.as_ref().filter(|ip| ip.version == 4)?;
        Some(checksum::internet(ip.header) == 0)
    }

    /// Does the checksum of the transport header hold? `None` for SCTP and without a transport.
    #[must_use]
    pub fn transport_checksum_holds(&self) -> Option<bool> {
        let ip = self.ip.as_ref()?;
        let with_pseudo_header =
            |protocol, segment| checksum::transport(ip.source, ip.destination, protocol, segment) == 0;
        Some(match &self.transport {
            TransportLayer::Tcp(_) => with_pseudo_header(protocol::TCP, ip.payload),
            TransportLayer::Udp(udp) if udp.checksum == 0 => true,
            TransportLayer::Udp(udp) => with_pseudo_header(protocol::UDP, ip.payload.get(..usize::from(udp.length))?),
            TransportLayer::Icmp(_) if ip.version == 6 => with_pseudo_header(protocol::ICMPV6, ip.payload),
            TransportLayer::Icmp(_) => checksum::internet(ip.payload) == 0,
            TransportLayer::Sctp(_) | TransportLayer::None => return None,
        })
    }

    /// What packets that come out of this one name as their root: its own root, or itself.
    pub(crate) fn as_root(&self) -> Option<RootPacket> {
        self.root.or_else(|| {
            let protocol = self.ip.as_ref()?.protocol;
            Some(RootPacket { source: self.source()?, destination: self.destination()?, protocol })
        })
    }
}

/// Which checksums were wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BadChecksum {
    /// The IPv4 header's.
    pub network: bool,
    /// TCP's, UDP's, ICMP's.
    pub transport: bool,
}

impl BadChecksum {
    /// At least one was.
    #[must_use]
    pub const fn any(self) -> bool {
        self.network || self.transport
    }
}

/// What a tunnelled packet came out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelKind {
    /// IPv4 or IPv6 in IPv4 (RFC 2003, RFC 4213).
    IpInIp,
    /// IPv4 or IPv6 in IPv6 (RFC 2473).
    IpInIpv6,
    /// RFC 2784.
    Gre,
    /// ERSPAN type I or II.
    Erspan,
    /// RFC 7348.
    Vxlan,
    /// RFC 8926.
    Geneve,
    /// RFC 4380.
    Teredo,
}

/// The captured packet at the bottom of a tunnel, or the last fragment of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootPacket {
    /// Its sender; the port is 0 where it has none.
    pub source: Endpoint,
    /// Its receiver.
    pub destination: Endpoint,
    /// Its IP protocol number.
    pub protocol: u8,
}

/// An ARP packet for IPv4 over Ethernet. RFC 826.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp<'a> {
    octets: &'a [u8; ARP_LENGTH],
}

impl<'a> Arp<'a> {
    /// Octets of the packet.
    pub const LENGTH: usize = ARP_LENGTH;

    pub(crate) const fn new(octets: &'a [u8; ARP_LENGTH]) -> Self {
        Self { octets }
    }

    /// 1 request, 2 reply; RARP (RFC 903): 3 request, 4 reply.
    #[must_use]
    pub const fn opcode(&self) -> u16 {
        let [_, _, _, _, _, _, high, low, ..] = *self.octets;
        u16::from_be_bytes([high, low])
    }

    /// Hardware and protocol address of the sender.
    #[must_use]
    pub const fn sender(&self) -> ([u8; 6], Ipv4Addr) {
        let [_, _, _, _, _, _, _, _, a, b, c, d, e, f, w, x, y, z, ..] = *self.octets;
        ([a, b, c, d, e, f], Ipv4Addr::new(w, x, y, z))
    }

    /// Hardware and protocol address of the target.
    #[must_use]
    pub const fn target(&self) -> ([u8; 6], Ipv4Addr) {
        let [.., a, b, c, d, e, f, w, x, y, z] = *self.octets;
        ([a, b, c, d, e, f], Ipv4Addr::new(w, x, y, z))
    }
}

/// The Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Destination MAC address.
    pub destination: [u8; 6],
    /// Source MAC address.
    pub source: [u8; 6],
    /// EtherType after all VLAN tags.
    pub ether_type: u16,
    /// EtherType of the header itself: that of a tag, when tags follow.
    pub header_type: u16,
}

/// An IPv4 or IPv6 header.
#[derive(Clone, Debug)]
pub struct Ip<'a> {
    /// 4 or 6.
    pub version: u8,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Protocol number of the payload, after all IPv6 extension headers.
    pub protocol: u8,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Type of service or traffic class.
    pub tos: u8,
    /// IPv4 identification, or the IPv6 fragment header's; 0 without one.
    pub id: u32,
    /// Fragmentation: the three flag bits of IPv4 (reserved 4, don't 2, more 1), or more 1 of IPv6.
    pub fragment_flags: u8,
    /// Fragment offset in octets.
    pub fragment_offset: u16,
    /// The fixed header with IPv4 options or IPv6 extension headers.
    pub header: &'a [u8],
    /// IPv4 options (without the fixed 20 octets), or the IPv6 extension headers.
    pub options: &'a [u8],
    /// What follows the header, cut to the datagram's length.
    pub payload: &'a [u8],
}

/// The transport header of a packet.
#[derive(Clone, Debug, Default)]
pub enum TransportLayer<'a> {
    /// None, or unknown, or a fragment.
    #[default]
    None,
    /// RFC 9293.
    Tcp(TcpHeader<'a>),
    /// RFC 768.
    Udp(UdpHeader<'a>),
    /// RFC 792 and RFC 4443: the version is the IP header's.
    Icmp(Icmp<'a>),
    /// RFC 9260: ports only.
    Sctp(Sctp<'a>),
}

impl TransportLayer<'_> {
    /// Source and destination port, 0 where there are none.
    #[inline]
    #[must_use]
    pub const fn ports(&self) -> (u16, u16) {
        match self {
            Self::Tcp(tcp) => (tcp.source_port, tcp.destination_port),
            Self::Udp(udp) => (udp.source_port, udp.destination_port),
            Self::Sctp(sctp) => (sctp.source_port, sctp.destination_port),
            Self::None | Self::Icmp(_) => (0, 0),
        }
    }
}

/// A TCP header.
#[derive(Clone, Debug)]
pub struct TcpHeader<'a> {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number of the first payload octet (of the SYN, when set).
    pub sequence: u32,
    /// Acknowledgement number, meaningful with ACK.
    pub acknowledgement: u32,
    /// CWR 0x80 .. FIN 0x01, as on the wire.
    pub flags: u8,
    /// The four reserved bits (including AE/NS), as on the wire.
    pub reserved: u8,
    /// Window, not scaled.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// The checksum field.
    pub checksum: u16,
    /// Header with options.
    pub header: &'a [u8],
    /// The options understood.
    pub options: TcpOptions,
}

impl TcpHeader<'_> {
    /// FIN flag.
    pub const FIN: u8 = 0x01;
    /// SYN flag.
    pub const SYN: u8 = 0x02;
    /// RST flag.
    pub const RST: u8 = 0x04;
    /// PSH flag.
    pub const PSH: u8 = 0x08;
    /// ACK flag.
    pub const ACK: u8 = 0x10;
    /// URG flag.
    pub const URG: u8 = 0x20;
    /// ECE flag.
    pub const ECE: u8 = 0x40;
    /// CWR flag.
    pub const CWR: u8 = 0x80;
}

/// TCP options the engine uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpOptions {
    /// Maximum segment size (2).
    pub mss: Option<u16>,
    /// Window scale (3).
    pub window_scale: Option<u8>,
    /// SACK permitted (4).
    pub sack_permitted: bool,
    /// Number of SACK blocks (5).
    pub sack_blocks: u8,
    /// Timestamp value and echo (8).
    pub timestamps: Option<(u32, u32)>,
    /// Fast open cookie present (34).
    pub fast_open: bool,
}

/// A UDP header.
#[derive(Clone, Debug)]
pub struct UdpHeader<'a> {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// The length field.
    pub length: u16,
    /// The checksum field; 0 = none.
    pub checksum: u16,
    /// The eight octets.
    pub header: &'a [u8],
}

/// An ICMP or ICMPv6 header.
#[derive(Clone, Debug)]
pub struct Icmp<'a> {
    /// Message type.
    pub kind: u8,
    /// Message code.
    pub code: u8,
    /// Identifier and sequence number, for messages that have them.
    pub echo: Option<(u16, u16)>,
    /// Next-hop MTU of ICMPv6 "packet too big".
    pub mtu: Option<u32>,
    /// For error messages: the packet quoted, as far as it could be read.
    pub embedded: Option<EmbeddedPacket>,
    /// The first eight octets: type, code, checksum and the rest-of-header word.
    pub header: &'a [u8],
}

/// The packet that an ICMP error message quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedPacket {
    /// IP protocol number.
    pub protocol: u8,
    /// Its source.
    pub source: Endpoint,
    /// Its destination.
    pub destination: Endpoint,
}

/// An SCTP common header.
#[derive(Clone, Debug)]
pub struct Sctp<'a> {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// The twelve octets.
    pub header: &'a [u8],
}

impl<'a> Packet<'a> {
    #[inline]
    pub(crate) fn new(time: Time, ordinal: u64, frame: &'a [u8], link_type: u32, wire_length: u32) -> Self {
        Self {
            time,
            ordinal,
            frame,
            link_type,
            wire_length,
            ethernet: None,
            vlans: SmallVec::new(),
            ip: None,
            arp: None,
            transport: TransportLayer::None,
            payload: &[],
            events: SmallVec::new(),
            invalid: false,
            malformed_options: false,
            bad_checksum: BadChecksum::default(),
            level: 0,
            tunnel: None,
            root: None,
            carries: None,
            fragment: false,
            reassembled: false,
        }
    }
}
