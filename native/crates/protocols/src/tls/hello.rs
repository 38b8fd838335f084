//! Client and server hellos: RFC 5246 section 7.4.1, RFC 8446 section 4.1.
//!
//! What of a hello can be read is kept, also when something after it cannot.

use core::ops::ControlFlow;

use sidewire_base::{Cursor, Direction, Malformed};

use super::event::{PendingEvents, TlsEvent};
use super::fingerprint::HelloOffer;
use super::hello_lists::HelloLists;
use super::transaction::{StateMessage, TlsTransaction};
use super::version::{TlsVersion, is_grease};

/// Values kept of one list of a side's hellos. The longest of ordinary clients have a tenth of it.
const MAX_LISTED: usize = 1024;

/// Octets of a server name: as many as a domain name may have. RFC 6066 section 3, RFC 1035 section 2.3.4.
const MAX_SERVER_NAME: usize = 255;

/// Extensions: the IANA registry of RFC 8447 section 7.
mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const SUPPORTED_GROUPS: u16 = 10;
    pub(super) const EC_POINT_FORMATS: u16 = 11;
    pub(super) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(super) const ALPN: u16 = 16;
    pub(super) const SESSION_TICKET: u16 = 35;
    pub(super) const EARLY_DATA: u16 = 42;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
}

/// A hello on its way into the transaction.
struct HelloReader<'a> {
    from: Direction,
    tx: &'a mut TlsTransaction,
    lists: &'a mut HelloLists,
    events: &'a mut PendingEvents,
    offer: HelloOffer,
}

/// Reads the hello that a side sent. True when all of it could be read.
pub(super) fn read(tx: &mut TlsTransaction, from: Direction, body: &[u8], events: &mut PendingEvents) -> bool {
    tx.facts.hello[from] = true;
    let message = if from == Direction::ToServer { StateMessage::ClientHello } else { StateMessage::ServerHello };
    tx.latest = message as u8;
    let mut lists = tx.sides[from].hello.take().unwrap_or_default();
    let mut reader = HelloReader { from, tx, lists: &mut lists, events, offer: HelloOffer::default() };
    let outcome = reader.read(&mut Cursor::new(body));
    let offer = reader.offer;
    let side = &mut tx.sides[from];
    match outcome {
        Ok(version) if side.offer.is_none() => side.offer = Some(Box::new(HelloOffer { version, ..offer })),
        Ok(_) => {}
        Err(_) => events.raise(TlsEvent::HandshakeInvalidLength),
    }
    side.hello = Some(lists);
    side.ja4.take();
    outcome.is_ok()
}

