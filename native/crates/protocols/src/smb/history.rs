//! What was done to a file of a connection before.

/// What was done to a file before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileHistory {
    pub(super) read: bool,
    pub(super) written: bool,
}

impl FileHistory {
    /// Words of `smb.file_history`.
    pub(super) const NAMES: &[(&str, u64)] = &[("none", 0), ("read", 1), ("written", 2), ("both", 3)];

    pub(super) const fn number(self) -> u64 {
        self.read as u64 | (self.written as u64) << 1
    }

    pub(super) const fn add(self, other: Self) -> Self {
        Self { read: self.read || other.read, written: self.written || other.written }
    }
}
