//! Messages of mail and their parts: headers, multiparts in multiparts, encodings, files and links.
//!
//! [RFC 5322], [RFC 2045], [RFC 2046]. A message is read line by line as it comes; nothing of a body is kept. What is nested
//! deeper, or more than the constants here allow, is passed over and said.

mod fault;
mod header;
mod links;
mod settings;
#[cfg(test)]
mod tests;
mod transfer;

use md5::{Digest as _, Md5};
use sidewire_base::Direction;
use sidewire_files::{FileContext, TxFiles};

pub(crate) use fault::MimeFault;
pub(crate) use fault::MimeFaults;
pub(crate) use header::{MailHeader, addresses};
use links::LinkFinder;
pub(crate) use links::LinkSettings;
pub(crate) use settings::MimeSettings;
use transfer::{TransferDecoder, uu_begin, uu_line};

/// Octets of a line that are read together; a longer one comes in pieces.
pub(crate) const MAX_PIECE: usize = 4096;
/// Headers of a message or part that are kept.
const MAX_HEADERS: usize = 256;
/// Multiparts, and messages in messages, that may lie in each other.
const MAX_NESTING: usize = 16;
/// Names of files that are kept.
const MAX_ATTACHMENTS: usize = 1024;
/// [RFC 5322] 2.1.1.
const MAX_LINE: usize = 998;
/// [RFC 2045] 6.7 and 6.8.
const MAX_ENCODED_LINE: usize = 76;
/// A name and its colon fill an encoded line.
const MAX_HEADER_NAME: usize = 75;
const MAX_BOUNDARY: usize = 254;
const MAX_FILENAME: usize = 255;

/// A line of a message, or a piece of one that is longer than [`MAX_PIECE`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct MailLine<'a> {
    /// The octets, with those that end it.
    pub(crate) octets: &'a [u8],
    /// How many of them end it: 0 when it goes on, or the message is over.
    pub(crate) ending: usize,
    /// They are its first.
    pub(crate) begins: bool,
    /// A dot in front of them was put there on the way. [RFC 5321] 4.5.2.
    pub(crate) dotted: bool,
}

impl<'a> MailLine<'a> {
    /// The next line of some octets, or as much of a long one as is read together. `None` when more octets are needed, unless
    /// they are the `last`.
    pub(crate) fn next(octets: &'a [u8], begins: bool, last: bool) -> Option<Self> {
        let window = octets.get(..MAX_PIECE).unwrap_or(octets);
        let (octets, ending) = match memchr::memchr(b'\n', window) {
            Some(at) => {
                let octets = octets.get(..=at)?;
                (octets, if octets.ends_with(b"\r\n") { 2 } else { 1 })
            }
            None if window.len() == MAX_PIECE || last && !window.is_empty() => (window, 0),
            None => return None,
        };
        Some(Self { octets, ending, begins, dotted: false })
    }

    /// Is it only the beginning of a line?
    pub(crate) const fn is_cut(&self) -> bool {
        self.ending == 0 && self.octets.len() == MAX_PIECE
    }

    /// Without what ends it.
    pub(crate) fn text(self) -> &'a [u8] {
        self.octets.get(..self.octets.len().saturating_sub(self.ending)).unwrap_or_default()
    }

    /// What ends it.
    const fn end(self) -> &'static [u8] {
        match self.ending {
            0 => b"",
            1 => b"\n",
            _ => b"\r\n",
        }
    }

    const fn ends(self) -> bool {
        self.ending > 0
    }
}

/// Where files of a message go.
pub(crate) struct AttachmentTarget<'t, 'c, 'm> {
    /// In which direction the message travels.
    pub(crate) direction: Direction,
    /// The files of its transaction.
    pub(crate) files: &'t mut TxFiles,
    /// What is wanted of files.
    pub(crate) context: &'c mut FileContext<'m>,
}

impl AttachmentTarget<'_, '_, '_> {
    fn append(&mut self, octets: &[u8]) {
        self.files.append(self.direction, octets, self.context);
    }

    fn close(&mut self) {
        self.files.close(self.direction, self.context);
    }
}

/// Where in a message the lines are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MailSection {
    /// In the headers of the message.
    #[default]
    Headers,
    /// In those of a part, or of a message in it.
    PartHeaders,
    Body,
    /// Nothing follows.
    Over,
}

/// What parts lie in.
#[derive(Debug)]
enum MailContainer {
    /// Parts with this between them.
    Multipart(Box<[u8]>),
    /// A message in a message.
    Message,
}

