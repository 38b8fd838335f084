//! Link layers and tags between them and IP.

use crate::packet_decoder::{LayerResult, PacketDecoder};
use crate::stats::DecodeCounter;
use crate::{Arp, DecodeEvent, Ethernet, ipv4};

const ETHERNET_LENGTH: usize = 14;
const SLL_LENGTH: usize = 16;
const SLL2_LENGTH: usize = 20;
const CHDLC_LENGTH: usize = 4;
const NULL_LENGTH: usize = 4;
const VLAN_LENGTH: usize = 4;
const VNTAG_LENGTH: usize = 6;
const IEEE8021AH_LENGTH: usize = 18;
const NSH_LENGTH: usize = 8;
const MPLS_LENGTH: usize = 4;
/// A Cisco fabric path tag; the frame that follows has an Ethernet header of its own.
const DCE_TAG_LENGTH: usize = 2;

/// Octets of the addresses that an Ethernet header begins with.
const MAC_ADDRESSES: usize = 12;
/// The tag of a Broadcom or Marvell (DSA) switch.
const SWITCH_TAG_LENGTH: usize = 4;
/// The tag of a Marvell switch behind an EtherType of its own and two reserved octets.
const EDSA_TAG_LENGTH: usize = 8;

/// Most VLAN tags looked at.
const MAX_VLANS: usize = 3;

/// Values of the address family in the BSD loopback header.
mod family {
    pub(super) const INET: u32 = 2;
    /// NetBSD and OpenBSD, FreeBSD, macOS, Linux, Solaris, Windows.
    pub(super) const INET6: [u32; 6] = [24, 28, 30, 10, 26, 23];
}

