//! HTTP/0.9 to HTTP/1.1: requests and responses as the peers read them, however crooked they are.
//!
//! [RFC 9110], [RFC 9112]. What is accepted follows what browsers and servers accept, which is what an attacker counts
//! on; the names and contents of buffers and events are Suricata's.

mod best_fit;
mod body;
mod body_file;
mod buffers;
mod config;
mod content;
mod content_range;
mod detect;
mod event;
mod frame;
mod header;
mod line;
mod log;
mod multipart;
mod request;
mod response;
mod rpc;
mod stage;
mod state;
mod text;
mod transaction;
mod uri;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, FilesInfo, Hook, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo,
    Transactions, Transport, TxLogger, TxSlot,
};
use sidewire_base::{Direction, TxId};
use sidewire_files::TxFiles;
use sidewire_msrpc::Uuid;

use config::{EveHttpOptions, HttpConfig};
use event::HttpEvent;
use frame::FramePart;
use header::{HeaderScan, MessageSide};
use state::{RequestState, ResponseState};
pub use transaction::HttpTransaction;

use crate::dcerpc::CHANNELS;

/// An HTTP/1 flow.
#[derive(Debug)]
pub struct Http1 {
    config: Arc<HttpConfig>,
    request: RequestState,
    response: ResponseState,
    /// The transaction the request side works on.
    request_id: TxId,
    /// The transaction the response side works on, or will work on next.
    response_id: TxId,
    /// Compression bombs seen.
    bombs: u8,
    /// Folded values while a header is read.
    joined: Vec<u8>,
    /// The virtual connection whose OUT channel the answer to the last request will be.
    rpc_out: Option<Uuid>,
}

/// What a step of a state machine came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParseStep {
    /// So many octets are done with; go on.
    On(usize),
    /// More octets are needed.
    Wait,
    /// The flow changes to another protocol after this many octets.
    Switch(usize, &'static str),
    /// So many octets are done with, and nobody reads on.
    Quit(usize),
}

impl ParseStep {
    /// Octets that are done with.
    const fn taken(self) -> usize {
        match self {
            Self::On(taken) | Self::Switch(taken, _) | Self::Quit(taken) => taken,
            Self::Wait => 0,
        }
    }
}

/// Steps that may take nothing before something must have been taken: the states there are, with room to spare.
const MAX_IDLE_STEPS: u8 = 16;

impl Protocol for Http1 {
    type Tx = HttpTransaction;
    type Config = HttpConfig;
    type EveOptions = EveHttpOptions;

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "http",
        aliases: &["http1"],
        doc: "HTTP/0.9 to HTTP/1.1 (RFC 9112).",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        stages: stage::STAGES,
        events: HttpEvent::EVENTS,
        frames: FramePart::FRAMES,
        extensions: &[CHANNELS],
        events_in_capitals: true,
        client_address: Some("http.request_header"),
        files: Some(FilesInfo { hook: Hook::both(stage::BODY, stage::BODY), own_data: true }),
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<HttpTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<HttpTransaction, EveHttpOptions>] = log::LOGGERS;

    fn inspected(tx: &mut HttpTransaction, direction: Direction) {
        // The form in a request names files, and alerts may be asked to carry bodies.
        if direction == Direction::ToClient && !tx.config.alerts_carry_bodies {
            tx.response.payload.body.forget();
        }
    }

    fn files(tx: &HttpTransaction) -> Option<&TxFiles> {
        Some(&tx.files)
    }

    fn files_mut(tx: &mut HttpTransaction) -> Option<&mut TxFiles> {
        Some(&mut tx.files)
    }

    fn begin(config: &Arc<HttpConfig>) -> Self {
        Self {
            config: Arc::clone(config),
            request: RequestState::Idle,
            response: ResponseState::Idle,
            request_id: TxId(0),
            response_id: TxId(0),
            bombs: 0,
            joined: Vec::new(),
            rpc_out: None,
        }
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut at = 0;
        let mut idle = 0;
        if let Some(frames) = &mut context.frames {
            self.frame_behind_gap(frames, direction, input.offset);
        }
        while idle < MAX_IDLE_STEPS {
            let data = input.data.get(at..).unwrap_or_default();
            let was = self.in_message(direction);
            let moved = match direction {
                Direction::ToServer => self.request_step(data, input.last, transactions, context)?,
                Direction::ToClient => self.response_step(data, input.last, transactions, context)?,
            };
            if let Some(frames) = &mut context.frames {
                self.frame(frames, direction, was, input.offset + (at + moved.taken()) as u64);
            }
            match moved {
                ParseStep::On(taken) => {
                    at += taken;
                    idle = if taken == 0 { idle + 1 } else { 0 };
                }
                ParseStep::Wait => break,
                ParseStep::Switch(taken, to) => {
                    return Ok(AppLayerResult { consumed: at + taken, switch: Some(to), ..AppLayerResult::default() });
                }
                ParseStep::Quit(taken) => {
                    return Ok(AppLayerResult { consumed: at + taken, finished: true, ..AppLayerResult::default() });
                }
            }
        }
        if input.last {
            at = input.data.len();
            self.end(direction, transactions, context);
        }
        Ok(AppLayerResult::need(at, 0))
    }

    fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        match direction {
            Direction::ToServer => self.request_gap(length, transactions, context),
            Direction::ToClient => self.response_gap(length, transactions, context),
        }
        Ok(())
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        self.end(direction, transactions, context);
    }
}

