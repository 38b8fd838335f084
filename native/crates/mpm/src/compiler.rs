//! The fastest way to search for a set of literals.

use std::path::PathBuf;

use crate::automaton::LiteralAutomaton;
use crate::library::VectorscanLibrary;
use crate::literal::{LiteralMatcher, MatcherError, PatternLiteral};
use crate::literal_searcher::LiteralSearcher;
use crate::vectorscan::VectorscanDatabase;

/// Which matcher is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatcherBackend {
    /// Vectorscan when its library is there, else Aho-Corasick.
    #[default]
    Auto,
    /// Vectorscan or an error.
    Vectorscan,
    /// Aho-Corasick.
    AhoCorasick,
}

/// Compiles literals with one backend.
#[derive(Clone, Debug)]
pub struct MatcherCompiler {
    library: Option<&'static VectorscanLibrary>,
}

impl MatcherCompiler {
    /// Chooses the backend. `candidates` are files to try as the Vectorscan library before the system's `libhs.so.5`.
    ///
    /// # Errors
    /// [`MatcherError::Missing`] when Vectorscan is demanded and no library opens.
    pub fn new(backend: MatcherBackend, candidates: &[PathBuf]) -> Result<Self, MatcherError> {
        let library = match backend {
            MatcherBackend::AhoCorasick => None,
            MatcherBackend::Auto => VectorscanLibrary::open(candidates).ok(),
            MatcherBackend::Vectorscan => Some(VectorscanLibrary::open(candidates).map_err(MatcherError::Missing)?),
        };
        Ok(Self { library })
    }

    /// `vectorscan` or `aho-corasick`.
    #[must_use]
    pub const fn backend_name(&self) -> &'static str {
        if self.library.is_some() { "vectorscan" } else { "aho-corasick" }
    }

    /// Version of the Vectorscan library, when it is used.
    #[must_use]
    pub fn library_version(&self) -> Option<String> {
        self.library.map(VectorscanLibrary::version)
    }

    /// Makes a set of what it was [saved](LiteralMatcher::saved) as; `None` when that is not whole, or not for this library and
    /// processor. Whoever hands it over vouches that it was saved from these literals.
    #[must_use]
    pub fn restore(&self, saved: &[u8]) -> Option<Box<dyn LiteralMatcher>> {
        Some(Box::new(VectorscanDatabase::restore(self.library?, saved)?))
    }

    /// Compiles a set. Ids may repeat and need not be dense.
    ///
    /// # Errors
    /// [`MatcherError::Empty`], or what the backend says.
    pub fn compile(&self, literals: &[PatternLiteral]) -> Result<Box<dyn LiteralMatcher>, MatcherError> {
        if let Some(empty) = literals.iter().find(|literal| literal.octets.is_empty()) {
            return Err(MatcherError::Empty(empty.id));
        }
        if LiteralSearcher::suits(literals) {
            return Ok(Box::new(LiteralSearcher::new(literals)));
        }
        match self.library {
            Some(library) if !literals.is_empty() => Ok(Box::new(VectorscanDatabase::new(library, literals)?)),
            _ => Ok(Box::new(LiteralAutomaton::new(literals)?)),
        }
    }
}
