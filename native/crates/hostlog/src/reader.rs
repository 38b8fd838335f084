//! Reading a log: what it is wrapped in, what shape it has, its records one after another.

use core::ops::ControlFlow;
use std::io::{Cursor, Read, SeekFrom};

use crate::evtx_file::{self, EvtxItem};
use crate::input::LogInput;
use crate::json::JsonShapes;
use crate::pieces::{LogPieces, PieceEnd, PieceOf};
use crate::record::{LogRecord, unescape};
use crate::shape::LogShape;
use crate::utf16::Utf16Reader;
use crate::{xml, zip};

/// Compressions and archives inside each other.
const MAX_WRAPPINGS: u32 = 3;
/// Octets by which a log is recognised.
const HEAD: usize = 64 << 10;

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogProblem {
    /// A record; `line` is 0 in files that have none.
    #[error("{}{message}", if *line > 0 { format!("line {line}: ") } else { String::new() })]
    Record {
        /// Line it begins in.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// The rest of the log.
    #[error("{0}")]
    Log(String),
    /// This is no log of events.
    #[error("this is no event log: neither .evtx nor events as JSON or XML")]
    Foreign,
}

/// Takes what is read.
pub trait RecordSink {
    /// A record. It is overwritten by the next.
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()>;
    /// What could not be read. Reading goes on where it can.
    fn problem(&mut self, log: &str, problem: LogProblem);
    /// A log, or a file of an archive, begins.
    fn begin(&mut self, log: &str);
    /// It ended.
    fn end(&mut self, reading: &LogReading);
}

/// What the reading of a log has learned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReading {
    /// Records.
    pub records: u64,
    /// What it looks like; that of its first record.
    pub shape: Option<LogShape>,
    /// Seconds that its local times are ahead of UTC, where it has such and tells.
    pub zone: Option<i64>,
    /// It has local times and does not tell; they were taken for UTC.
    pub zone_missing: bool,
}

/// Reads a log.
pub fn read_log(input: LogInput<'_>, name: &str, sink: &mut dyn RecordSink) {
    match input {
        LogInput::Stream(source) => unwrap(source, name, sink, MAX_WRAPPINGS, false),
        LogInput::File(mut file) => {
            let mut magic = [0; 8];
            let is_evtx = file.read_exact(&mut magic).is_ok() && magic == *evtx_file::MAGIC;
            if let Err(error) = file.seek(SeekFrom::Start(0)) {
                return sink.problem(name, LogProblem::Log(error.to_string()));
            }
            if is_evtx {
                read_evtx(name, sink, |each| evtx_file::read_file(file, each));
            } else {
                unwrap(Box::new(file), name, sink, MAX_WRAPPINGS, false);
            }
        }
    }
}

/// Takes compression and archives off. A file of an archive that is no log is passed over: reports lie beside logs.
fn unwrap(mut source: Box<dyn Read + '_>, name: &str, sink: &mut dyn RecordSink, depth: u32, inside: bool) {
    let mut head = Vec::new();
    if let Err(error) = source.by_ref().take(8).read_to_end(&mut head) {
        return sink.problem(name, LogProblem::Log(error.to_string()));
    }
    let is = |magic: &[u8]| head.starts_with(magic);
    let whole = |source| -> Box<dyn Read + '_> { Box::new(Cursor::new(head.clone()).chain(source)) };
    if is(&[0x1f, 0x8b]) || is(&[0x28, 0xb5, 0x2f, 0xfd]) || is(zip::MAGIC) {
        if depth == 0 {
            return sink
                .problem(name, LogProblem::Log(format!("more than {MAX_WRAPPINGS} compressions inside each other")));
        }
        let is_zip = is(zip::MAGIC);
        let packed = whole(source);
        if is_zip {
            let read = zip::each_file(packed, &mut |file, octets| {
                if !file.ends_with('/') {
                    unwrap(Box::new(octets), &format!("{name}/{file}"), sink, depth - 1, true);
                }
                Ok(())
            });
            return read.unwrap_or_else(|error| sink.problem(name, LogProblem::Log(error)));
        }
        if is(&[0x1f, 0x8b]) {
            return unwrap(Box::new(flate2::read::MultiGzDecoder::new(packed)), name, sink, depth - 1, inside);
        }
        return match zstd::stream::read::Decoder::new(packed) {
            Ok(octets) => unwrap(Box::new(octets), name, sink, depth - 1, inside),
            Err(error) => sink.problem(name, LogProblem::Log(error.to_string())),
        };
    }
    if is(evtx_file::MAGIC) {
        let octets = whole(source);
        return read_evtx(name, sink, |each| evtx_file::read_stream(octets, each));
    }
    let text: Box<dyn Read + '_> = match head.as_slice() {
        [0xff, 0xfe, rest @ ..] => {
            Box::new(Utf16Reader::new(Box::new(Cursor::new(rest.to_vec()).chain(source)), false))
        }
        [0xfe, 0xff, rest @ ..] => Box::new(Utf16Reader::new(Box::new(Cursor::new(rest.to_vec()).chain(source)), true)),
        [0xef, 0xbb, 0xbf, rest @ ..] => Box::new(Cursor::new(rest.to_vec()).chain(source)),
        _ => whole(source),
    };
    read_text(LogPieces::new(text), name, sink, inside);
}