impl Http1 {
    fn end(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        match direction {
            Direction::ToServer => self.request_end(transactions, context),
            Direction::ToClient => self.response_end(transactions, context),
        }
    }

    /// Reads headers into a message; `Some(taken)` at the end of the block, with the octets of its empty line.
    fn headers(
        &mut self,
        side: MessageSide,
        data: &[u8],
        last: bool,
        slot: &mut TxSlot<HttpTransaction>,
    ) -> Result<(usize, bool), ParseFailed> {
        let mut at = 0;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            let head = match side {
                MessageSide::Request => &slot.tx.request.head,
                MessageSide::Response => &slot.tx.response.head,
            };
            let position = header::BlockPosition { first: head.len() == 0, lf_cr: head.lf_cr, last };
            self.joined.clear();
            match header::scan(side, rest, position, &mut self.joined) {
                HeaderScan::Header { name, value, odd, length, lf_cr } => {
                    let head = match side {
                        MessageSide::Request => &mut slot.tx.request.head,
                        MessageSide::Response => &mut slot.tx.response.head,
                    };
                    head.lf_cr |= lf_cr;
                    let added = head.add(rest, (name, value, length), &self.joined, self.config.headers_limit);
                    at += length;
                    let pick = |request, response| if side == MessageSide::Request { request } else { response };
                    let mut raise = |on: bool, request: HttpEvent, response: HttpEvent| {
                        if on {
                            slot.raise(pick(request, response));
                        }
                    };
                    raise(
                        odd.leading_space,
                        HttpEvent::InvalidRequestFieldFolding,
                        HttpEvent::InvalidResponseFieldFolding,
                    );
                    raise(odd.not_a_token, HttpEvent::RequestHeaderInvalid, HttpEvent::ResponseHeaderInvalid);
                    raise(odd.no_colon, HttpEvent::RequestFieldMissingColon, HttpEvent::ResponseFieldMissingColon);
                    match added {
                        Ok(added) => {
                            raise(
                                added.repeated,
                                HttpEvent::RequestHeaderRepetition,
                                HttpEvent::ResponseHeaderRepetition,
                            );
                            raise(
                                added.ambiguous_length,
                                HttpEvent::DuplicateContentLengthInRequest,
                                HttpEvent::DuplicateContentLengthInResponse,
                            );
                        }
                        Err(header::TooMany) => {
                            raise(true, HttpEvent::RequestTooManyHeaders, HttpEvent::ResponseTooManyHeaders);
                            return Err(ParseFailed);
                        }
                    }
                }
                HeaderScan::End(length) => {
                    let head = match side {
                        MessageSide::Request => &mut slot.tx.request.head,
                        MessageSide::Response => &mut slot.tx.response.head,
                    };
                    head.keep(rest.get(..length).unwrap_or_default());
                    return Ok((at + length, true));
                }
                HeaderScan::Incomplete => {
                    let too_long = rest.len() > self.config.field_limit;
                    if too_long {
                        let event = match side {
                            MessageSide::Request => HttpEvent::RequestFieldTooLong,
                            MessageSide::Response => HttpEvent::ResponseFieldTooLong,
                        };
                        slot.raise(event);
                        return Err(ParseFailed);
                    }
                    return Ok((at, false));
                }
            }
        }
    }

    /// Takes octets of a body, as they were sent.
    fn body(
        &mut self,
        direction: Direction,
        data: &[u8],
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        slot.advance(direction, stage::BODY, context.time);
        if slot.tx.take_body(direction, data, self.config.bomb_limit, &mut context.files) {
            slot.raise(HttpEvent::CompressionBomb);
            self.bombs = self.bombs.saturating_add(1);
            if self.bombs == self.config.bomb_count {
                slot.raise(HttpEvent::CompressionBombLimitReached);
            }
        }
    }

    /// Octets of a body are missing.
    fn skip(direction: Direction, length: u64, slot: &mut TxSlot<HttpTransaction>, context: &mut ParseContext<'_>) {
        if length > 0 {
            slot.tx.skip_body(direction, length, &mut context.files);
        }
    }

    /// Takes what is here of a body or chunk of which this many octets are left; gives how many are left then.
    fn counted(
        &mut self,
        direction: Direction,
        left: u64,
        data: &[u8],
        slot: &mut TxSlot<HttpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> (ParseStep, u64) {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(data.len());
        if taken > 0 {
            self.body(direction, data.get(..taken).unwrap_or_default(), slot, context);
        }
        (ParseStep::On(taken).or_wait(), left - taken as u64)
    }

    /// Steps over what stands between a chunk and the end of its line; true when that is here.
    fn behind_chunk(direction: Direction, data: &[u8], slot: &mut TxSlot<HttpTransaction>) -> (ParseStep, bool) {
        let end = memchr::memchr(b'\n', data);
        let taken = end.map_or(data.len(), |end| end + 1);
        slot.tx.payload_mut(direction).body.wire += taken as u64;
        (ParseStep::On(taken).or_wait(), end.is_some())
    }

    /// Prepares decoding of a body as its headers announce it.
    fn decode(&self, direction: Direction, slot: &mut TxSlot<HttpTransaction>) {
        let Some(value) = slot.tx.header(direction, b"content-encoding") else { return };
        let encodings = content::ContentEncodings::parse(value, self.config.layers, direction == Direction::ToClient);
        if encodings.too_many {
            slot.raise(HttpEvent::TooManyEncodingLayers);
        }
        if encodings.abnormal {
            slot.raise(HttpEvent::AbnormalCeHeader);
        }
        if self.bombs < self.config.bomb_count {
            slot.tx.payload_mut(direction).decoder = content::BodyDecoder::new(&encodings.layers);
        }
    }

    /// Ends one side of a transaction.
    fn complete(direction: Direction, slot: &mut TxSlot<HttpTransaction>, context: &mut ParseContext<'_>) {
        if slot.tx.finish_body(direction, &mut context.files) {
            slot.raise(HttpEvent::GzipDecompressionFailed);
        }
        slot.advance(direction, stage::COMPLETE, context.time);
    }
}

pub(crate) use multipart::fuzz as fuzz_form;

/// Entry for fuzzing: a compressed body. Its first line is the `Content-Encoding`; pieces follow, each with an octet of
/// length in front.
pub(crate) fn fuzz_body(data: &[u8]) {
    /// Most octets let out, as the limit on bombs would have it.
    const LIMIT: usize = 1 << 18;
    let (value, mut rest) = match data.iter().position(|octet| *octet == b'\n') {
        Some(at) => (data.get(..at).unwrap_or_default(), data.get(at + 1..).unwrap_or_default()),
        None => (&b"gzip"[..], data),
    };
    let encodings = content::ContentEncodings::parse(value, None, true);
    let mut decoder = content::BodyDecoder::new(&encodings.layers);
    let mut out = 0;
    let mut count = |octets: &[u8]| {
        out += octets.len();
        out < LIMIT
    };
    while let Some((length, tail)) = rest.split_first() {
        let (piece, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        decoder.push(piece, &mut count);
    }
    decoder.finish(&mut count);
    std::hint::black_box((decoder.failed(), out));
}
