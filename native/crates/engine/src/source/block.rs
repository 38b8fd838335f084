//! Frames with ordinals and engine time.

use sidewire_capture::{Frames, ReadError, Reader};
use sidewire_decode::Frame;

use crate::source::clock::{Clock, Reading};

/// The frames of one block of a capture, with ordinals and engine time.
#[derive(Default)]
pub(crate) struct Block {
    frames: Frames,
    /// Ordinal of the first frame.
    first: u64,
    /// What each frame did to engine time.
    readings: Vec<Reading>,
}

impl Block {
    /// The next block, an empty one at the end; `self` is done with, and its memory is used again.
    pub(crate) fn read(self, reader: &mut Reader, ordinal: &mut u64, clock: &mut Clock) -> Result<Self, ReadError> {
        let Self { frames, mut readings, .. } = self;
        let frames = reader.frames(frames)?;
        readings.clear();
        readings.extend(frames.iter().map(|frame| clock.read(frame.time)));
        let first = *ordinal + 1;
        *ordinal += readings.len() as u64;
        Ok(Self { frames, first, readings })
    }

    pub(crate) const fn len(&self) -> usize {
        self.readings.len()
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = (Reading, Frame<'_>)> {
        (self.first..).zip(&self.readings).zip(self.frames.iter()).map(|((ordinal, reading), frame)| {
            let frame = Frame {
                time: frame.time,
                ordinal,
                link_type: frame.link_type,
                data: frame.data,
                wire_length: frame.wire_length,
            };
            (*reading, frame)
        })
    }
}
