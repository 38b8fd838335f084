//! The response side of a flow.

use std::sync::Arc;

use sidewire_app_layer::{ParseContext, ParseFailed, Transactions, TxSlot};
use sidewire_base::Direction;

use super::content::BodyDecoder;
use super::content_range::content_range;
use super::event::HttpEvent;
use super::header::{MessageSide, MessageSpan};
use super::line::{self, ChunkLine, HttpVersion};
use super::state::{RequestState, ResponseState};
use super::text::{contains, is_space, same};
use super::{Http1, HttpTransaction, ParseStep, stage};
use crate::dcerpc::channels;

const HERE: Direction = Direction::ToClient;

/// File names longer than this are an event.
const MAX_FILE_NAME: usize = 4096;

impl Http1 {
    pub(super) fn response_step(
        &mut self,
        data: &[u8],
        last: bool,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<ParseStep, ParseFailed> {
        let now = context.time;
        match self.response {
            ResponseState::Idle => {
                if data.is_empty() {
                    return Ok(ParseStep::Wait);
                }
                self.response_begin(transactions, context)?;
                return Ok(ParseStep::On(0));
            }
            ResponseState::Resync => return Ok(self.response_resync(data)),
            ResponseState::Closed => return Ok(ParseStep::On(data.len()).unless_empty(data)),
            _ => {}
        }
        let slot = transactions.by_id(self.response_id).ok_or(ParseFailed)?;
        slot.head.updated = now;
        match self.response {
            ResponseState::Line => self.response_line(data, last, slot, context),
            ResponseState::Headers => {
                let (taken, end) = self.headers(MessageSide::Response, data, last, slot)?;
                if end {
                    return self.response_headers_done(taken, slot, context);
                }
                Ok(ParseStep::On(taken).or_wait())
            }
            ResponseState::Trailer => {
                let (taken, end) = self.headers(MessageSide::Response, data, last, slot)?;
                if end {
                    slot.tx.headers_changed(HERE);
                    slot.advance(HERE, stage::TRAILER, now);
                    self.response = ResponseState::Finalize;
                    return Ok(ParseStep::On(taken));
                }
                Ok(ParseStep::On(taken).or_wait())
            }
            ResponseState::Length(left) => {
                let (moved, left) = self.counted(HERE, left, data, slot, context);
                self.response = if left == 0 { ResponseState::Finalize } else { ResponseState::Length(left) };
                Ok(moved)
            }
            ResponseState::UntilClose => {
                if !data.is_empty() {
                    self.body(HERE, data, slot, context);
                }
                Ok(ParseStep::On(data.len()).or_wait())
            }
            ResponseState::ChunkLine => self.response_chunk_line(data, slot),
            ResponseState::Chunk(left) => {
                let (moved, left) = self.counted(HERE, left, data, slot, context);
                self.response = if left == 0 { ResponseState::ChunkEnd } else { ResponseState::Chunk(left) };
                Ok(moved)
            }
            ResponseState::ChunkEnd => {
                let (moved, ended) = Self::behind_chunk(HERE, data, slot);
                if ended {
                    self.response = ResponseState::ChunkLine;
                }
                Ok(moved)
            }
            ResponseState::Finalize => Ok(self.response_finalize(data, last, slot, context)),
            ResponseState::Idle | ResponseState::Resync | ResponseState::Closed => Ok(ParseStep::Wait),
        }
    }

    /// Finds, or makes up, the transaction a response belongs to.
    fn response_begin(
        &mut self,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        self.request_answered(transactions, context);
        if self.response_id.0 >= transactions.opened() {
            if transactions.len() >= self.config.max_transactions {
                return Err(ParseFailed);
            }
            let slot = transactions.open(HttpTransaction::new(Arc::clone(&self.config)), context.time);
            slot.tx.request.unseen = true;
            slot.raise(HttpEvent::UnableToMatchResponse);
            slot.advance(Direction::ToServer, stage::COMPLETE, context.time);
            self.response_id = slot.head.id;
        }
        let slot = transactions.by_id(self.response_id).ok_or(ParseFailed)?;
        if self.request == RequestState::Line && self.request_id == self.response_id {
            slot.raise(HttpEvent::RequestLineIncomplete);
        }
        self.response = if slot.tx.request.old { ResponseState::UntilClose } else { ResponseState::Line };
        Ok(())
    }

    fn response_line(
        &mut self,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<ParseStep, ParseFailed> {
        let end = memchr::memchr2(b'\r', b'\n', data);
        let taken = match end.map(|end| (end, data.get(end..).unwrap_or_default())) {
            Some((_, [b'\r'])) if !last => return Ok(ParseStep::Wait),
            Some((end, [b'\r', b'\n', ..])) => end + 2,
            Some((end, _)) => end + 1,
            None if last && !data.is_empty() => data.len(),
            None if data.len() > self.config.field_limit => {
                slot.raise(HttpEvent::ResponseFieldTooLong);
                return Err(ParseFailed);
            }
            None => return Ok(ParseStep::Wait),
        };
        let (line, rest) = data.split_at_checked(taken).unwrap_or_default();
        if line.len() > self.config.field_limit {
            slot.raise(HttpEvent::ResponseFieldTooLong);
            return Err(ParseFailed);
        }
        if matches!(line, b"\r" | b"\n" | b"\r\n") {
            return Ok(ParseStep::On(taken));
        }
        if !is_response(line) {
            // Browsers take a first line that is no status line for content, unless a status line is next.
            if rest.len() < 2 && !last {
                return Ok(ParseStep::Wait);
            }
            if rest.len() > 1 && (rest.first() == Some(&b'H') || line::chomp(line).len() <= 2) {
                return Ok(ParseStep::On(taken));
            }
            slot.tx.response.payload.decoder = BodyDecoder::default();
            self.body(HERE, line, slot, context);
            return Ok(ParseStep::On(taken));
        }
        let parts = line::status_line(line);
        let span = |piece: &[u8]| MessageSpan::of(piece, line);
        let response = &mut slot.tx.response;
        response.line = response.head.begin(line);
        response.has_line = true;
        response.protocol = parts.protocol.map(span);
        response.status = parts.status.map(span);
        response.message = parts.message.map(span);
        response.version = parts.protocol.map_or(HttpVersion::Invalid, line::version);
        response.code = parts.status.and_then(line::status_code);
        let (version, code) = (response.version, response.code);
        if version == HttpVersion::Invalid {
            slot.raise(HttpEvent::ResponseInvalidProtocol);
        }
        if code.is_none() {
            slot.raise(HttpEvent::ResponseInvalidStatus);
        }
        if code != Some(100) {
            slot.advance(HERE, stage::LINE, context.time);
        }
        self.response = ResponseState::Headers;
        Ok(ParseStep::On(taken))
    }

    /// Decides what the headers mean: an interim answer, a tunnel, a body. `taken` octets ended them.
    fn response_headers_done(
        &mut self,
        taken: usize,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<ParseStep, ParseFailed> {
        let code = slot.tx.response.code.unwrap_or(0);
        let head = &slot.tx.response.head;
        let encoding = head.get(b"transfer-encoding");
        let length = head.get(b"content-length");
        let chunked = encoding.is_some_and(|value| contains(value, b"chunked"));
        let delimited = encoding.is_some() || length.is_some();
        let channel = self.rpc_out.take_if(|_| code >= 200);
        if slot.tx.is_connect() {
            if (200..300).contains(&code) {
                self.leave(slot, context);
                return Ok(ParseStep::Switch(taken, ""));
            }
            self.request_cut_short(self.response_id, slot, context);
        } else if code == 200
            && !chunked
            && self.request_id == self.response_id
            && let Some(cookie) = channel
        {
            let (client, server) = (context.client, context.server);
            channels(context.extensions).announce(client, server, cookie, Direction::ToClient);
            self.leave(slot, context);
            return Ok(ParseStep::Switch(taken, "dcerpc"));
        } else if code == 101 && !delimited {
            let to = head.get(b"upgrade").map(|value| {
                if contains(value, b"h2c") {
                    Some("http2")
                } else if same(value, b"websocket") {
                    Some("websocket")
                } else {
                    None
                }
            });
            self.leave(slot, context);
            return Ok(to.flatten().map_or(ParseStep::Quit(taken), |to| ParseStep::Switch(taken, to)));
        } else if code == 100 && encoding.is_none() && length.and_then(line::content_length).unwrap_or(0) == 0 {
            if slot.tx.response.continued {
                slot.raise(HttpEvent::ContinueAlreadySeen);
            }
            slot.tx.response.continued = true;
            slot.tx.response.head.clear();
            self.response = ResponseState::Line;
            return Ok(ParseStep::On(taken));
        } else if (400..500).contains(&code) && slot.tx.header(Direction::ToServer, b"expect") == Some(b"100-continue")
        {
            self.request_cut_short(self.response_id, slot, context);
        }
        self.response = Self::response_body(slot)?;
        self.response_headers_known(slot, context);
        Ok(ParseStep::On(taken))
    }

    /// How the body that follows the headers is delimited.
    fn response_body(slot: &mut TxSlot<HttpTransaction>) -> Result<ResponseState, ParseFailed> {
        let code = slot.tx.response.code.unwrap_or(0);
        let encoding = slot.tx.response.head.get(b"transfer-encoding");
        let chunked = encoding.is_some_and(|value| contains(value, b"chunked"));
        let delimited = encoding.is_some() || slot.tx.response.head.get(b"content-length").is_some();
        let bodiless = matches!(code, 100..200 | 204 | 304);
        let head = &slot.tx.response.head;
        let length = head.get(b"content-length").map(line::content_length);
        let exactly_chunked =
            head.get(b"transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
        let ranges = head.get(b"content-type").is_some_and(|value| contains(value, b"multipart/byteranges"));
        if !chunked && head.get(b"transfer-encoding").is_some_and(|value| !value.eq_ignore_ascii_case(b"identity")) {
            slot.raise(HttpEvent::InvalidTransferEncodingInResponse);
        }
        if code == 101 {
            slot.raise(HttpEvent::SwitchingProtoWithContentLength);
        }
        if bodiless && delimited && slot.tx.method() != b"HEAD" {
            slot.raise(HttpEvent::ResponseBodyUnexpected);
        }
        Ok(if slot.tx.method() == b"HEAD" || bodiless && !delimited {
            ResponseState::Finalize
        } else if chunked {
            if !exactly_chunked {
                slot.raise(HttpEvent::ResponseAbnormalTransferEncoding);
            }
            if slot.tx.response.version < HttpVersion::V1_1 {
                slot.raise(HttpEvent::ResponseChunkedOldProto);
            }
            ResponseState::ChunkLine
        } else {
            match length {
                Some(Some(0)) => ResponseState::Finalize,
                Some(Some(length)) => ResponseState::Length(length),
                Some(None) => {
                    slot.raise(HttpEvent::InvalidContentLengthInResponse);
                    return Err(ParseFailed);
                }
                None => {
                    if ranges {
                        slot.raise(HttpEvent::ResponseMultipartByteranges);
                    }
                    ResponseState::UntilClose
                }
            }
        })
    }

    /// Ends the transaction after which the flow is no HTTP any more.
    fn leave(&mut self, slot: &mut TxSlot<HttpTransaction>, context: &mut ParseContext<'_>) {
        self.response_headers_known(slot, context);
        Self::complete(Direction::ToServer, slot, context);
        Self::complete(HERE, slot, context);
        self.request = RequestState::Ignore;
        self.response = ResponseState::Closed;
    }

    fn response_headers_known(&self, slot: &mut TxSlot<HttpTransaction>, context: &mut ParseContext<'_>) {
        slot.tx.response.has_headers = true;
        slot.advance(HERE, stage::HEADERS, context.time);
        self.decode(HERE, slot);
        let range = slot.tx.header(HERE, b"content-range");
        if range.is_some_and(|range| content_range(range).is_none()) {
            slot.raise(HttpEvent::RangeInvalid);
        }
        let long = slot.tx.uri().is_some_and(|uri| uri.len() > MAX_FILE_NAME)
            || slot.tx.header(HERE, b"content-disposition").is_some_and(|value| value.len() > MAX_FILE_NAME);
        if long && slot.tx.file_name(HERE).len() > MAX_FILE_NAME {
            slot.raise(HttpEvent::FileNameTooLong);
        }
    }

    fn response_chunk_line(
        &mut self,
        data: &[u8],
        slot: &mut TxSlot<HttpTransaction>,
    ) -> Result<ParseStep, ParseFailed> {
        let end = memchr::memchr(b'\n', data);
        let text = data.get(..end.map_or(data.len(), |end| end + 1)).unwrap_or_default();
        let chunk = match end {
            Some(_) => line::chunk_line(text),
            None if !line::may_be_chunk_line(data) => ChunkLine::Invalid,
            None if data.len() > self.config.field_limit => {
                slot.raise(HttpEvent::ResponseFieldTooLong);
                return Err(ParseFailed);
            }
            None => return Ok(ParseStep::Wait),
        };
        match chunk {
            ChunkLine::Empty | ChunkLine::TooLarge => {}
            ChunkLine::Length { length, extension } => {
                if extension {
                    slot.raise(HttpEvent::ResponseChunkExtension);
                }
                self.response = if length == 0 {
                    slot.tx.response.head.begin_trailer();
                    ResponseState::Trailer
                } else {
                    ResponseState::Chunk(length)
                };
            }
            ChunkLine::Invalid => {
                // Browsers take it for a body that was never chunked.
                slot.raise(HttpEvent::InvalidResponseChunkLen);
                self.response = ResponseState::UntilClose;
                return Ok(ParseStep::On(0));
            }
        }
        slot.tx.response.payload.body.wire += text.len() as u64;
        Ok(ParseStep::On(text.len()))
    }

    /// Ends a response, unless what follows at once is no response: browsers show that as part of it.
    fn response_finalize(
        &mut self,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> ParseStep {
        if data.is_empty() || is_response(data) {
            return self.response_complete(slot, context);
        }
        let end = memchr::memchr(b'\n', data);
        let text = match end {
            Some(0) => data,
            Some(end) => data.get(..=end).unwrap_or_default(),
            None if last || data.len() > self.config.field_limit => data,
            None => return ParseStep::Wait,
        };
        slot.raise(HttpEvent::ResponseBodyUnexpected);
        self.body(HERE, text, slot, context);
        ParseStep::On(text.len())
    }

    fn response_complete(&mut self, slot: &mut TxSlot<HttpTransaction>, context: &mut ParseContext<'_>) -> ParseStep {
        Self::complete(HERE, slot, context);
        self.response_id = self.response_id.next();
        self.response = ResponseState::Idle;
        ParseStep::On(0)
    }

    /// Skips octets until a line looks like a response.
    fn response_resync(&mut self, data: &[u8]) -> ParseStep {
        const START: &[u8] = b"HTTP/";
        let known = data.len().min(START.len());
        if data.get(..known) == START.get(..known) {
            if known < START.len() {
                return ParseStep::Wait;
            }
            self.response = ResponseState::Idle;
            return ParseStep::On(0);
        }
        ParseStep::On(memchr::memchr(b'\n', data).map_or(data.len(), |end| end + 1))
    }

    pub(super) fn response_gap(
        &mut self,
        length: u64,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        let left = match self.response {
            ResponseState::Closed | ResponseState::Resync => return,
            ResponseState::Idle => {
                self.response = ResponseState::Resync;
                return;
            }
            ResponseState::Length(left) | ResponseState::Chunk(left) => left,
            ResponseState::UntilClose => u64::MAX,
            _ => 0,
        };
        let Some(slot) = transactions.by_id(self.response_id) else { return };
        // Nothing can be decoded after a gap.
        slot.tx.response.payload.decoder = BodyDecoder::default();
        Self::skip(HERE, length.min(left), slot, context);
        if left > length {
            self.response = match self.response {
                ResponseState::Length(_) => ResponseState::Length(left - length),
                ResponseState::Chunk(_) => ResponseState::Chunk(left - length),
                other => other,
            };
            return;
        }
        let ended = left == length && matches!(self.response, ResponseState::Length(_));
        self.response_complete(slot, context);
        self.response = if ended { ResponseState::Idle } else { ResponseState::Resync };
    }

    pub(super) fn response_end(
        &mut self,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if matches!(self.response, ResponseState::Closed) {
            return;
        }
        let open = !matches!(self.response, ResponseState::Idle | ResponseState::Resync);
        if open && let Some(slot) = transactions.by_id(self.response_id) {
            slot.tx.response.has_headers |= self.response == ResponseState::Headers;
            self.response_complete(slot, context);
        }
        self.response = ResponseState::Closed;
    }
}

/// True for what browsers take for a status line: `http`, in any case, perhaps after white space.
fn is_response(line: &[u8]) -> bool {
    let start = line.iter().take_while(|octet| is_space(**octet) || **octet == 0).count();
    line.get(start..start + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"http"))
}
