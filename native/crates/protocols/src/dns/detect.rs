//! Recognising DNS by its first octets: a message that is sound, or the header of one that has not arrived yet.

use sidewire_app_layer::{Probe, Transport, Verdict};
use sidewire_base::{Cursor, Direction};

use super::message::{DnsHeader, DnsMessage};

/// Octets in front of a message in a stream: its length. RFC 1035 section 4.2.2.
pub(super) const PREFIX: usize = 2;

pub(super) const PROBES: &[Probe] = &[
    Probe { transport: Transport::Udp, ports: &[53], check: datagram, depth: DnsHeader::LENGTH as u16 },
    Probe { transport: Transport::Tcp, ports: &[53], check: stream, depth: (PREFIX + DnsHeader::LENGTH) as u16 },
];

pub(super) const MDNS_PROBES: &[Probe] =
    &[Probe { transport: Transport::Udp, ports: &[5353], check: multicast, depth: DnsHeader::LENGTH as u16 }];

pub(super) const LLMNR_PROBES: &[Probe] = &[
    Probe { transport: Transport::Udp, ports: &[5355], check: multicast, depth: DnsHeader::LENGTH as u16 },
    Probe { transport: Transport::Tcp, ports: &[5355], check: stream, depth: (PREFIX + DnsHeader::LENGTH) as u16 },
];

/// Says whether these octets are a message of `length` octets, or its beginning.
fn header(octets: &[u8], length: usize) -> Option<DnsHeader> {
    let octets = octets.get(..length).unwrap_or(octets);
    let header = DnsHeader::parse(&mut Cursor::new(octets)).ok()?;
    (header.is_plausible(length) && (octets.len() < length || DnsMessage::parse(header, octets).is_sound()))
        .then_some(header)
}

/// Requests go to the server.
fn verdict(direction: Direction, header: Option<DnsHeader>) -> Verdict {
    match header {
        None => Verdict::No,
        Some(header) if header.is_response() == (direction == Direction::ToClient) => Verdict::Yes,
        Some(_) => Verdict::Reversed,
    }
}

fn datagram(direction: Direction, data: &[u8]) -> Verdict {
    verdict(direction, header(data, data.len()))
}

pub(super) fn stream(direction: Direction, data: &[u8]) -> Verdict {
    match data.split_first_chunk::<PREFIX>() {
        Some((length, octets)) if octets.len() >= DnsHeader::LENGTH => {
            verdict(direction, header(octets, u16::from_be_bytes(*length).into()))
        }
        _ => Verdict::More,
    }
}

/// Whoever speaks is the client: all others listen.
fn multicast(direction: Direction, data: &[u8]) -> Verdict {
    match header(data, data.len()) {
        None => Verdict::No,
        Some(_) if direction == Direction::ToServer => Verdict::Yes,
        Some(_) => Verdict::Reversed,
    }
}