/// What is done with a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PartUse {
    /// In front of the first part, or after the last: nothing.
    #[default]
    Ignored,
    Text,
    File,
    /// A file in a text: lines of uuencode.
    Uuencoded,
    /// Neither a file nor a text.
    Other,
}

/// A message of mail, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct MailMessage {
    section: MailSection,
    headers: Vec<MailHeader>,
    part_headers: Vec<MailHeader>,
    /// What the part lies in, the innermost last.
    containers: Vec<MailContainer>,
    kind: PartUse,
    decoder: TransferDecoder,
    /// What ended the last line of a file: it belongs to a boundary that follows.
    held: &'static [u8],
    /// Octets of the line that is being read.
    line_length: usize,
    attachments: Vec<Box<[u8]>>,
    links: LinkFinder,
    faults: MimeFaults,
    md5: Option<Md5>,
    body_md5: Option<[u8; 16]>,
    given_up: bool,
}

impl MailMessage {
    /// Headers of the message itself; none before all are there.
    pub(crate) fn headers(&self) -> &[MailHeader] {
        if self.section == MailSection::Headers { &[] } else { &self.headers }
    }

    /// The values of the message's headers of a name, the first first.
    pub(crate) fn values<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m [u8]> {
        self.headers().iter().filter(move |header| header.is(name)).map(MailHeader::value)
    }

    /// Names of files.
    pub(crate) fn attachments(&self) -> &[Box<[u8]>] {
        &self.attachments
    }

    /// Links in its text.
    pub(crate) fn links(&self) -> &[Box<[u8]>] {
        self.links.found()
    }

    /// MD5 of the body as it was sent, once that is there.
    pub(crate) const fn body_md5(&self) -> Option<&[u8; 16]> {
        self.body_md5.as_ref()
    }

    /// It was given up before its end: another began.
    pub(crate) const fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Another message begins before the end of this one.
    pub(crate) const fn give_up(&mut self) {
        self.given_up = true;
    }

    /// Takes what was odd since the last call.
    pub(crate) const fn take_faults(&mut self) -> MimeFaults {
        self.faults.take()
    }

    /// Takes the next line.
    pub(crate) fn line(&mut self, line: MailLine<'_>, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        self.line_length = line.text().len() + if line.begins { 0 } else { self.line_length };
        self.faults.add_if(self.line_length > MAX_LINE, MimeFault::LongLine);
        if settings.body_md5 && self.section != MailSection::Headers {
            self.md5.get_or_insert_default().update(line.octets);
        }
        let line = match line.octets.split_first() {
            Some((_dot, octets)) if line.dotted => MailLine { octets, dotted: false, ..line },
            _ => line,
        };
        match self.section {
            MailSection::Headers | MailSection::PartHeaders => self.header_line(line, settings, to),
            MailSection::Body => self.body_line(line, settings, to),
            MailSection::Over => {}
        }
    }

    /// Octets are missing; the next line begins after them.
    pub(crate) fn gap(&mut self, length: u64, to: &mut AttachmentTarget<'_, '_, '_>) {
        self.held = b"";
        to.files.gap(to.direction, length);
    }

    /// The message is over: all of it was there, or it was cut off.
    pub(crate) fn finish(&mut self, whole: bool, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        if self.section == MailSection::Over {
            return;
        }
        if matches!(self.section, MailSection::Headers | MailSection::PartHeaders) {
            self.end_headers(settings, to);
        }
        // As Suricata has it: what ends the last line of a message is no part of a file unless that is quoted-printable.
        let last = if matches!(self.decoder, TransferDecoder::QuotedPrintable(_)) { self.held } else { b"" };
        self.end_part(last, whole, settings, to);
        self.body_md5 = self.md5.take().filter(|_| whole).map(|md5| md5.finalize().into());
        self.section = MailSection::Over;
    }

    fn header_line(&mut self, line: MailLine<'_>, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        let text = line.text();
        if line.begins && text.is_empty() && line.ends() {
            self.end_headers(settings, to);
            return;
        }
        // A part that has no body.
        if self.section == MailSection::PartHeaders && line.begins && self.take_boundary(text, settings, to) {
            return;
        }
        let headers = if self.section == MailSection::Headers { &mut self.headers } else { &mut self.part_headers };
        let more = match text.split_first() {
            _ if !line.begins => Some(text),
            Some((b' ' | b'\t', rest)) => Some(rest),
            _ => None,
        };
        if let Some(more) = more {
            if let Some(header) = headers.last_mut() {
                let long = header.value().len() + more.len() > settings.value_depth;
                self.faults.add_if(long, MimeFault::LongHeaderValue);
                header.extend(more, settings.value_depth);
            }
            return;
        }
        let Some(header) = MailHeader::parse(text, settings.value_depth) else { return };
        self.faults.add_if(header.name().len() > MAX_HEADER_NAME, MimeFault::LongHeaderName);
        let long = text.len() > header.name().len() + 2 + settings.value_depth;
        self.faults.add_if(long, MimeFault::LongHeaderValue);
        if headers.len() < MAX_HEADERS {
            headers.push(header);
        } else {
            self.faults.add(MimeFault::TooMuch);
        }
    }

