//! The header block: names, values, folding and line ends, as tolerant as the servers and browsers that read them.

use core::ops::Range;

use memchr::{memchr, memchr2, memchr3};
use smallvec::SmallVec;

use super::text::{same, trimmed};

/// Whose habits apply: browsers accept more kinds of line ends than servers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageSide {
    Request,
    Response,
}

/// What is odd about a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HeaderOddities {
    pub leading_space: bool,
    pub trailing_space: bool,
    pub not_a_token: bool,
    pub no_colon: bool,
    pub empty_name: bool,
}

/// Folded lines joined to one value at most: joining costs, and nobody folds that often.
const MAX_FOLDS: usize = 128;

/// One look at the beginning of a header block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeaderScan {
    /// A header: where its name and value are, and how many octets it takes.
    Header { name: Range<usize>, value: HeaderText, odd: HeaderOddities, length: usize, lf_cr: bool },
    /// The empty line that ends the block; its octets.
    End(usize),
    /// More octets are needed to tell.
    Incomplete,
}

/// A value: a piece of the block, or, when it was folded, a piece of the joined text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeaderText {
    Plain(Range<usize>),
    Joined(Range<usize>),
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnding {
    /// After this many octets.
    Line(usize),
    /// After this many octets, and the next line, after one octet of white space, continues it.
    Fold(usize),
}

/// Nothing can be told without more octets.
struct NeedMore;

const fn is_fold(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | 0)
}

const fn is_token(octet: u8) -> bool {
    matches!(octet, 33..=126)
        && !matches!(
            octet,
            b'(' | b')'
                | b'<'
                | b'>'
                | b'@'
                | b','
                | b';'
                | b':'
                | b'\\'
                | b'"'
                | b'/'
                | b'['
                | b']'
                | b'?'
                | b'='
                | b'{'
                | b'}'
        )
}

/// What is known of a header block when the next header is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockPosition {
    /// Nothing was read of it: what looks like an odd end may belong to the line end of the first line.
    pub first: bool,
    /// Its lines end in LF CR.
    pub lf_cr: bool,
    /// Nothing follows `data`.
    pub last: bool,
}

/// Reads what comes next in a header block. `joined` receives values that were folded.
pub(super) fn scan(side: MessageSide, data: &[u8], position: BlockPosition, joined: &mut Vec<u8>) -> HeaderScan {
    let BlockPosition { last, .. } = position;
    match block_end(side, data, position) {
        Ok(Some(length)) => return HeaderScan::End(length),
        Ok(None) => {}
        Err(NeedMore) => return HeaderScan::Incomplete,
    }
    let before = joined.len();
    let colon = colon(side, data);
    let value_at = colon.map_or(0, |colon| {
        let blank = data.get(colon + 1..).unwrap_or_default().iter().take_while(|octet| matches!(octet, b' ' | b'\t'));
        colon + 1 + blank.count()
    });
    let Ok((value, length, lf_cr)) = value(side, data, value_at, last, joined) else {
        joined.truncate(before);
        return HeaderScan::Incomplete;
    };
    let mut odd = HeaderOddities { no_colon: colon.is_none(), ..HeaderOddities::default() };
    let name = colon.map_or(0..0, |colon| {
        let name = data.get(..colon).unwrap_or_default();
        odd.empty_name = name.is_empty();
        odd.leading_space = matches!(name.first(), Some(b' ' | b'\t'));
        odd.trailing_space = matches!(name.last(), Some(b' ' | b'\t'));
        let blank = |octet: &u8| matches!(octet, b' ' | b'\t');
        let mut rest = name.iter().skip_while(|octet| blank(octet)).skip_while(|octet| is_token(**octet));
        odd.not_a_token = rest.any(|octet| !blank(octet));
        trimmed(data, 0..colon)
    });
    HeaderScan::Header { name, value, odd, length, lf_cr }
}

/// The empty line that ends the block, when it is next.
fn block_end(side: MessageSide, data: &[u8], position: BlockPosition) -> Result<Option<usize>, NeedMore> {
    let BlockPosition { first, lf_cr, last } = position;
    Ok(match (side, data) {
        (_, []) => return Err(NeedMore),
        (_, [b'\r', b'\n', ..]) => Some(2),
        (_, [b'\r']) if !last => return Err(NeedMore),
        (MessageSide::Response, [b'\n', b'\r', ..]) if lf_cr => Some(2),
        (MessageSide::Response, [b'\n']) if lf_cr && !last => return Err(NeedMore),
        (_, [b'\n', ..]) => Some(1),
        (MessageSide::Response, [b'\r', ..]) if !first => Some(1),
        _ => None,
    })
}

