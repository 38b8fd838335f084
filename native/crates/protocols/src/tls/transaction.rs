//! What is kept of a session: one transaction for each flow, as long as the flow lives.

use core::cell::OnceCell;

use sidewire_base::{Direction, PerDirection, Time};

use super::certificate::{CertificateChain, LeafCertificate};
use super::fields::TlsFields;
use super::fingerprint::{HelloOffer, TlsFingerprint, ja4};
use super::hello_lists::HelloLists;
use super::version::TlsVersion;

/// A TLS session: what both sides said before it was encrypted.
#[derive(Debug, Default)]
pub struct TlsTransaction {
    /// What the client said, and the server.
    pub(super) sides: PerDirection<TlsSide>,
    pub(super) facts: SessionFacts,
    /// What the last look at new octets brought: bits of [`message_bit`].
    pub(super) latest: u8,
    /// Members of EVE's `tls` that are not made.
    pub(super) unwritten: TlsFields,
    /// Time of the last octets.
    pub(super) now: Time,
    /// The protocol the flow spoke before (STARTTLS, CONNECT).
    pub(super) original_protocol: Option<&'static str>,
}

impl TlsTransaction {
    /// JA3 of a client, JA3S of a server; nothing without a hello that could be read.
    pub(super) fn ja3(&self, from: Direction) -> Option<&TlsFingerprint> {
        let side = &self.sides[from];
        let offer = side.offer.as_deref()?;
        Some(side.ja3.get_or_init(|| Box::new(offer.fingerprint(from))))
    }

    /// JA4 of the client; nothing of one that was not heard.
    pub(super) fn ja4(&self) -> Option<&str> {
        let client = &self.sides.to_server;
        let hello = client.hello.as_deref()?;
        Some(client.ja4.get_or_init(|| ja4(hello).into()))
    }
}

/// What one side said.
#[derive(Debug, Default)]
pub(super) struct TlsSide {
    /// Of the last record until a hello was read, of the hello from then on.
    pub(super) version: TlsVersion,
    pub(super) random: Option<[u8; 32]>,
    pub(super) session_id: Box<[u8]>,
    pub(super) server_name: Option<Box<[u8]>>,
    pub(super) hello: Option<Box<HelloLists>>,
    /// What the first hello that could be read offers, for JA3.
    pub(super) offer: Option<Box<HelloOffer>>,
    /// Made when it is asked for; see [`TlsTransaction::ja3`].
    ja3: OnceCell<Box<TlsFingerprint>>,
    /// Made when it is asked for, of the last hello; see [`TlsTransaction::ja4`].
    pub(super) ja4: OnceCell<Box<str>>,
    pub(super) chain: CertificateChain,
    pub(super) leaf: Option<Box<LeafCertificate>>,
}

/// Turns the session has taken.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of one session")]
pub(super) struct SessionFacts {
    /// A hello was read.
    pub(super) hello: PerDirection<bool>,
    /// The client's hello has `supported_versions`.
    pub(super) versions_offered: bool,
    /// TLS 1.3: certificates are encrypted, so the session is logged without.
    pub(super) without_certificate: bool,
    /// A session ticket was offered, or both sides named the same session.
    pub(super) resumption: bool,
    pub(super) early_data: bool,
    pub(super) client_certificate_wanted: bool,
    /// A ChangeCipherSpec was seen.
    pub(super) cipher: PerDirection<bool>,
}

/// A message that `ssl_state` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum StateMessage {
    ClientHello = 1,
    ServerHello = 2,
    ClientKeyExchange = 4,
    ServerKeyExchange = 8,
}

impl TlsTransaction {
    /// A side has started to use what was agreed on.
    pub(super) const fn has_cipher(&self) -> bool {
        self.facts.cipher.to_server || self.facts.cipher.to_client
    }

    /// Who takes part is known: the server showed its certificate, and the client its own where that is asked for.
    pub(super) const fn is_identified(&self) -> bool {
        let asked = if self.facts.client_certificate_wanted { &self.sides.to_server } else { &self.sides.to_client };
        asked.leaf.is_some()
    }

    /// Engine time moved on: certificates age.
    pub(super) const fn seen(&mut self, now: Time) {
        self.now = now;
    }
}
