//! Putting the pieces of a file in order.

use std::collections::BTreeMap;

use smallvec::SmallVec;

/// Most chunks remembered ahead of a hole, whatever the configuration says.
const MAX_AHEAD: usize = 1024;
/// Octets of content kept ahead of a hole.
const KEEP_AHEAD: usize = 8 << 20;

/// A bound on what waits behind a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkLimit {
    /// Octets; 0: any number.
    pub size: u64,
    /// Chunks; 0: any number.
    pub count: usize,
}

/// What is odd about a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddChunk {
    /// It begins where others were.
    Overlap,
    /// More octets wait behind a hole than may.
    TooLarge,
    /// More chunks wait behind a hole than may.
    TooMany,
}

/// The places of a file's octets, of which those without a hole before them are handed on.
///
/// A chunk is announced with its length first, then its octets come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct ChunkOrder {
    /// Octets from the beginning without a hole, announced.
    contiguous: u64,
    /// Announced chunks behind a hole: offset and length.
    ahead: SmallVec<[(u64, u64); 2]>,
    /// Octets in `ahead`.
    waiting: u64,
    /// End of the furthest octet announced.
    size: u64,
    /// Octets handed on.
    passed: u64,
    /// Octets behind a hole, by place.
    held: BTreeMap<u64, Vec<u8>>,
    /// Octets in `held`.
    octets_held: usize,
}

impl ChunkOrder {
    /// End of the furthest octet announced: the file's size when all of it passed. Octets.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Some octets before its end were never announced.
    #[must_use]
    pub const fn has_holes(&self) -> bool {
        self.contiguous < self.size
    }

