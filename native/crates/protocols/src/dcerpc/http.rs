//! What stands in front of RPC over HTTP on a connection of its own: `RPC_CONNECT` with its answer, the server's banner.
//! [MS-RPCH] 2.1.1, 3.1.

use sidewire_base::Direction;

/// Most octets of a request's or answer's head.
const MAX_HEAD: usize = 16 << 10;
/// What a server sends first. [MS-RPCH] 2.1.1.2.1.
pub(super) const BANNER: &[u8] = b"ncacn_http/1.0";
/// The request that asks for a connection to a server behind a proxy. [MS-RPCH] 2.1.1.1.1.
pub(super) const CONNECT: &[u8] = b"RPC_CONNECT ";
const ANSWER: &[u8] = b"HTTP/1.";

/// The beginning of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpPreface {
    /// There is none (any more): PDUs follow.
    None,
    /// Octets to step over; look again after them.
    Skip(usize),
    /// More octets are needed to tell.
    More,
}

impl HttpPreface {
    pub(super) fn of(direction: Direction, data: &[u8]) -> Self {
        let words: &[&[u8]] = match direction {
            Direction::ToServer => &[CONNECT],
            Direction::ToClient => &[ANSWER, BANNER],
        };
        let Some(word) = words.iter().find(|word| data.iter().zip(**word).all(|(have, want)| have == want)) else {
            return Self::None;
        };
        if data.len() < word.len() {
            return Self::More;
        }
        if *word == BANNER {
            return Self::Skip(BANNER.len());
        }
        match memchr::memmem::find(data, b"\r\n\r\n") {
            Some(end) => Self::Skip(end + 4),
            None if data.len() > MAX_HEAD => Self::None,
            None => Self::More,
        }
    }
}
