//! Content encodings: gzip, deflate (with and without the zlib header) and brotli, undone layer by layer.
//!
//! Servers name one encoding and send another, so a layer that cannot begin is tried as its relatives before its octets
//! are passed through as they are. LZMA is passed through.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};

use super::text::{contains, same};

/// Layers undone at most, whatever the configuration says.
const MAX_LAYERS: usize = 8;
/// Octets kept of a layer that has produced nothing yet, to try them as another encoding. Longer than any gzip header.
const MAX_HELD: usize = 80 * 1024;
/// Other encodings a layer is tried as.
const MAX_RESTARTS: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentEncoding {
    Gzip,
    /// Deflate without a header, as many servers send it.
    Deflate,
    Zlib,
    Brotli,
}

/// A list of encodings in the order they were applied, and what was odd about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ContentEncodings {
    pub layers: Vec<ContentEncoding>,
    pub abnormal: bool,
    pub too_many: bool,
}

impl ContentEncodings {
    /// Reads a `Content-Encoding`; `limit` applies to lists only.
    pub(super) fn parse(value: &[u8], limit: Option<u32>, response: bool) -> Self {
        let one = [
            (&b"gzip"[..], ContentEncoding::Gzip),
            (b"x-gzip", ContentEncoding::Gzip),
            (b"deflate", ContentEncoding::Deflate),
            (b"x-deflate", ContentEncoding::Deflate),
            (b"br", ContentEncoding::Brotli),
        ];
        if let Some((_, encoding)) = one.iter().find(|(name, _)| same(value, name)) {
            return Self { layers: vec![*encoding], ..Self::default() };
        }
        let mut out = Self::default();
        if [&b"inflate"[..], b"none", b"lzma"].iter().any(|name| same(value, name)) {
            return out;
        }
        let limit = limit.map_or(MAX_LAYERS, |limit| usize::try_from(limit).unwrap_or(usize::MAX).min(MAX_LAYERS));
        let words = value.split(|octet| matches!(octet, b',' | b' ')).filter(|word| !word.is_empty());
        for (seen, word) in words.enumerate() {
            if seen >= limit {
                out.too_many = true;
                break;
            }
            if contains(word, b"gzip") {
                out.abnormal |= word != b"gzip" && word != b"x-gzip";
                out.layers.push(ContentEncoding::Gzip);
            } else if contains(word, b"deflate") {
                out.abnormal |= word != b"deflate" && word != b"x-deflate";
                out.layers.push(ContentEncoding::Deflate);
            } else {
                let known = [&b"inflate"[..], b"none", b"lzma"].contains(&word) || response && word == b"identity";
                out.abnormal |= !known;
            }
        }
        out
    }
}

/// What receives decoded octets; `false` stops the decoding for good.
pub(super) type DecodedSink<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

/// The layers of one body.
#[derive(Debug, Default)]
pub(super) struct BodyDecoder {
    layers: Vec<DecodingLayer>,
    stopped: bool,
}

impl BodyDecoder {
    /// A decoder; without layers, octets pass through.
    pub(super) fn new(encodings: &[ContentEncoding]) -> Self {
        Self { layers: encodings.iter().map(|encoding| DecodingLayer::new(*encoding)).collect(), stopped: false }
    }

    /// Decodes more octets of the body.
    pub(super) fn push(&mut self, data: &[u8], sink: DecodedSink<'_>) {
        if !self.stopped {
            self.stopped = !feed(&mut self.layers, data, sink);
        }
    }

    /// Ends the body: what was held back comes out.
    pub(super) fn finish(&mut self, sink: DecodedSink<'_>) {
        if !self.stopped {
            finish(&mut self.layers, sink);
        }
    }

    /// True when a layer could not be undone as anything.
    pub(super) fn failed(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer.engine, DecodingEngine::Pass))
    }
}

/// The last layer that was applied is undone first.
fn feed(layers: &mut [DecodingLayer], data: &[u8], sink: DecodedSink<'_>) -> bool {
    match layers.split_last_mut() {
        Some((outer, inner)) => outer.push(data, &mut |decoded| feed(inner, decoded, sink)),
        None => sink(data),
    }
}

