//! A stream cut into records, each in memory at a time and none larger than a bound.

use core::ops::Range;
use std::io::{self, Read};

/// Octets of one record as text.
pub(crate) const MAX_RECORD: usize = 16 << 20;
/// Octets read at once.
const CHUNK: usize = 256 << 10;

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceEnd {
    /// With its line.
    Line,
    /// With `</Event>`.
    Element,
    /// With the brace that closes it: records that take several lines, or are items of an array.
    Brace,
}

/// What was cut off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PieceOf<'b> {
    /// A record, and the number of the line it begins in, from 1.
    Record(&'b [u8], u64),
    /// A record beyond the bound, passed over.
    TooLong(u64),
}

/// Cuts a stream.
pub(crate) struct LogPieces<'s> {
    source: Box<dyn Read + 's>,
    buffer: Vec<u8>,
    /// What of the buffer was handed out.
    start: usize,
    /// How far the rest was searched.
    searched: usize,
    ended: bool,
    line: u64,
    nesting: JsonNesting,
}

/// Braces of JSON that are open.
#[derive(Clone, Copy, Debug, Default)]
struct JsonNesting {
    depth: u32,
    in_string: bool,
    escaped: bool,
    begun: Option<usize>,
}

impl<'s> LogPieces<'s> {
    pub(crate) fn new(source: Box<dyn Read + 's>) -> Self {
        let (buffer, nesting) = (Vec::new(), JsonNesting::default());
        Self { source, buffer, start: 0, searched: 0, ended: false, line: 1, nesting }
    }

    /// The first octets, as many as there are up to `length`.
    pub(crate) fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        while !self.ended && self.buffer.len() - self.start < length {
            self.fill()?;
        }
        let end = self.buffer.len().min(self.start + length);
        Ok(self.buffer.get(self.start..end).unwrap_or_default())
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub(crate) fn next(&mut self, end: PieceEnd) -> io::Result<Option<PieceOf<'_>>> {
        let mut skipping = false;
        loop {
            if let Some((piece, behind)) = self.find(end) {
                let line = self.line + newlines(self.buffer.get(self.start..piece.start));
                self.line += newlines(self.buffer.get(self.start..behind));
                (self.start, self.searched) = (behind, behind);
                if skipping {
                    return Ok(Some(PieceOf::TooLong(line)));
                }
                // Looked at before it is lent: a borrow that is returned lasts as long as the caller's.
                if self.buffer.get(piece.clone()).is_none_or(|record| record.iter().all(u8::is_ascii_whitespace)) {
                    continue;
                }
                return Ok(Some(PieceOf::Record(self.buffer.get(piece).unwrap_or_default(), line)));
            }
            if self.ended {
                return Ok(self.rest(end, skipping));
            }
            if self.buffer.len() - self.start > MAX_RECORD {
                skipping = true;
                self.line += newlines(self.buffer.get(self.start..));
                // A border may lie across the cut.
                let kept = self.buffer.len().saturating_sub(ELEMENT.len());
                self.start = kept;
                self.searched = self.searched.max(kept);
                self.nesting.begun = self.nesting.begun.map(|_| kept);
            }
            self.fill()?;
        }
    }

    /// What is left at the end.
    fn rest(&mut self, end: PieceEnd, skipping: bool) -> Option<PieceOf<'_>> {
        let (start, line) = (core::mem::replace(&mut self.start, self.buffer.len()), self.line);
        let rest = self.buffer.get(start..).unwrap_or_default();
        if skipping {
            return Some(PieceOf::TooLong(line));
        }
        // Behind the last event or object there is nothing but what closes the document.
        let is_record = match end {
            PieceEnd::Line => true,
            PieceEnd::Element => memchr::memmem::find(rest, b"<Event")
                .is_some_and(|at| rest.get(at + 6).is_none_or(|octet| octet.is_ascii_whitespace() || *octet == b'>')),
            PieceEnd::Brace => self.nesting.begun.is_some(),
        };
        (is_record && !rest.iter().all(u8::is_ascii_whitespace)).then_some(PieceOf::Record(rest, line))
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start.min(self.searched);
            self.nesting.begun = self.nesting.begun.map(|begun| begun.saturating_sub(self.start));
            self.start = 0;
        }
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK, 0);
        let free = self.buffer.get_mut(length..).unwrap_or_default();
        let read = loop {
            match self.source.read(free) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let got = *read.as_ref().unwrap_or(&0);
        self.buffer.truncate(length + got);
        self.ended = got == 0;
        read.map(|_| ())
    }

    /// The next record in the buffer, and where the one after it may begin.
    fn find(&mut self, end: PieceEnd) -> Option<(Range<usize>, usize)> {
        let from = self.searched.max(self.start);
        let rest = self.buffer.get(from..)?;
        match end {
            PieceEnd::Line => {
                let Some(at) = memchr::memchr(b'\n', rest) else {
                    self.searched = self.buffer.len();
                    return None;
                };
                Some((self.start..from + at, from + at + 1))
            }
            PieceEnd::Element => {
                let Some(at) = memchr::memmem::find(rest, ELEMENT) else {
                    self.searched = self.buffer.len().saturating_sub(ELEMENT.len()).max(self.start);
                    return None;
                };
                let behind = from + at + ELEMENT.len();
                Some((self.start..behind, behind))
            }
            PieceEnd::Brace => self.find_brace(from),
        }
    }

    fn find_brace(&mut self, from: usize) -> Option<(Range<usize>, usize)> {
        let mut nesting = self.nesting;
        for (at, octet) in self.buffer.iter().enumerate().skip(from) {
            if nesting.in_string {
                match octet {
                    _ if nesting.escaped => nesting.escaped = false,
                    b'\\' => nesting.escaped = true,
                    b'"' => nesting.in_string = false,
                    _ => {}
                }
                continue;
            }
            match octet {
                b'"' => nesting.in_string = nesting.depth > 0,
                b'{' => {
                    nesting.begun = nesting.begun.or(Some(at));
                    nesting.depth = nesting.depth.saturating_add(1);
                }
                b'}' => {
                    nesting.depth = nesting.depth.saturating_sub(1);
                    if nesting.depth == 0
                        && let Some(begun) = nesting.begun.take()
                    {
                        self.nesting = nesting;
                        return Some((begun..at + 1, at + 1));
                    }
                }
                _ => {}
            }
        }
        self.nesting = nesting;
        self.searched = self.buffer.len();
        None
    }
}

