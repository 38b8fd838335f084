//! Whole lines, each with its end.

/// How many there are.
pub(crate) fn count(lines: &[u8]) -> u64 {
    let ends = lines.iter().filter(|octet| **octet == b'\n').count() as u64;
    ends + u64::from(lines.last().is_some_and(|octet| *octet != b'\n'))
}

/// Octets of the first line, with its end.
pub(super) fn first_length(lines: &[u8]) -> usize {
    lines.iter().position(|octet| *octet == b'\n').map_or(lines.len(), |end| end + 1)
}

/// Where the line begins that an offset lies in.
pub(super) fn line_start(lines: &[u8], offset: usize) -> usize {
    let before = lines.get(..offset).unwrap_or(lines);
    before.iter().rposition(|octet| *octet == b'\n').map_or(0, |end| end + 1)
}

/// The lines, each with its end.
pub(super) fn each(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split_inclusive(|octet| *octet == b'\n')
}

/// A line without its end.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_found() {
        assert_eq!((count(b"a\nb\n"), count(b"a\nb"), count(b"")), (2, 2, 0));
        assert_eq!((first_length(b"ab\nc\n"), first_length(b"ab")), (3, 2));
        assert_eq!((line_start(b"ab\ncd\n", 4), line_start(b"ab\ncd\n", 3), line_start(b"ab", 1)), (3, 3, 0));
        assert_eq!(each(b"a\nb").map(without_end).collect::<Vec<_>>(), [b"a", b"b"]);
    }
}