fn finish(layers: &mut [DecodingLayer], sink: DecodedSink<'_>) {
    let Some((outer, inner)) = layers.split_last_mut() else { return };
    let guess = core::mem::take(&mut outer.guess);
    if guess.is_empty() || feed(inner, &guess, sink) {
        finish(inner, sink);
    }
}

#[derive(Debug)]
struct DecodingLayer {
    encoding: ContentEncoding,
    engine: DecodingEngine,
    /// Input so far, while nothing came out.
    held: Vec<u8>,
    /// Output of an encoding that was not named: junk now and then begins like a stream, so it is believed only when
    /// there is some of it, or when the stream ends well.
    guess: Vec<u8>,
    produced: bool,
    restarts: u8,
}

enum DecodingEngine {
    /// A gzip header is not complete yet.
    GzipHeader,
    Inflate(Box<Decompress>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    /// Nothing fits: as it is.
    Pass,
    /// The stream ended, or broke after something had come out: the rest is dropped.
    Done,
}

impl core::fmt::Debug for DecodingEngine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::GzipHeader => "GzipHeader",
            Self::Inflate(_) => "Inflate",
            Self::Brotli(_) => "Brotli",
            Self::Pass => "Pass",
            Self::Done => "Done",
        })
    }
}

/// How a run of an engine ended.
enum InflateStep {
    /// It wants more.
    More,
    /// The stream is over.
    End,
    /// It is not what it was taken for.
    Broken,
    /// The receiver wants no more.
    Stopped,
}

impl DecodingEngine {
    fn new(encoding: ContentEncoding) -> Self {
        match encoding {
            ContentEncoding::Gzip => Self::GzipHeader,
            ContentEncoding::Deflate => Self::Inflate(Box::new(Decompress::new(false))),
            ContentEncoding::Zlib => Self::Inflate(Box::new(Decompress::new(true))),
            ContentEncoding::Brotli => Self::Brotli(Box::new(BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ))),
        }
    }
}

impl DecodingLayer {
    fn new(encoding: ContentEncoding) -> Self {
        Self {
            encoding,
            engine: DecodingEngine::new(encoding),
            held: Vec::new(),
            guess: Vec::new(),
            produced: false,
            restarts: 0,
        }
    }

    fn push(&mut self, data: &[u8], sink: DecodedSink<'_>) -> bool {
        match self.engine {
            DecodingEngine::Pass => return sink(data),
            DecodingEngine::Done => return true,
            _ => {}
        }
        if self.produced {
            return match self.run(data, sink) {
                InflateStep::More => true,
                InflateStep::End | InflateStep::Broken => {
                    self.engine = DecodingEngine::Done;
                    true
                }
                InflateStep::Stopped => false,
            };
        }
        self.held.extend_from_slice(data);
        let held = core::mem::take(&mut self.held);
        let mut fresh = data;
        if matches!(self.engine, DecodingEngine::GzipHeader) {
            fresh = &held;
        }
        loop {
            match self.run(fresh, sink) {
                InflateStep::More => {
                    if !self.produced {
                        if held.len() > MAX_HELD {
                            self.produced = true;
                            return sink(&core::mem::take(&mut self.guess));
                        } else {
                            self.held = held;
                        }
                    }
                    return true;
                }
                InflateStep::End => {
                    self.engine = DecodingEngine::Done;
                    return true;
                }
                InflateStep::Stopped => return false,
                InflateStep::Broken if self.produced => {
                    self.engine = DecodingEngine::Done;
                    return true;
                }
                InflateStep::Broken if self.restarts < MAX_RESTARTS => {
                    self.restarts += 1;
                    self.encoding = match self.encoding {
                        ContentEncoding::Gzip | ContentEncoding::Brotli => ContentEncoding::Deflate,
                        ContentEncoding::Deflate => ContentEncoding::Zlib,
                        ContentEncoding::Zlib => ContentEncoding::Gzip,
                    };
                    self.engine = DecodingEngine::new(self.encoding);
                    fresh = &held;
                }
                InflateStep::Broken => {
                    self.engine = DecodingEngine::Pass;
                    return sink(&held);
                }
            }
        }
    }

