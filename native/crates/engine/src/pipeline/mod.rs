//! How the work of a run is laid out on threads: one worker in place, one behind a reader that reads ahead, many behind a
//! dispatcher, or one for each of several sources.

pub(crate) mod parallel;
pub(crate) mod read_ahead;
pub(crate) mod sharded;
pub(crate) mod single;

use crate::EngineError;
use crate::source::packet_sink::PacketSink;

/// Packets between two merges of what several workers wrote.
pub(crate) const EPOCH: usize = 4096;
/// Octets of frames after which an epoch ends early.
pub(crate) const EPOCH_BYTES: usize = 8 << 20;
/// Epochs a worker may lag behind the reader.
pub(crate) const LAG: usize = 4;

/// Reads sources to their end into what takes their packets.
pub(crate) type SourceFeed<'a> = &'a mut dyn FnMut(&mut dyn PacketSink) -> Result<(), EngineError>;
