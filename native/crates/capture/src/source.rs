//! Where packets come from: a file, and whatever else hands over blocks of frames.

use std::time::Instant;

use sidewire_base::Time;

use crate::{BlockFrames, CaptureReader, ReadError, ReadProgress};

/// What a source has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceEvent {
    /// There are frames in the block.
    Frames,
    /// Nothing came until the deadline. The time is the source's clock: flows that are idle by it end.
    Tick(Time),
    /// Nothing more will come.
    End,
}

/// A source of packets. It hands over blocks of frames, the time while there are none, and an end.
///
/// One thread reads a source. A capture method that spreads packets over several rings is several sources, each with a
/// worker of its own; packets of one flow are all in one of them.
pub trait PacketSource: Send {
    /// Puts what there is into `frames`, whose content is done with and whose memory is used again. A source that can be
    /// idle returns a [`SourceEvent::Tick`] once `deadline` has passed; one that always has something more, or its end, may
    /// pay it no attention.
    ///
    /// # Errors
    /// [`ReadError`] when nothing more can be read. What was read before has been handed over.
    fn next(&mut self, frames: &mut BlockFrames, deadline: Option<Instant>) -> Result<SourceEvent, ReadError>;

    /// True when packets are handed over as they happen: what is found in them is to be written soon, and not when enough
    /// has come together.
    fn is_live(&self) -> bool;

    /// How far reading has come, where that can be said.
    fn progress(&self) -> ReadProgress {
        ReadProgress::default()
    }

    /// Packets that the source itself had to drop, so far.
    fn dropped(&self) -> u64 {
        0
    }
}

impl PacketSource for CaptureReader {
    fn next(&mut self, frames: &mut BlockFrames, _deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        *frames = self.frames(core::mem::take(frames))?;
        Ok(if frames.is_empty() { SourceEvent::End } else { SourceEvent::Frames })
    }

    fn is_live(&self) -> bool {
        false
    }

    fn progress(&self) -> ReadProgress {
        CaptureReader::progress(self)
    }
}