/// The colon after a name. A name may go on in the next line when that begins with a space.
fn colon(side: MessageSide, data: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = data.get(from..)?;
        let stop = match side {
            MessageSide::Request => memchr2(b':', b'\n', rest),
            MessageSide::Response => memchr3(b':', b'\n', b'\r', rest),
        }?;
        let at = from + stop;
        if data.get(at) == Some(&b':') {
            return Some(at);
        }
        let end = if data.get(at..at + 2) == Some(b"\r\n") { at + 2 } else { at + 1 };
        if data.get(end) != Some(&b' ') {
            return None;
        }
        from = end + 1;
    }
}

/// One line of a value: its content, and how it ends, from the line end on.
fn line(
    side: MessageSide,
    data: &[u8],
    start: usize,
    last: bool,
) -> Result<(Range<usize>, LineEnding, bool), NeedMore> {
    let rest = data.get(start..).unwrap_or_default();
    let mut end = start
        + match side {
            MessageSide::Request => memchr(b'\n', rest),
            MessageSide::Response => memchr2(b'\n', b'\r', rest),
        }
        .ok_or(NeedMore)?;
    if side == MessageSide::Request && end > start && data.get(end - 1) == Some(&b'\r') {
        end -= 1;
    }
    let tail = data.get(end..).unwrap_or_default();
    let lf_cr = side == MessageSide::Response && tail.starts_with(b"\n\r");
    Ok((start..end, ending(side, tail, last)?, lf_cr))
}

/// How the line ends whose end `data` begins with.
fn ending(side: MessageSide, data: &[u8], last: bool) -> Result<LineEnding, NeedMore> {
    let length = match side {
        MessageSide::Request => match deformed_request(data, last)? {
            Some(length) => length,
            None => regular(side, data, last)?,
        },
        MessageSide::Response => {
            let length = regular(side, data, last)?;
            match data.get(length) {
                Some(next) if is_fold(*next) => length,
                _ => deformed_response(data, last)?.unwrap_or(length),
            }
        }
    };
    match data.get(length) {
        Some(next) if is_fold(*next) => Ok(LineEnding::Fold(length)),
        None if !last => Err(NeedMore),
        _ => Ok(LineEnding::Line(length)),
    }
}

fn regular(side: MessageSide, data: &[u8], last: bool) -> Result<usize, NeedMore> {
    match (side, data) {
        (_, [b'\r', b'\n', ..]) | (MessageSide::Response, [b'\n', b'\r', ..]) => Ok(2),
        (_, [b'\r' | b'\n']) if !last => Err(NeedMore),
        _ => Ok(1),
    }
}

/// LF CR CR LF before another line end.
fn doubled(data: &[u8], last: bool) -> Result<Option<usize>, NeedMore> {
    let long: &[u8] = b"\n\r\r\n\r\n";
    let short: &[u8] = b"\n\r\r\n\n";
    if data.starts_with(long) || data.starts_with(short) {
        return Ok(Some(4));
    }
    // A lone LF is the usual end of a line; only from its CR on is it worth waiting.
    let undecided = data.len() > 1 && (long.starts_with(data) || short.starts_with(data));
    if undecided && !last { Err(NeedMore) } else { Ok(None) }
}

fn deformed_request(data: &[u8], last: bool) -> Result<Option<usize>, NeedMore> {
    if let Some(length) = doubled(data, last)? {
        return Ok(Some(length));
    }
    Ok(data.starts_with(b"\n\r\r\n").then_some(2))
}

/// CR LF CR, white space or more CR, and perhaps LF: an end of line unless the block's end follows.
fn deformed_response(data: &[u8], last: bool) -> Result<Option<usize>, NeedMore> {
    if let Some(length) = doubled(data, last)? {
        return Ok(Some(length));
    }
    let Some(rest) = data.strip_prefix(b"\r\n\r") else { return Ok(None) };
    let blank = rest.iter().take_while(|octet| matches!(octet, b'\r' | b' ' | b'\t')).count();
    let mut at = 3 + blank;
    match data.get(at) {
        None if last => return Ok(None),
        None => return Err(NeedMore),
        Some(_) if blank == 0 => return Ok(None),
        Some(b'\n') => at += 1,
        Some(_) => {}
    }
    match data.get(at..).unwrap_or_default() {
        [] | [b'\r'] if !last => Err(NeedMore),
        [b'\n', ..] | [b'\r', b'\n', ..] => Ok(None),
        _ => Ok(Some(at)),
    }
}

