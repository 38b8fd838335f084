//! Packets from memory, with the silence between them.

use std::collections::VecDeque;
use std::time::Instant;

use sidewire_base::Time;

use crate::{BlockFrames, CapturedFrame, PacketSource, ReadError, SourceEvent};

/// Ethernet.
const LINK_TYPE: u32 = 1;

/// A source that hands over what it was given, in order: as a live one would, with a tick where the wire was idle.
#[derive(Debug, Default)]
pub struct MemorySource {
    script: VecDeque<GivenBlock>,
}

#[derive(Debug)]
enum GivenBlock {
    Block(Vec<(Time, Vec<u8>)>),
    Idle(Time),
}

impl MemorySource {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds Ethernet frames that come in one block.
    #[must_use]
    pub fn frames(mut self, frames: impl IntoIterator<Item = (Time, Vec<u8>)>) -> Self {
        self.script.push_back(GivenBlock::Block(frames.into_iter().collect()));
        self
    }

    /// Adds silence until a time.
    #[must_use]
    pub fn idle_until(mut self, time: Time) -> Self {
        self.script.push_back(GivenBlock::Idle(time));
        self
    }
}

impl PacketSource for MemorySource {
    fn next(&mut self, frames: &mut BlockFrames, _deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        frames.clear();
        Ok(match self.script.pop_front() {
            None => SourceEvent::End,
            Some(GivenBlock::Idle(time)) => SourceEvent::Tick(time),
            Some(GivenBlock::Block(block)) => {
                for (time, data) in &block {
                    let wire_length = u32::try_from(data.len()).unwrap_or(u32::MAX);
                    frames.push(&CapturedFrame {
                        time: *time,
                        data,
                        wire_length,
                        link_type: LINK_TYPE,
                        interface: 0,
                        checksums_pending: false,
                    });
                }
                SourceEvent::Frames
            }
        })
    }

    fn is_live(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_over_blocks_silence_and_an_end() {
        let (one, two) = (Time::new(1, 0), Time::new(2, 0));
        let mut source = MemorySource::new().frames([(one, vec![1, 2, 3]), (two, vec![4])]).idle_until(Time::new(9, 0));
        let mut frames = BlockFrames::default();
        assert_eq!(source.next(&mut frames, None).unwrap(), SourceEvent::Frames);
        let got: Vec<_> = frames.iter().map(|frame| (frame.time, frame.data.to_vec())).collect();
        assert_eq!(got, [(one, vec![1, 2, 3]), (two, vec![4])]);
        assert_eq!(source.next(&mut frames, None).unwrap(), SourceEvent::Tick(Time::new(9, 0)));
        assert!(frames.is_empty());
        assert_eq!(source.next(&mut frames, None).unwrap(), SourceEvent::End);
    }
}
