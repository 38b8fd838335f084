//! Octets searched for in a buffer.

use memchr::memmem::Finder;

/// Octets searched for inside one buffer.
#[derive(Debug)]
pub(crate) enum Literal {
    /// As they are.
    Exact(Box<Finder<'static>>),
    /// ASCII letters without case: the octets in lower case, and the position of the one that is looked for first.
    Folded(Box<[u8]>, usize),
}

impl Literal {
    pub(crate) fn new(octets: &[u8], nocase: bool) -> Self {
        if nocase && octets.iter().any(u8::is_ascii_alphabetic) {
            let rarest = (0..octets.len()).min_by_key(|&at| octets.get(at).map_or(u8::MAX, |&octet| commonness(octet)));
            Self::Folded(octets.to_ascii_lowercase().into(), rarest.unwrap_or(0))
        } else {
            Self::Exact(Box::new(Finder::new(octets).into_owned()))
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Exact(finder) => finder.needle().len(),
            Self::Folded(octets, _) => octets.len(),
        }
    }

    /// Where they first stand in `data`.
    pub(crate) fn find(&self, data: &[u8]) -> Option<usize> {
        match self {
            Self::Exact(finder) => finder.find(data),
            Self::Folded(octets, rarest) => {
                let last = data.len().checked_sub(octets.len())?;
                let &octet = octets.get(*rarest)?;
                let area = data.get(*rarest..=last + rarest)?;
                memchr::memchr2_iter(octet, octet.to_ascii_uppercase(), area).find(|&at| {
                    data.get(at..at + octets.len()).is_some_and(|window| window.eq_ignore_ascii_case(octets))
                })
            }
        }
    }

    /// Do they stand at the beginning of `data`?
    pub(crate) fn begins(&self, data: &[u8]) -> bool {
        match self {
            Self::Exact(finder) => data.starts_with(finder.needle()),
            Self::Folded(octets, _) => data.get(..octets.len()).is_some_and(|head| head.eq_ignore_ascii_case(octets)),
        }
    }
}

/// How often an octet is met in traffic, roughly: the smaller, the better to look for.
pub(crate) const fn commonness(octet: u8) -> u8 {
    match octet {
        0 | 0x20 | b'e' | b't' | b'a' | b'o' | b'i' | b'n' => 9,
        b's' | b'r' | b'h' | b'l' | b'd' | b'c' | b'u' | b'm' | b'p' => 8,
        b'a'..=b'z' | b'.' | b'/' | b'=' | b'-' | b':' | b'\r' | b'\n' | 0xff | 1 => 7,
        b'0'..=b'9' | b'"' | b'<' | b'>' | b'&' | b'%' | b'_' => 6,
        b'A'..=b'Z' => 5,
        0x21..=0x7e => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            octets in prop::collection::vec(prop::sample::select(b"aAb.\0".to_vec()), 1..5),
            data in prop::collection::vec(prop::sample::select(b"aAbB.\0".to_vec()), 0..40),
            nocase: bool,
        ) {
            let same = |window: &[u8]| if nocase { window.eq_ignore_ascii_case(&octets) } else { window == octets };
            let literal = Literal::new(&octets, nocase);
            prop_assert_eq!(literal.find(&data), data.windows(octets.len()).position(same));
            prop_assert_eq!(literal.begins(&data), data.len() >= octets.len() && same(&data[..octets.len()]));
        }
    }
}
