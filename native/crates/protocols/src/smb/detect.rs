//! Recognising SMB by its first octets, from either side and from the middle of a capture.

use sidewire_app_layer::{ProbeVerdict, ProbingParser, ProtocolPattern, Transport};
use sidewire_base::{Cursor, Direction};

use super::direction_state::{self, MessageSync};
use super::{wire1, wire2};

/// The protocol identifiers after the four octets of NetBIOS or direct TCP framing.
pub(super) const PATTERNS: &[ProtocolPattern] = &[
    pattern(Direction::ToServer, b"\xffSMB", from_client),
    pattern(Direction::ToServer, b"\xfeSMB", from_client),
    pattern(Direction::ToServer, b"\xfdSMB", from_client),
    pattern(Direction::ToClient, b"\xffSMB", from_server),
    pattern(Direction::ToClient, b"\xfeSMB", from_server),
    pattern(Direction::ToClient, b"\xfdSMB", from_server),
];

const fn pattern(direction: Direction, octets: &'static [u8], confirm: fn(&[u8]) -> ProbeVerdict) -> ProtocolPattern {
    let transport = Transport::Tcp;
    ProtocolPattern { transport, direction, octets, nocase: false, offset: 4, depth: 8, confirm: Some(confirm) }
}

fn from_client(data: &[u8]) -> ProbeVerdict {
    first_message(Direction::ToServer, data)
}

fn from_server(data: &[u8]) -> ProbeVerdict {
    first_message(Direction::ToClient, data)
}

/// Looks at a NetBIOS message that begins with SMB, and at who must have sent it.
fn first_message(direction: Direction, data: &[u8]) -> ProbeVerdict {
    let mut cur = Cursor::new(data);
    if cur.skip(4).is_err() {
        return ProbeVerdict::More;
    }
    if data.first() != Some(&direction_state::SESSION_MESSAGE) {
        return ProbeVerdict::No;
    }
    let message = cur.rest();
    let response = match message.first_chunk::<4>() {
        None => return ProbeVerdict::More,
        Some(wire1::PROTOCOL) => wire1::Smb1Header::parse(message).map(|header| header.is_response()),
        Some(wire2::PROTOCOL) => wire2::Smb2Header::parse(message).map(|header| header.is_response()),
        // Encrypted: nothing says who sent it.
        Some(b"\xfdSMB") => return ProbeVerdict::Either,
        Some(_) => return ProbeVerdict::No,
    };
    match response {
        Err(_) => ProbeVerdict::More,
        Ok(response) if response == (direction == Direction::ToClient) => ProbeVerdict::Yes,
        Ok(_) => ProbeVerdict::Reversed,
    }
}

pub(super) const PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Tcp, ports: &[139, 445], check: on_port, depth: SCAN }];

/// How far into a stream the first whole message is looked for on SMB's own ports. Octets.
const SCAN: u16 = 8192;

fn on_port(direction: Direction, data: &[u8]) -> ProbeVerdict {
    match data.first() {
        None => return ProbeVerdict::More,
        // Session request towards the server, its answers towards the client; keep-alives go both ways.
        Some(&direction_state::SESSION_REQUEST) if data.get(1) == Some(&0) => {
            return if direction == Direction::ToServer { ProbeVerdict::Yes } else { ProbeVerdict::Reversed };
        }
        Some(
            &(direction_state::POSITIVE_RESPONSE
            | direction_state::NEGATIVE_RESPONSE
            | direction_state::RETARGET_RESPONSE),
        ) if data.get(1) == Some(&0) => {
            return if direction == Direction::ToClient { ProbeVerdict::Yes } else { ProbeVerdict::Reversed };
        }
        Some(&direction_state::KEEP_ALIVE) if data.get(1..4) == Some(&[0, 0, 0]) => {
            return match data.get(4..) {
                Some([]) | None => ProbeVerdict::More,
                Some(rest) => on_port(direction, rest),
            };
        }
        Some(_) => {}
    }
    match direction_state::find_message(data) {
        MessageSync::Found(at) => first_message(direction, data.get(at..).unwrap_or_default()),
        MessageSync::Nothing(_) if data.len() < usize::from(SCAN) => ProbeVerdict::More,
        MessageSync::Nothing(_) => ProbeVerdict::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(response: bool) -> Vec<u8> {
        let mut out = vec![0, 0, 0, 64];
        out.extend(b"\xfeSMB\x40\0");
        out.resize(4 + 64, 0);
        out[4 + 16] = u8::from(response);
        out
    }

    #[test]
    fn tells_the_sides_apart() {
        assert_eq!(from_client(&message(false)), ProbeVerdict::Yes);
        assert_eq!(from_client(&message(true)), ProbeVerdict::Reversed);
        assert_eq!(from_server(&message(true)), ProbeVerdict::Yes);
        assert_eq!(from_server(&message(false)), ProbeVerdict::Reversed);
        assert_eq!(from_client(&message(false)[..40]), ProbeVerdict::More);
        assert_eq!(from_client(b"\0\0\0\x40\xfdSMB"), ProbeVerdict::Either);
    }

    #[test]
    fn finds_netbios_sessions_and_the_middle_of_a_stream() {
        assert_eq!(on_port(Direction::ToServer, &[0x81, 0, 0, 0x44]), ProbeVerdict::Yes);
        assert_eq!(on_port(Direction::ToServer, &[0x82, 0, 0, 0]), ProbeVerdict::Reversed);
        assert_eq!(on_port(Direction::ToServer, &[0x85, 0, 0, 0]), ProbeVerdict::More);
        let mut data = vec![0xaa; 300];
        assert_eq!(on_port(Direction::ToServer, &data), ProbeVerdict::More);
        data.extend(message(true));
        assert_eq!(on_port(Direction::ToServer, &data), ProbeVerdict::Reversed);
        assert_eq!(on_port(Direction::ToServer, &[0xaa; 9000]), ProbeVerdict::No);
    }
}
