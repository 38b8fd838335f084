//! How the work of a run is laid out on threads: one worker in place, one behind a reader that reads ahead, or many.

pub(crate) mod read_ahead;
pub(crate) mod sharded;
pub(crate) mod single;

/// Packets between two merges of what several workers wrote.
pub(crate) const EPOCH: usize = 4096;
/// Octets of frames after which an epoch ends early.
pub(crate) const EPOCH_BYTES: usize = 8 << 20;
/// Epochs a worker may lag behind the reader.
pub(crate) const LAG: usize = 4;
