//! What a protocol is given to have files while it parses.

use sidewire_base::{Direction, PerDirection};
use sidewire_magic::Magic;

use crate::{FileParts, FilePolicy};

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
    /// Files that come in parts; `None` where they are not put together.
    pub parts: Option<&'a mut FileParts>,
}

impl FileContext<'_> {
    /// What is wanted in a direction.
    #[must_use]
    pub fn policy(&self, direction: Direction) -> FilePolicy {
        self.policy[direction]
    }
}
