//! Frames: parts of a stream as they were sent, before anything is made of them.

use sidewire_base::{RuleId, TxId};
use smallvec::SmallVec;

/// Frames of one direction that are open at a time; beyond it new ones are not taken up, and are counted.
pub const MAX_FRAMES: usize = 2048;

/// A kind of frame: a part of the stream that rules can look into as it was sent, before anything is made of it.
#[derive(Clone, Copy, Debug)]
pub struct FrameInfo {
    /// With the protocol in front: `smb.nbss.hdr`. Made by [`frames!`](crate::frames).
    pub name: &'static str,
    /// One sentence, for `rules list` and editors.
    pub doc: &'static str,
}

impl FrameInfo {
    /// The name without the protocol, as rules that name their protocol and EVE's `frame.type` have it: `nbss.hdr`.
    #[must_use]
    pub fn short(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, short)| short)
    }
}

/// A kind by its position in [`ProtocolInfo::frames`](crate::ProtocolInfo::frames).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameKind(pub u8);

impl FrameKind {
    /// All that one side sends. The engine frames it by itself: the first row of every protocol.
    pub const STREAM: Self = Self(0);
}

/// A set of kinds of frames of one protocol, which has fewer than 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameKinds(u64);

impl FrameKinds {
    /// All kinds there can be.
    pub const ALL: Self = Self(u64::MAX);

    /// True when a kind is in the set.
    #[must_use]
    pub const fn contains(self, kind: FrameKind) -> bool {
        self.0 >> (kind.0 & 63) & 1 == 1
    }

    /// Adds a kind.
    pub const fn insert(&mut self, kind: FrameKind) {
        self.0 |= 1 << (kind.0 & 63);
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True without any.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A part of one direction of a stream.
#[derive(Debug)]
pub struct Frame {
    /// Number of the frame in its direction, from 1.
    pub id: u64,
    /// What it is.
    pub kind: FrameKind,
    /// Stream offset of its first octet.
    pub start: u64,
    /// Octets; `None` as long as nobody knows.
    pub length: Option<u64>,
    /// Id of the transaction it belongs to, where a frame belongs to one.
    pub tx: Option<TxId>,
    /// How far rules have been applied.
    pub inspection: FrameInspection,
    /// It was written as an event.
    pub logged: bool,
}

/// How far rules have been applied to a frame.
#[derive(Debug, Default)]
pub struct FrameInspection {
    /// Octets of the frame that were looked at.
    pub seen: u64,
    /// Every rule has been decided on.
    pub done: bool,
    /// Rule set generation `pending` and `matched` belong to.
    pub generation: u32,
    /// Rules that may still hold when more of the frame is there. Sorted.
    pub pending: Vec<RuleId>,
    /// Rules that held, each with the number of octets of the frame that it had looked at.
    pub matched: SmallVec<[(RuleId, u64); 2]>,
}

/// How much of a frame can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameExtent {
    /// Stream offset after the last octet that is visible, or missing for good.
    pub end: u64,
    /// It is all of the frame.
    pub complete: bool,
    /// Nothing of the frame will follow.
    pub over: bool,
}

impl Frame {
    /// How much of it can be seen in a stream that is `settled` up to an offset, and may have `ended` there.
    #[must_use]
    pub fn extent(&self, settled: u64, ended: bool) -> FrameExtent {
        let behind = self.length.map(|length| self.start.saturating_add(length));
        let end = behind.map_or(settled, |behind| behind.min(settled)).max(self.start);
        let complete = behind.map_or(ended, |behind| behind <= settled);
        FrameExtent { end, complete, over: complete || ended }
    }
}

/// The frames of one direction of a flow that are not done with.
#[derive(Debug, Default)]
pub struct StreamFrames {
    /// Kinds that somebody wants to see; others are not taken up.
    wanted: FrameKinds,
    open: Vec<Frame>,
    /// Frames so far.
    begun: u64,
    /// The stream itself was framed, or nobody wants that.
    streaming: bool,
    refused: u64,
}

impl StreamFrames {
    /// From here on, frames of these kinds are taken up.
    pub const fn want(&mut self, kinds: FrameKinds) {
        self.wanted = kinds;
    }

