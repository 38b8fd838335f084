//! Frames with ordinals and engine time.

use std::time::Instant;

use sidewire_base::fault::{FaultPlace, point};
use sidewire_capture::{BlockFrames, PacketSource, ReadError, SourceEvent};
use sidewire_decode::LinkFrame;

use crate::source::clock::{EngineClock, TimeUpdate};

/// The frames of one block of a source, with ordinals and engine time.
#[derive(Default)]
pub(crate) struct SourceBlock {
    frames: BlockFrames,
    /// Ordinal of the first frame.
    first: u64,
    /// What each frame did to engine time.
    updates: Vec<TimeUpdate>,
}

impl SourceBlock {
    /// Takes what comes next from a source; what was in the block is done with, and its memory is used again.
    pub(crate) fn read(
        &mut self,
        source: &mut dyn PacketSource,
        deadline: Option<Instant>,
        ordinal: &mut u64,
        clock: &mut EngineClock,
    ) -> Result<SourceEvent, ReadError> {
        self.updates.clear();
        point(FaultPlace::Read);
        let event = source.next(&mut self.frames, deadline)?;
        if event == SourceEvent::Frames {
            self.updates.extend(self.frames.iter().map(|frame| clock.read(frame.time)));
            self.first = *ordinal + 1;
            *ordinal += self.updates.len() as u64;
        }
        Ok(event)
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = (TimeUpdate, LinkFrame<'_>)> {
        (self.first..).zip(&self.updates).zip(self.frames.iter()).map(|((ordinal, update), frame)| {
            let frame = LinkFrame {
                time: frame.time,
                ordinal,
                link_type: frame.link_type,
                data: frame.data,
                wire_length: frame.wire_length,
                interface: frame.interface,
                checksums_pending: frame.checksums_pending,
            };
            (*update, frame)
        })
    }
}
