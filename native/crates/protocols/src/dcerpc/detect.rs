//! Recognising DCERPC by its first octets, or by what stands in front of it over HTTP, from either side and from the middle of a capture.

use sidewire_app_layer::{ProbeVerdict, ProbingParser, ProtocolPattern, Transport};
use sidewire_base::{Cursor, Direction};
use sidewire_msrpc::{DatagramHeader, HeaderGuess, PduHeader, PduType};

use super::http;

/// What every connection-oriented PDU begins with: version 5, minor version 0 or 1.
pub(super) const PATTERNS: &[ProtocolPattern] = &[
    pattern(Direction::ToServer, &[5, 0], from_client),
    pattern(Direction::ToServer, &[5, 1], from_client),
    pattern(Direction::ToClient, &[5, 0], from_server),
    pattern(Direction::ToClient, &[5, 1], from_server),
    pattern(Direction::ToServer, http::CONNECT, |_| ProbeVerdict::Yes),
    pattern(Direction::ToClient, http::BANNER, |_| ProbeVerdict::Yes),
];

const fn pattern(direction: Direction, octets: &'static [u8], confirm: fn(&[u8]) -> ProbeVerdict) -> ProtocolPattern {
    #[allow(clippy::cast_possible_truncation)]
    let depth = octets.len() as u16;
    ProtocolPattern {
        transport: Transport::Tcp,
        direction,
        octets,
        nocase: false,
        offset: 0,
        depth,
        confirm: Some(confirm),
    }
}

fn from_client(data: &[u8]) -> ProbeVerdict {
    first_pdu(Direction::ToServer, data)
}

fn from_server(data: &[u8]) -> ProbeVerdict {
    first_pdu(Direction::ToClient, data)
}

fn first_pdu(direction: Direction, data: &[u8]) -> ProbeVerdict {
    match PduHeader::probe(data) {
        HeaderGuess::No => ProbeVerdict::No,
        HeaderGuess::More => ProbeVerdict::More,
        HeaderGuess::Yes(header) => match header.pdu_type.direction() {
            Some(expected) if expected != direction => ProbeVerdict::Reversed,
            _ => ProbeVerdict::Yes,
        },
    }
}

/// The port nothing else speaks on: there a capture may also begin inside a PDU.
const WELL_KNOWN: &[u16] = &[135];

/// How far into a stream the first whole PDU is looked for. Octets.
const SCAN: u16 = 8192;

pub(super) const PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Tcp, ports: WELL_KNOWN, check: inside, depth: SCAN }];

/// On any other port it is looked for where the beginning of the stream was missed.
pub(super) const LATE_PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Tcp, ports: &[], check: inside, depth: SCAN }];

fn inside(direction: Direction, data: &[u8]) -> ProbeVerdict {
    for at in memchr::memchr_iter(5, data) {
        let rest = data.get(at..).unwrap_or_default();
        let verdict = first_pdu(direction, rest);
        if matches!(verdict, ProbeVerdict::Yes | ProbeVerdict::Reversed) {
            return verdict;
        }
    }
    if data.len() < usize::from(SCAN) { ProbeVerdict::More } else { ProbeVerdict::No }
}

pub(super) const UDP_PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Udp, ports: &[], check: datagram, depth: DatagramHeader::LENGTH as u16 }];