    /// A frame begins at a stream offset. Its length may be told [later](Self::end).
    pub fn begin(&mut self, kind: impl Into<FrameKind>, start: u64, length: Option<u64>, tx: Option<TxId>) {
        let kind = kind.into();
        if !self.wanted.contains(kind) {
            return;
        }
        if self.open.len() >= MAX_FRAMES {
            self.refused += 1;
            return;
        }
        self.begun += 1;
        let inspection = FrameInspection::default();
        self.open.push(Frame { id: self.begun, kind, start, length, tx, inspection, logged: false });
    }

    /// The youngest frame of a kind whose length was not known ends before a stream offset; nothing happens without one.
    pub fn end(&mut self, kind: impl Into<FrameKind>, before: u64) {
        let kind = kind.into();
        let open = |frame: &&mut Frame| frame.kind == kind && frame.length.is_none();
        if let Some(frame) = self.open.iter_mut().rev().find(open) {
            frame.length = Some(before.saturating_sub(frame.start));
        }
    }

    /// The stream begins at an offset: frames it, once.
    pub fn begin_stream(&mut self, start: u64) {
        if !core::mem::replace(&mut self.streaming, true) {
            self.begin(FrameKind::STREAM, start, None, None);
        }
    }

    /// The open frames, in the order they began.
    pub fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.open.iter()
    }

    /// The open frames, in the order they began.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.open.iter_mut()
    }

    /// An open frame by its id.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<&Frame> {
        let at = self.open.binary_search_by_key(&id, |frame| frame.id).ok()?;
        self.open.get(at)
    }

    /// True when a frame of this transaction is open.
    #[must_use]
    pub fn holds(&self, tx: TxId) -> bool {
        self.open.iter().any(|frame| frame.tx == Some(tx))
    }

    /// True when none is open.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Drops those for which `keep` is false.
    pub fn retain(&mut self, keep: impl FnMut(&Frame) -> bool) {
        self.open.retain(keep);
    }

    /// How many frames were not taken up for want of room, since the last call.
    pub const fn take_refused(&mut self) -> u64 {
        core::mem::replace(&mut self.refused, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDU: FrameKind = FrameKind(1);

    #[test]
    fn only_what_is_wanted_is_taken_up_and_not_without_end() {
        let mut frames = StreamFrames::default();
        frames.begin(PDU, 0, Some(4), None);
        assert!(frames.is_empty());
        let mut kinds = FrameKinds::default();
        kinds.insert(PDU);
        frames.want(kinds);
        frames.begin_stream(0);
        for start in 0..MAX_FRAMES as u64 + 3 {
            frames.begin(PDU, start, Some(1), None);
        }
        assert_eq!((frames.iter().count(), frames.take_refused(), frames.take_refused()), (MAX_FRAMES, 3, 0));
        frames.retain(|frame| frame.id == 7);
        assert_eq!(frames.by_id(7).map(|frame| frame.start), Some(6));
        assert!(frames.by_id(8).is_none());
    }

    #[test]
    fn a_length_may_come_later() {
        let mut frames = StreamFrames::default();
        frames.want(FrameKinds::ALL);
        frames.begin(PDU, 10, None, Some(TxId(3)));
        frames.end(FrameKind(2), 12);
        let extent = |frames: &StreamFrames, visible, ended| frames.by_id(1).unwrap().extent(visible, ended);
        assert_eq!(extent(&frames, 15, false), FrameExtent { end: 15, complete: false, over: false });
        assert_eq!(extent(&frames, 15, true), FrameExtent { end: 15, complete: true, over: true });
        frames.end(PDU, 20);
        assert_eq!(extent(&frames, 15, true), FrameExtent { end: 15, complete: false, over: true });
        assert_eq!(extent(&frames, 25, false), FrameExtent { end: 20, complete: true, over: true });
        assert_eq!(extent(&frames, 5, false), FrameExtent { end: 10, complete: false, over: false });
    }
}
