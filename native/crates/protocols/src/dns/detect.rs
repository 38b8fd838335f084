//! Recognising DNS by its first octets: a message that is sound, or the header of one that has not arrived yet.

use sidewire_app_layer::{ProbeVerdict, ProbingParser, Transport};
use sidewire_base::{Cursor, Direction};

use super::message::{DnsHeader, DnsMessage};

/// Octets in front of a message in a stream: its length. RFC 1035 section 4.2.2.
pub(super) const PREFIX: usize = 2;

pub(super) const PROBES: &[ProbingParser] = &[
    ProbingParser { transport: Transport::Udp, ports: &[53], check: datagram, depth: DnsHeader::LENGTH as u16 },
    ProbingParser {
        transport: Transport::Tcp,
        ports: &[53],
        check: stream,
        depth: (PREFIX + DnsHeader::LENGTH) as u16,
    },
];

pub(super) const MDNS_PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Udp, ports: &[5353], check: multicast, depth: DnsHeader::LENGTH as u16 }];

pub(super) const LLMNR_PROBES: &[ProbingParser] = &[
    ProbingParser { transport: Transport::Udp, ports: &[5355], check: multicast, depth: DnsHeader::LENGTH as u16 },
    ProbingParser {
        transport: Transport::Tcp,
        ports: &[5355],
        check: stream,
        depth: (PREFIX + DnsHeader::LENGTH) as u16,
    },
];

/// Says whether these octets are a message of `length` octets, or its beginning.
fn header(octets: &[u8], length: usize) -> Option<DnsHeader> {
    let octets = octets.get(..length).unwrap_or(octets);
    let header = DnsHeader::parse(&mut Cursor::new(octets)).ok()?;
    (header.is_plausible(length) && (octets.len() < length || DnsMessage::parse(header, octets).is_sound()))
        .then_some(header)
}

/// Requests go to the server.
fn verdict(direction: Direction, header: Option<DnsHeader>) -> ProbeVerdict {
    match header {
        None => ProbeVerdict::No,
        Some(header) if header.is_response() == (direction == Direction::ToClient) => ProbeVerdict::Yes,
        Some(_) => ProbeVerdict::Reversed,
    }
}

fn datagram(direction: Direction, data: &[u8]) -> ProbeVerdict {
    verdict(direction, header(data, data.len()))
}

pub(super) fn stream(direction: Direction, data: &[u8]) -> ProbeVerdict {
    match data.split_first_chunk::<PREFIX>() {
        Some((length, octets)) if octets.len() >= DnsHeader::LENGTH => {
            verdict(direction, header(octets, u16::from_be_bytes(*length).into()))
        }
        _ => ProbeVerdict::More,
    }
}

/// Whoever speaks is the client: all others listen.
fn multicast(direction: Direction, data: &[u8]) -> ProbeVerdict {
    match header(data, data.len()) {
        None => ProbeVerdict::No,
        Some(_) if direction == Direction::ToServer => ProbeVerdict::Yes,
        Some(_) => ProbeVerdict::Reversed,
    }
}
