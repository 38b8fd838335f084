//! Searching for a few literals.

use memchr::memmem::Finder;

use crate::literal::{LiteralMatcher, MatcherScratch, PatternLiteral};

/// A few literals: as many substring searches beat every automaton, which has to be entered first.
#[derive(Debug)]
pub(crate) struct LiteralSearcher {
    finders: Vec<(u32, Finder<'static>)>,
}

impl LiteralSearcher {
    /// Literals up to which this holds.
    const MOST: usize = 3;

    /// Substring search knows no case: it suits literals that have none.
    pub(crate) fn suits(literals: &[PatternLiteral]) -> bool {
        let has_no_case =
            |literal: &PatternLiteral| !literal.nocase || !literal.octets.iter().any(u8::is_ascii_alphabetic);
        (1..=Self::MOST).contains(&literals.len()) && literals.iter().all(has_no_case)
    }

    pub(crate) fn new(literals: &[PatternLiteral]) -> Self {
        let finder = |literal: &PatternLiteral| (literal.id, Finder::new(&literal.octets).into_owned());
        Self { finders: literals.iter().map(finder).collect() }
    }
}

impl LiteralMatcher for LiteralSearcher {
    fn scan(&self, _scratch: &mut MatcherScratch, data: &[u8], found: &mut dyn FnMut(u32, usize)) {
        for (id, finder) in &self.finders {
            if let Some(at) = finder.find(data) {
                found(*id, at + finder.needle().len());
            }
        }
    }

    fn backend_name(&self) -> &'static str {
        "memmem"
    }
}