    /// A header is complete: what follows is a body, or headers again.
    fn end_headers(&mut self, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        let headers = if self.section == MailSection::Headers { &self.headers } else { &self.part_headers };
        let facts = PartFacts::of(headers);
        self.section = MailSection::Body;
        self.part_headers.clear();
        self.decoder = TransferDecoder::default();
        self.held = b"";
        self.kind = PartUse::Other;
        if let Some(name) = facts.filename {
            self.faults.add_if(name.len() > MAX_FILENAME, MimeFault::LongFilename);
            self.open_file(name.get(..MAX_FILENAME).unwrap_or(&name), to);
            self.kind = PartUse::File;
            self.decoder = facts.decoder;
        } else if let Some(boundary) = facts.boundary {
            self.faults.add_if(boundary.len() > MAX_BOUNDARY, MimeFault::LongBoundary);
            self.kind = PartUse::Ignored;
            self.enter(MailContainer::Multipart(boundary.into()));
        } else if facts.is_message && facts.decoder.is_identity() {
            // Its headers are those of a part.
            if self.enter(MailContainer::Message) {
                self.section = MailSection::PartHeaders;
            }
        } else if facts.is_text {
            self.kind = PartUse::Text;
            self.decoder = facts.decoder;
        }
        let unwanted = match self.decoder {
            TransferDecoder::Base64(_) => !settings.decode_base64,
            TransferDecoder::QuotedPrintable(_) => !settings.decode_quoted_printable,
            TransferDecoder::Identity => false,
        };
        if unwanted {
            to.close();
            self.kind = PartUse::Other;
        }
    }

    /// False when too much lies in each other already.
    fn enter(&mut self, container: MailContainer) -> bool {
        let deep = self.containers.len() >= MAX_NESTING;
        self.faults.add_if(deep, MimeFault::TooMuch);
        if !deep {
            self.containers.push(container);
        }
        !deep
    }

    fn open_file(&mut self, name: &[u8], to: &mut AttachmentTarget<'_, '_, '_>) {
        to.files.open(to.direction, name, true, to.context);
        if self.attachments.len() < MAX_ATTACHMENTS {
            self.attachments.push(name.into());
        } else {
            self.faults.add(MimeFault::TooMuch);
        }
    }