/// A value from `start` on: where it is, where the header ends, and whether a line ended in LF CR.
fn value(
    side: MessageSide,
    data: &[u8],
    start: usize,
    last: bool,
    joined: &mut Vec<u8>,
) -> Result<(HeaderText, usize, bool), NeedMore> {
    let (content, end, mut lf_cr) = line(side, data, start, last)?;
    let mut fold_at = match end {
        LineEnding::Line(length) => {
            let next = content.end + length;
            return Ok((HeaderText::Plain(trimmed(data, content)), next, lf_cr));
        }
        LineEnding::Fold(length) => content.end + length,
    };
    let begin = joined.len();
    joined.extend_from_slice(data.get(content).unwrap_or_default());
    let mut folds = 0;
    // The header ends here unless a continuation says otherwise.
    let mut done = fold_at + 1;
    let mut at = done;
    loop {
        if side == MessageSide::Response && is_header(data.get(at..).unwrap_or_default(), last)? {
            done = at;
            break;
        }
        let (content, end, another) = line(side, data, at, last)?;
        lf_cr |= another;
        let fold = data.get(fold_at).copied().unwrap_or(b' ');
        let (length, folds_on) = match end {
            LineEnding::Line(length) => (length, false),
            LineEnding::Fold(length) => (length, true),
        };
        let next = content.end + length + usize::from(folds_on);
        if joined.len() > begin {
            joined.push(fold);
        }
        if !content.is_empty() || length > 1 || data.get(next) == Some(&b'\n') {
            // A continuation of nothing but LF is kept back: it may be the end of the block.
            done = next;
            joined.extend_from_slice(data.get(content.clone()).unwrap_or_default());
        }
        folds += 1;
        fold_at = content.end + length;
        at = next;
        if !folds_on || folds >= MAX_FOLDS {
            break;
        }
    }
    Ok((HeaderText::Joined(trimmed(joined, begin..joined.len())), done, lf_cr))
}

/// A "continuation" that is a header itself: a name and a colon. Browsers read it as one.
fn is_header(data: &[u8], last: bool) -> Result<bool, NeedMore> {
    let blank = |octet: &&u8| matches!(octet, b' ' | b'\t');
    let leading = data.iter().take_while(blank).count();
    let name = data.get(leading..).unwrap_or_default().iter().take_while(|octet| is_token(**octet)).count();
    let trailing = data.get(leading + name..).unwrap_or_default().iter().take_while(blank).count();
    match data.get(leading + name + trailing) {
        Some(b':') => Ok(name > 0),
        None if !last => Err(NeedMore),
        _ => Ok(false),
    }
}

/// A piece of a message's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MessageSpan {
    start: u32,
    length: u32,
    /// In the second text, which holds what the wire does not have in one piece.
    made: bool,
}

impl MessageSpan {
    pub(super) fn new(range: Range<usize>) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: narrow(range.start), length: narrow(range.len()), made: false }
    }

    /// The place of a piece of a line inside the line.
    pub(super) fn of(piece: &[u8], line: &[u8]) -> Self {
        let start = piece.as_ptr().addr().saturating_sub(line.as_ptr().addr());
        Self::new(start..start + piece.len())
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct HeaderField {
    pub name: MessageSpan,
    pub value: MessageSpan,
    repeated: bool,
}

/// The first line and the headers of a message: its octets once, and where things are in them.
#[derive(Debug, Default)]
pub(super) struct HeaderBlock {
    wire: Vec<u8>,
    made: Vec<u8>,
    headers: SmallVec<[HeaderField; 12]>,
    /// Of each header's name, without regard to case: most names are distinguished by it.
    hashes: SmallVec<[u32; 12]>,
    block: usize,
    /// Where in the block the trailer begins; it can be empty.
    trailer: Option<usize>,
    repetitions: u16,
    /// The block's lines end in LF CR.
    pub lf_cr: bool,
}

/// What became of a header that was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AddedHeader {
    /// It was the second of its name.
    pub repeated: bool,
    /// It is a `Content-Length` that contradicts an earlier one.
    pub ambiguous_length: bool,
}

/// More different headers than a message may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// Repetitions that are joined to a value; more are left out.
const MAX_REPETITIONS: u16 = 64;

/// From here on repetitions that are left out are not kept as they were sent, either. Octets. Servers take some 8 to 800 KiB
/// of headers.
const MAX_REPEATED_BLOCK: usize = 1 << 20;

/// FNV-1a of a name in lower case.
fn name_hash(name: &[u8]) -> u32 {
    name.iter()
        .fold(0x811c_9dc5, |hash, octet| (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193))
}

