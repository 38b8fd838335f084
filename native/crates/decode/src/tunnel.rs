//! Encapsulations: GRE and ERSPAN over IP; Teredo, Geneve and VXLAN over UDP.

use crate::inner::InnerKind;
use crate::packet_decoder::{BrokenLayer, LayerResult, PacketDecoder};
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, TunnelKind, ipv6};

const ETHER_IPV4: u16 = 0x0800;
const ETHER_ARP: u16 = 0x0806;
const ETHER_BRIDGE: u16 = 0x6558;
const ETHER_VLAN: u16 = 0x8100;
const ETHER_IPV6: u16 = 0x86dd;
const ETHER_MPLS: u16 = 0x8847;
const ETHER_PPP: u16 = 0x880b;
const ETHER_PROVIDER_VLAN: u16 = 0x88a8;
const ETHER_ERSPAN: u16 = 0x88be;

const GRE_LENGTH: usize = 4;
/// A source route entry: address family, offset, length. RFC 1701.
const SOURCE_ROUTE_LENGTH: usize = 4;
const ERSPAN_LENGTH: usize = 8;
const VXLAN_LENGTH: usize = 8;
const GENEVE_LENGTH: usize = 8;
const ETHERNET_LENGTH: usize = 14;

/// Most VLAN tags, the one of ERSPAN's header included.
const MAX_VLANS: usize = 3;