    fn body_line(&mut self, line: MailLine<'_>, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        if line.begins && self.take_boundary(line.text(), settings, to) {
            return;
        }
        match self.kind {
            PartUse::Ignored | PartUse::Other => {}
            PartUse::Uuencoded => self.uuencoded_line(line, settings, to),
            PartUse::Text if self.decoder.is_identity() && line.begins && line.ends() => match uu_begin(line.text()) {
                Some(name) => {
                    self.open_file(name.get(..MAX_FILENAME).unwrap_or(name), to);
                    self.kind = PartUse::Uuencoded;
                }
                None => self.find_links(line.octets, settings),
            },
            PartUse::Text | PartUse::File => self.decode(line, settings, to),
        }
    }

    fn decode(&mut self, line: MailLine<'_>, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        let mut decoded = Vec::new();
        let (breaks, outcome) = self.decoder.line(line.text(), line.ends(), &mut decoded);
        if !self.decoder.is_identity() {
            self.faults.add_if(self.line_length > MAX_ENCODED_LINE, MimeFault::LongEncodedLine);
        }
        if outcome.is_err() {
            self.faults.add(match self.decoder {
                TransferDecoder::Base64(_) => MimeFault::InvalidBase64,
                _ => MimeFault::InvalidQuotedPrintable,
            });
        }
        let end = if breaks { line.end() } else { b"" };
        let held = core::mem::replace(&mut self.held, end);
        if self.kind == PartUse::File {
            to.append(held);
            to.append(&decoded);
        }
        decoded.extend_from_slice(end);
        self.find_links(&decoded, settings);
    }

    fn uuencoded_line(&mut self, line: MailLine<'_>, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        if line.begins && line.text().trim_ascii_end() == b"end" {
            to.close();
            self.kind = PartUse::Text;
            return;
        }
        let mut decoded = Vec::new();
        // A line has a length of its own: a piece of one would be none.
        if line.begins && uu_line(line.text(), &mut decoded).is_ok() {
            self.find_links(&decoded, settings);
            to.append(&decoded);
        }
    }

    fn find_links(&mut self, text: &[u8], settings: &MimeSettings) {
        if self.links.take(text, &settings.links).is_err() {
            self.faults.add(MimeFault::TooMuch);
        }
    }

    /// A line that divides parts ends one. False when it divides none.
    fn take_boundary(&mut self, line: &[u8], settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) -> bool {
        let Some(found) = line.strip_prefix(b"--").and_then(|word| self.boundary(word)) else { return false };
        if self.section == MailSection::PartHeaders {
            self.end_headers(settings, to);
        }
        self.end_part(b"", true, settings, to);
        // What lies in it and was not ended is over, too.
        self.containers.truncate(found.position + usize::from(!found.closes));
        self.kind = PartUse::Ignored;
        self.section = if found.closes { MailSection::Body } else { MailSection::PartHeaders };
        true
    }

    /// The boundary that a word is: one that it is as a whole, or else the innermost that it begins with.
    fn boundary(&self, word: &[u8]) -> Option<FoundBoundary> {
        let word = word.trim_ascii_end();
        let all = || {
            self.containers.iter().enumerate().rev().filter_map(|(position, container)| match container {
                MailContainer::Multipart(boundary) => Some((position, &**boundary)),
                MailContainer::Message => None,
            })
        };
        let whole = all().find_map(|(position, boundary)| match word.strip_prefix(boundary)? {
            b"" => Some(FoundBoundary { position, closes: false }),
            b"--" => Some(FoundBoundary { position, closes: true }),
            _ => None,
        });
        whole.or_else(|| {
            let (position, boundary) = all().find(|(_, boundary)| word.starts_with(boundary))?;
            let closes = word.get(boundary.len()..).is_some_and(|rest| rest.starts_with(b"--"));
            Some(FoundBoundary { position, closes })
        })
    }

    /// A part is over, with all of it or without its end. `last`: what ends its last line belongs to it.
    fn end_part(&mut self, last: &[u8], whole: bool, settings: &MimeSettings, to: &mut AttachmentTarget<'_, '_, '_>) {
        let mut rest = Vec::new();
        core::mem::take(&mut self.decoder).finish(&mut rest);
        if self.links.take(&rest, &settings.links).is_err() | self.links.finish(&settings.links).is_err() {
            self.faults.add(MimeFault::TooMuch);
        }
        if matches!(self.kind, PartUse::File | PartUse::Uuencoded) {
            to.append(last);
            to.append(&rest);
            if whole {
                to.close();
            } else {
                to.files.truncate(to.direction, to.context);
            }
        }
        self.held = b"";
        self.kind = PartUse::Ignored;
    }
}

/// A boundary that a line is.
struct FoundBoundary {
    /// Among those that are open.
    position: usize,
    /// It ends the multipart.
    closes: bool,
}

/// What the headers of a message or part say of its body.
#[derive(Default)]
struct PartFacts {
    filename: Option<Vec<u8>>,
    boundary: Option<Vec<u8>>,
    decoder: TransferDecoder,
    is_text: bool,
    /// It is a message, with headers of its own.
    is_message: bool,
}

impl PartFacts {
    fn of(headers: &[MailHeader]) -> Self {
        let first = |name: &str| headers.iter().find(|header| header.is(name));
        let (disposition, kind) = (first("content-disposition"), first("content-type"));
        let main = kind.map(|header| header.main().to_ascii_lowercase());
        let begins = |prefix: &[u8]| main.as_ref().is_some_and(|main| main.starts_with(prefix));
        let named = disposition.and_then(|header| header.parameter("filename"));
        let named = named.or_else(|| kind.and_then(|header| header.parameter("name")));
        Self {
            filename: named.filter(|name| !name.is_empty()),
            boundary: kind.filter(|_| begins(b"multipart/")).and_then(|header| header.parameter("boundary")),
            decoder: first("content-transfer-encoding")
                .map_or(TransferDecoder::Identity, |header| TransferDecoder::named(header.main())),
            // [RFC 2045] 5.2: plain text where nothing is said.
            is_text: main.is_none() || begins(b"text/"),
            is_message: main
                .as_ref()
                .is_some_and(|main| matches!(main.as_slice(), b"message/rfc822" | b"message/global")),
        }
    }
}
