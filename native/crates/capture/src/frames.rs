//! The frames of one block.

use sidewire_base::Time;

use crate::blocks::CaptureBlock;

/// One captured frame, borrowed from the block it was read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapturedFrame<'a> {
    /// When it was captured; 1970-01-01 where the file does not say (pcapng simple packets).
    pub time: Time,
    /// What was captured of it.
    pub data: &'a [u8],
    /// Octets it had on the wire.
    pub wire_length: u32,
    /// LINKTYPE number.
    pub link_type: u32,
    /// Number of the interface within its section; 0 in classic files.
    pub interface: u32,
    /// The sender's card was still to complete its checksums, as whoever captured it knows. Files do not say.
    pub checksums_pending: bool,
}

/// The frames of one block, with the block itself: they can be handed to another thread without being copied.
#[derive(Debug, Default)]
pub struct BlockFrames {
    pub(crate) block: CaptureBlock,
    pub(crate) places: Vec<FrameLocation>,
}

/// A frame of a block: where it lies, and what the file says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameLocation {
    pub(crate) at: usize,
    pub(crate) time: Time,
    pub(crate) captured: u32,
    pub(crate) wire_length: u32,
    pub(crate) link_type: u32,
    pub(crate) interface: u32,
    pub(crate) checksums_pending: bool,
}

impl FrameLocation {
    #[inline]
    pub(crate) fn frame<'a>(&self, block: &'a CaptureBlock) -> CapturedFrame<'a> {
        CapturedFrame {
            time: self.time,
            data: block.at(self.at, self.captured as usize),
            wire_length: self.wire_length,
            link_type: self.link_type,
            interface: self.interface,
            checksums_pending: self.checksums_pending,
        }
    }
}

impl BlockFrames {
    /// The frames in file order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = CapturedFrame<'_>> {
        self.places.iter().map(|place| place.frame(&self.block))
    }

    /// Forgets the frames; their memory is used again.
    pub fn clear(&mut self) {
        self.places.clear();
        self.block.clear();
    }

    /// Takes a copy of a frame, after those that are there. For sources whose memory is not theirs to hand over.
    pub fn push(&mut self, frame: &CapturedFrame<'_>) {
        self.push_parts(frame, &[frame.data]);
    }

    /// As [`push`](Self::push), with data that lies in pieces: what a card took out of a frame is put back.
    pub fn push_parts(&mut self, frame: &CapturedFrame<'_>, parts: &[&[u8]]) {
        let (at, captured) = self.block.append(parts);
        self.places.push(FrameLocation {
            at,
            time: frame.time,
            captured: u32::try_from(captured).unwrap_or(u32::MAX),
            wire_length: frame.wire_length,
            link_type: frame.link_type,
            interface: frame.interface,
            checksums_pending: frame.checksums_pending,
        });
    }

    /// Puts the frames in the order of their times; those of one time stay as they are.
    pub fn sort_by_time(&mut self) {
        self.places.sort_by_key(|place| place.time);
    }

    /// Takes the frames later than a time away, and puts copies of them into `into`.
    pub fn move_later(&mut self, time: Time, into: &mut Self) {
        for place in self.places.iter().filter(|place| place.time > time) {
            into.push(&place.frame(&self.block));
        }
        self.places.retain(|place| place.time <= time);
    }

    /// True at the end of the file.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}