    /// Runs the engine over `data`. Before the header of a gzip stream is complete that is everything so far.
    fn run(&mut self, data: &[u8], sink: DecodedSink<'_>) -> InflateStep {
        let mut data = data;
        if matches!(self.engine, DecodingEngine::GzipHeader) {
            match gzip_header(data) {
                Ok(Some(length)) => data = data.get(length..).unwrap_or_default(),
                Ok(None) => return InflateStep::More,
                Err(NotGzip) => return InflateStep::Broken,
            }
            self.engine = DecodingEngine::Inflate(Box::new(Decompress::new(false)));
        }
        let Self { engine, guess, produced, restarts, .. } = self;
        let mut believe = |out: &[u8]| {
            if *produced {
                return sink(out);
            }
            guess.extend_from_slice(out);
            if *restarts > 0 && guess.len() < BUFFER {
                return true;
            }
            *produced = true;
            sink(&core::mem::take(guess))
        };
        let run = match engine {
            DecodingEngine::Inflate(engine) => inflate(engine, data, &mut believe),
            DecodingEngine::Brotli(state) => brotli(state, data, &mut believe),
            DecodingEngine::GzipHeader | DecodingEngine::Pass | DecodingEngine::Done => InflateStep::End,
        };
        match run {
            InflateStep::End if !self.guess.is_empty() => {
                self.produced = true;
                if sink(&core::mem::take(&mut self.guess)) { InflateStep::End } else { InflateStep::Stopped }
            }
            InflateStep::Broken => {
                self.guess.clear();
                InflateStep::Broken
            }
            other => other,
        }
    }
}

const BUFFER: usize = 8192;

fn inflate(engine: &mut Decompress, mut data: &[u8], sink: DecodedSink<'_>) -> InflateStep {
    let mut out = [0_u8; BUFFER];
    loop {
        let before = (engine.total_in(), engine.total_out());
        let status = engine.decompress(data, &mut out, FlushDecompress::None);
        let taken = usize::try_from(engine.total_in() - before.0).unwrap_or(data.len());
        let made = usize::try_from(engine.total_out() - before.1).unwrap_or(0);
        data = data.get(taken..).unwrap_or_default();
        if made > 0 && !sink(out.get(..made).unwrap_or_default()) {
            return InflateStep::Stopped;
        }
        match status {
            Ok(Status::StreamEnd) => return InflateStep::End,
            Ok(Status::Ok | Status::BufError) if taken == 0 && made == 0 => return InflateStep::More,
            Ok(_) => {}
            Err(_) => return InflateStep::Broken,
        }
    }
}

fn brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    data: &[u8],
    sink: DecodedSink<'_>,
) -> InflateStep {
    let mut out = [0_u8; BUFFER];
    let (mut left, mut at, mut total) = (data.len(), 0, 0);
    loop {
        let (mut room, mut made) = (BUFFER, 0);
        let result =
            BrotliDecompressStream(&mut left, &mut at, data, &mut room, &mut made, &mut out, &mut total, state);
        if made > 0 && !sink(out.get(..made).unwrap_or_default()) {
            return InflateStep::Stopped;
        }
        match result {
            BrotliResult::ResultSuccess => return InflateStep::End,
            BrotliResult::NeedsMoreInput => return InflateStep::More,
            BrotliResult::NeedsMoreOutput if made > 0 => {}
            BrotliResult::NeedsMoreOutput | BrotliResult::ResultFailure => return InflateStep::Broken,
        }
    }
}

struct NotGzip;

