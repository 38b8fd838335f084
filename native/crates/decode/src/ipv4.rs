//! IPv4 (RFC 791) and its options.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::ip_protocol as protocol;

use crate::fragment::Fragment;
use crate::inner::InnerKind;
use crate::packet_decoder::{BrokenLayer, LayerResult, PacketDecoder};
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, Ip, TunnelKind, checksum};

/// Octets of the header without options.
pub(crate) const HEADER_LENGTH: usize = 20;

/// "More fragments" in the flags.
const MORE_FRAGMENTS: u8 = 1;

impl<'a> PacketDecoder<'_, 'a> {
    /// An IPv4 datagram and what it carries.
    #[inline]
    pub(crate) fn ipv4(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Ipv4);
        self.enter()?;
        let Some(header) = data.first_chunk::<HEADER_LENGTH>() else {
            return self.broken(DecodeEvent::IPV4_PKT_TOO_SMALL);
        };
        let [first, tos, l0, l1, i0, i1, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header;
        if first >> 4 != 4 {
            return self.broken(DecodeEvent::IPV4_WRONG_IP_VERSION);
        }
        let header_length = usize::from(first & 0x0f) * 4;
        if header_length < HEADER_LENGTH {
            return self.broken(DecodeEvent::IPV4_HLEN_TOO_SMALL);
        }
        let mut length = usize::from(u16::from_be_bytes([l0, l1]));
        if length == 0 && self.options.offload_length {
            length = data.len().max(header_length);
        }
        if length < header_length {
            return self.broken(DecodeEvent::IPV4_IPLEN_SMALLER_THAN_HLEN);
        }
        let Some((header, payload)) = data.get(..length).and_then(|all| all.split_at_checked(header_length)) else {
            return self.broken(DecodeEvent::IPV4_TRUNC_PKT);
        };
        let options = header.get(HEADER_LENGTH..).unwrap_or_default();
        let flags_offset = u16::from_be_bytes([f0, f1]);
        let (fragment_flags, fragment_offset) = ((flags_offset >> 13) as u8, (flags_offset & 0x1fff) * 8);
        let id = u32::from(u16::from_be_bytes([i0, i1]));
        self.packet.ip = Some(Ip {
            version: 4,
            source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
            destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
            protocol,
            ttl,
            tos,
            id,
            fragment_flags,
            fragment_offset,
            header,
            options,
            payload,
        });
        if !options.is_empty() && self.ipv4_options(options).is_err() {
            self.packet.ip = None;
            return Err(BrokenLayer);
        }
        if self.options.checksums {
            // A host leaves 0 for its card to fill in, which no right checksum is.
            let left_to_card = self.options.partial_checksums && header.get(10..12) == Some(&[0, 0]);
            self.packet.bad_checksum.network = !left_to_card && checksum::internet(header) != 0;
        }
        if flags_offset & 0x3fff != 0 {
            let network_at = self.packet.frame.len().saturating_sub(data.len());
            self.packet.fragment = true;
            self.fragment = Some(Fragment {
                offset: u32::from(flags_offset & 0x1fff) * 8,
                more: fragment_flags & MORE_FRAGMENTS != 0,
                id,
                protocol,
                head: self.packet.frame.get(..network_at + header_length).unwrap_or_default(),
                network_at,
                next_header_at: 0,
                payload,
            });
            return Ok(());
        }
        match protocol {
            protocol::TCP => self.tcp(payload),
            protocol::UDP => self.udp(payload),
            _ => self.ipv4_other(protocol, payload),
        }
        Ok(())
    }

    fn ipv4_other(&mut self, protocol: u8, payload: &'a [u8]) {
        match protocol {
            protocol::ICMP => self.icmpv4(payload),
            protocol::SCTP => self.sctp(payload),
            protocol::GRE => {
                let _read = self.gre(payload);
            }
            protocol::ESP => self.esp(payload),
            protocol::IPV4 => {
                self.tunnel(InnerKind::Ipv4, TunnelKind::IpInIp, payload, Some(DecodeCounter::Ipv4InIpv4))
            }
            protocol::IPV6 => {
                self.tunnel(InnerKind::Ipv6, TunnelKind::IpInIp, payload, Some(DecodeCounter::Ipv6InIpv4))
            }
            protocol::ICMPV6 => self.invalid(DecodeEvent::IPV4_ICMPV6),
            0 if self.van_jacobson => self.tcp(payload),
            _ => {}
        }
    }

    /// Walks the options; each known one is checked once, as its RFC has it. Broken when the length of one cannot be: no host
    /// takes such a packet, nor does Suricata.
    #[inline(never)]
    fn ipv4_options(&mut self, options: &[u8]) -> LayerResult {
        const END: u8 = 0;
        const NOP: u8 = 1;
        if !options.len().is_multiple_of(8) {
            self.event(DecodeEvent::IPV4_OPT_PAD_REQUIRED);
        }
        let mut rest = options;
        // One bit for each kind that was seen and good.
        let mut seen = 0u16;
        while let Some((&kind, after)) = rest.split_first() {
            match kind {
                END => return Ok(()),
                NOP => {
                    rest = after;
                    continue;
                }
                _ => {}
            }
            let Some(&length) = after.first() else {
                self.event(DecodeEvent::IPV4_OPT_EOL_REQUIRED);
                return Ok(());
            };
            let (Some(option), true) = (rest.get(..usize::from(length)), length >= 2) else {
                return self.broken(DecodeEvent::IPV4_OPT_INVALID_LEN);
            };
            match option_check(option) {
                None => self.event(DecodeEvent::IPV4_OPT_INVALID),
                Some((bit, _)) if seen & bit != 0 => self.event(DecodeEvent::IPV4_OPT_DUPLICATE),
                Some((bit, Ok(()))) => seen |= bit,
                Some((_, Err(event))) => self.malformed_ip_option(event),
            }
            rest = rest.get(usize::from(length)..).unwrap_or_default();
        }
        Ok(())
    }

    /// An encapsulating security payload: what it carries is sealed. RFC 4303.
    pub(crate) fn esp(&mut self, data: &'a [u8]) {
        const LENGTH: usize = 8;
        self.stats.count(DecodeCounter::Esp);
        match data.get(LENGTH..) {
            Some(sealed) => self.packet.payload = sealed,
            None => self.invalid(DecodeEvent::ESP_PKT_TOO_SMALL),
        }
    }

    /// A tunnel's inner IP packet, decoded by its kind.
    pub(crate) fn inner_ip(&mut self, version: u8, data: &'a [u8]) -> LayerResult {
        match version {
            4 => self.ipv4(data),
            6 => self.ipv6(data),
            _ => Err(BrokenLayer),
        }
    }
}