impl HeaderBlock {
    /// Begins with the first line; the header block follows it.
    pub(super) fn begin(&mut self, line: &[u8]) -> MessageSpan {
        self.clear();
        self.wire.reserve(line.len() + 512);
        self.wire.extend_from_slice(line);
        self.block = self.wire.len();
        MessageSpan::new(0..line.len())
    }

    /// Forgets everything, keeps the memory.
    pub(super) fn clear(&mut self) {
        self.wire.clear();
        self.made.clear();
        self.headers.clear();
        self.hashes.clear();
        self.block = 0;
        self.trailer = None;
        self.repetitions = 0;
        self.lf_cr = false;
    }

    pub(super) fn text(&self, span: MessageSpan) -> &[u8] {
        let text = if span.made { &self.made } else { &self.wire };
        let start = span.start as usize;
        text.get(start..start + span.length as usize).unwrap_or_default()
    }

    /// The header block as it was sent.
    pub(super) fn block(&self) -> &[u8] {
        self.wire.get(self.block..).unwrap_or_default()
    }

    /// What comes now belongs to the trailer, after a body in chunks.
    pub(super) fn begin_trailer(&mut self) {
        self.trailer = Some(self.block().len());
    }

    /// The trailer as it was sent, once there is one, if only its empty line.
    pub(super) fn trailer(&self) -> Option<&[u8]> {
        self.block().get(self.trailer?..)
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().map(|header| (self.text(header.name), self.text(header.value)))
    }

    pub(super) fn len(&self) -> usize {
        self.headers.len()
    }

    /// The value of a header; NUL octets inside names do not count.
    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.headers.iter().find(|header| same(self.text(header.name), name)).map(|header| self.text(header.value))
    }

    /// Keeps octets of the block that are no header (the empty line).
    pub(super) fn keep(&mut self, octets: &[u8]) {
        self.wire.extend_from_slice(octets);
    }

    /// Adds a header that was scanned at the beginning of `data`; `joined` is the text of folded values.
    pub(super) fn add(
        &mut self,
        data: &[u8],
        (name, value, length): (Range<usize>, HeaderText, usize),
        joined: &[u8],
        limit: usize,
    ) -> Result<AddedHeader, TooMany> {
        let base = self.wire.len();
        self.wire.extend_from_slice(data.get(..length).unwrap_or_default());
        let name = MessageSpan::new(base + name.start..base + name.end);
        let value = match value {
            HeaderText::Plain(range) => MessageSpan::new(base + range.start..base + range.end),
            HeaderText::Joined(range) => self.make(joined.get(range).unwrap_or_default()),
        };
        let (text, hash) = (self.text(name), name_hash(self.text(name)));
        let is_same = |header: &HeaderField| self.text(header.name).eq_ignore_ascii_case(text);
        let existing =
            self.hashes.iter().zip(&self.headers).position(|(known, header)| *known == hash && is_same(header));
        let Some(existing) = existing else {
            if self.headers.len() > limit {
                return Err(TooMany);
            }
            self.hashes.push(hash);
            self.headers.push(HeaderField { name, value, repeated: false });
            return Ok(AddedHeader::default());
        };
        let mut added = AddedHeader::default();
        let Some(before) = self.headers.get(existing).copied() else { return Ok(added) };
        if !before.repeated {
            added.repeated = true;
        } else if self.repetitions < MAX_REPETITIONS {
            self.repetitions += 1;
        } else {
            if base > MAX_REPEATED_BLOCK {
                self.wire.truncate(base);
            }
            return Ok(added);
        }
        let mut value_now = before.value;
        if self.text(name).eq_ignore_ascii_case(b"content-length") {
            let lengths = [before.value, value].map(|span| super::line::content_length(self.text(span)));
            let [first, second] = lengths;
            added.ambiguous_length = first.is_none() || first != second;
        } else {
            let start = self.made.len();
            let mut all = Vec::with_capacity(before.value.length as usize + value.length as usize + 2);
            all.extend_from_slice(self.text(before.value));
            all.extend_from_slice(b", ");
            all.extend_from_slice(self.text(value));
            // The value grows in place when it is the youngest text already.
            if before.value.made && before.value.start as usize + before.value.length as usize == start {
                self.made.truncate(before.value.start as usize);
            }
            value_now = self.make(&all);
        }
        if let Some(header) = self.headers.get_mut(existing) {
            *header = HeaderField { value: value_now, repeated: true, ..*header };
        }
        Ok(added)
    }

    fn make(&mut self, octets: &[u8]) -> MessageSpan {
        let start = self.made.len();
        self.made.extend_from_slice(octets);
        MessageSpan { made: true, ..MessageSpan::new(start..self.made.len()) }
    }
}

#[cfg(test)]
mod tests;
