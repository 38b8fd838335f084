//! TCP (RFC 9293), UDP (RFC 768) and SCTP (RFC 9260) headers.

use crate::packet_decoder::PacketDecoder;
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, Sctp, TcpHeader, TcpOptions, TransportLayer, UdpHeader, checksum};
use sidewire_base::ip_protocol as protocol;

const TCP_LENGTH: usize = 20;
const UDP_LENGTH: usize = 8;
const SCTP_LENGTH: usize = 12;

/// Greatest window scale. RFC 7323, 2.3.
const MAX_WINDOW_SCALE: u8 = 14;

impl<'a> PacketDecoder<'_, 'a> {
    /// True when verification is on and the segment's checksum, pseudo header included, is wrong.
    #[inline]
    pub(crate) fn checksum_is_bad(&self, protocol: u8, segment: &[u8]) -> bool {
        self.options.checksums
            && self
                .packet
                .ip
                .as_ref()
                .is_some_and(|ip| checksum::transport(ip.source, ip.destination, protocol, segment) != 0)
    }

    /// The same for TCP and UDP, whose checksum (`field`) may have been left to the network card.
    #[inline]
    fn checksum_is_bad_or_partial(&self, protocol: u8, segment: &[u8], field: u16) -> bool {
        self.checksum_is_bad(protocol, segment)
            && !(self.options.partial_checksums && self.is_partial(protocol, segment, field))
    }

    /// What a host writes for its card to complete: the sum of the pseudo header, uncomplemented. Segments the card is to
    /// cut up are summed with a length of 0 by Windows.
    #[cold]
    fn is_partial(&self, protocol: u8, segment: &[u8], field: u16) -> bool {
        self.packet.ip.as_ref().is_some_and(|ip| {
            let pseudo = |length| checksum::pseudo(ip.source, ip.destination, protocol, length);
            field == pseudo(segment.len()) || field == pseudo(0)
        })
    }

    #[inline]
    pub(crate) fn tcp(&mut self, data: &'a [u8]) {
        self.stats.count(DecodeCounter::Tcp);
        let Some(header) = data.first_chunk::<TCP_LENGTH>() else {
            return self.invalid(DecodeEvent::TCP_PKT_TOO_SMALL);
        };
        let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, w0, w1, c0, c1, u0, u1] = *header;
        let header_length = usize::from(offset >> 4) * 4;
        let Some((header, payload)) = data.split_at_checked(header_length) else {
            return self.invalid(DecodeEvent::TCP_HLEN_TOO_SMALL);
        };
        if header_length < TCP_LENGTH {
            return self.invalid(DecodeEvent::TCP_INVALID_OPTLEN);
        }
        let mut options = TcpOptions::default();
        if header_length > TCP_LENGTH {
            self.tcp_options(header.get(TCP_LENGTH..).unwrap_or_default(), &mut options);
        }
        self.packet.bad_checksum.transport =
            self.checksum_is_bad_or_partial(protocol::TCP, data, u16::from_be_bytes([c0, c1]));
        self.packet.payload = payload;
        self.packet.transport = TransportLayer::Tcp(TcpHeader {
            source_port: u16::from_be_bytes([s0, s1]),
            destination_port: u16::from_be_bytes([d0, d1]),
            sequence: u32::from_be_bytes([q0, q1, q2, q3]),
            acknowledgement: u32::from_be_bytes([a0, a1, a2, a3]),
            flags,
            reserved: offset & 0x0f,
            window: u16::from_be_bytes([w0, w1]),
            urgent: u16::from_be_bytes([u0, u1]),
            checksum: u16::from_be_bytes([c0, c1]),
            header,
            options,
        });
    }

    fn tcp_options(&mut self, mut rest: &[u8], options: &mut TcpOptions) {
        // The usual case: two NOPs, then timestamps, and nothing else.
        if let [1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3] = *rest {
            let timestamps = (u32::from_be_bytes([v0, v1, v2, v3]), u32::from_be_bytes([e0, e1, e2, e3]));
            options.timestamps = Some(timestamps);
            return;
        }
        // One bit for each kind that has been seen: the second is a duplicate.
        let mut seen = 0u8;
        while let Some((&kind, after)) = rest.split_first() {
            match kind {
                0 => return,
                1 => {
                    rest = after;
                    continue;
                }
                _ => {}
            }
            let Some(&length) = after.first() else { return };
            let length = usize::from(length);
            let (Some(option), true) = (rest.get(..length), length >= 2) else {
                // Hosts leave the rest of the options and take the segment: so did Linux, Windows and BSD ever.
                return self.malformed_option(DecodeEvent::TCP_OPT_INVALID_LEN);
            };
            rest = rest.get(length..).unwrap_or_default();
            let bit = match (kind, option) {
                (2, [_, _, _, _]) => 1,
                (3, [_, _, _]) => 2,
                (4, [_, _]) => 4,
                // An empty list of blocks is odd and harmless.
                (5, [_, _]) => continue,
                (5, _) if (10..=34).contains(&length) && length % 8 == 2 => 8,
                (8, _) if length == 10 => 16,
                (34, _) if length == 2 || (4..=18).contains(&length) && length % 2 == 0 => 32,
                // The experimental form of fast open, RFC 7413 appendix A: a request, or a cookie of 8 octets.
                (253 | 254, [_, _, 0xf9, 0x89, ..]) if length == 4 || length == 12 => 32,
                (253 | 254, _) if length == 4 || length == 12 => continue,
                (19, _) if length == 18 => continue,
                (29, _) if length >= 4 => continue,
                (2..=5 | 8 | 19 | 29 | 34 | 253 | 254, _) => 0,
                _ => continue,
            };
            if bit == 0 {
                // Suricata counts only a signature (RFC 2385) of another length.
                self.packet.malformed_options |= kind == 19;
                self.event(DecodeEvent::TCP_OPT_INVALID_LEN);
                continue;
            }
            if seen & bit != 0 {
                self.event(DecodeEvent::TCP_OPT_DUPLICATE);
                continue;
            }
            seen |= bit;
            match (kind, option) {
                (2, [_, _, m0, m1]) => options.mss = Some(u16::from_be_bytes([*m0, *m1])),
                (3, [_, _, scale]) => {
                    if *scale > MAX_WINDOW_SCALE {
                        self.event(DecodeEvent::TCP_OPT_WSCALE_OVER_MAX);
                    }
                    options.window_scale = Some(*scale);
                }
                (4, _) => options.sack_permitted = true,
                (5, _) => options.sack_blocks = (length / 8) as u8,
                (8, [_, _, v0, v1, v2, v3, e0, e1, e2, e3]) => {
                    let value = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
                    options.timestamps = Some((value, u32::from_be_bytes([*e0, *e1, *e2, *e3])));
                }
                _ => options.fast_open = true,
            }
        }
    }

    #[inline]
    pub(crate) fn udp(&mut self, data: &'a [u8]) {
        self.stats.count(DecodeCounter::Udp);
        let Some(header) = data.first_chunk::<UDP_LENGTH>() else {
            return self.invalid(DecodeEvent::UDP_HLEN_TOO_SMALL);
        };
        let [s0, s1, d0, d1, l0, l1, c0, c1] = *header;
        let (length, checksum) = (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([c0, c1]));
        let Some(datagram) = data.get(..usize::from(length)) else {
            return self.invalid(DecodeEvent::UDP_PKT_TOO_SMALL);
        };
        let Some((header, payload)) = datagram.split_at_checked(UDP_LENGTH) else {
            return self.invalid(DecodeEvent::UDP_LEN_INVALID);
        };
        let (source_port, destination_port) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
        self.packet.bad_checksum.transport =
            checksum != 0 && self.checksum_is_bad_or_partial(protocol::UDP, datagram, checksum);
        self.packet.payload = payload;
        self.packet.transport =
            TransportLayer::Udp(UdpHeader { source_port, destination_port, length, checksum, header });
        self.udp_tunnel(source_port, destination_port, payload);
    }

    pub(crate) fn sctp(&mut self, data: &'a [u8]) {
        self.stats.count(DecodeCounter::Sctp);
        let Some((header, payload)) = data.split_at_checked(SCTP_LENGTH) else {
            return self.invalid(DecodeEvent::SCTP_PKT_TOO_SMALL);
        };
        let [s0, s1, d0, d1, ..] = *header else { return };
        self.packet.bad_checksum.transport = self.options.checksums && !checksum::sctp(data);
        self.packet.payload = payload;
        self.packet.transport = TransportLayer::Sctp(Sctp {
            source_port: u16::from_be_bytes([s0, s1]),
            destination_port: u16::from_be_bytes([d0, d1]),
            header,
        });
    }
}