impl<'a> PacketDecoder<'_, 'a> {
    /// GRE version 0 (RFC 2784, 2890, 1701) and 1 (RFC 2637).
    pub(crate) fn gre(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Gre);
        let Some(([first, second, p0, p1], _)) = data.split_first_chunk::<GRE_LENGTH>() else {
            return self.broken(DecodeEvent::GRE_PKT_TOO_SMALL);
        };
        self.enter()?;
        let ether_type = u16::from_be_bytes([*p0, *p1]);
        let set = |octet: u8, bit: u8| octet & bit != 0;
        let (checksum, routing) = (set(*first, 0x80), set(*first, 0x40));
        let (key, sequence) = (set(*first, 0x20), set(*first, 0x10));
        let word = |present: bool| if present { 4 } else { 0 };
        let mut length = GRE_LENGTH + word(key) + word(sequence);
        let event = match second & 0x07 {
            0 => {
                length += word(checksum || routing);
                if set(*first, 0x07) {
                    Some(DecodeEvent::GRE_VERSION0_RECUR)
                } else if set(*second, 0xf8) {
                    Some(DecodeEvent::GRE_VERSION0_FLAGS)
                } else if length > data.len() {
                    Some(DecodeEvent::GRE_VERSION0_HDR_TOO_BIG)
                } else if let Some(end) = if routing { skip_source_route(data, length) } else { Some(length) } {
                    length = end;
                    None
                } else {
                    Some(DecodeEvent::GRE_VERSION0_MALFORMED_SRE_HDR)
                }
            }
            1 => {
                length += word(set(*second, 0x80));
                let faults = [
                    (checksum, DecodeEvent::GRE_VERSION1_CHKSUM),
                    (routing, DecodeEvent::GRE_VERSION1_ROUTE),
                    (set(*first, 0x08), DecodeEvent::GRE_VERSION1_SSR),
                    (set(*first, 0x07), DecodeEvent::GRE_VERSION1_RECUR),
                    (set(*second, 0x78), DecodeEvent::GRE_VERSION1_FLAGS),
                    (ether_type != ETHER_PPP, DecodeEvent::GRE_VERSION1_WRONG_PROTOCOL),
                    (!key, DecodeEvent::GRE_VERSION1_NO_KEY),
                    (length > data.len(), DecodeEvent::GRE_VERSION1_HDR_TOO_BIG),
                ];
                faults.into_iter().find(|(found, _)| *found).map(|(_, event)| event)
            }
            _ => Some(DecodeEvent::GRE_WRONG_VERSION),
        };
        if let Some(event) = event {
            self.invalid(event);
            return Ok(());
        }
        // PPTP acknowledgements carry nothing: the key's upper half is the payload's length.
        let acknowledgement = second & 0x07 == 1 && data.get(4..6) == Some(&[0, 0]);
        let inner = data.get(length..).unwrap_or_default();
        let kind = match ether_type {
            ETHER_IPV4 => InnerKind::Ipv4,
            ETHER_IPV6 => InnerKind::Ipv6,
            ETHER_VLAN => InnerKind::Vlan,
            ETHER_BRIDGE => InnerKind::Ethernet,
            ETHER_ARP => InnerKind::Arp,
            ETHER_PPP if !acknowledgement => InnerKind::Ppp,
            ETHER_ERSPAN if sequence => InnerKind::ErspanII,
            ETHER_ERSPAN => InnerKind::ErspanI,
            _ => return Ok(()),
        };
        let tunnel = if ether_type == ETHER_ERSPAN { TunnelKind::Erspan } else { TunnelKind::Gre };
        self.tunnel(kind, tunnel, inner, None);
        Ok(())
    }

    /// ERSPAN type II: a header with the mirrored VLAN, then the frame. draft-foschiano-erspan.
    pub(crate) fn erspan(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Erspan);
        let Some(([v0, v1, ..], frame)) = data.split_first_chunk::<ERSPAN_LENGTH>() else {
            return self.broken(DecodeEvent::ERSPAN_HEADER_TOO_SMALL);
        };
        self.enter()?;
        let (version, vlan) = (v0 >> 4, u16::from_be_bytes([*v0, *v1]) & 0x0fff);
        if version != 1 {
            return self.broken(DecodeEvent::ERSPAN_UNSUPPORTED_VERSION);
        }
        if vlan != 0 {
            if self.packet.vlans.len() >= MAX_VLANS {
                return self.broken(DecodeEvent::ERSPAN_TOO_MANY_VLAN_LAYERS);
            }
            self.packet.vlans.push(vlan);
        }
        self.ethernet(frame)
    }

    /// Looks for an encapsulation on the ports that are configured for one.
    #[inline]
    pub(crate) fn udp_tunnel(&mut self, source: u16, destination: u16, data: &'a [u8]) {
        let options = self.options;
        if options.teredo.contain(source, destination) && self.teredo(data) {
            return;
        }
        if options.geneve.contain(source, destination) && self.geneve(data).is_ok_and(|found| found) {
            return;
        }
        if options.vxlan.contain(source, destination) {
            self.vxlan(data);
        }
    }

    /// Teredo: origin indications, then an IPv6 packet that fills the datagram exactly. RFC 4380, 5.1.1. A hop limit of
    /// 0, as some bubbles have it, is not taken for a packet: there is little else to tell Teredo by.
    fn teredo(&mut self, data: &'a [u8]) -> bool {
        const ORIGIN_LENGTH: usize = 8;
        let mut rest = data;
        while let [0, 0, ..] = rest {
            match rest.get(ORIGIN_LENGTH..) {
                Some(after) if after.len() >= ipv6::HEADER_LENGTH => rest = after,
                _ => return false,
            }
        }
        let Some([first, _, _, _, l0, l1, _, hop_limit, ..]) = rest.first_chunk::<{ ipv6::HEADER_LENGTH }>() else {
            return false;
        };
        let length = ipv6::HEADER_LENGTH + usize::from(u16::from_be_bytes([*l0, *l1]));
        let fits = first >> 4 == 6 && *hop_limit != 0 && length == rest.len();
        if fits {
            self.tunnel(InnerKind::Ipv6, TunnelKind::Teredo, rest, Some(DecodeCounter::Teredo));
        }
        fits
    }

    /// Geneve: a header with options, then a frame or packet. RFC 8926.
    fn geneve(&mut self, data: &'a [u8]) -> Result<bool, BrokenLayer> {
        let Some(([first, flags, p0, p1, _, _, _, reserved], _)) = data.split_first_chunk::<GENEVE_LENGTH>() else {
            return Ok(false);
        };
        self.enter()?;
        let options_end = GENEVE_LENGTH + usize::from(first & 0x3f) * 4;
        let Some((header, inner)) = data.split_at_checked(options_end) else { return Ok(false) };
        if first >> 6 != 0 || flags & 0x3f != 0 || *reserved != 0 {
            return Ok(false);
        }
        // Options must fill the space that the header announces.
        let mut options = header.get(GENEVE_LENGTH..).unwrap_or_default();
        while let Some(size) = options.get(3) {
            match options.get(4 + usize::from(size & 0x1f) * 4..) {
                Some(after) => options = after,
                None => return Ok(false),
            }
        }
        self.stats.count(DecodeCounter::Geneve);
        let kind = match u16::from_be_bytes([*p0, *p1]) {
            ETHER_IPV4 => InnerKind::Ipv4,
            ETHER_IPV6 => InnerKind::Ipv6,
            ETHER_BRIDGE => InnerKind::Ethernet,
            ETHER_ARP => return Ok(true),
            _ => {
                self.invalid(DecodeEvent::GENEVE_UNKNOWN_PAYLOAD_TYPE);
                return Ok(true);
            }
        };
        self.tunnel(kind, TunnelKind::Geneve, inner, None);
        Ok(true)
    }

    /// VXLAN: a header, then a frame. RFC 7348.
    fn vxlan(&mut self, data: &'a [u8]) {
        let Some(([flags, _, _, _, _, _, _, reserved], frame)) = data.split_first_chunk::<VXLAN_LENGTH>() else {
            return;
        };
        if frame.len() < ETHERNET_LENGTH || flags & 0x08 == 0 || *reserved != 0 {
            return;
        }
        self.stats.count(DecodeCounter::Vxlan);
        // Suricata goes to IP without counting an Ethernet layer, and looks at nothing else; tags are followed here.
        let (header, network) = frame.split_at_checked(ETHERNET_LENGTH).unwrap_or_default();
        let ether_type = header.last_chunk::<2>().map_or(0, |octets| u16::from_be_bytes(*octets));
        let (kind, data) = match ether_type {
            ETHER_IPV4 => (InnerKind::Ipv4, network),
            ETHER_IPV6 => (InnerKind::Ipv6, network),
            ETHER_VLAN | ETHER_PROVIDER_VLAN | ETHER_MPLS => (InnerKind::Ethernet, frame),
            _ => return,
        };
        self.tunnel(kind, TunnelKind::Vxlan, data, None);
    }
}

/// The end of the source route entries that begin at `at`: an entry without family and length ends them.
fn skip_source_route(data: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let [f0, f1, _, length] = *data.get(at..)?.first_chunk::<SOURCE_ROUTE_LENGTH>()?;
        at += SOURCE_ROUTE_LENGTH;
        if (f0, f1, length) == (0, 0, 0) {
            return Some(at);
        }
        at += usize::from(length);
        if at > data.len() {
            return None;
        }
    }
}
