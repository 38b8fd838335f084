//! Octets of HTTP as text: white space, and comparing without case.

use core::ops::Range;

use memchr::memchr;

/// White space as `isspace` of C has it.
pub(super) const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// The octets without white space around them.
pub(super) fn trim(octets: &[u8]) -> &[u8] {
    octets.get(trimmed(octets, 0..octets.len())).unwrap_or_default()
}

/// The part of a range without white space around it.
pub(super) fn trimmed(octets: &[u8], range: Range<usize>) -> Range<usize> {
    let piece = octets.get(range.clone()).unwrap_or_default();
    let front = piece.iter().take_while(|octet| is_space(**octet)).count();
    let back = piece.get(front..).unwrap_or_default().iter().rev().take_while(|octet| is_space(**octet)).count();
    range.start + front..range.end - back
}

/// Equal without case and without NUL octets in the first.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b)
        || memchr(0, a).is_some()
            && a.iter()
                .filter(|octet| **octet != 0)
                .map(u8::to_ascii_lowercase)
                .eq(b.iter().map(u8::to_ascii_lowercase))
}

/// `needle` (lower case) somewhere in `hay`, without case and without the NUL octets of `hay`.
pub(super) fn contains(hay: &[u8], needle: &[u8]) -> bool {
    if memchr(0, hay).is_some() {
        let clean: Vec<u8> = hay.iter().copied().filter(|octet| *octet != 0).collect();
        return contains(&clean, needle);
    }
    hay.windows(needle.len().max(1)).any(|window| window.eq_ignore_ascii_case(needle))
}
