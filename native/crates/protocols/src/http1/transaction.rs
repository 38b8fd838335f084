//! A request with its response, and the texts rules look into.

use core::cell::OnceCell;
use core::ops::Range;
use std::sync::Arc;

use sidewire_base::Direction;
use sidewire_files::{FileContext, TxFiles};
use smallvec::SmallVec;

use super::body::HttpBody;
use super::body_file::{BodyFile, BodyPart, BodyTarget};
use super::config::{BodyLimits, HttpConfig};
use super::content::BodyDecoder;
use super::content_range::{ContentRange, content_range};
use super::event::HttpEvent;
use super::header::{HeaderBlock, MessageSpan};
use super::line::HttpVersion;
use super::multipart;
use super::uri::{self, NormalisedTarget, TargetParts};

/// Decoded octets to one octet on the wire from which on a body may be a bomb.
const BOMB_RATIO: u64 = 2048;

/// The request target of a response whose request was never seen.
pub(super) const UNSEEN_URI: &[u8] = b"/libhtp::request_uri_not_seen";

/// A request with its response.
#[derive(Debug)]
pub struct HttpTransaction {
    pub(super) config: Arc<HttpConfig>,
    pub(super) request: HttpRequest,
    pub(super) response: HttpResponse,
    pub(super) files: TxFiles,
}

/// Texts that are made when somebody asks for them.
#[derive(Debug, Default)]
pub(super) struct DerivedTexts {
    header: OnceCell<Vec<u8>>,
    names: OnceCell<Vec<u8>>,
    start: OnceCell<Vec<u8>>,
    items: OnceCell<(Vec<u8>, Vec<Range<usize>>)>,
}

/// A body with what decodes it, and the files it is.
#[derive(Debug, Default)]
pub(super) struct BodyPayload {
    pub body: HttpBody,
    pub decoder: BodyDecoder,
    pub file: BodyFile,
}

#[derive(Debug, Default)]
pub(super) struct HttpRequest {
    pub head: HeaderBlock,
    pub line: MessageSpan,
    pub method: MessageSpan,
    pub uri: Option<MessageSpan>,
    pub protocol: Option<MessageSpan>,
    pub version: HttpVersion,
    pub known_method: bool,
    /// No version, no headers.
    pub old: bool,
    /// The request line was parsed.
    pub has_line: bool,
    /// The headers are complete.
    pub has_headers: bool,
    /// The request was never seen: only its response.
    pub unseen: bool,
    /// The host, lower case, from the target or else from the header.
    pub host: Option<Box<[u8]>>,
    pub port: Option<u16>,
    pub content_length: Option<u64>,
    /// What is odd about the headers and is told when the request is complete.
    pub late: SmallVec<[HttpEvent; 4]>,
    pub payload: BodyPayload,
    pub made: DerivedTexts,
    normalised: OnceCell<NormalisedTarget>,
}

#[derive(Debug, Default)]
pub(super) struct HttpResponse {
    pub head: HeaderBlock,
    pub line: MessageSpan,
    pub protocol: Option<MessageSpan>,
    pub status: Option<MessageSpan>,
    pub message: Option<MessageSpan>,
    pub version: HttpVersion,
    pub code: Option<u16>,
    pub has_line: bool,
    pub has_headers: bool,
    /// An interim `100 Continue` was seen.
    pub continued: bool,
    pub payload: BodyPayload,
    pub made: DerivedTexts,
}

impl HttpTransaction {
    pub(super) fn new(config: Arc<HttpConfig>) -> Self {
        Self { config, request: HttpRequest::default(), response: HttpResponse::default(), files: TxFiles::default() }
    }

    pub(super) const fn payload(&self, direction: Direction) -> &BodyPayload {
        match direction {
            Direction::ToServer => &self.request.payload,
            Direction::ToClient => &self.response.payload,
        }
    }

    pub(super) const fn payload_mut(&mut self, direction: Direction) -> &mut BodyPayload {
        match direction {
            Direction::ToServer => &mut self.request.payload,
            Direction::ToClient => &mut self.response.payload,
        }
    }

    pub(super) fn limits(&self, direction: Direction) -> BodyLimits {
        match direction {
            Direction::ToServer => self.config.request_body,
            Direction::ToClient => self.config.response_body,
        }
    }

    const fn side(&self, direction: Direction) -> (&HeaderBlock, &DerivedTexts, bool) {
        match direction {
            Direction::ToServer => (&self.request.head, &self.request.made, self.request.has_headers),
            Direction::ToClient => (&self.response.head, &self.response.made, self.response.has_headers),
        }
    }

