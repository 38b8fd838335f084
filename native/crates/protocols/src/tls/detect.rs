//! Recognising TLS by its first octets.
//!
//! Of flows picked up in the middle, application data and alerts do not say who sends them: the ports do.

use sidewire_app_layer::{ProbeVerdict, ProbingParser, ProtocolPattern, Transport};
use sidewire_base::Direction;

/// A hello in a record of its own, or (SSL 2.0) without one; from the server also an alert or, of flows picked up in the
/// middle, data.
pub(super) const PATTERNS: &[ProtocolPattern] = &[
    to_server(b"\x16\x03\x00"),
    to_server(b"\x16\x03\x01"),
    to_server(b"\x16\x03\x02"),
    to_server(b"\x16\x03\x03"),
    to_server(b"\x01\x03\x00"),
    to_server(b"\x01\x03\x01"),
    to_server(b"\x01\x03\x02"),
    to_server(b"\x01\x03\x03"),
    ProtocolPattern {
        transport: Transport::Tcp,
        direction: Direction::ToServer,
        octets: b"\x01\x00\x02",
        nocase: false,
        offset: 2,
        depth: 5,
        confirm: Some(ssl2_hello),
    },
    sealed(b"\x15\x03\x00"),
    sealed(b"\x15\x03\x01"),
    sealed(b"\x15\x03\x02"),
    sealed(b"\x15\x03\x03"),
    to_client(b"\x16\x03\x00"),
    to_client(b"\x16\x03\x01"),
    to_client(b"\x16\x03\x02"),
    to_client(b"\x16\x03\x03"),
    sealed(b"\x17\x03\x00"),
    sealed(b"\x17\x03\x01"),
    sealed(b"\x17\x03\x02"),
    sealed(b"\x17\x03\x03"),
];

pub(super) const PROBES: &[ProbingParser] = &[ProbingParser {
    transport: Transport::Tcp,
    ports: &[443],
    check: |direction, data| on_port(direction, data),
    depth: 3,
}];

const fn to_server(octets: &'static [u8]) -> ProtocolPattern {
    at_start(Direction::ToServer, octets)
}

const fn to_client(octets: &'static [u8]) -> ProtocolPattern {
    at_start(Direction::ToClient, octets)
}

/// A record that ends or follows a handshake: the server's, unless the beginning of the flow was missed.
const fn sealed(octets: &'static [u8]) -> ProtocolPattern {
    ProtocolPattern { confirm: Some(|_| ProbeVerdict::Either), ..to_client(octets) }
}

const fn at_start(direction: Direction, octets: &'static [u8]) -> ProtocolPattern {
    ProtocolPattern { transport: Transport::Tcp, direction, octets, nocase: false, offset: 0, depth: 3, confirm: None }
}

fn on_port(direction: Direction, data: &[u8]) -> ProbeVerdict {
    if direction == Direction::ToServer { ssl2_hello(data) } else { ProbeVerdict::No }
}

/// A client hello with the two-octet header of SSL 2.0, whatever version it offers.
fn ssl2_hello(data: &[u8]) -> ProbeVerdict {
    match data {
        [first, _, 1, ..] if first & 0x80 != 0 => ProbeVerdict::Yes,
        [_, _, _, ..] => ProbeVerdict::No,
        _ => ProbeVerdict::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_of_ssl2_says_so_in_its_third_octet() {
        assert_eq!(ssl2_hello(b"\x80\x2e\x01\x00\x02"), ProbeVerdict::Yes);
        assert_eq!(ssl2_hello(b"\x80\x2e"), ProbeVerdict::More);
        assert_eq!(ssl2_hello(b"\x00\x2e\x01"), ProbeVerdict::No);
        assert_eq!(on_port(Direction::ToClient, b"\x80\x2e\x01"), ProbeVerdict::No);
    }
}
