//! `.evtx`: records come out of the evtx crate as JSON, and are read as such.

use std::io::{self, Cursor, Read};

use evtx::{EvtxParser, ParserSettings, RenderedChunkItem};

use crate::input::ReadSeek;

/// First octets of a file.
pub(crate) const MAGIC: &[u8] = b"ElfFile\0";
/// Octets of the header of a file, and of a chunk.
const HEADER: usize = 4096;
const CHUNK: usize = 64 << 10;
/// Chunks of a stream that are read at once: where nothing can be sought, a log is read piece by piece.
const PIECE: usize = 128;

/// What the reading gives.
pub(crate) enum EvtxItem<'c> {
    /// A record as JSON.
    Record(&'c [u8]),
    /// A record or chunk that could not be read.
    Failed(String),
}

/// Reads a file in the order of its records, oldest first.
///
/// # Errors
/// What is wrong with its header.
pub(crate) fn read_file(
    file: Box<dyn ReadSeek + '_>,
    sink: &mut dyn FnMut(EvtxItem<'_>) -> bool,
) -> Result<(), String> {
    let parser = EvtxParser::from_read_seek(file).map_err(|error| format!("its header cannot be read: {error}"))?;
    chunks(parser, sink);
    Ok(())
}

/// Reads a stream, in the order of its chunks. `head` was read already.
///
/// # Errors
/// What is wrong with its header, or the stream.
pub(crate) fn read_stream(
    mut source: Box<dyn Read + '_>,
    sink: &mut dyn FnMut(EvtxItem<'_>) -> bool,
) -> Result<(), String> {
    let mut piece = Vec::with_capacity(HEADER + PIECE * CHUNK);
    let mut header = vec![0; HEADER];
    source.read_exact(&mut header).map_err(|error| format!("its header cannot be read: {error}"))?;
    loop {
        piece.clear();
        piece.extend_from_slice(&header);
        let read = source.by_ref().take((PIECE * CHUNK) as u64).read_to_end(&mut piece);
        let got = read.as_ref().copied().unwrap_or(0);
        if got >= CHUNK {
            let parser = EvtxParser::from_read_seek(Cursor::new(&piece)).map_err(|error| error.to_string())?;
            if !chunks(parser, sink) {
                return Ok(());
            }
        }
        read.map_err(|error: io::Error| error.to_string())?;
        if got < PIECE * CHUNK {
            return if got % CHUNK == 0 { Ok(()) } else { Err("its last chunk is cut".to_owned()) };
        }
    }
}

/// False when the sink has enough.
fn chunks<T: io::Read + io::Seek>(parser: EvtxParser<T>, sink: &mut dyn FnMut(EvtxItem<'_>) -> bool) -> bool {
    let mut parser = parser.with_configuration(ParserSettings::new().num_threads(1).indent(false));
    for chunk in parser.chunks_json_bytes(false) {
        let mut records = chunk.records();
        for item in &chunk.items {
            let goes_on = match item {
                RenderedChunkItem::Record { .. } => match records.next() {
                    Some((_, json)) => sink(EvtxItem::Record(json)),
                    None => true,
                },
                RenderedChunkItem::Failed(error) => sink(EvtxItem::Failed(error.to_string())),
            };
            if !goes_on {
                return false;
            }
        }
    }
    true
}