    /// Forgets made texts: the headers changed (a trailer).
    pub(super) fn headers_changed(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.request.made = DerivedTexts::default(),
            Direction::ToClient => self.response.made = DerivedTexts::default(),
        }
    }

    /// The headers of one side, once they are complete.
    pub(super) fn head(&self, direction: Direction) -> Option<&HeaderBlock> {
        let (head, _, complete) = self.side(direction);
        complete.then_some(head)
    }

    /// The headers of one side as they were sent.
    pub(super) fn header_block(&self, direction: Direction) -> Option<&[u8]> {
        self.head(direction).map(HeaderBlock::block).filter(|block| !block.is_empty())
    }

    /// The trailer of one side as it was sent, once the body before it is over.
    pub(super) fn trailer(&self, direction: Direction) -> Option<&[u8]> {
        self.head(direction)?.trailer()
    }

    /// The value of a header of one side.
    pub(super) fn header(&self, direction: Direction, name: &[u8]) -> Option<&[u8]> {
        self.head(direction)?.get(name)
    }

    pub(super) fn method(&self) -> &[u8] {
        self.request.head.text(self.request.method)
    }

    pub(super) fn uri(&self) -> Option<&[u8]> {
        if self.request.unseen {
            return Some(UNSEEN_URI);
        }
        self.request.uri.map(|uri| self.request.head.text(uri))
    }

    pub(super) fn is_connect(&self) -> bool {
        self.method() == b"CONNECT"
    }

    /// The target, taken apart; nothing of `CONNECT`'s, which is no URI.
    pub(super) fn parts(&self) -> TargetParts<'_> {
        match self.request.uri {
            Some(span) if !self.is_connect() => uri::split(self.request.head.text(span)),
            _ => TargetParts::default(),
        }
    }

    /// The normalised target.
    pub(super) fn normalised(&self) -> &NormalisedTarget {
        self.request.normalised.get_or_init(|| uri::normalise(&self.parts(), &self.config.decoding))
    }

    /// The headers of one side without cookies, as `name: value` lines.
    pub(super) fn header_text(&self, direction: Direction) -> Option<&[u8]> {
        let (head, made, complete) = self.side(direction);
        let make = || {
            let mut out = Vec::with_capacity(head.block().len());
            for (name, value) in head.headers().filter(|(name, _)| !is_cookie(name, direction)) {
                line(&mut out, name, value);
            }
            out
        };
        complete.then(|| made.header.get_or_init(make).as_slice()).filter(|text| !text.is_empty())
    }

    /// The names of the headers of one side, each on its line, between empty lines.
    pub(super) fn header_names(&self, direction: Direction) -> Option<&[u8]> {
        let (head, made, complete) = self.side(direction);
        let make = || {
            let mut out = b"\r\n".to_vec();
            for (name, _) in head.headers() {
                out.extend_from_slice(name);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"\r\n");
            out
        };
        (complete && head.len() > 0).then(|| made.names.get_or_init(make).as_slice())
    }

    /// First line and headers of one side. A status line stands there with its own line end.
    pub(super) fn start(&self, direction: Direction) -> Option<&[u8]> {
        let (head, made, complete) = self.side(direction);
        let first = match direction {
            Direction::ToServer => self.request.line,
            Direction::ToClient => self.response.line,
        };
        let make = || {
            let mut out = Vec::with_capacity(head.block().len() + 64);
            out.extend_from_slice(head.text(first));
            out.extend_from_slice(b"\r\n");
            for (name, value) in head.headers() {
                line(&mut out, name, value);
            }
            out.extend_from_slice(b"\r\n");
            out
        };
        (complete && head.len() > 0).then(|| made.start.get_or_init(make).as_slice())
    }

    /// The nth header of one side as `name: value`.
    pub(super) fn header_item(&self, direction: Direction, nth: usize) -> Option<&[u8]> {
        let (head, made, complete) = self.side(direction);
        if !complete {
            return None;
        }
        let (text, items) = made.items.get_or_init(|| {
            let (mut out, mut items) = (Vec::with_capacity(head.block().len()), Vec::with_capacity(head.len()));
            for (name, value) in head.headers() {
                let start = out.len();
                out.extend_from_slice(name);
                out.extend_from_slice(b": ");
                out.extend_from_slice(value);
                items.push(start..out.len());
            }
            (out, items)
        });
        text.get(items.get(nth)?.clone())
    }

    /// The host as it was sent: in the target, or else in the header.
    pub(super) fn raw_host(&self) -> Option<&[u8]> {
        self.parts().host.or_else(|| self.header(Direction::ToServer, b"host"))
    }

    /// The name of the file a body is.
    pub(super) fn file_name(&self, direction: Direction) -> &[u8] {
        let disposition = match direction {
            Direction::ToClient => self.header(direction, b"content-disposition"),
            Direction::ToServer => None,
        };
        if let Some(name) = disposition.and_then(|value| multipart::parameter(value, b"filename")) {
            return name;
        }
        if self.request.unseen {
            return UNSEEN_URI;
        }
        let NormalisedTarget { uri, path, .. } = self.normalised();
        uri.as_deref().and_then(|uri| uri.get(..*path)).unwrap_or_default()
    }

    /// Takes octets of a body as they were sent (without chunk lines). True when they turned out to be a bomb.
    pub(super) fn take_body(
        &mut self,
        direction: Direction,
        octets: &[u8],
        bomb_limit: u64,
        context: &mut FileContext<'_>,
    ) -> bool {
        self.begin_file(direction);
        let (BodyPayload { body, decoder, file }, mut target) = self.body_target(direction, context);
        body.wire = body.wire.saturating_add(octets.len() as u64);
        let mut bomb = false;
        decoder.push(octets, &mut |decoded| {
            file.take(&mut target, decoded, body.here());
            body.push(decoded, target.limits);
            bomb = body.entity > bomb_limit && body.entity > body.wire.saturating_mul(BOMB_RATIO);
            !bomb
        });
        bomb
    }

    /// Octets of a body are missing.
    pub(super) fn skip_body(&mut self, direction: Direction, length: u64, context: &mut FileContext<'_>) {
        self.begin_file(direction);
        let (BodyPayload { body, file, .. }, mut target) = self.body_target(direction, context);
        file.skip(&mut target, length, body.here());
        body.skip(length);
    }

    /// Nothing of a body follows. True when it could not be decoded as it was said to be.
    pub(super) fn finish_body(&mut self, direction: Direction, context: &mut FileContext<'_>) -> bool {
        let (BodyPayload { body, decoder, file }, mut target) = self.body_target(direction, context);
        // What decoded the body is not needed for logging.
        let mut decoder = core::mem::take(decoder);
        let failed = decoder.failed();
        decoder.finish(&mut |decoded| {
            file.take(&mut target, decoded, body.here());
            body.push(decoded, target.limits);
            true
        });
        body.finish();
        file.finish(&mut target);
        failed
    }

    /// A body begins: is it a file, or a form that holds some?
    fn begin_file(&mut self, direction: Direction) {
        if !self.payload(direction).file.has_begun() {
            let file = match (direction, self.method()) {
                (Direction::ToClient, _) => {
                    let range = self.header(direction, b"content-range").and_then(content_range);
                    BodyFile::whole(self.file_name(direction), range.and_then(|range| self.body_part(range)))
                }
                (Direction::ToServer, b"POST") => {
                    match self.header(direction, b"content-type").and_then(multipart::boundary) {
                        Some(boundary) => BodyFile::form(boundary),
                        None => BodyFile::whole(self.file_name(direction), None),
                    }
                }
                (Direction::ToServer, b"PUT") => BodyFile::whole(self.file_name(direction), None),
                // Bodies of other requests are no files.
                (Direction::ToServer, _) => BodyFile::Over,
            };
            self.payload_mut(direction).file = file;
        }
    }

    /// Which part of a file the answer is.
    fn body_part(&self, ContentRange { bounds, size }: ContentRange) -> Option<BodyPart> {
        let (start, end) = bounds?;
        let key = [self.raw_host().unwrap_or_default(), b"\0", self.file_name(Direction::ToClient)].concat();
        // What was compressed is divided in that form.
        let plain = self.header(Direction::ToClient, b"content-encoding").is_none();
        Some(BodyPart { key: key.into(), start, end, size: size.filter(|_| plain) })
    }

    fn body_target<'t, 'c, 'm>(
        &'t mut self,
        direction: Direction,
        context: &'c mut FileContext<'m>,
    ) -> (&'t mut BodyPayload, BodyTarget<'t, 'c, 'm>) {
        let limits = self.limits(direction);
        let Self { request, response, files, .. } = self;
        let payload = match direction {
            Direction::ToServer => &mut request.payload,
            Direction::ToClient => &mut response.payload,
        };
        (payload, BodyTarget { direction, limits, files, context })
    }
}

fn is_cookie(name: &[u8], direction: Direction) -> bool {
    name.eq_ignore_ascii_case(match direction {
        Direction::ToServer => b"cookie",
        Direction::ToClient => b"set-cookie",
    })
}

fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
