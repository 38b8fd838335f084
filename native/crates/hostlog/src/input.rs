//! Where logs are read from.

use std::io::{Read, Seek};

/// What can be read anywhere.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Where a log is read from.
pub enum LogInput<'i> {
    /// A file: an `.evtx` in it is read in the order of its records, though the file is a ring.
    File(Box<dyn ReadSeek + 'i>),
    /// Standard input, or a file in an archive.
    Stream(Box<dyn Read + 'i>),
}

impl core::fmt::Debug for LogInput<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "a file",
            Self::Stream(_) => "a stream",
        })
    }
}