impl<'a> PacketDecoder<'_, 'a> {
    /// Decodes a frame of a link type.
    #[inline]
    pub(crate) fn link(&mut self, link_type: u32, data: &'a [u8]) -> LayerResult {
        match link_type {
            1 => self.ethernet(data),
            0 | 108 => self.null(data),
            12 | 14 | 101 | 228 | 229 => self.raw(data),
            113 => self.sll(data),
            276 => self.sll2(data),
            9 | 50 => self.ppp(data),
            51 => self.pppoe_session(data),
            104 => self.chdlc(data),
            239 => self.nflog(data),
            281 | 284 => self.tagged_ethernet(data, SWITCH_TAG_LENGTH),
            282 => self.ethernet(data.get(SWITCH_TAG_LENGTH..).unwrap_or_default()),
            285 => self.tagged_ethernet(data, EDSA_TAG_LENGTH),
            _ => Ok(()),
        }
    }

    /// IEEE 802.3 and Ethernet II.
    #[inline]
    pub(crate) fn ethernet(&mut self, data: &'a [u8]) -> LayerResult {
        self.tagged_ethernet(data, 0)
    }

    /// Ethernet with the tag of a switch, of so many octets, between addresses and type.
    #[inline]
    fn tagged_ethernet(&mut self, data: &'a [u8], tag: usize) -> LayerResult {
        self.stats.count(DecodeCounter::Ethernet);
        let header = data.first_chunk::<MAC_ADDRESSES>();
        let after = data.get(MAC_ADDRESSES + tag..).and_then(|after| after.split_first_chunk::<2>());
        let (Some(addresses), Some((ether_type, rest))) = (header, after) else {
            return self.broken(DecodeEvent::ETHERNET_PKT_TOO_SMALL);
        };
        self.enter()?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5] = *addresses;
        let ether_type = u16::from_be_bytes(*ether_type);
        self.packet.ethernet = Some(Ethernet {
            destination: [d0, d1, d2, d3, d4, d5],
            source: [s0, s1, s2, s3, s4, s5],
            ether_type,
            header_type: ether_type,
        });
        // What is unknown above Ethernet has its event; the frame itself was read.
        let _known = self.network(ether_type, rest);
        Ok(())
    }

    /// Dispatches by EtherType; false when the type is not known.
    #[inline]
    pub(crate) fn network(&mut self, ether_type: u16, data: &'a [u8]) -> bool {
        let _read = match ether_type {
            0x0800 => self.ipv4(data),
            0x86dd => self.ipv6(data),
            _ => return self.other_network(ether_type, data),
        };
        true
    }

    fn other_network(&mut self, ether_type: u16, data: &'a [u8]) -> bool {
        let _read = match ether_type {
            0x8100 | 0x88a8 | 0x9100 => self.vlan(data),
            0x0806 => self.arp(data),
            0x8847 | 0x8848 => self.mpls(data),
            0x8863 => self.pppoe_discovery(data),
            0x8864 => self.pppoe_session(data),
            0x88e7 => self.ieee8021ah(data),
            0x8926 => self.vntag(data),
            0x894f => self.nsh(data),
            0x8903 => match data.get(DCE_TAG_LENGTH..).filter(|frame| frame.len() >= ETHERNET_LENGTH) {
                Some(frame) => self.ethernet(frame),
                None => self.broken(DecodeEvent::DCE_PKT_TOO_SMALL),
            },
            _ => {
                self.stats.count(DecodeCounter::UnknownEtherType);
                self.event(DecodeEvent::ETHERNET_UNKNOWN_ETHERTYPE);
                return false;
            }
        };
        true
    }

    /// An IEEE 802.1Q or 802.1ad tag.
    pub(crate) fn vlan(&mut self, data: &'a [u8]) -> LayerResult {
        match self.packet.vlans.len() {
            0 => self.stats.count(DecodeCounter::Vlan),
            1 => self.stats.count(DecodeCounter::VlanQinq),
            2 => self.stats.count(DecodeCounter::VlanQinqinq),
            _ => {}
        }
        let Some(([t0, t1, p0, p1], rest)) = data.split_first_chunk::<VLAN_LENGTH>() else {
            return self.broken(DecodeEvent::VLAN_HEADER_TOO_SMALL);
        };
        self.enter()?;
        if self.packet.vlans.len() >= MAX_VLANS {
            self.event(DecodeEvent::VLAN_TOO_MANY_LAYERS);
            return Err(crate::packet_decoder::BrokenLayer);
        }
        self.packet.vlans.push(u16::from_be_bytes([*t0, *t1]) & 0x0fff);
        let ether_type = u16::from_be_bytes([*p0, *p1]);
        self.tagged(ether_type, rest, DecodeEvent::VLAN_UNKNOWN_TYPE)
    }

    /// What follows a tag: its type is the frame's from now on.
    fn tagged(&mut self, ether_type: u16, rest: &'a [u8], unknown: DecodeEvent) -> LayerResult {
        if let Some(ethernet) = &mut self.packet.ethernet {
            ethernet.ether_type = ether_type;
        }
        if self.network(ether_type, rest) { Ok(()) } else { self.broken(unknown) }
    }

    /// A Cisco VN-Tag (802.1Qbh).
    fn vntag(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Vntag);
        let Some(([_, _, _, _, p0, p1], rest)) = data.split_first_chunk::<VNTAG_LENGTH>() else {
            return self.broken(DecodeEvent::VNTAG_HEADER_TOO_SMALL);
        };
        self.enter()?;
        self.tagged(u16::from_be_bytes([*p0, *p1]), rest, DecodeEvent::VNTAG_UNKNOWN_TYPE)
    }

    /// A provider backbone bridge header (802.1ah): service tag, then customer addresses and type.
    fn ieee8021ah(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Ieee8021ah);
        let Some((header, rest)) = data.split_first_chunk::<IEEE8021AH_LENGTH>() else {
            return self.broken(DecodeEvent::IEEE8021AH_HEADER_TOO_SMALL);
        };
        self.enter()?;
        let [.., p0, p1] = *header;
        let _known = self.network(u16::from_be_bytes([p0, p1]), rest);
        Ok(())
    }

    /// An MPLS label stack. RFC 3032; what follows the bottom is guessed as RFC 4928 describes.
    pub(crate) fn mpls(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Mpls);
        self.enter()?;
        let mut rest = data;
        let label = loop {
            let Some((entry, after)) = rest.split_first_chunk::<MPLS_LENGTH>() else {
                return self.broken(DecodeEvent::MPLS_HEADER_TOO_SMALL);
            };
            let entry = u32::from_be_bytes(*entry);
            rest = after;
            if entry & 0x100 != 0 {
                break entry >> 12;
            }
        };
        match label {
            0 => return self.ipv4(rest),
            2 => return self.ipv6(rest),
            1 => self.event(DecodeEvent::MPLS_BAD_LABEL_ROUTER_ALERT),
            3 => self.event(DecodeEvent::MPLS_BAD_LABEL_IMPLICIT_NULL),
            4..15 => self.event(DecodeEvent::MPLS_BAD_LABEL_RESERVED),
            _ => {
                let Some((control, frame)) = rest.split_first_chunk::<MPLS_LENGTH>() else {
                    return self.broken(DecodeEvent::MPLS_PKT_TOO_SMALL);
                };
                let [first, ..] = *control;
                let _read = match first >> 4 {
                    4 => self.ipv4(rest),
                    6 => self.ipv6(rest),
                    // A pseudowire control word, then an Ethernet frame. RFC 4448.
                    0 => self.ethernet(frame),
                    _ => {
                        self.invalid(DecodeEvent::MPLS_UNKNOWN_PAYLOAD_TYPE);
                        Ok(())
                    }
                };
            }
        }
        Ok(())
    }

    /// A network service header. RFC 8300.
    fn nsh(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Nsh);
        let Some(([v0, v1, kind, next, ..], _)) = data.split_first_chunk::<NSH_LENGTH>() else {
            return self.broken(DecodeEvent::NSH_HEADER_TOO_SMALL);
        };
        self.enter()?;
        if v0 >> 6 != 0 {
            self.event(DecodeEvent::NSH_UNSUPPORTED_VERSION);
            return Ok(());
        }
        let length = usize::from(v1 & 0x3f) * 4;
        let Some(rest) = data.get(length..).filter(|rest| !rest.is_empty()) else {
            return self.broken(DecodeEvent::NSH_BAD_HEADER_LENGTH);
        };
        match kind {
            0 | 15 => {
                self.event(DecodeEvent::NSH_RESERVED_TYPE);
                return Ok(());
            }
            1 if length != 24 => return self.broken(DecodeEvent::NSH_BAD_HEADER_LENGTH),
            1 | 2 => {}
            _ => {
                self.event(DecodeEvent::NSH_UNSUPPORTED_TYPE);
                return Ok(());
            }
        }
        match next {
            1 => self.ipv4(rest),
            2 => self.ipv6(rest),
            3 => self.ethernet(rest),
            5 => self.mpls(rest),
            _ => {
                self.event(DecodeEvent::NSH_UNKNOWN_PAYLOAD);
                Ok(())
            }
        }
    }

    /// IP without a link header: the version is in the first octet.
    fn raw(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Raw);
        match data.first().map(|octet| octet >> 4) {
            _ if data.len() < ipv4::HEADER_LENGTH => self.broken(DecodeEvent::IPV4_PKT_TOO_SMALL),
            Some(4) => self.ipv4(data),
            Some(6) => self.ipv6(data),
            _ => {
                self.event(DecodeEvent::IPRAW_INVALID_IP_VERSION);
                Ok(())
            }
        }
    }

    /// BSD loopback: an address family in the byte order of the host that captured, or (LOOP) in network order.
    fn null(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Null);
        let Some((family, rest)) = data.split_first_chunk::<NULL_LENGTH>() else {
            return self.broken(DecodeEvent::LTNULL_PKT_TOO_SMALL);
        };
        // Families are small, so that the wrong order shows in the upper half.
        let family = match u32::from_le_bytes(*family) {
            little if little < 0x1_0000 => little,
            other => other.swap_bytes(),
        };
        let _read = match family {
            family::INET => self.ipv4(rest),
            other if family::INET6.contains(&other) => self.ipv6(rest),
            _ => {
                self.event(DecodeEvent::LTNULL_UNSUPPORTED_TYPE);
                Ok(())
            }
        };
        Ok(())
    }

    /// Linux cooked capture, version 1.
    fn sll(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Sll);
        let Some((header, rest)) = data.split_first_chunk::<SLL_LENGTH>() else {
            return self.broken(DecodeEvent::SLL_PKT_TOO_SMALL);
        };
        self.enter()?;
        let [.., p0, p1] = *header;
        let _known = self.network(u16::from_be_bytes([p0, p1]), rest);
        Ok(())
    }

    /// Linux cooked capture, version 2.
    fn sll2(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Sll2);
        let Some(([p0, p1, ..], rest)) = data.split_first_chunk::<SLL2_LENGTH>() else {
            return self.broken(DecodeEvent::SLL2_PKT_TOO_SMALL);
        };
        self.enter()?;
        let _known = self.network(u16::from_be_bytes([*p0, *p1]), rest);
        Ok(())
    }

    /// Netfilter's log: family, version and resource, then attributes in the byte order of the host that captured; one of
    /// them is the packet.
    fn nflog(&mut self, data: &'a [u8]) -> LayerResult {
        const HEADER: usize = 4;
        const PAYLOAD: u16 = 9;
        let Some((&[family, ..], mut rest)) = data.split_first_chunk::<HEADER>() else { return Ok(()) };
        while let Some(([l0, l1, t0, t1], _)) = rest.split_first_chunk::<4>() {
            // Types are small, so that the wrong order shows in the octet that should be 0.
            let read = if *t1 == 0 { u16::from_le_bytes } else { u16::from_be_bytes };
            let (length, kind) = (usize::from(read([*l0, *l1])), read([*t0, *t1]));
            if length < HEADER {
                return Ok(());
            }
            // A packet that was cut has less than its attribute says.
            let value = rest.get(HEADER..length.min(rest.len())).unwrap_or_default();
            if kind == PAYLOAD {
                let ether_type = match u32::from(family) {
                    family::INET => 0x0800,
                    other if family::INET6.contains(&other) => 0x86dd,
                    _ => return Ok(()),
                };
                self.enter()?;
                let _known = self.network(ether_type, value);
                return Ok(());
            }
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(())
    }

    /// Cisco HDLC.
    fn chdlc(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Chdlc);
        let Some(([_, _, p0, p1], rest)) = data.split_first_chunk::<CHDLC_LENGTH>() else {
            return self.broken(DecodeEvent::CHDLC_PKT_TOO_SMALL);
        };
        self.enter()?;
        let _known = self.network(u16::from_be_bytes([*p0, *p1]), rest);
        Ok(())
    }

    /// ARP for IPv4 over Ethernet. RFC 826, RFC 903.
    pub(crate) fn arp(&mut self, data: &'a [u8]) -> LayerResult {
        const HEADER: usize = 8;
        self.stats.count(DecodeCounter::Arp);
        let Some(([h0, h1, p0, p1, hardware_size, protocol_size, o0, o1], _)) = data.split_first_chunk::<HEADER>()
        else {
            return self.broken(DecodeEvent::ARP_PKT_TOO_SMALL);
        };
        self.enter()?;
        let event = match (u16::from_be_bytes([*h0, *h1]), u16::from_be_bytes([*p0, *p1])) {
            (hardware, _) if hardware != 1 => DecodeEvent::ARP_UNSUPPORTED_HARDWARE,
            (_, protocol) if protocol != 0x0800 => DecodeEvent::ARP_UNSUPPORTED_PROTOCOL,
            _ if data.len() < Arp::LENGTH => DecodeEvent::ARP_INVALID_PKT,
            _ if *hardware_size != 6 => DecodeEvent::ARP_INVALID_HARDWARE_SIZE,
            _ if *protocol_size != 4 => DecodeEvent::ARP_INVALID_PROTOCOL_SIZE,
            _ if !matches!(u16::from_be_bytes([*o0, *o1]), 1..=4) => DecodeEvent::ARP_UNSUPPORTED_OPCODE,
            _ => {
                self.packet.arp = data.first_chunk().map(Arp::new);
                return Ok(());
            }
        };
        self.broken(event)
    }
}