/// Hands records of an `.evtx` on.
fn read_evtx(
    name: &str,
    sink: &mut dyn RecordSink,
    read: impl FnOnce(&mut dyn FnMut(EvtxItem<'_>) -> bool) -> Result<(), String>,
) {
    sink.begin(name);
    let mut reading = LogReading { shape: Some(LogShape::Evtx), ..LogReading::default() };
    let (mut record, mut shapes) = (LogRecord::default(), JsonShapes::default());
    let result = read(&mut |item| {
        let failed = match item {
            EvtxItem::Failed(message) => message,
            EvtxItem::Record(json) => {
                record.clear();
                record.text.extend_from_slice(json);
                if shapes.read(&mut record).is_some() {
                    reading.records += 1;
                    record.position = reading.records;
                    return sink.record(&record).is_continue();
                }
                "its text cannot be read".to_owned()
            }
        };
        sink.problem(name, LogProblem::Record { line: 0, message: failed });
        true
    });
    if let Err(error) = result {
        sink.problem(name, LogProblem::Log(error));
    }
    sink.end(&reading);
}

/// Reads JSON or XML.
fn read_text(mut pieces: LogPieces<'_>, name: &str, sink: &mut dyn RecordSink, inside: bool) {
    let end = match pieces.peek(HEAD).map(recognise) {
        Ok(Some(end)) => end,
        Ok(None) if inside => return,
        Ok(None) => return sink.problem(name, LogProblem::Foreign),
        Err(error) => return sink.problem(name, LogProblem::Log(error.to_string())),
    };
    sink.begin(name);
    let (mut record, mut shapes, mut reading) = (LogRecord::default(), JsonShapes::default(), LogReading::default());
    loop {
        let (piece, line) = match pieces.next(end) {
            Ok(Some(PieceOf::Record(piece, line))) => (piece, line),
            Ok(Some(PieceOf::TooLong(line))) => {
                let message = format!("a record is longer than {} octets", crate::pieces::MAX_RECORD);
                sink.problem(name, LogProblem::Record { line, message });
                continue;
            }
            Ok(None) => break,
            Err(error) => {
                sink.problem(name, LogProblem::Log(error.to_string()));
                break;
            }
        };
        record.clear();
        let shape = if end == PieceEnd::Element {
            xml::read_event(&String::from_utf8_lossy(piece), &mut record).map(|()| LogShape::Xml)
        } else {
            read_json(piece, &mut record, &mut shapes)
        };
        match shape {
            Ok(shape) => {
                reading.shape = reading.shape.or(Some(shape));
                reading.records += 1;
                record.position = reading.records;
                if sink.record(&record).is_break() {
                    break;
                }
            }
            Err(message) => sink.problem(name, LogProblem::Record { line, message }),
        }
    }
    (reading.zone, reading.zone_missing) = (shapes.zone, shapes.zone_missing);
    sink.end(&reading);
}

/// Reads one JSON record; Splunk's may hold the event as XML, which says more.
fn read_json(piece: &[u8], record: &mut LogRecord, shapes: &mut JsonShapes) -> Result<LogShape, String> {
    record.text.extend_from_slice(piece.trim_ascii());
    shapes.read(record).ok_or_else(|| "this is no JSON object".to_owned())?;
    if let Some(raw) = shapes.raw_xml.clone() {
        let mut text = Vec::new();
        unescape(record.text.get(raw).unwrap_or_default(), &mut text);
        if text.trim_ascii_start().starts_with(b"<Event") {
            record.clear();
            xml::read_event(&String::from_utf8_lossy(&text), record)?;
        }
    }
    Ok(shapes.shape.unwrap_or(LogShape::Flat))
}

/// How the records of a text are told apart; `None` when it is no log.
fn recognise(head: &[u8]) -> Option<PieceEnd> {
    let text = head.trim_ascii_start();
    match text.first()? {
        b'<' => memchr::memmem::find(text, b"<Event").map(|_| PieceEnd::Element),
        b'[' => Some(PieceEnd::Brace),
        b'{' => {
            // A line that is a whole object is a record; one that is not goes on in the next.
            let line = memchr::memchr(b'\n', text).and_then(|end| text.get(..end));
            let is_whole = line.is_none_or(|line| line.trim_ascii_end().ends_with(b"}"));
            Some(if is_whole { PieceEnd::Line } else { PieceEnd::Brace })
        }
        // evtx_dump's headings.
        b'R' if text.starts_with(b"Record ") => Some(PieceEnd::Brace),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[derive(Default)]
    struct Seen {
        texts: Vec<(String, u64)>,
        problems: Vec<String>,
        logs: Vec<String>,
        readings: Vec<LogReading>,
    }

    impl RecordSink for Seen {
        fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
            self.texts.push((record.text_of("CommandLine").unwrap_or_default(), record.position));
            ControlFlow::Continue(())
        }
        fn problem(&mut self, log: &str, problem: LogProblem) {
            self.problems.push(format!("{log}: {problem}"));
        }
        fn begin(&mut self, log: &str) {
            self.logs.push(log.to_owned());
        }
        fn end(&mut self, reading: &LogReading) {
            self.readings.push(reading.clone());
        }
    }

    fn read(octets: &[u8]) -> Seen {
        let mut seen = Seen::default();
        read_log(LogInput::Stream(Box::new(octets)), "log", &mut seen);
        let mut again = Seen::default();
        read_log(LogInput::File(Box::new(Cursor::new(octets))), "log", &mut again);
        assert_eq!((&seen.texts, seen.problems.len()), (&again.texts, again.problems.len()));
        seen
    }

    #[test]
    fn recognises_wrappings_and_shapes() {
        let lines = "{\"EventID\":1,\"CommandLine\":\"a\"}\nnot json\n{\"EventID\":1,\"CommandLine\":\"b\"}\n";
        let seen = read(lines.as_bytes());
        assert_eq!(seen.texts, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(seen.problems, ["log: line 2: this is no JSON object"]);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(lines.as_bytes()).unwrap();
        assert_eq!(read(&gz.finish().unwrap()).texts, seen.texts);
        assert_eq!(read(&zstd::encode_all(lines.as_bytes(), 0).unwrap()).texts, seen.texts);
        let pretty = "[{\"EventID\":1,\n\"CommandLine\":\"a\"},{\"CommandLine\":\"b\"}]";
        assert_eq!(read(pretty.as_bytes()).texts, seen.texts);
        let xml = "\u{feff}<?xml version='1.0'?><Events><Event><EventData><Data Name='CommandLine'>a</Data></EventData></Event><Event><EventData><Data Name='CommandLine'>b</Data></EventData></Event></Events>";
        assert_eq!(read(xml.as_bytes()).texts, seen.texts);
        assert_eq!(read(xml.as_bytes()).readings[0].shape, Some(LogShape::Xml));
        let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16).texts, seen.texts);
        let splunk =
            "{\"result\":{\"_raw\":\"<Event><EventData><Data Name='CommandLine'>a</Data></EventData></Event>\"}}";
        assert_eq!(read(splunk.as_bytes()).texts, [("a".to_owned(), 1)]);
    }

    #[test]
    fn says_what_is_no_log() {
        assert_eq!(read(b"hello").problems.len(), 1);
        assert!(read(b"ElfFile\0").problems[0].contains("log: "));
    }
}
