//! Octets searched for in a buffer.

use memchr::memmem::Finder;

use crate::keyword::rarity;

/// Octets searched for inside one buffer.
#[derive(Debug)]
pub(crate) enum BufferLiteral {
    /// As they are.
    Exact(Box<Finder<'static>>),
    /// ASCII letters without case.
    Folded(FoldedLiteral),
}

impl BufferLiteral {
    pub(crate) fn new(octets: &[u8], nocase: bool) -> Self {
        if nocase && octets.iter().any(u8::is_ascii_alphabetic) {
            Self::Folded(FoldedLiteral::new(octets))
        } else {
            Self::Exact(Box::new(Finder::new(octets).into_owned()))
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Exact(finder) => finder.needle().len(),
            Self::Folded(literal) => literal.octets.len(),
        }
    }

    /// Where they first stand in `data`.
    pub(crate) fn find(&self, data: &[u8]) -> Option<usize> {
        match self {
            Self::Exact(finder) => finder.find(data),
            Self::Folded(literal) => literal.find(data),
        }
    }

    /// Do they stand at the beginning of `data`?
    pub(crate) fn begins(&self, data: &[u8]) -> bool {
        match self {
            Self::Exact(finder) => data.starts_with(finder.needle()),
            Self::Folded(FoldedLiteral { octets, .. }) => {
                data.get(..octets.len()).is_some_and(|head| head.eq_ignore_ascii_case(octets))
            }
        }
    }
}

/// Octets that are looked through at once: what of it holds neither of two octets is passed over.
const BLOCK: usize = 64;

/// Octets with ASCII letters in lower case, and the two that are looked for first: the rarest.
#[derive(Debug)]
pub(crate) struct FoldedLiteral {
    octets: Box<[u8]>,
    rarest: [RareOctet; 2],
}

/// One octet of a literal.
#[derive(Clone, Copy, Debug)]
struct RareOctet {
    at: usize,
    octet: u8,
    /// The bit that letters of either case have in common once it is set.
    fold: u8,
}

impl FoldedLiteral {
    fn new(octets: &[u8]) -> Self {
        let octets: Box<[u8]> = octets.to_ascii_lowercase().into();
        let rare = |at: usize| {
            let octet = octets.get(at).copied().unwrap_or(0);
            RareOctet { at, octet, fold: if octet.is_ascii_lowercase() { 0x20 } else { 0 } }
        };
        let mut order: Vec<usize> = (0..octets.len()).collect();
        order.sort_by_key(|&at| core::cmp::Reverse(octets.get(at).map_or(0, |octet| rarity::of_octet(*octet))));
        let first = order.first().copied().unwrap_or(0);
        // Two that follow one another in words come together; a little apart they say more.
        let second = order.iter().copied().find(|at| at.abs_diff(first) > 1).or(order.get(1).copied());
        Self { rarest: [rare(first), rare(second.unwrap_or(first))], octets }
    }

    fn find(&self, data: &[u8]) -> Option<usize> {
        let places = data.len().checked_sub(self.octets.len())? + 1;
        let [first, second] = self.rarest;
        let (a, b) = (data.get(first.at..first.at + places)?, data.get(second.at..second.at + places)?);
        for (block, (a, b)) in a.chunks(BLOCK).zip(b.chunks(BLOCK)).enumerate() {
            if !meets(a, b, first, second) {
                continue;
            }
            let places = (block * BLOCK..).zip(a.iter().zip(b)).filter(|(_, pair)| holds(*pair, first, second));
            for (at, _) in places {
                if data.get(at..at + self.octets.len()).is_some_and(|window| window.eq_ignore_ascii_case(&self.octets))
                {
                    return Some(at);
                }
            }
        }
        None
    }
}

/// Are these the two octets?
#[inline]
const fn holds((x, y): (&u8, &u8), first: RareOctet, second: RareOctet) -> bool {
    (*x | first.fold == first.octet) & (*y | second.fold == second.octet)
}

/// Does some place of two equally long blocks hold both octets? Without a branch for each place, so that many are compared at
/// once.
#[inline]
fn meets(a: &[u8], b: &[u8], first: RareOctet, second: RareOctet) -> bool {
    let both = |pair| u8::from(holds(pair, first, second));
    match (<&[u8; BLOCK]>::try_from(a), <&[u8; BLOCK]>::try_from(b)) {
        (Ok(a), Ok(b)) => a.iter().zip(b).map(both).fold(0, |any, one| any | one) != 0,
        _ => a.iter().zip(b).map(both).fold(0, |any, one| any | one) != 0,
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
            data in prop::collection::vec(prop::sample::select(b"aAbB.\0".to_vec()), 0..200),
            nocase: bool,
        ) {
            let same = |window: &[u8]| if nocase { window.eq_ignore_ascii_case(&octets) } else { window == octets };
            let literal = BufferLiteral::new(&octets, nocase);
            prop_assert_eq!(literal.find(&data), data.windows(octets.len()).position(same));
            prop_assert_eq!(literal.begins(&data), data.len() >= octets.len() && same(&data[..octets.len()]));
        }
    }
}