/// A known option's bit and whether it is well formed; `option` holds type, length and data.
fn option_check(option: &[u8]) -> Option<(u16, Result<(), DecodeEvent>)> {
    let need = |good: bool| if good { Ok(()) } else { Err(DecodeEvent::IPV4_OPT_INVALID_LEN) };
    let length = option.len();
    Some(match option.first()? {
        7 => (1, route(option)),         // record route
        25 => (2, need(length >= 8)),    // quick start, RFC 4782
        68 => (4, timestamp(option)),    // timestamp
        130 => (8, need(length >= 3)),   // security
        131 => (16, route(option)),      // loose source route
        133 => (32, need(length >= 3)),  // extended security, RFC 1108
        134 => (64, cipso(option)),      // commercial security
        136 => (128, need(length == 4)), // stream identifier
        137 => (256, route(option)),     // strict source route
        148 => (512, need(length == 4)), // router alert, RFC 2113
        _ => return None,
    })
}

/// Route options: a pointer from 1, past type, length and itself, in steps of an address.
fn route(option: &[u8]) -> Result<(), DecodeEvent> {
    let [_, length, pointer, ..] = *option else { return Err(DecodeEvent::IPV4_OPT_INVALID_LEN) };
    if pointer < 4 || pointer % 4 != 0 || u16::from(pointer) > u16::from(length) + 1 {
        return Err(DecodeEvent::IPV4_OPT_MALFORMED);
    }
    Ok(())
}

/// Timestamps: records of 4 octets, or of 8 with addresses.
fn timestamp(option: &[u8]) -> Result<(), DecodeEvent> {
    let [_, length, pointer, flags, _, ..] = *option else { return Err(DecodeEvent::IPV4_OPT_INVALID_LEN) };
    let record = if matches!(flags & 0x0f, 1 | 3) { 8 } else { 4 };
    if pointer < 5 || (pointer - 5) % record != 0 || u16::from(pointer) > u16::from(length) + 1 {
        return Err(DecodeEvent::IPV4_OPT_MALFORMED);
    }
    Ok(())
}

/// Tags after the domain of interpretation. FIPS 188.
fn cipso(option: &[u8]) -> Result<(), DecodeEvent> {
    const LEAST: usize = 10;
    let mut tags = match option.get(6..) {
        Some(tags) if option.len() >= LEAST => tags,
        _ => return Err(DecodeEvent::IPV4_OPT_INVALID_LEN),
    };
    while !tags.is_empty() {
        let [kind @ (1 | 2 | 5 | 6 | 7), length @ 4..=255, alignment, ..] = *tags else {
            return Err(DecodeEvent::IPV4_OPT_MALFORMED);
        };
        if kind != 7 && alignment != 0 {
            return Err(DecodeEvent::IPV4_OPT_MALFORMED);
        }
        tags = tags.get(usize::from(length)..).ok_or(DecodeEvent::IPV4_OPT_MALFORMED)?;
    }
    Ok(())
}
