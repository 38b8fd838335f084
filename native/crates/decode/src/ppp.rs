//! PPP (RFC 1661, framing of RFC 1662) and PPP over Ethernet (RFC 2516).

use crate::packet_decoder::{BrokenLayer, LayerResult, PacketDecoder};
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, ipv4, ipv6};

const IP: u16 = 0x0021;
const IPV6: u16 = 0x0057;
const VAN_JACOBSON_UNCOMPRESSED: u16 = 0x002f;

/// Version, type, code, session and length.
const PPPOE_LENGTH: usize = 6;

/// Control and authentication protocols, which belong to every PPP session.
const CONTROL: &[u16] = &[0x00fd, 0x8021, 0x8057, 0x80fd, 0x8207, 0xc021, 0xc023, 0xc025, 0xc029, 0xc223];

/// Other network protocols and what controls them: legitimate, and not looked into.
const UNSUPPORTED: &[u16] = &[
    0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d, 0x0031, 0x0033, 0x0035, 0x0201, 0x0231, 0x0233, 0x0281, 0x0283,
    0x8023, 0x8025, 0x8027, 0x8029, 0x802b, 0x8033, 0x8035, 0x8281,
];

impl<'a> PacketDecoder<'_, 'a> {
    /// A PPP frame, with or without the address and control octets.
    pub(crate) fn ppp(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Ppp);
        let frame = match data {
            [] => return self.broken(DecodeEvent::PPP_PKT_TOO_SMALL),
            // The address octet; a control octet follows, whatever it says.
            [0xff, _, frame @ ..] => frame,
            frame => frame,
        };
        self.enter()?;
        self.ppp_protocol(frame, true)
    }

    /// A protocol number, in one octet when it was compressed (then it is odd), and what it names. Suricata has other events for
    /// compressed numbers on `serial` links.
    fn ppp_protocol(&mut self, frame: &'a [u8], serial: bool) -> LayerResult {
        let (protocol, rest, compressed) = match frame {
            [low, rest @ ..] if low & 1 == 1 => (u16::from(*low), rest, serial),
            [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest, false),
            _ => return self.broken(DecodeEvent::PPP_PKT_TOO_SMALL),
        };
        match protocol {
            // The event is the one that Suricata has for it.
            IP if compressed && rest.len() < ipv4::HEADER_LENGTH => self.broken(DecodeEvent::PPP_VJU_PKT_TOO_SMALL),
            IP if rest.len() < ipv4::HEADER_LENGTH => self.broken(DecodeEvent::PPP_IP4_PKT_TOO_SMALL),
            IP => self.ipv4(rest),
            IPV6 if rest.len() < ipv6::HEADER_LENGTH => self.broken(DecodeEvent::PPP_IP6_PKT_TOO_SMALL),
            IPV6 => self.ipv6(rest),
            VAN_JACOBSON_UNCOMPRESSED if rest.len() < ipv4::HEADER_LENGTH => {
                self.broken(DecodeEvent::PPP_VJU_PKT_TOO_SMALL)
            }
            VAN_JACOBSON_UNCOMPRESSED if rest.first().is_some_and(|octet| octet >> 4 == 4) => {
                self.van_jacobson = true;
                self.ipv4(rest)
            }
            VAN_JACOBSON_UNCOMPRESSED => Err(BrokenLayer),
            other if !compressed && CONTROL.contains(&other) => Ok(()),
            other if UNSUPPORTED.contains(&other) || compressed => {
                self.event(DecodeEvent::PPP_UNSUP_PROTO);
                Ok(())
            }
            _ => {
                self.invalid(DecodeEvent::PPP_WRONG_TYPE);
                Ok(())
            }
        }
    }

    /// PPP over Ethernet, session stage.
    pub(crate) fn pppoe_session(&mut self, data: &'a [u8]) -> LayerResult {
        self.stats.count(DecodeCounter::Pppoe);
        let Some(([_, _, _, _, l0, l1], frame)) = data.split_first_chunk::<PPPOE_LENGTH>() else {
            return self.broken(DecodeEvent::PPPOE_PKT_TOO_SMALL);
        };
        if frame.is_empty() {
            return self.broken(DecodeEvent::PPPOE_PKT_TOO_SMALL);
        }
        self.enter()?;
        if u16::from_be_bytes([*l0, *l1]) == 0 { Ok(()) } else { self.ppp_protocol(frame, false) }
    }

    /// PPP over Ethernet, discovery stage: code and tags are checked.
    pub(crate) fn pppoe_discovery(&mut self, data: &'a [u8]) -> LayerResult {
        const PADI: u8 = 0x09;
        const PADO: u8 = 0x07;
        const PADR: u8 = 0x19;
        const PADS: u8 = 0x65;
        const PADT: u8 = 0xa7;
        self.stats.count(DecodeCounter::Pppoe);
        let Some(([_, code, _, _, l0, l1], tags)) = data.split_first_chunk::<PPPOE_LENGTH>() else {
            return self.broken(DecodeEvent::PPPOE_PKT_TOO_SMALL);
        };
        self.enter()?;
        if !matches!(*code, PADI | PADO | PADR | PADS | PADT) {
            self.invalid(DecodeEvent::PPPOE_WRONG_CODE);
            return Ok(());
        }
        if usize::from(u16::from_be_bytes([*l0, *l1])) > tags.len() {
            self.invalid(DecodeEvent::PPPOE_MALFORMED_TAGS);
        }
        Ok(())
    }
}
