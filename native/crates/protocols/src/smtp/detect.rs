//! How SMTP is recognised: by the client's first word, or on its ports by the server's greeting.

use sidewire_app_layer::{ProbeVerdict, ProbingParser, ProtocolPattern, Transport};
use sidewire_base::Direction;

/// Octets of a greeting that must be there to tell it.
const GREETING: u16 = 5;

pub(super) const PATTERNS: &[ProtocolPattern] = &[word(b"EHLO"), word(b"HELO"), word(b"QUIT")];

pub(super) const PROBES: &[ProbingParser] =
    &[ProbingParser { transport: Transport::Tcp, ports: &[25, 465, 587], check: greeting, depth: 512 }];

const fn word(octets: &'static [u8]) -> ProtocolPattern {
    #[allow(clippy::cast_possible_truncation)]
    let depth = octets.len() as u16;
    ProtocolPattern {
        transport: Transport::Tcp,
        direction: Direction::ToServer,
        octets,
        nocase: true,
        offset: 0,
        depth,
        confirm: None,
    }
}

/// FTP greets with the same code, and says what it is.
fn greeting(direction: Direction, data: &[u8]) -> ProbeVerdict {
    let greets = match data {
        [b'2', b'2', b'0', b' ' | b'-', _, ..] => true,
        _ if data.len() >= usize::from(GREETING) => return ProbeVerdict::No,
        _ if b"220 ".starts_with(data) || b"220-".starts_with(data) => false,
        _ => return ProbeVerdict::No,
    };
    let line = match memchr::memchr(b'\n', data) {
        Some(end) if greets => data.get(..end).unwrap_or_default(),
        _ if data.len() >= 512 => data,
        _ => return ProbeVerdict::More,
    };
    let is_ftp = line.windows(3).any(|word| word.eq_ignore_ascii_case(b"ftp"));
    match direction {
        _ if is_ftp => ProbeVerdict::No,
        Direction::ToClient => ProbeVerdict::Yes,
        Direction::ToServer => ProbeVerdict::Reversed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_a_line() {
        let to_client = |data: &[u8]| greeting(Direction::ToClient, data);
        assert_eq!(to_client(b"220 mail.example ESMTP\r\n"), ProbeVerdict::Yes);
        assert_eq!(to_client(b"220-mail.example\r\n220 "), ProbeVerdict::Yes);
        assert_eq!(to_client(b"220 mail"), ProbeVerdict::More);
        assert_eq!(to_client(b"22"), ProbeVerdict::More);
        assert_eq!(to_client(b"220 ProFTPD\r\n"), ProbeVerdict::No);
        assert_eq!(to_client(b"554 go away\r\n"), ProbeVerdict::No);
        assert_eq!(greeting(Direction::ToServer, b"220 mail\r\n"), ProbeVerdict::Reversed);
    }
}