const ELEMENT: &[u8] = b"</Event>";

fn newlines(text: Option<&[u8]>) -> u64 {
    memchr::memchr_iter(b'\n', text.unwrap_or_default()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few octets at a time.
    struct Drip(Vec<u8>, usize);

    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let left = &self.0[self.1..];
            let count = left.len().min(3).min(out.len());
            out[..count].copy_from_slice(&left[..count]);
            self.1 += count;
            Ok(count)
        }
    }

    fn cut(text: &str, end: PieceEnd) -> Vec<(String, u64)> {
        let mut pieces = LogPieces::new(Box::new(Drip(text.as_bytes().to_vec(), 0)));
        let mut found = Vec::new();
        while let Some(piece) = pieces.next(end).unwrap() {
            match piece {
                PieceOf::Record(text, line) => found.push((String::from_utf8(text.to_vec()).unwrap(), line)),
                PieceOf::TooLong(line) => found.push(("too long".to_owned(), line)),
            }
        }
        found
    }

    #[test]
    fn cuts_lines_elements_and_braces() {
        let owned =
            |list: &[(&str, u64)]| list.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect::<Vec<_>>();
        assert_eq!(cut("{}\n\n{1}\r\n{2}", PieceEnd::Line), owned(&[("{}", 1), ("{1}\r", 3), ("{2}", 4)]));
        let xml = "<Events>\n<Event>a</Event><Event>b\n</Event></Events>\n";
        assert_eq!(cut(xml, PieceEnd::Element), owned(&[("<Events>\n<Event>a</Event>", 1), ("<Event>b\n</Event>", 2)]));
        let json = "[{\"a\":\n\"}{\\\"\"},\n{\"b\":{}}]\n";
        assert_eq!(cut(json, PieceEnd::Brace), owned(&[("{\"a\":\n\"}{\\\"\"}", 1), ("{\"b\":{}}", 3)]));
    }

    #[test]
    fn passes_over_what_is_too_long() {
        let mut text = vec![b'x'; MAX_RECORD + CHUNK + 10];
        text.extend_from_slice(b"\n{}\n");
        let mut pieces = LogPieces::new(Box::new(io::Cursor::new(text)));
        assert_eq!(pieces.next(PieceEnd::Line).unwrap(), Some(PieceOf::TooLong(1)));
        assert_eq!(pieces.next(PieceEnd::Line).unwrap(), Some(PieceOf::Record(b"{}", 2)));
        assert_eq!(pieces.next(PieceEnd::Line).unwrap(), None);
    }
}