/// A datagram is whole or it is none, so nothing here waits for more.
fn datagram(direction: Direction, data: &[u8]) -> ProbeVerdict {
    let mut cur = Cursor::new(data);
    match DatagramHeader::parse(&mut cur) {
        // Either side may open what a capture shows of a flow; only these two begin or end a call.
        Ok(header) if header.is_plausible(cur.left()) => match (header.pdu_type, direction) {
            (PduType::REQUEST, Direction::ToServer) | (PduType::RESPONSE, Direction::ToClient) => ProbeVerdict::Yes,
            (PduType::REQUEST | PduType::RESPONSE, _) => ProbeVerdict::Reversed,
            _ => ProbeVerdict::No,
        },
        _ => ProbeVerdict::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIND_ACK: [u8; 16] = [5, 0, 12, 3, 0x10, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0];

    #[test]
    fn a_server_that_comes_first_is_told() {
        assert_eq!(from_client(&BIND_ACK), ProbeVerdict::Reversed);
        assert_eq!(from_server(&BIND_ACK), ProbeVerdict::Yes);
        let bind = {
            let mut bind = BIND_ACK;
            bind[2] = 11;
            bind
        };
        assert_eq!(from_client(&bind), ProbeVerdict::Yes);
        assert_eq!(from_client(&bind[..15]), ProbeVerdict::More);
    }

    #[test]
    fn socks_is_not_taken_for_rpc() {
        // The reply of a SOCKS5 server that wants no authentication, and its answer to CONNECT.
        assert_eq!(from_server(&[5, 0, 5, 0, 0, 1, 10, 0, 0, 1, 0, 80]), ProbeVerdict::No);
    }

    #[test]
    fn queries_for_names_are_not_taken_for_datagrams() {
        // Identifiers with 4 in front, one question, an option: the beginning of a request header in all but its meaning.
        for (id, flags) in [(0, [1, 0x20]), (0, [0, 0]), (2, [0, 0x10]), (0, [1, 0])] {
            for length in 40..250_u8 {
                let mut query = vec![4, id, flags[0], flags[1], 0, 1, 0, 0, 0, 0, 0, 1];
                for label in 0..length {
                    query.push(if label % 12 == 0 { 11 } else { b'a' + label.wrapping_mul(7) % 26 });
                }
                query.extend([0, 0, 1, 0, 1, 0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]);
                assert_eq!(datagram(Direction::ToServer, &query), ProbeVerdict::No, "{id} {flags:?} {length}");
            }
        }
    }

    #[test]
    fn a_datagram_of_an_unknown_interface_is_told() {
        let mut request = vec![4, 0, 0x28, 0, 0x10, 0, 0, 0];
        request.extend([0; 16]);
        request.extend([9, 9, 0xa9, 0x9e, 0x97, 0x6c, 0xd1, 0x11, 0x82, 0x71, 0, 9, 9, 9, 9, 9]);
        request.extend([7; 16]);
        request.extend([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0]);
        request.extend([1, 2, 3, 4]);
        assert_eq!(datagram(Direction::ToServer, &request), ProbeVerdict::Yes);
        assert_eq!(datagram(Direction::ToClient, &request), ProbeVerdict::Reversed);
        let mut response = request.clone();
        response[1] = 2;
        assert_eq!(datagram(Direction::ToClient, &response), ProbeVerdict::Yes);
        assert_eq!(datagram(Direction::ToServer, &response), ProbeVerdict::Reversed);
        request.push(0);
        assert_eq!(datagram(Direction::ToServer, &request), ProbeVerdict::No, "an octet that nothing accounts for");
    }

    #[test]
    fn bits_reserved_for_implementations_may_be_set() {
        // The smallest call there is, with reserved_01 or reserved_80 set: no stub, no object.
        let uuid = [0x8f, 0x8a, 0xb4, 0x37, 0x0c, 0x52, 0x4b, 0x49, 0xa2, 0xae, 0x33, 0xaa, 0x20, 0xbc, 0x56, 0x1f];
        for flags in [1, 0x80, 0x81] {
            let mut request = vec![4, 0, flags, 0, 0, 0, 0, 0];
            request.extend([[0; 16], uuid, [7; 16]].concat());
            request.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0]);
            assert_eq!(datagram(Direction::ToServer, &request), ProbeVerdict::Yes, "{flags:02x}");
            request.push(0);
            assert_eq!(datagram(Direction::ToServer, &request), ProbeVerdict::No, "{flags:02x}, and an octet more");
        }
    }

    #[test]
    fn the_first_whole_pdu_is_found_inside_a_stream() {
        let mut data = vec![0xaa; 100];
        assert_eq!(inside(Direction::ToClient, &data), ProbeVerdict::More);
        data.extend(BIND_ACK);
        assert_eq!(inside(Direction::ToClient, &data), ProbeVerdict::Yes);
        assert_eq!(inside(Direction::ToServer, &data), ProbeVerdict::Reversed);
        assert_eq!(inside(Direction::ToServer, &[0; SCAN as usize]), ProbeVerdict::No);
    }
}
