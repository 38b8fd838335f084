//! Lines of either side, of which no more is kept than a limit.

use sidewire_app_layer::ParseInput;

/// A line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FtpLine<'l> {
    pub(super) text: &'l [u8],
    /// There was more of it.
    pub(super) cut: bool,
}

/// Where one side's lines stand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineReader {
    /// Up to the end of the line octets are passed over: too much of it came, or some are missing.
    passing: bool,
}

impl LineReader {
    /// Octets are missing: what follows may be the rest of a line.
    pub(super) const fn lose(&mut self) {
        self.passing = true;
    }

    /// The next line from an offset on, and how many octets it took; `None` until there is more. A line that is longer than
    /// `limit` is given as soon as that much of it, and what may have been its end, is there.
    pub(super) fn next<'i>(
        &mut self,
        input: &ParseInput<'i>,
        from: usize,
        limit: usize,
    ) -> Option<(Option<FtpLine<'i>>, usize)> {
        let rest = input.data.get(from..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest);
        if self.passing {
            self.passing = end.is_none();
            return Some((None, end.map_or(rest.len(), |end| end + 1)));
        }
        let (text, taken) = match end {
            Some(end) => (rest.get(..end)?, end + 1),
            None if input.last || rest.len() > limit + 1 => (rest, rest.len()),
            None => return None,
        };
        self.passing = end.is_none();
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let cut = text.len() > limit;
        Some((Some(FtpLine { text: text.get(..limit).unwrap_or(text), cut }), taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text that comes in pieces.
    fn lines(text: &[u8], piece: usize) -> Vec<(Vec<u8>, bool)> {
        let (mut reader, mut kept, mut found) = (LineReader::default(), Vec::new(), Vec::new());
        for octets in text.chunks(piece) {
            kept.extend_from_slice(octets);
            let (input, mut taken) = (ParseInput { data: &kept, offset: 0, last: false }, 0);
            while let Some((line, octets)) = reader.next(&input, taken, 8) {
                taken += octets;
                found.extend(line.map(|line| (line.text.to_vec(), line.cut)));
            }
            kept.drain(..taken);
        }
        found
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = b"USER me\r\n\nthis is too long, and more\r\n12345678\r\nlast\n";
        let expected =
            [(&b"USER me"[..], false), (b"", false), (b"this is ", true), (b"12345678", false), (b"last", false)];
        let expected = expected.map(|(text, cut)| (text.to_vec(), cut));
        for piece in 1..text.len() {
            assert_eq!(lines(text, piece), expected, "{piece}");
        }
    }
}
