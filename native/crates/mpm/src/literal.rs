//! Literals, what a compiled set of them does, and what a thread needs for it.

use crate::library::ScratchSpace;

/// Octets to be found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatternLiteral {
    /// What is reported when they are.
    pub id: u32,
    /// The octets; not empty.
    pub octets: Vec<u8>,
    /// ASCII letters are compared without case.
    pub nocase: bool,
}

/// Why a set of literals could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// A literal without octets matches everywhere.
    #[error("literal {0} is empty")]
    Empty(u32),
    /// Vectorscan was asked for and is not there.
    #[error("no Vectorscan library: {0}")]
    Missing(String),
    /// The matcher refused the set.
    #[error("{0}")]
    Refused(String),
}

/// A compiled set of literals.
pub trait LiteralMatcher: Send + Sync + core::fmt::Debug {
    /// Calls `found` with the id and the end of an occurrence, at least once for every literal that occurs. Occurrences
    /// beyond the first of a literal may or may not be reported.
    fn scan(&self, scratch: &mut MatcherScratch, data: &[u8], found: &mut dyn FnMut(u32, usize));

    /// What [`crate::MatcherCompiler::restore`] makes the same set of, sooner than by compiling it; `None` where compiling is quick.
    fn saved(&self) -> Option<Vec<u8>> {
        None
    }

    /// `vectorscan`, `aho-corasick` or `memmem`.
    fn backend_name(&self) -> &'static str;
}

/// What a thread needs to scan: one for all its matchers. It grows as matchers need it.
#[derive(Debug, Default)]
pub struct MatcherScratch {
    pub(crate) vectorscan: Option<ScratchSpace>,
    /// Scans that the matcher could not do: nothing was found, whatever was there.
    pub failed: u64,
}

impl MatcherScratch {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
