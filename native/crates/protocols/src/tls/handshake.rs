//! Handshake messages: put together over records, and handed to who reads them. RFC 8446 section 4, RFC 5246 section 7.4.

use sidewire_base::Direction;

use super::event::{PendingEvents, TlsEvent};
use super::progress::{TlsProgress, TlsStage};
use super::transaction::{StateMessage, TlsTransaction};
use super::{certificate, hello};

/// Octets of a message that are waited for. Longer ones are passed over: programs refuse chains of certificates beyond
/// 100 KiB.
pub(super) const MAX_MESSAGE: usize = 256 * 1024;

/// Type and length.
const HEADER: usize = 4;

/// Types of messages. The registry of RFC 8446 section 11, as far as they are sent in the clear.
mod kind {
    pub(super) const HELLO_REQUEST: u8 = 0;
    pub(super) const CLIENT_HELLO: u8 = 1;
    pub(super) const SERVER_HELLO: u8 = 2;
    pub(super) const NEW_SESSION_TICKET: u8 = 4;
    pub(super) const CERTIFICATE: u8 = 11;
    pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(super) const CERTIFICATE_REQUEST: u8 = 13;
    pub(super) const SERVER_HELLO_DONE: u8 = 14;
    pub(super) const CERTIFICATE_VERIFY: u8 = 15;
    pub(super) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(super) const FINISHED: u8 = 20;
    pub(super) const CERTIFICATE_URL: u8 = 21;
    pub(super) const CERTIFICATE_STATUS: u8 = 22;
}

const fn is_known(kind: u8) -> bool {
    matches!(
        kind,
        kind::HELLO_REQUEST
            | kind::CLIENT_HELLO
            | kind::SERVER_HELLO
            | kind::NEW_SESSION_TICKET
            | kind::CERTIFICATE
            | kind::SERVER_KEY_EXCHANGE
            | kind::CERTIFICATE_REQUEST
            | kind::SERVER_HELLO_DONE
            | kind::CERTIFICATE_VERIFY
            | kind::CLIENT_KEY_EXCHANGE
            | kind::FINISHED
            | kind::CERTIFICATE_URL
            | kind::CERTIFICATE_STATUS
    )
}

/// The handshake messages of one side, which records may divide anywhere.
#[derive(Debug, Default)]
pub(super) struct HandshakeBuffer {
    /// The beginning of a message whose end is not there yet.
    held: Vec<u8>,
    /// Octets to pass over: the rest of a message that is too long.
    passing: usize,
}

/// What a step works on, beside the session's own state.
pub(super) struct HandshakeStep<'a> {
    pub(super) from: Direction,
    pub(super) tx: &'a mut TlsTransaction,
    pub(super) events: &'a mut PendingEvents,
    pub(super) progress: &'a mut TlsProgress,
}

impl HandshakeBuffer {
    /// Takes the fragment of a handshake record.
    pub(super) fn take(&mut self, mut octets: &[u8], step: &mut HandshakeStep<'_>) {
        while !octets.is_empty() {
            let passed = self.passing.min(octets.len());
            self.passing -= passed;
            octets = octets.get(passed..).unwrap_or_default();
            if !self.held.is_empty() {
                octets = self.complete(octets, step);
                continue;
            }
            let Some((header, rest)) = octets.split_first_chunk::<HEADER>() else {
                self.held.extend_from_slice(octets);
                return;
            };
            let (kind, length) = split(*header);
            if !is_known(kind) {
                step.unknown();
                octets = rest.get(length..).unwrap_or_default();
            } else if length > MAX_MESSAGE {
                step.events.raise(TlsEvent::HandshakeInvalidLength);
                self.passing = length;
                octets = rest;
            } else if let Some((body, behind)) = rest.split_at_checked(length) {
                step.message(kind, body);
                octets = behind;
            } else {
                self.held.extend_from_slice(octets);
                return;
            }
        }
    }

    /// Adds to the message that is held, as much as it lacks. What is left of the octets.
    fn complete<'o>(&mut self, octets: &'o [u8], step: &mut HandshakeStep<'_>) -> &'o [u8] {
        let wanted = self.held.first_chunk::<HEADER>().map_or(HEADER, |header| HEADER + split(*header).1);
        let lacking = wanted.saturating_sub(self.held.len()).min(octets.len());
        let (more, rest) = octets.split_at_checked(lacking).unwrap_or((octets, &[]));
        self.held.extend_from_slice(more);
        let Some((header, body)) = self.held.split_first_chunk::<HEADER>() else { return rest };
        let (kind, length) = split(*header);
        if !is_known(kind) || length > MAX_MESSAGE {
            // The header itself was divided: only now it says what it is.
            if is_known(kind) {
                step.events.raise(TlsEvent::HandshakeInvalidLength);
                self.passing = length;
            } else {
                step.unknown();
            }
            self.held.clear();
        } else if body.len() == length {
            step.message(kind, body);
            self.held = Vec::new();
        }
        rest
    }
}

/// Type and length of a message's header.
fn split([kind, high, middle, low]: [u8; HEADER]) -> (u8, usize) {
    (kind, u32::from_be_bytes([0, high, middle, low]) as usize)
}

impl HandshakeStep<'_> {
    /// A message of no type that there is; once a side encrypts, its messages look so.
    fn unknown(&mut self) {
        if !self.tx.facts.cipher[self.from] {
            self.events.raise(TlsEvent::InvalidHandshakeMessage);
        }
    }

    fn message(&mut self, kind: u8, body: &[u8]) {
        let from = self.from;
        match (kind, from) {
            (kind::CLIENT_HELLO, Direction::ToServer) | (kind::SERVER_HELLO, Direction::ToClient) => {
                let whole = hello::read(self.tx, from, body, self.events);
                if whole {
                    self.progress.reach(from, TlsStage::Hello);
                }
            }
            (kind::CLIENT_HELLO | kind::SERVER_HELLO, _) => self.events.raise(TlsEvent::InvalidHandshakeMessage),
            (kind::CERTIFICATE, _) => {
                let side = &mut self.tx.sides[from];
                certificate::read(&mut side.chain, &mut side.leaf, body, self.events);
                self.progress.reach(from, TlsStage::Certificate);
            }
            (kind::CERTIFICATE_REQUEST, Direction::ToClient) => {
                self.tx.facts.client_certificate_wanted = true;
                self.tx.latest = 0;
            }
            (kind::SERVER_KEY_EXCHANGE, _) => self.tx.latest = StateMessage::ServerKeyExchange as u8,
            (kind::CLIENT_KEY_EXCHANGE, _) => self.tx.latest = StateMessage::ClientKeyExchange as u8,
            (kind::SERVER_HELLO_DONE, Direction::ToClient) => self.progress.reach(from, TlsStage::HelloDone),
            _ => {}
        }
    }
}
