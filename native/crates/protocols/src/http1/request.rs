//! The request side of a flow.

use std::sync::Arc;

use sidewire_app_layer::{ParseContext, ParseFailed, Transactions, TxSlot};
use sidewire_base::{Direction, Time, TxId};

use super::event::HttpEvent;
use super::header::{MessageSide, MessageSpan};
use super::line::{self, ChunkLine, HttpVersion};
use super::rpc::BodyOpening;
use super::state::{RequestState, ResponseState};
use super::text::{contains, is_space, trim};
use super::{Http1, HttpTransaction, ParseStep, stage};
use crate::dcerpc::channels;

const HERE: Direction = Direction::ToServer;

/// White space after a request line without version that does not speak against HTTP/0.9.
const MAX_OLD_JUNK: usize = 16;

impl Http1 {
    pub(super) fn request_step(
        &mut self,
        data: &[u8],
        last: bool,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<ParseStep, ParseFailed> {
        let now = context.time;
        match self.request {
            RequestState::Idle => {
                return if data.is_empty() { Ok(ParseStep::Wait) } else { self.request_begin(transactions, now) };
            }
            RequestState::Ignore => return Ok(ParseStep::On(data.len()).unless_empty(data)),
            RequestState::Resync => return Ok(self.request_resync(data)),
            _ => {}
        }
        let slot = transactions.by_id(self.request_id).ok_or(ParseFailed)?;
        slot.head.updated = now;
        match self.request {
            RequestState::Line => self.request_line(data, last, slot, context),
            RequestState::Old => {
                let blank = data.iter().take_while(|octet| is_space(**octet)).count();
                if blank < data.len() || blank > MAX_OLD_JUNK {
                    slot.tx.request.old = false;
                    slot.raise(HttpEvent::RequestLineMissingProtocol);
                    self.request = RequestState::Headers;
                    return Ok(ParseStep::On(0));
                }
                Ok(ParseStep::Wait)
            }
            RequestState::Headers => {
                let (taken, end) = self.headers(MessageSide::Request, data, last, slot)?;
                if end {
                    self.request_headers_done(slot, context)?;
                    return Ok(ParseStep::On(taken));
                }
                Ok(ParseStep::On(taken).or_wait())
            }
            RequestState::Trailer => {
                let (taken, end) = self.headers(MessageSide::Request, data, last, slot)?;
                if end {
                    slot.tx.headers_changed(HERE);
                    slot.advance(HERE, stage::TRAILER, now);
                    self.request = RequestState::Finalize;
                    return Ok(ParseStep::On(taken));
                }
                Ok(ParseStep::On(taken).or_wait())
            }
            RequestState::Length(left) => {
                if slot.tx.request.content_length == Some(left)
                    && !data.is_empty()
                    && let Some(moved) = self.request_channel(left, data, last, slot, context)
                {
                    return Ok(moved);
                }
                let (moved, left) = self.counted(HERE, left, data, slot, context);
                self.request = if left == 0 { RequestState::Finalize } else { RequestState::Length(left) };
                Ok(moved)
            }
            RequestState::ChunkLine => self.request_chunk_line(data, last, slot),
            RequestState::Chunk(left) => {
                let (moved, left) = self.counted(HERE, left, data, slot, context);
                self.request = if left == 0 { RequestState::ChunkEnd } else { RequestState::Chunk(left) };
                Ok(moved)
            }
            RequestState::ChunkEnd => {
                let (moved, ended) = Self::behind_chunk(HERE, data, slot);
                if ended {
                    self.request = RequestState::ChunkLine;
                }
                Ok(moved)
            }
            RequestState::Finalize => Ok(self.request_finalize(data, last, slot, context)),
            RequestState::Connect => Ok(ParseStep::Wait),
            RequestState::Idle | RequestState::Ignore | RequestState::Resync => Ok(ParseStep::Wait),
        }
    }

    /// Opens the transaction of a request that begins.
    fn request_begin(
        &mut self,
        transactions: &mut Transactions<HttpTransaction>,
        now: Time,
    ) -> Result<ParseStep, ParseFailed> {
        if transactions.len() >= self.config.max_transactions {
            return Err(ParseFailed);
        }
        let slot = transactions.open(HttpTransaction::new(Arc::clone(&self.config)), now);
        self.request_id = slot.head.id;
        self.request = RequestState::Line;
        Ok(ParseStep::On(0))
    }

    /// Is the body that begins here a channel of RPC over HTTP? `None`: it is read as a body.
    fn request_channel(
        &mut self,
        length: u64,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Option<ParseStep> {
        match BodyOpening::of(slot.tx.method(), length, data) {
            BodyOpening::No => self.rpc_out = None,
            BodyOpening::More if last => {}
            BodyOpening::More => return Some(ParseStep::Wait),
            BodyOpening::Channel(cookie, Direction::ToClient) => self.rpc_out = Some(cookie),
            BodyOpening::Channel(cookie, carries) => {
                let (client, server) = (context.client, context.server);
                channels(context.extensions).announce(client, server, cookie, carries);
                Self::complete(HERE, slot, context);
                self.request = RequestState::Ignore;
                self.response = ResponseState::Closed;
                return Some(ParseStep::Switch(0, "dcerpc"));
            }
        }
        None
    }

    fn request_line(
        &mut self,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<ParseStep, ParseFailed> {
        let taken = match memchr::memchr(b'\n', data) {
            Some(end) => end + 1,
            None if last && !data.is_empty() => data.len(),
            None if data.len() > self.config.field_limit => {
                slot.raise(HttpEvent::RequestFieldTooLong);
                return Err(ParseFailed);
            }
            None => return Ok(ParseStep::Wait),
        };
        let line = data.get(..taken).unwrap_or_default();
        if line.len() > self.config.field_limit {
            slot.raise(HttpEvent::RequestFieldTooLong);
            return Err(ParseFailed);
        }
        if matches!(line, b"\r" | b"\n" | b"\r\n") {
            return Ok(ParseStep::On(taken));
        }
        self.request_line_done(line::chomp(line), slot);
        slot.advance(HERE, stage::LINE, context.time);
        self.request = if slot.tx.request.old { RequestState::Old } else { RequestState::Headers };
        Ok(ParseStep::On(taken))
    }

    /// Reads the request line and judges it.
    fn request_line_done(&self, text: &[u8], slot: &mut TxSlot<HttpTransaction>) {
        let line = line::request_line(text, self.config.spaces_in_uri);
        let span = |piece: &[u8]| MessageSpan::of(piece, text);
        let request = &mut slot.tx.request;
        request.line = request.head.begin(text);
        request.has_line = true;
        request.method = span(line.method);
        request.uri = line.uri.map(span);
        request.protocol = line.protocol.map(span);
        request.known_method = line::is_known_method(line.method);
        request.version = line.protocol.map_or(HttpVersion::V0_9, line::version);
        request.old = line.protocol.is_none();
        let unknown_only = line.uri.is_none() && !request.known_method;
        let invalid = !request.known_method && request.version == HttpVersion::Invalid;
        let mut raise = |on: bool, event: HttpEvent| {
            if on {
                slot.raise(event);
            }
        };
        raise(line.leading_space, HttpEvent::RequestLineLeadingWhitespace);
        raise(line.odd_method_delimiter, HttpEvent::MethodDelimNonCompliant);
        raise(line.odd_uri_delimiter, HttpEvent::UriDelimNonCompliant);
        raise(unknown_only, HttpEvent::RequestLineUnknownMethod);
        raise(invalid, HttpEvent::RequestLineInvalid);
        self.target(slot);
    }

    /// Takes host and port from the target and judges them.
    fn target(&self, slot: &mut TxSlot<HttpTransaction>) {
        let mut invalid = false;
        let (host, port) = if slot.tx.is_connect() {
            let authority = slot.tx.uri().and_then(line::host_port);
            let port = authority.and_then(|authority| authority.port);
            invalid |= authority.is_some_and(|authority| !authority.valid);
            (authority.map(|authority| authority.host.to_ascii_lowercase()), port.and_then(|(_, number)| number))
        } else {
            let parts = slot.tx.parts();
            let port = parts.port.map(line::port_number);
            invalid |= port == Some(None);
            (parts.host.map(|host| super::uri::host(host, &self.config.decoding)), port.flatten())
        };
        invalid |= host.as_deref().is_some_and(|host| !line::is_valid_host(host));
        slot.tx.request.host = host.map(Vec::into_boxed_slice);
        slot.tx.request.port = port;
        if invalid {
            slot.raise(HttpEvent::RequestUriHostInvalid);
        }
        let twice = self.config.decoding.twice_path || self.config.decoding.twice_query;
        if twice && slot.tx.normalised().twice_encoded {
            slot.raise(HttpEvent::DoubleEncodedUri);
        }
    }

    /// Decides what the headers mean: host, body, what comes next.
    fn request_headers_done(
        &mut self,
        slot: &mut TxSlot<HttpTransaction>,
        context: &ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        slot.tx.request.has_headers = true;
        slot.advance(HERE, stage::HEADERS, context.time);
        let body = Self::request_body_kind(slot);
        Self::host(slot, context);
        let scheme = slot.tx.header(HERE, b"authorization");
        let known = |value: &[u8]| {
            [&b"basic"[..], b"digest", b"bearer"]
                .iter()
                .any(|name| value.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
        };
        if scheme.is_some_and(|value| !known(value)) {
            slot.tx.request.late.push(HttpEvent::RequestAuthUnrecognized);
        }
        self.decode(HERE, slot);
        if slot.tx.is_connect() {
            self.request = RequestState::Connect;
            return Ok(());
        }
        self.request = match body {
            BodyKind::None => RequestState::Finalize,
            BodyKind::Length(length) => RequestState::Length(length),
            BodyKind::Chunked => RequestState::ChunkLine,
            BodyKind::Invalid => return Err(ParseFailed),
        };
        Ok(())
    }

    /// How the body is delimited. [RFC 9112] 6.
    fn request_body_kind(slot: &mut TxSlot<HttpTransaction>) -> BodyKind {
        let version = slot.tx.request.version;
        if let Some(value) = slot.tx.header(HERE, b"transfer-encoding") {
            if !contains(value, b"chunked") {
                slot.raise(HttpEvent::InvalidTransferEncodingInRequest);
                return BodyKind::Invalid;
            }
            if version < HttpVersion::V1_1 {
                slot.raise(HttpEvent::InvalidTransferEncodingInRequest);
            }
            return BodyKind::Chunked;
        }
        let Some(value) = slot.tx.header(HERE, b"content-length") else { return BodyKind::None };
        let length = line::content_length(value);
        slot.tx.request.content_length = length;
        match length {
            Some(0) => BodyKind::None,
            Some(length) => BodyKind::Length(length),
            None => {
                slot.raise(HttpEvent::InvalidContentLengthInRequest);
                BodyKind::Invalid
            }
        }
    }

    /// Compares the `Host` header with the target, and takes the host from it when the target names none.
    fn host(slot: &mut TxSlot<HttpTransaction>, context: &ParseContext<'_>) {
        let Some(value) = slot.tx.header(HERE, b"host") else {
            if slot.tx.request.version >= HttpVersion::V1_1 {
                slot.tx.request.late.push(HttpEvent::MissingHostHeader);
            }
            return Self::port(slot, context);
        };
        let request = &slot.tx.request;
        let mut ambiguous = false;
        let mut invalid = false;
        let mut taken = None;
        match (line::host_port(value), request.host.as_deref()) {
            (Some(header), None) => {
                invalid = !header.valid;
                taken = Some((header.host.to_ascii_lowercase(), header.port.and_then(|(_, number)| number)));
            }
            (Some(header), Some(host)) => {
                invalid = !header.valid;
                ambiguous = !host.eq_ignore_ascii_case(header.host);
                if let (Some((_, number)), Some(port)) = (header.port, request.port) {
                    ambiguous |= number != Some(port);
                }
            }
            (None, Some(_)) => ambiguous = true,
            (None, None) => {}
        }
        if let Some((host, port)) = taken {
            slot.tx.request.host = Some(host.into_boxed_slice());
            slot.tx.request.port = port;
        }
        if invalid {
            slot.tx.request.late.push(HttpEvent::RequestHeaderHostInvalid);
        }
        if ambiguous {
            slot.tx.request.late.push(HttpEvent::HostHeaderAmbiguous);
        }
        Self::port(slot, context);
    }

    fn port(slot: &mut TxSlot<HttpTransaction>, context: &ParseContext<'_>) {
        if slot.tx.request.port.is_some_and(|port| port != context.server.port) {
            slot.tx.request.late.push(HttpEvent::RequestServerPortMismatch);
        }
    }

    fn request_chunk_line(
        &mut self,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
    ) -> Result<ParseStep, ParseFailed> {
        let Some(end) = memchr::memchr(b'\n', data) else {
            if !line::may_be_chunk_line(data) || data.len() > self.config.field_limit {
                slot.raise(HttpEvent::InvalidRequestChunkLen);
                return Err(ParseFailed);
            }
            return Ok(if last { ParseStep::On(data.len()).unless_empty(data) } else { ParseStep::Wait });
        };
        let text = data.get(..=end).unwrap_or_default();
        slot.tx.request.payload.body.wire += text.len() as u64;
        match line::chunk_line(text) {
            ChunkLine::Empty => {}
            ChunkLine::Length { length, extension } => {
                if extension {
                    slot.raise(HttpEvent::RequestChunkExtension);
                }
                self.request = if length == 0 {
                    slot.tx.request.head.begin_trailer();
                    RequestState::Trailer
                } else {
                    RequestState::Chunk(length)
                };
            }
            ChunkLine::TooLarge | ChunkLine::Invalid => {
                slot.raise(HttpEvent::InvalidRequestChunkLen);
                return Err(ParseFailed);
            }
        }
        Ok(ParseStep::On(text.len()))
    }

    /// Ends a request, unless what follows at once is no request: that belongs to it as body nobody announced.
    fn request_finalize(
        &mut self,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> ParseStep {
        let end = memchr::memchr(b'\n', data);
        let text = data.get(..end.map_or(data.len(), |end| end + 1)).unwrap_or_default();
        if text.is_empty() || is_request(text) {
            return self.request_complete(slot, context);
        }
        if end.is_none() && !last {
            return if data.len() > self.config.field_limit {
                self.request_complete(slot, context)
            } else {
                ParseStep::Wait
            };
        }
        if !trim(text).is_empty() {
            slot.raise(HttpEvent::RequestBodyUnexpected);
        }
        self.body(HERE, text, slot, context);
        ParseStep::On(text.len())
    }

    fn request_complete(&mut self, slot: &mut TxSlot<HttpTransaction>, context: &mut ParseContext<'_>) -> ParseStep {
        for event in core::mem::take(&mut slot.tx.request.late) {
            slot.raise(event);
        }
        Self::complete(HERE, slot, context);
        Self::form_faults(slot);
        self.request = if slot.tx.request.old { RequestState::Ignore } else { RequestState::Idle };
        ParseStep::On(0)
    }

    fn form_faults(slot: &mut TxSlot<HttpTransaction>) {
        let faults = slot.tx.request.payload.file.faults();
        if faults.invalid_header {
            slot.raise(HttpEvent::MultipartInvalidHeader);
        }
        if faults.no_data {
            slot.raise(HttpEvent::MultipartNoFiledata);
        }
    }

    /// The answer has begun: an HTTP/0.9 request is over.
    pub(super) fn request_answered(
        &mut self,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if self.request == RequestState::Old
            && let Some(slot) = transactions.by_id(self.request_id)
        {
            self.request_complete(slot, context);
        }
    }

    /// The answer says that the announced body will not come, or that a tunnel was refused: the request is over.
    pub(super) fn request_cut_short(
        &mut self,
        id: TxId,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        let waiting = match self.request {
            RequestState::Connect => true,
            RequestState::Length(left) => Some(left) == slot.tx.request.content_length,
            _ => false,
        };
        if waiting && self.request_id == id {
            self.request_complete(slot, context);
        }
    }

    /// Skips octets until a line looks like a request.
    fn request_resync(&mut self, data: &[u8]) -> ParseStep {
        let end = memchr::memchr(b'\n', data);
        let text = data.get(..end.map_or(data.len(), |end| end + 1)).unwrap_or_default();
        if is_request(text) {
            self.request = RequestState::Idle;
            return ParseStep::On(0);
        }
        if end.is_none() && text.len() < self.config.field_limit {
            return ParseStep::Wait;
        }
        ParseStep::On(text.len())
    }

    pub(super) fn request_gap(
        &mut self,
        length: u64,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        let slot = transactions.by_id(self.request_id);
        let left = match self.request {
            RequestState::Idle | RequestState::Resync | RequestState::Ignore => {
                if self.request == RequestState::Idle {
                    self.request = RequestState::Resync;
                }
                return;
            }
            RequestState::Length(left) | RequestState::Chunk(left) => left,
            _ => 0,
        };
        let Some(slot) = slot else { return };
        Self::skip(HERE, length.min(left), slot, context);
        if left > length {
            self.request = match self.request {
                RequestState::Length(_) => RequestState::Length(left - length),
                _ => RequestState::Chunk(left - length),
            };
            return;
        }
        let ended = left == length && matches!(self.request, RequestState::Length(_));
        self.request_complete(slot, context);
        self.request = if ended { RequestState::Idle } else { RequestState::Resync };
    }

    pub(super) fn request_end(
        &mut self,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if matches!(self.request, RequestState::Idle | RequestState::Ignore | RequestState::Resync) {
            return;
        }
        if let Some(slot) = transactions.by_id(self.request_id) {
            slot.tx.request.has_headers |= self.request == RequestState::Headers && slot.tx.request.has_line;
            self.request_complete(slot, context);
        }
        self.request = RequestState::Ignore;
    }
}

enum BodyKind {
    None,
    Length(u64),
    Chunked,
    Invalid,
}

/// A line that is a request line: it begins with a known method, or ends with a version.
fn is_request(line: &[u8]) -> bool {
    let start = line.iter().take_while(|octet| is_space(**octet)).count();
    let rest = line.get(start..).unwrap_or_default();
    let length = rest.iter().take_while(|octet| !is_space(**octet)).count();
    if length < rest.len() && line::is_known_method(rest.get(..length).unwrap_or_default()) {
        return true;
    }
    line.last() == Some(&b'\n')
        && trim(rest)
            .rsplit(|octet| *octet == b' ')
            .next()
            .is_some_and(|word| word.len() < rest.len() && line::version(word) > HttpVersion::Unknown)
}

impl ParseStep {
    /// Waits instead of taking nothing.
    pub(super) const fn or_wait(self) -> Self {
        match self {
            Self::On(0) => Self::Wait,
            other => other,
        }
    }

    /// Waits when there was nothing to take.
    pub(super) const fn unless_empty(self, data: &[u8]) -> Self {
        if data.is_empty() { Self::Wait } else { self }
    }
}
