//! IPv6 (RFC 8200) and its extension headers.

use core::net::{IpAddr, Ipv6Addr};

use crate::fragment::Fragment;
use crate::inner::InnerKind;
use crate::packet_decoder::{BrokenLayer, LayerResult, PacketDecoder};
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, Ip, TunnelKind, ipv4};
use sidewire_base::ip_protocol as protocol;

/// Octets of the fixed header.
pub(crate) const HEADER_LENGTH: usize = 40;

/// Octets of the fragment header.
const FRAGMENT_LENGTH: usize = 8;

/// Where the fixed header names what follows it.
const NEXT_HEADER_AT: usize = 6;

/// Which extension headers were seen.
#[derive(Default)]
struct SeenLayers {
    hop_by_hop: bool,
    routing: bool,
    authentication: bool,
    fragment: bool,
    destination: u8,
}

impl<'a> PacketDecoder<'_, 'a> {
    /// An IPv6 packet and what it carries.
    #[inline]
    pub(crate) fn ipv6(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Ipv6);
        self.enter()?;
        let Some(header) = data.first_chunk::<HEADER_LENGTH>() else {
            // Suricata 8 has `ipv6.pkt_too_small` and never raises it.
            return Err(BrokenLayer);
        };
        let [first, second, _, _, l0, l1, next_header, hop_limit, addresses @ ..] = header;
        if first >> 4 != 6 {
            return self.broken(DecodeEvent::IPV6_WRONG_IP_VERSION);
        }
        let mut length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let after = data.get(HEADER_LENGTH..).unwrap_or_default();
        if length == 0 && self.options.offload_length && matches!(*next_header, protocol::TCP | protocol::UDP) {
            length = after.len();
        }
        let Some(payload) = after.get(..length) else {
            return self.broken(DecodeEvent::IPV6_TRUNC_PKT);
        };
        let (source, destination) = addresses.split_at(16);
        let address =
            |octets: &[u8]| IpAddr::V6(octets.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |o| (*o).into()));
        self.packet.ip = Some(Ip {
            version: 6,
            source: address(source),
            destination: address(destination),
            protocol: *next_header,
            ttl: *hop_limit,
            tos: (first & 0x0f) << 4 | second >> 4,
            id: 0,
            fragment_flags: 0,
            fragment_offset: 0,
            header,
            options: &[],
            payload,
        });
        match *next_header {
            protocol::TCP => self.tcp(payload),
            protocol::UDP => self.udp(payload),
            protocol::ICMPV6 => self.icmpv6(payload),
            protocol::SCTP => self.sctp(payload),
            protocol::IPV4 => self.ipv4_in_ipv6(payload),
            protocol::IPV6 => self.ipv6_in_ipv6(payload),
            protocol::GRE => {
                let _read = self.gre(payload);
            }
            protocol::ICMP => self.event(DecodeEvent::IPV6_ICMPV4),
            protocol::FRAGMENT
            | protocol::HOP_BY_HOP
            | protocol::ROUTING
            | protocol::NONE
            | protocol::DESTINATION_OPTIONS
            | protocol::AUTHENTICATION
            | protocol::ESP
            | protocol::MOBILITY
            | protocol::HIP
            | protocol::SHIM6 => self.extension_headers(*next_header, data, payload),
            _ => self.event(DecodeEvent::IPV6_UNKNOWN_NEXT_HEADER),
        }
        Ok(())
    }

    fn ipv4_in_ipv6(&mut self, payload: &'a [u8]) {
        match payload.first() {
            _ if payload.len() < ipv4::HEADER_LENGTH => self.invalid(DecodeEvent::IPV4_IN_IPV6_TOO_SMALL),
            Some(octet) if octet >> 4 == 4 => {
                self.tunnel(InnerKind::Ipv4, TunnelKind::IpInIpv6, payload, Some(DecodeCounter::Ipv4InIpv6));
            }
            _ => self.invalid(DecodeEvent::IPV4_IN_IPV6_WRONG_VERSION),
        }
    }

    fn ipv6_in_ipv6(&mut self, payload: &'a [u8]) {
        match payload.first() {
            _ if payload.len() < HEADER_LENGTH => self.invalid(DecodeEvent::IPV6_IN_IPV6_TOO_SMALL),
            Some(octet) if octet >> 4 == 6 => {
                self.tunnel(InnerKind::Ipv6, TunnelKind::IpInIpv6, payload, Some(DecodeCounter::Ipv6InIpv6));
            }
            _ => self.invalid(DecodeEvent::IPV6_IN_IPV6_WRONG_VERSION),
        }
    }

    /// Follows the chain; every header takes at least 8 octets, so that the payload bounds it.
    #[inline(never)]
    fn extension_headers(&mut self, first: u8, data: &'a [u8], payload: &'a [u8]) {
        let mut seen = SeenLayers::default();
        let (mut next, mut rest, mut named_at) = (first, payload, NEXT_HEADER_AT);
        loop {
            self.extended(next, data, payload, rest);
            if next == protocol::NONE {
                if !rest.is_empty() {
                    self.event(DecodeEvent::IPV6_DATA_AFTER_NONE_HEADER);
                }
                return;
            }
            let [following, size, ..] = *rest else {
                return self.invalid(DecodeEvent::IPV6_TRUNC_EXTHDR);
            };
            let length = match next {
                protocol::TCP => return self.tcp(rest),
                protocol::UDP => return self.udp(rest),
                protocol::ICMPV6 => return self.icmpv6(rest),
                protocol::SCTP => return self.sctp(rest),
                protocol::ESP => return self.esp(rest),
                protocol::IPV4 => return self.ipv4_in_ipv6(rest),
                protocol::ICMP => return self.event(DecodeEvent::IPV6_ICMPV4),
                protocol::ROUTING
                | protocol::HOP_BY_HOP
                | protocol::DESTINATION_OPTIONS
                | protocol::MOBILITY
                | protocol::HIP
                | protocol::SHIM6 => usize::from(size) * 8 + 8,
                // In units of 4 octets, less two of them; the fixed part is 12 octets.
                protocol::AUTHENTICATION => 12 + usize::from(size.saturating_sub(1)) * 4,
                protocol::FRAGMENT => FRAGMENT_LENGTH,
                _ => return self.event(DecodeEvent::IPV6_UNKNOWN_NEXT_HEADER),
            };
            let Some((header, after)) = rest.split_at_checked(length) else {
                return self.invalid(DecodeEvent::IPV6_TRUNC_EXTHDR);
            };
            let at = HEADER_LENGTH + payload.len() - rest.len();
            if next == protocol::FRAGMENT {
                if self.fragment_header(&mut seen, header, data, at, named_at, after) {
                    return;
                }
            } else {
                self.extension_header(&mut seen, next, header);
            }
            (next, rest, named_at) = (following, after, at);
        }
    }

    /// Keeps the packet's idea of protocol, headers and payload in step with the chain.
    fn extended(&mut self, next: u8, data: &'a [u8], payload: &'a [u8], rest: &'a [u8]) {
        let extensions = payload.len() - rest.len();
        if let Some(ip) = &mut self.packet.ip {
            ip.protocol = next;
            ip.header = data.get(..HEADER_LENGTH + extensions).unwrap_or_default();
            ip.options = payload.get(..extensions).unwrap_or_default();
            ip.payload = rest;
        }
    }

    fn extension_header(&mut self, seen: &mut SeenLayers, kind: u8, header: &[u8]) {
        match kind {
            protocol::ROUTING if seen.routing => self.event(DecodeEvent::IPV6_EXTHDR_DUPL_RH),
            protocol::ROUTING => {
                seen.routing = true;
                if header.get(2) == Some(&0) {
                    self.event(DecodeEvent::IPV6_RH_TYPE_0);
                }
            }
            protocol::HOP_BY_HOP if seen.hop_by_hop => self.event(DecodeEvent::IPV6_EXTHDR_DUPL_HH),
            protocol::HOP_BY_HOP => {
                seen.hop_by_hop = true;
                self.padded_options(kind, header);
            }
            // They may come twice: before a routing header and at the end.
            protocol::DESTINATION_OPTIONS if seen.destination == 2 => self.event(DecodeEvent::IPV6_EXTHDR_DUPL_DH),
            protocol::DESTINATION_OPTIONS => {
                seen.destination += 1;
                self.padded_options(kind, header);
            }
            protocol::AUTHENTICATION => {
                if header.get(2..4) != Some(&[0, 0]) {
                    self.event(DecodeEvent::IPV6_EXTHDR_AH_RES_NOT_NULL);
                }
                if seen.authentication {
                    self.event(DecodeEvent::IPV6_EXTHDR_DUPL_AH);
                }
                seen.authentication = true;
            }
            _ => {}
        }
    }

    /// The options of hop-by-hop and destination options headers.
    fn padded_options(&mut self, kind: u8, header: &[u8]) {
        const PAD1: u8 = 0;
        const PADN: u8 = 1;
        const ROUTER_ALERT: u8 = 5;
        const JUMBO: u8 = 0xc2;
        const HOME_ADDRESS: u8 = 0xc9;
        let (mut padding, mut others) = (false, false);
        let mut rest = header.get(2..).unwrap_or_default();
        while let Some((&option, after)) = rest.split_first() {
            if option == PAD1 {
                padding = true;
                rest = after;
                continue;
            }
            let Some(&length) = after.first() else {
                self.malformed_ip_option(DecodeEvent::IPV6_EXTHDR_INVALID_OPTLEN);
                break;
            };
            if usize::from(length) + 2 > rest.len() {
                self.malformed_ip_option(DecodeEvent::IPV6_EXTHDR_INVALID_OPTLEN);
                break;
            }
            let least = match option {
                ROUTER_ALERT => 2,
                JUMBO => 4,
                HOME_ADDRESS => 16,
                _ => 0,
            };
            if length < least {
                self.malformed_ip_option(DecodeEvent::IPV6_EXTHDR_INVALID_OPTLEN);
                break;
            }
            match option {
                PADN => {
                    padding = true;
                    if length == 0 {
                        self.event(DecodeEvent::IPV6_ZERO_LEN_PADN);
                    }
                }
                ROUTER_ALERT | HOME_ADDRESS => others = true,
                JUMBO => {}
                _ => {
                    others = true;
                    self.event(if kind == protocol::HOP_BY_HOP {
                        DecodeEvent::IPV6_HOPOPTS_UNKNOWN_OPT
                    } else {
                        DecodeEvent::IPV6_DSTOPTS_UNKNOWN_OPT
                    });
                }
            }
            rest = rest.get(usize::from(length) + 2..).unwrap_or_default();
        }
        if padding && !others {
            self.event(if kind == protocol::HOP_BY_HOP {
                DecodeEvent::IPV6_HOPOPTS_ONLY_PADDING
            } else {
                DecodeEvent::IPV6_DSTOPTS_ONLY_PADDING
            });
        }
    }

    /// A fragment header; true when the packet is a fragment and ends here.
    fn fragment_header(
        &mut self,
        seen: &mut SeenLayers,
        header: &[u8],
        data: &'a [u8],
        at: usize,
        named_at: usize,
        after: &'a [u8],
    ) -> bool {
        let [next_header, reserved, o0, o1, i0, i1, i2, i3] = *header else { return true };
        if reserved != 0 {
            self.event(DecodeEvent::IPV6_FH_NON_ZERO_RESERVED_FIELD);
        }
        if seen.fragment {
            self.event(DecodeEvent::IPV6_EXTHDR_DUPL_FH);
            return false;
        }
        seen.fragment = true;
        let field = u16::from_be_bytes([o0, o1]);
        let (offset, more, id) = (field & 0xfff8, field & 1 == 1, u32::from_be_bytes([i0, i1, i2, i3]));
        if let Some(ip) = &mut self.packet.ip {
            (ip.id, ip.fragment_offset, ip.fragment_flags) = (id, offset, u8::from(more));
        }
        if offset == 0 && !more {
            self.event(DecodeEvent::IPV6_EXTHDR_USELESS_FH);
            return false;
        }
        if more && !after.len().is_multiple_of(8) {
            self.event(DecodeEvent::IPV6_FRAG_INVALID_LENGTH);
        }
        let network_at = self.packet.frame.len().saturating_sub(data.len());
        self.packet.fragment = true;
        self.fragment = Some(Fragment {
            offset: u32::from(offset),
            more,
            id,
            protocol: next_header,
            head: self.packet.frame.get(..network_at + at).unwrap_or_default(),
            network_at,
            next_header_at: network_at + named_at,
            payload: after,
        });
        true
    }
}
