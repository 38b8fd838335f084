//! Capture files: pcap and pcapng, plain or compressed with gzip or zstd, from a path or from standard input.
//!
//! A [`PacketSource`] is what packets come from; a file is one, and [`MemorySource`] another. [`CaptureReader`] hands out frames that borrow from reused blocks, or whole blocks of them; nothing is allocated for a packet.
//! Files are read, not mapped, so one that grows or shrinks meanwhile cannot crash the process.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)
)]

mod blocks;
mod directory;
mod error;
mod file_type;
mod frames;
#[doc(hidden)]
pub mod fuzz;
mod input;
mod memory;
mod pcap;
mod pcapng;
mod reader;
mod source;

pub use directory::{DirectoryOrder, expand};
pub use error::{OpenError, ReadError};
pub use file_type::GuessedFileType;
pub use frames::{BlockFrames, CapturedFrame};
pub use input::{CaptureCompression, ReadProgress};
pub use memory::MemorySource;
pub use reader::{CaptureFormat, CaptureReader};
pub use source::{CaptureCount, PacketSource, SourceEvent, SourceNotice};

/// Greatest packet accepted when a file does not announce a greater snap length: libpcap's. Octets.
pub const MAX_SNAP_LENGTH: u32 = 256 * 1024;

/// Greatest pcapng packet block, and greatest snap length a file may announce. Octets.
pub const MAX_BLOCK_LENGTH: u32 = 16 * 1024 * 1024;

/// Most interfaces one pcapng section may describe.
pub const MAX_INTERFACES: usize = 65_536;

/// Deepest directory [`expand`] descends to.
pub const MAX_DIRECTORY_DEPTH: usize = 255;
