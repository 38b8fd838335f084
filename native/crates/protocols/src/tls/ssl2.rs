//! SSL 2.0: records and hellos, of which clients sent one for years so that old servers understood them.
//! "The SSL Protocol", Netscape 1995; RFC 5246 appendix E.2.

use sidewire_base::{Cursor, Direction};

use super::event::TlsEvent;
use super::handshake::HandshakeStep;
use super::progress::TlsStage;
use super::transaction::StateMessage;
use super::version::TlsVersion;

/// True when an octet begins a record of SSL 2.0: no content type of later versions has these bits.
pub(super) const fn begins(octet: u8) -> bool {
    octet & 0xc0 != 0
}

/// True when a record of SSL 2.0, of the shorter form, begins a session: first octet, and type of its message.
pub(super) const fn begins_hello(first: u8, message: u8) -> bool {
    first & 0x80 != 0 && matches!(message, kind::CLIENT_HELLO | kind::SERVER_HELLO)
}

/// Where a record's parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ssl2Record {
    /// Octets of the length, and of padding's length in the longer form.
    pub(super) header: usize,
    /// Octets after the header.
    pub(super) length: usize,
}

impl Ssl2Record {
    /// Reads the header; `None` as long as it, and the message's type after it, are not there.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let [first, second, ..] = *data else { return None };
        let (header, mask) = if first & 0x80 != 0 { (2, 0x7f) } else { (3, 0x3f) };
        let record = Self { header, length: usize::from(u16::from_be_bytes([first & mask, second])) };
        (data.len() > header).then_some(record)
    }
}

/// What both sides of SSL 2.0 have done.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one session")]
pub(super) struct Ssl2State {
    client_hello: bool,
    server_hello: bool,
    /// The client names no session to go on with.
    new_session: bool,
    master_key: bool,
    client_encrypts: bool,
    server_encrypts: bool,
}

/// Message types.
mod kind {
    pub(super) const ERROR: u8 = 0;
    pub(super) const CLIENT_HELLO: u8 = 1;
    pub(super) const CLIENT_MASTER_KEY: u8 = 2;
    pub(super) const CLIENT_FINISHED: u8 = 3;
    pub(super) const SERVER_HELLO: u8 = 4;
    pub(super) const CLIENT_CERTIFICATE: u8 = 8;
}

impl Ssl2State {
    /// Takes the message of a record.
    ///
    /// # Errors
    /// The event that says why it is none.
    pub(super) fn take(&mut self, message: &[u8], step: &mut HandshakeStep<'_>) -> Result<(), TlsEvent> {
        let mut cur = Cursor::new(message);
        let kind = cur.u8().map_err(|_| TlsEvent::InvalidSslv2Header)?;
        let from = step.from;
        match kind {
            kind::ERROR => step.events.raise(TlsEvent::ErrorMessageEncountered),
            kind::CLIENT_HELLO => {
                let &[high, low, _, _, session_high, session_low] =
                    cur.array::<6>().map_err(|_| TlsEvent::InvalidSslRecord)?;
                step.tx.sides[from].version = TlsVersion(u16::from_be_bytes([high, low]));
                step.tx.facts.hello.to_server = true;
                step.tx.latest = StateMessage::ClientHello as u8;
                self.client_hello = true;
                self.new_session = [session_high, session_low] == [0, 0];
                step.progress.reach(Direction::ToServer, TlsStage::Hello);
            }
            kind::CLIENT_MASTER_KEY => {
                self.master_key = true;
                step.tx.latest = 0;
            }
            kind::SERVER_HELLO => {
                step.tx.facts.hello.to_client = true;
                step.tx.latest = StateMessage::ServerHello as u8;
                self.server_hello = true;
                step.progress.reach(Direction::ToClient, TlsStage::Hello);
            }
            kind::CLIENT_FINISHED..=kind::CLIENT_CERTIFICATE => {
                if kind == kind::CLIENT_CERTIFICATE && from == Direction::ToServer {
                    step.tx.latest = StateMessage::ClientKeyExchange as u8;
                }
                self.encrypts(from);
            }
            _ => {}
        }
        Ok(())
    }

    /// A message that is sent encrypted, once both hellos were.
    fn encrypts(&mut self, from: Direction) {
        if !(self.client_hello && self.server_hello) {
            return;
        }
        match from {
            Direction::ToServer => self.client_encrypts |= self.new_session || self.master_key,
            Direction::ToClient => self.server_encrypts = true,
        }
    }

    /// Nothing more is in the clear.
    pub(super) const fn is_encrypted(self) -> bool {
        self.client_encrypts && self.server_encrypts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_both_lengths() {
        assert_eq!(Ssl2Record::read(b"\x80\x2e\x01"), Some(Ssl2Record { header: 2, length: 0x2e }));
        assert_eq!(Ssl2Record::read(b"\x41\x2e\x05\x01"), Some(Ssl2Record { header: 3, length: 0x12e }));
        assert_eq!(Ssl2Record::read(b"\x80\x2e"), None);
        assert_eq!(Ssl2Record::read(b"\x40\x2e\x00"), None);
        assert!(begins(0x80) && begins(0x40) && !begins(0x16));
    }
}
