//! What rules and outputs want of files, given to a protocol while it parses.

use sidewire_base::{Direction, PerDirection};
use sidewire_magic::Magic;

use crate::FileHashes;

/// When the kind of a file is looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MagicUse {
    /// Nobody wants to know.
    #[default]
    Never,
    /// For the file's event: at its end, with as much as libmagic looks at.
    AtEnd,
    /// For rules: as soon as the beginning is there, or the end.
    Early,
}

/// Whether files go to the file store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Storing {
    /// They do not.
    #[default]
    Never,
    /// A rule may yet say so: what came before it does is kept, within bounds.
    Maybe,
    /// All of them.
    Always,
}

/// What is wanted of files in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilePolicy {
    /// Digests.
    pub hashes: FileHashes,
    /// Kinds.
    pub magic: MagicUse,
    /// Rules look into the octets.
    pub content: bool,
    /// The file store.
    pub store: Storing,
}

impl FilePolicy {
    /// What either of two wants.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            hashes: self.hashes.and(other.hashes),
            magic: self.magic.max(other.magic),
            content: self.content || other.content,
            store: self.store.max(other.store),
        }
    }
}

/// What a protocol gets to have files: what is wanted of them, and the library that names their kind.
#[derive(Debug, Default)]
pub struct FileContext<'a> {
    /// What is wanted, by direction.
    pub policy: PerDirection<FilePolicy>,
    /// Octets of a body that files to be stored are followed for, where a protocol has a smaller limit of its own; 0: to
    /// their end (`file-store.stream-depth`).
    pub depth: u64,
    /// libmagic; `None` when it is not there, or nobody wants names.
    pub magic: Option<&'a mut Magic>,
}

impl FileContext<'_> {
    /// What is wanted in a direction.
    #[must_use]
    pub fn policy(&self, direction: Direction) -> FilePolicy {
        self.policy[direction]
    }
}
