//! What rules that matched want of the files of the rest of a flow.

use sidewire_base::PerDirection;

/// What rules want of files of the rest of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileWishes {
    /// All of a direction are to be stored.
    pub store: PerDirection<bool>,
    /// Some are to be stored: the flow is to be followed as far as the file store does.
    pub follow: bool,
}
