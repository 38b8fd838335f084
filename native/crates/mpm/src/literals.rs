//! Literals, and the fastest way to search for a set of them.

use std::path::PathBuf;

use crate::automaton::Automaton;
use crate::few::Few;
use crate::vectorscan::{self, Library};

/// Octets to be found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    /// What is reported when they are.
    pub id: u32,
    /// The octets; not empty.
    pub octets: Vec<u8>,
    /// ASCII letters are compared without case.
    pub nocase: bool,
}

/// Which matcher is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Vectorscan when its library is there, else Aho-Corasick.
    #[default]
    Auto,
    /// Vectorscan or an error.
    Vectorscan,
    /// Aho-Corasick.
    AhoCorasick,
}

/// Why a set of literals could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
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
pub trait Matcher: Send + Sync + core::fmt::Debug {
    /// Calls `found` with the id and the end of an occurrence, at least once for every literal that occurs. Occurrences
    /// beyond the first of a literal may or may not be reported.
    fn scan(&self, scratch: &mut Scratch, data: &[u8], found: &mut dyn FnMut(u32, usize));

    /// `vectorscan`, `aho-corasick` or `memmem`.
    fn backend_name(&self) -> &'static str;
}

/// What a thread needs to scan: one for all its matchers. It grows as matchers need it.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) vectorscan: Option<vectorscan::Space>,
}

impl Scratch {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Compiles literals with one backend.
#[derive(Clone, Debug)]
pub struct Compiler {
    library: Option<&'static Library>,
}

impl Compiler {
    /// Chooses the backend. `candidates` are files to try as the Vectorscan library before the system's `libhs.so.5`.
    ///
    /// # Errors
    /// [`CompileError::Missing`] when Vectorscan is demanded and no library opens.
    pub fn new(backend: Backend, candidates: &[PathBuf]) -> Result<Self, CompileError> {
        let library = match backend {
            Backend::AhoCorasick => None,
            Backend::Auto => Library::open(candidates).ok(),
            Backend::Vectorscan => Some(Library::open(candidates).map_err(CompileError::Missing)?),
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
        self.library.map(Library::version)
    }

    /// Compiles a set. Ids may repeat and need not be dense.
    ///
    /// # Errors
    /// [`CompileError::Empty`], or what the backend says.
    pub fn compile(&self, literals: &[Literal]) -> Result<Box<dyn Matcher>, CompileError> {
        if let Some(empty) = literals.iter().find(|literal| literal.octets.is_empty()) {
            return Err(CompileError::Empty(empty.id));
        }
        if Few::suits(literals) {
            return Ok(Box::new(Few::new(literals)));
        }
        match self.library {
            Some(library) if !literals.is_empty() => Ok(Box::new(vectorscan::Database::new(library, literals)?)),
            _ => Ok(Box::new(Automaton::new(literals)?)),
        }
    }
}