impl HelloReader<'_> {
    /// Reads all of it; the version as it stands in the hello.
    fn read(&mut self, cur: &mut Cursor<'_>) -> Result<u16, Malformed> {
        let version = cur.u16_be()?;
        self.version(TlsVersion(version));
        self.tx.sides[self.from].random = Some(*cur.array::<32>()?);
        // The first drafts of TLS 1.3 (up to 21) have neither session nor compression in a server's hello.
        let complete = self.is_client() || !self.tx.facts.without_certificate;
        if complete {
            self.session_id(cur)?;
        }
        self.ciphers(cur)?;
        if complete {
            let methods = if self.is_client() { usize::from(cur.u8()?) } else { 1 };
            cur.skip(methods)?;
        }
        if cur.left() >= 2 {
            self.extensions(cur)?;
        }
        Ok(version)
    }

    fn is_client(&self) -> bool {
        self.from == Direction::ToServer
    }

    fn version(&mut self, version: TlsVersion) {
        if !self.is_client() && version.is_draft_in_hello() {
            self.tx.facts.without_certificate = true;
        }
        self.tx.sides[self.from].version = version.of_hello();
        self.lists.version = self.lists.version.max(version);
    }

    fn session_id(&mut self, cur: &mut Cursor<'_>) -> Result<(), Malformed> {
        let length = cur.u8()?;
        let id = cur.take(length.into())?;
        let from = self.from;
        let side = &mut self.tx.sides[from];
        if id.is_empty() || !side.session_id.is_empty() {
            return Ok(());
        }
        side.session_id = id.into();
        if !self.is_client() && *self.tx.sides.to_server.session_id == *id {
            self.tx.facts.resumption = true;
        }
        Ok(())
    }

    fn ciphers(&mut self, cur: &mut Cursor<'_>) -> Result<(), Malformed> {
        let length = if self.is_client() { usize::from(cur.u16_be()?) } else { 2 };
        for cipher in numbers(cur.take(length)?)? {
            if !is_grease(cipher) {
                push(&mut self.lists.ciphers, cipher, self.events);
                push(&mut self.offer.ciphers, cipher, self.events);
            }
        }
        Ok(())
    }

    fn extensions(&mut self, cur: &mut Cursor<'_>) -> Result<(), Malformed> {
        let length = cur.u16_be()?;
        let mut rest = Cursor::new(cur.take(length.into())?);
        while !rest.is_empty() {
            let kind = rest.u16_be()?;
            let length = rest.u16_be()?;
            let data = rest.take(length.into())?;
            if self.extension(kind, data)?.is_break() {
                break;
            }
            if !is_grease(kind) {
                push(&mut self.lists.extensions, kind, self.events);
                push(&mut self.offer.extensions, kind, self.events);
            }
        }
        Ok(())
    }

    /// Takes what is wanted of an extension. `Break`: it cannot be read, and neither it nor those after it count.
    fn extension(&mut self, kind: u16, data: &[u8]) -> Result<ControlFlow<()>, Malformed> {
        let outcome = match kind {
            _ if data.is_empty() && !matches!(kind, extension::SESSION_TICKET | extension::EARLY_DATA) => Ok(()),
            extension::SERVER_NAME => return Ok(self.server_name(data)),
            extension::SUPPORTED_GROUPS => return self.groups(data).map(ControlFlow::Continue),
            extension::EC_POINT_FORMATS => return self.point_formats(data).map(ControlFlow::Continue),
            extension::SIGNATURE_ALGORITHMS => self.signature_algorithms(data),
            extension::ALPN => self.alpns(data),
            extension::SUPPORTED_VERSIONS => self.supported_versions(data),
            extension::SESSION_TICKET => {
                self.tx.facts.resumption |= self.is_client();
                Ok(())
            }
            extension::EARLY_DATA => {
                self.tx.facts.early_data |= self.is_client();
                Ok(())
            }
            _ => Ok(()),
        };
        Ok(match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => self.give_up(TlsEvent::HandshakeInvalidLength),
        })
    }

    fn give_up(&mut self, event: TlsEvent) -> ControlFlow<()> {
        self.events.raise(event);
        ControlFlow::Break(())
    }

    /// RFC 6066 section 3. Of the list there is, only the first name counts: there is one type of name.
    fn server_name(&mut self, data: &[u8]) -> ControlFlow<()> {
        let [_, _, kind, rest @ ..] = data else { return self.give_up(TlsEvent::HandshakeInvalidLength) };
        if *kind != 0 {
            return self.give_up(TlsEvent::InvalidSniType);
        }
        let [high, low, rest @ ..] = rest else { return self.give_up(TlsEvent::HandshakeInvalidLength) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(name) = rest.get(..length).filter(|name| !name.is_empty() && name.len() <= MAX_SERVER_NAME) else {
            return self.give_up(TlsEvent::InvalidSniLength);
        };
        let from = self.from;
        let known = &mut self.tx.sides[from].server_name;
        if known.is_some() {
            self.events.raise(TlsEvent::MultipleSniExtensions);
        } else {
            *known = Some(name.into());
        }
        ControlFlow::Continue(())
    }

    /// RFC 8422 section 5.1.1, RFC 8446 section 4.2.7.
    fn groups(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut cur = Cursor::new(data);
        let length = cur.u16_be()?;
        let groups = numbers(cur.take(length.into())?)?;
        self.offer.groups.extend(groups.filter(|group| !is_grease(*group)).take(MAX_LISTED));
        Ok(())
    }

    /// RFC 8422 section 5.1.2.
    fn point_formats(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut cur = Cursor::new(data);
        let length = cur.u8()?;
        let formats = cur.take(length.into())?;
        self.offer.point_formats.extend(formats.iter().copied().map(u16::from));
        Ok(())
    }

    /// RFC 8446 section 4.2.3.
    fn signature_algorithms(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut cur = Cursor::new(data);
        let length = cur.u16_be()?;
        for algorithm in numbers(cur.take(length.into())?)?.filter(|_| self.from == Direction::ToServer) {
            push(&mut self.lists.signature_algorithms, algorithm, self.events);
        }
        Ok(())
    }

    /// RFC 7301 section 3.1.
    fn alpns(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut cur = Cursor::new(data);
        let length = cur.u16_be()?;
        let mut names = Cursor::new(cur.take(length.into())?);
        while !names.is_empty() {
            let length = names.u8()?;
            let name = names.take(length.into())?;
            push(&mut self.lists.alpns, name.into(), self.events);
        }
        Ok(())
    }

    /// RFC 8446 section 4.2.1: a list from the client, the choice from the server.
    fn supported_versions(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let mut cur = Cursor::new(data);
        if !self.is_client() {
            let chosen = TlsVersion(cur.u16_be()?);
            self.tx.facts.without_certificate |= self.tx.facts.versions_offered && chosen > TlsVersion::TLS12;
            self.tx.sides.to_client.version = chosen;
            return Ok(());
        }
        let length = cur.u8()?;
        let mut versions = Cursor::new(cur.take(length.into())?);
        if versions.left() < 2 {
            return Err(Malformed::Invalid("supported_versions"));
        }
        // The first that exists is what the client would rather have.
        while let Ok(version) = versions.u16_be().map(TlsVersion) {
            if version.is_valid() {
                self.tx.sides.to_server.version = version;
                self.lists.version = self.lists.version.max(version);
                break;
            }
        }
        self.tx.facts.versions_offered = true;
        Ok(())
    }
}

/// Adds to a list up to its limit; beyond it, what is left out is an event.
fn push<T>(list: &mut Vec<T>, value: T, events: &mut PendingEvents) {
    if list.len() < MAX_LISTED {
        list.push(value);
    } else {
        events.raise(TlsEvent::HandshakeInvalidLength);
    }
}

/// The 16-bit numbers of a list.
fn numbers(octets: &[u8]) -> Result<impl Iterator<Item = u16>, Malformed> {
    let (pairs, []) = octets.as_chunks::<2>() else { return Err(Malformed::Invalid("list of 16-bit numbers")) };
    Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)))
}
