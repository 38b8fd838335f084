//! Why a capture could not be read.

use std::io;

use crate::GuessedFileType;

/// Why a capture could not be opened. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("{name}: {source}")]
    Io {
        /// The file.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It is no capture file.
    #[error("{name}: not a capture file (it seems to be {seems})")]
    NotCapture {
        /// The file.
        name: String,
        /// What its first octets look like.
        seems: GuessedFileType,
    },
    /// It is a capture whose version this reader does not know.
    #[error("{name}: {format} version {major}.{minor} is not supported")]
    Version {
        /// The file.
        name: String,
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Major version in the file.
        major: u16,
        /// Minor version in the file.
        minor: u16,
    },
    /// It ends inside its own file header.
    #[error("{name}: the file ends inside its header, after {length} octets")]
    HeaderCut {
        /// The file.
        name: String,
        /// Octets there are.
        length: usize,
    },
}

/// Why reading stopped before the end of the file. All frames before it have been handed out.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file ends inside a packet or block.
    #[error("truncated: the packet at offset {offset} needs {needed} octets, {left} are left")]
    Truncated {
        /// Where the packet or block begins, counted in the uncompressed data.
        offset: u64,
        /// Octets it needs.
        needed: u64,
        /// Octets there are.
        left: u64,
    },
    /// A structure contradicts itself, so that the next packet cannot be found.
    #[error("damaged at offset {offset}: {what}")]
    Damaged {
        /// Where the structure begins, counted in the uncompressed data.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The operating system or the decompressor failed.
    #[error("reading failed at offset {offset}: {source}")]
    Io {
        /// Offset in the uncompressed data.
        offset: u64,
        /// The reason.
        source: io::Error,
    },
    /// A bug of ours ended the reading.
    #[error("reading ended behind packet {packets} because of a bug in the engine")]
    Fault {
        /// Packets read before.
        packets: u64,
    },
}
