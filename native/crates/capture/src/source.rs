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
    /// Nothing came until the deadline, and the source has no clock.
    Idle,
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

    /// Nothing more is to come: what is there already is handed over, and then the end. False when there is nothing of the kind:
    /// it is left where it is.
    fn close(&mut self) -> bool {
        false
    }

    /// Names of the interfaces that packets come by, by their numbers in frames; none where they do not come by any.
    fn interfaces(&self) -> Vec<String> {
        Vec::new()
    }

    /// What came and what was lost so far, place by place: an interface, or one of its rings. Nothing for sources that lose
    /// nothing.
    fn counts(&mut self) -> Vec<CaptureCount> {
        Vec::new()
    }

    /// How much of the room for packets that wait to be read is in use, in percent: that of the fullest place. 0 where nothing
    /// waits, or that cannot be said.
    fn backlog(&self) -> u8 {
        0
    }

    /// What happened to the source since this was last asked.
    fn notices(&mut self) -> Vec<SourceNotice> {
        Vec::new()
    }
}

/// What one place of a live source gave and lost so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureCount {
    /// The interface.
    pub interface: String,
    /// Which of its rings, from 0.
    pub ring: u32,
    /// Packets the kernel had for it, those it dropped among them.
    pub packets: u64,
    /// Of these, packets that found no room, because this process was too slow.
    pub dropped: u64,
    /// How often the ring became full.
    pub full: u64,
    /// Packets that the interface itself lost, before the kernel had them. The same for each ring of an interface.
    pub interface_dropped: u64,
    /// Packets of which only the beginning was captured.
    pub truncated: u64,
    /// The interface is there and up.
    pub up: bool,
}

/// Something that happened to a source, to be told to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNotice {
    /// Machine-readable kind: `capture/interface-down`.
    pub code: &'static str,
    /// In words, with the interface.
    pub message: String,
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