    /// Octets that were handed on: all of them when they are as many as the file has.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.passed
    }

    /// Octets that wait behind a hole.
    #[must_use]
    pub const fn octets_held(&self) -> usize {
        self.octets_held
    }

    /// A chunk begins. What is odd about it is given back.
    pub fn announce(&mut self, offset: u64, length: u64, limit: ChunkLimit) -> SmallVec<[OddChunk; 2]> {
        let mut odd = SmallVec::new();
        let end = offset.saturating_add(length);
        self.size = self.size.max(end);
        if offset < self.contiguous {
            odd.push(OddChunk::Overlap);
        }
        if limit.size != 0 && self.waiting.saturating_add(length) > limit.size {
            odd.push(OddChunk::TooLarge);
        } else if (limit.count != 0 && self.ahead.len() >= limit.count) || self.ahead.len() >= MAX_AHEAD {
            odd.push(OddChunk::TooMany);
        } else if offset > self.contiguous {
            self.ahead.push((offset, length));
            self.waiting = self.waiting.saturating_add(length);
        } else {
            self.contiguous = self.contiguous.max(end);
            self.close_holes();
        }
        odd
    }

    fn close_holes(&mut self) {
        while let Some(at) = self.ahead.iter().position(|(offset, _)| *offset <= self.contiguous) {
            let (offset, length) = self.ahead.swap_remove(at);
            self.waiting = self.waiting.saturating_sub(length);
            self.contiguous = self.contiguous.max(offset.saturating_add(length));
        }
    }

    /// Octets at a place. Those that are next are handed on, each once and in order.
    pub fn octets(&mut self, offset: u64, octets: &[u8], mut pass: impl FnMut(&[u8])) {
        if offset > self.passed {
            if self.octets_held.saturating_add(octets.len()) <= KEEP_AHEAD && self.held.len() < MAX_AHEAD {
                self.octets_held += octets.len();
                if let Some(twice) = self.held.insert(offset, octets.to_vec()) {
                    self.octets_held = self.octets_held.saturating_sub(twice.len());
                }
            }
            return;
        }
        self.pass(offset, octets, &mut pass);
        while let Some(entry) = self.held.first_entry().filter(|entry| *entry.key() <= self.passed) {
            let (offset, octets) = entry.remove_entry();
            self.octets_held = self.octets_held.saturating_sub(octets.len());
            self.pass(offset, &octets, &mut pass);
        }
    }

    /// Hands on what is new of octets that begin within, or right behind, what was handed on.
    fn pass(&mut self, offset: u64, octets: &[u8], pass: &mut impl FnMut(&[u8])) {
        let known = usize::try_from(self.passed.saturating_sub(offset)).unwrap_or(usize::MAX);
        let new = octets.get(known..).unwrap_or_default();
        if !new.is_empty() {
            // Places are what a client writes: a chunk may begin at the last one there is.
            self.passed = self.passed.saturating_add(new.len() as u64);
            pass(new);
        }
    }

    /// Nothing follows: the holes are told (`Err`, with their length), and what was held behind them.
    pub fn finish(&mut self, mut pass: impl FnMut(Result<&[u8], u64>)) {
        for (offset, octets) in core::mem::take(&mut self.held) {
            if offset > self.passed {
                pass(Err(offset - self.passed));
                self.passed = offset;
            }
            self.pass(offset, &octets, &mut |new| pass(Ok(new)));
        }
        self.octets_held = 0;
        if self.size > self.passed {
            pass(Err(self.size - self.passed));
            self.passed = self.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: ChunkLimit = ChunkLimit { size: 100, count: 2 };

    #[test]
    fn follows_chunks_in_any_order() {
        let mut chunks = ChunkOrder::default();
        assert!(chunks.announce(10, 10, LIMIT).is_empty());
        assert!(chunks.has_holes());
        assert!(chunks.announce(0, 10, LIMIT).is_empty());
        assert_eq!((chunks.has_holes(), chunks.size(), chunks.waiting), (false, 20, 0));
        assert_eq!(chunks.announce(5, 5, LIMIT).as_slice(), [OddChunk::Overlap]);
    }

    #[test]
    fn says_when_too_much_waits() {
        let mut chunks = ChunkOrder::default();
        assert!(chunks.announce(10, 10, LIMIT).is_empty());
        assert_eq!(chunks.announce(30, 95, LIMIT).as_slice(), [OddChunk::TooLarge]);
        assert!(chunks.announce(30, 5, LIMIT).is_empty());
        assert_eq!(chunks.announce(50, 5, LIMIT).as_slice(), [OddChunk::TooMany]);
    }

    #[test]
    fn holes_are_told_at_the_end() {
        let mut chunks = ChunkOrder::default();
        chunks.announce(0, 2, LIMIT);
        chunks.announce(4, 2, LIMIT);
        chunks.announce(6, 3, LIMIT);
        chunks.octets(0, b"ab", |_| {});
        chunks.octets(4, b"ef", |_| {});
        let mut told = Vec::new();
        chunks.finish(|piece| told.push(piece.map(<[u8]>::to_vec)));
        assert_eq!(told, [Err(2), Ok(b"ef".to_vec()), Err(3)]);
    }

    #[test]
    fn a_chunk_at_the_last_place_ends_there() {
        let mut chunks = ChunkOrder::default();
        chunks.announce(u64::MAX - 1, 4, LIMIT);
        chunks.octets(u64::MAX - 1, b"abcd", |_| {});
        let mut told = Vec::new();
        chunks.finish(|piece| told.push(piece.map(<[u8]>::to_vec)));
        assert_eq!(told, [Err(u64::MAX - 1), Ok(b"abcd".to_vec())]);
    }

    proptest! {
        /// Whatever order pieces come in, and however they overlap, each octet is handed on once, at its place.
        #[test]
        fn octets_come_out_in_order_and_once(
            size in 1_usize..200,
            cuts in proptest::collection::vec((0_usize..200, 1_usize..60), 1..40),
        ) {
            let whole: Vec<u8> = (0..size).map(|at| at as u8).collect();
            let mut chunks = ChunkOrder::default();
            let mut out = Vec::new();
            for (from, length) in cuts.iter().copied().chain([(0, size)]) {
                let from = from % size;
                let piece = &whole[from..(from + length).min(size)];
                chunks.announce(from as u64, piece.len() as u64, LIMIT);
                chunks.octets(from as u64, piece, |new| out.extend_from_slice(new));
            }
            prop_assert_eq!(out, whole);
        }
    }
}
