//! The message that begins a key exchange (RFC 4253 section 7.1), and the fingerprint that is made of it: HASSH,
//! <https://github.com/salesforce/hassh>.

use md5::{Digest, Md5};
use sidewire_base::{Cursor, Direction, Malformed};

/// Octets before the lists.
const COOKIE: usize = 16;

/// HASSH of a client, HASSHServer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hassh {
    /// MD5 of the string, in lower case.
    pub(super) hash: Box<str>,
    /// Algorithms of key exchange, encryption, authentication and compression for what the side sends.
    pub(super) string: Box<[u8]>,
}

impl Hassh {
    /// Makes the fingerprint of a side of its message, which begins after the message number.
    pub(super) fn read(side: Direction, message: &[u8]) -> Result<Self, Malformed> {
        let mut cur = Cursor::new(message);
        cur.skip(COOKIE)?;
        let mut lists = [&[][..]; 10];
        for list in &mut lists {
            let length = cur.u32_be()?;
            *list = cur.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        }
        let [exchange, _, to_server, to_client, check_to_server, check_to_client, pack_to_server, pack_to_client, ..] =
            lists;
        let parts = match side {
            Direction::ToServer => [exchange, to_server, check_to_server, pack_to_server],
            Direction::ToClient => [exchange, to_client, check_to_client, pack_to_client],
        };
        let string = parts.join(&b';');
        let hash = sidewire_eve::hex(&Md5::digest(&string));
        Ok(Self { hash: hash.into(), string: string.into() })
    }
}
