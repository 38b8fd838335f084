//! What rules and outputs want of files.

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
pub enum StoreDecision {
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
    pub store: StoreDecision,
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
