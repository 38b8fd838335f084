//! How the protocol is recognised. A banner says little: other protocols greet with the same code.

use sidewire_app_layer::{ProbeVerdict, ProbingParser, ProtocolPattern, Transport};
use sidewire_base::Direction;

pub(super) const PATTERNS: &[ProtocolPattern] = &[
    pattern(Direction::ToClient, b"220 ("),
    pattern(Direction::ToServer, b"FEAT"),
    pattern(Direction::ToServer, b"USER "),
    pattern(Direction::ToServer, b"PASS "),
    pattern(Direction::ToServer, b"PORT "),
];

pub(super) const PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Tcp, ports: &[21], check: on_port, depth: 64 }];

const fn pattern(direction: Direction, octets: &'static [u8]) -> ProtocolPattern {
    ProtocolPattern {
        transport: Transport::Tcp,
        direction,
        octets,
        nocase: true,
        offset: 0,
        depth: octets.len() as u16,
        confirm: None,
    }
}

/// Commands that a connection may begin with, when it is not for USER.
const FIRST_COMMANDS: [&[u8]; 8] = [b"AUTH", b"CLNT", b"FEAT", b"HELP", b"HOST", b"OPTS", b"QUIT", b"SYST"];

/// On the protocol's own port: a line that begins with a code of a greeting, or a command.
fn on_port(direction: Direction, data: &[u8]) -> ProbeVerdict {
    let ends = data.contains(&b'\n');
    let fits = match direction {
        Direction::ToClient => match data {
            [a @ b'1'..=b'5', b, c, rest @ ..] => {
                let greets = matches!((a, b, c), (b'2', b'2', b'0') | (b'1', b'2', b'0') | (b'4', b'2', b'1'));
                greets && rest.first().is_none_or(|octet| matches!(octet, b' ' | b'-'))
            }
            [] | [b'1'..=b'5'] | [b'1'..=b'5', _] => true,
            _ => false,
        },
        Direction::ToServer => FIRST_COMMANDS.iter().any(|command| {
            let (start, rest) = data.split_at_checked(command.len()).unwrap_or((data, &[]));
            command.get(..start.len()).is_some_and(|command| command.eq_ignore_ascii_case(start))
                && rest.first().is_none_or(|octet| matches!(octet, b' ' | b'\r' | b'\n'))
        }),
    };
    match (fits, ends) {
        (false, _) => ProbeVerdict::No,
        (true, true) => ProbeVerdict::Yes,
        (true, false) => ProbeVerdict::More,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_its_port_a_greeting_or_a_command_is_enough() {
        let look = |direction, data: &[u8]| on_port(direction, data);
        assert_eq!(look(Direction::ToClient, b"220-Welcome\r\n"), ProbeVerdict::Yes);
        assert_eq!(look(Direction::ToClient, b"220 Wel"), ProbeVerdict::More);
        assert_eq!(look(Direction::ToClient, b"22"), ProbeVerdict::More);
        assert_eq!(look(Direction::ToClient, b"220x\r\n"), ProbeVerdict::No);
        assert_eq!(look(Direction::ToClient, b"SSH-2.0-x\r\n"), ProbeVerdict::No);
        assert_eq!(look(Direction::ToServer, b"auth TLS\r\n"), ProbeVerdict::Yes);
        assert_eq!(look(Direction::ToServer, b"AU"), ProbeVerdict::More);
        assert_eq!(look(Direction::ToServer, b"AUTHOR\r\n"), ProbeVerdict::No);
        assert_eq!(look(Direction::ToServer, b"GET / HTTP/1.0\r\n"), ProbeVerdict::No);
    }
}