/// Length of a gzip member's header; `None` while it is not complete. [RFC 1952] 2.3.
fn gzip_header(data: &[u8]) -> Result<Option<usize>, NotGzip> {
    const CRC: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    const MAGIC: &[u8] = b"\x1f\x8b\x08";
    let known = data.len().min(MAGIC.len());
    if data.get(..known) != MAGIC.get(..known) {
        return Err(NotGzip);
    }
    let (Some(flags), true) = (data.get(3).copied(), data.len() >= 10) else { return Ok(None) };
    let mut at = 10;
    if flags & EXTRA != 0 {
        let Some(&[low, high]) = data.get(at..).and_then(|rest| rest.first_chunk::<2>()) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let Some(end) = data.get(at..).and_then(|rest| memchr::memchr(0, rest)) else { return Ok(None) };
            at += end + 1;
        }
    }
    if flags & CRC != 0 {
        at += 2;
    }
    Ok((data.len() >= at).then_some(at))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut writer = flate2::GzBuilder::new().filename("name").write(Vec::new(), flate2::Compression::default());
        writer.write_all(data).unwrap();
        writer.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(data).unwrap();
        writer.finish().unwrap()
    }

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(data).unwrap();
        writer.finish().unwrap()
    }

    fn decode(encodings: &[ContentEncoding], data: &[u8], step: usize) -> (Vec<u8>, bool) {
        let mut decoder = BodyDecoder::new(encodings);
        let mut out = Vec::new();
        for piece in data.chunks(step) {
            decoder.push(piece, &mut |decoded| {
                out.extend_from_slice(decoded);
                true
            });
        }
        decoder.finish(&mut |decoded| {
            out.extend_from_slice(decoded);
            true
        });
        (out, decoder.failed())
    }

    #[test]
    fn undoes_each_encoding_in_pieces_of_any_size() {
        let text = b"the same words, the same words, and the same words again".repeat(400);
        for step in [1, 7, 100_000] {
            for (encoding, data) in [
                (ContentEncoding::Gzip, gzip(&text)),
                (ContentEncoding::Deflate, deflate(&text)),
                (ContentEncoding::Deflate, zlib(&text)),
                (ContentEncoding::Zlib, zlib(&text)),
                (ContentEncoding::Gzip, deflate(&text)),
                (ContentEncoding::Gzip, zlib(&text)),
            ] {
                assert_eq!(decode(&[encoding], &data, step), (text.clone(), false), "{encoding:?} by {step}");
            }
            let twice = gzip(&deflate(&text));
            assert_eq!(decode(&[ContentEncoding::Deflate, ContentEncoding::Gzip], &twice, step).0, text);
        }
    }

    #[test]
    fn undoes_brotli() {
        let packed = b"\x0b\x02\x80hello\x03";
        for step in [1, 100] {
            assert_eq!(decode(&[ContentEncoding::Brotli], packed, step).0, b"hello");
        }
    }

    #[test]
    fn passes_through_what_was_never_compressed() {
        let text = b"EICAR is plain text, whatever the header says";
        for step in [1, 100] {
            assert_eq!(decode(&[ContentEncoding::Gzip], text, step), (text.to_vec(), true));
        }
    }

    #[test]
    fn does_not_believe_junk_that_begins_like_a_stream() {
        // Its first octet begins a deflate block with fixed codes.
        let mut junk = vec![0xe3_u8];
        junk.extend((0..100_u8).map(|n| n.wrapping_mul(37) ^ 0x5a));
        assert_eq!(decode(&[ContentEncoding::Gzip], &junk, 1000), (junk.clone(), true));
    }

    #[test]
    fn ignores_what_follows_the_end() {
        let mut data = gzip(b"payload");
        data.extend_from_slice(b"trailing");
        assert_eq!(decode(&[ContentEncoding::Gzip], &data, 3).0, b"payload");
    }

    #[test]
    fn stops_when_told() {
        let bomb = gzip(&vec![0; 1 << 22]);
        let mut seen = 0;
        let mut decoder = BodyDecoder::new(&[ContentEncoding::Gzip]);
        let mut sink = |decoded: &[u8]| {
            seen += decoded.len();
            seen < 100_000
        };
        decoder.push(&bomb, &mut sink);
        decoder.push(&bomb, &mut sink);
        assert!(seen < 110_000);
    }

    #[test]
    fn reads_lists_of_encodings() {
        let parse = |value: &[u8]| ContentEncodings::parse(value, Some(2), true);
        assert_eq!(parse(b"X-GZIP").layers, [ContentEncoding::Gzip]);
        assert_eq!(parse(b"gzip, deflate").layers, [ContentEncoding::Gzip, ContentEncoding::Deflate]);
        assert!(parse(b"gzip, gzip, gzip").too_many);
        assert!(parse(b"xgzip").abnormal && parse(b"unknown").abnormal);
        assert_eq!(parse(b"identity"), ContentEncodings::default());
    }
}
