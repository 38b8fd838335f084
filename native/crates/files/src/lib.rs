//! Files that pass through flows, whatever protocol carries them.
//!
//! A protocol opens a file on its transaction, hands over octets as they come and says how it ended ([`TxFiles`]); octets
//! that come out of order go through a [`ChunkOrder`]. Everything else is the same for all protocols and lives here: names,
//! sizes, gaps and states, digests, the kind of content under libmagic's names, what is kept for rules and for storing,
//! the `fileinfo` event, and the directory that stored files go to ([`FileStore`]).
//!
//! Nothing is computed or kept that nobody asked for: what rules and outputs want of the files of a protocol and direction
//! is a [`FilePolicy`], given to the protocol while it parses.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod chunks;
mod content;
mod context;
mod event;
mod file;
pub mod fuzz;
mod hash;
mod parts;
mod policy;
mod store;
mod tx_files;

pub use chunks::{ChunkLimit, ChunkOrder, OddChunk};
pub use content::FileContent;
pub use context::FileContext;
pub use event::{FILE_KEY, resolve_file_ids, write_fileinfo};
pub use file::{File, FileState, StoreState};
pub use hash::{FileHash, FileHashes, FinishedDigest};
pub use parts::{FilePart, FileParts};
pub use policy::{FilePolicy, MagicUse, StoreDecision};
pub use store::{FileStore, FileStoreConfig, StoreCounters, StoreError};
pub use tx_files::TxFiles;
