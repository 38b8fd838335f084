//! What is known of a file that is read or written through the flow: how far, how big, what it begins with.

use std::collections::BTreeMap;

use sidewire_app_layer::Value;
use smallvec::SmallVec;

use super::event::Event;
use super::limits::Queue;

/// Most chunks remembered ahead of a hole, whatever the configuration says.
const MAX_AHEAD: usize = 1024;

/// Octets of content kept for rules; what they have seen before is dropped from its front.
const KEEP: usize = 256 * 1024;
/// Octets of content from which rules look at a file that is not complete, as in Suricata.
const INSPECT_FROM: u64 = 32 * 1024;
/// Octets of content kept ahead of a hole.
const KEEP_AHEAD: usize = 1 << 20;

/// The octets seen of a file in one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// Octets from the beginning without a hole.
    contiguous: u64,
    /// Chunks behind a hole: offset and length.
    ahead: SmallVec<[(u64, u64); 2]>,
    /// Octets in `ahead`.
    waiting: u64,
    /// End of the furthest octet seen.
    size: u64,
    /// The file's first two octets, as far as they were seen.
    first: [Option<u8>; 2],
    /// Content without a hole, the latest of it.
    data: Vec<u8>,
    /// Octets in front of `data` that are gone.
    base: u64,
    /// Content behind a hole, by place.
    data_ahead: BTreeMap<u64, Vec<u8>>,
    /// Octets in `data_ahead`.
    kept_ahead: usize,
    /// The file was closed.
    pub(super) complete: bool,
    /// Nothing follows: the flow ended.
    pub(super) ended: bool,
}

impl Content {
    /// Takes note of a chunk that begins. What is odd about it is given back.
    pub(super) fn chunk(&mut self, offset: u64, length: u64, limit: Queue, read: bool) -> SmallVec<[Event; 2]> {
        let mut odd = SmallVec::new();
        let end = offset.saturating_add(length);
        self.size = self.size.max(end);
        if offset < self.contiguous {
            odd.push(Event::FileOverlap);
        }
        if limit.size != 0 && self.waiting.saturating_add(length) > limit.size {
            odd.push(if read { Event::ReadQueueSizeExceeded } else { Event::WriteQueueSizeExceeded });
        } else if (limit.count != 0 && self.ahead.len() >= limit.count) || self.ahead.len() >= MAX_AHEAD {
            odd.push(if read { Event::ReadQueueCntExceeded } else { Event::WriteQueueCntExceeded });
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

    /// Takes octets at a place in the file.
    pub(super) fn octets(&mut self, offset: u64, octets: &[u8]) {
        if let Some(skip) = usize::try_from(offset).ok().filter(|skip| *skip < self.first.len()) {
            for (slot, octet) in self.first.iter_mut().skip(skip).zip(octets) {
                *slot = Some(*octet);
            }
        }
        if offset > self.data_end() {
            if self.kept_ahead.saturating_add(octets.len()) <= KEEP_AHEAD && self.data_ahead.len() < MAX_AHEAD {
                self.kept_ahead += octets.len();
                if let Some(twice) = self.data_ahead.insert(offset, octets.to_vec()) {
                    self.kept_ahead = self.kept_ahead.saturating_sub(twice.len());
                }
            }
            return;
        }
        self.append(offset, octets);
        while let Some(entry) =
            self.data_ahead.first_entry().filter(|entry| *entry.key() <= self.base + self.data.len() as u64)
        {
            let (offset, octets) = entry.remove_entry();
            self.kept_ahead = self.kept_ahead.saturating_sub(octets.len());
            self.append(offset, &octets);
        }
    }

    /// Adds what is new of octets that begin within, or right behind, what is there.
    fn append(&mut self, offset: u64, octets: &[u8]) {
        let known = usize::try_from(self.data_end().saturating_sub(offset)).unwrap_or(usize::MAX);
        self.data.extend_from_slice(octets.get(known..).unwrap_or_default());
        if self.data.len() > 2 * KEEP {
            let dropped = self.data.len() - KEEP;
            self.data.drain(..dropped);
            self.base += dropped as u64;
        }
    }

    const fn data_end(&self) -> u64 {
        self.base + self.data.len() as u64
    }

    /// Forgets what is kept: no rule will look at it.
    pub(super) fn forget(&mut self) {
        self.base = self.data_end();
        self.data = Vec::new();
    }

    /// What rules look into: nothing until enough is there to be worth a look.
    pub(super) fn value(&self) -> Value<'_> {
        let complete = self.complete || self.ended;
        if !complete && self.data_end() < INSPECT_FROM {
            return Value::Absent;
        }
        Value::Body { data: &self.data, base: self.base, complete }
    }

    /// Some octets before its end were never seen.
    pub(super) fn has_gaps(&self) -> bool {
        self.contiguous < self.size
    }

    /// End of the furthest octet seen: the file's size when all of it passed. Octets.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Begins as DOS and Windows programs do.
    pub(super) fn is_executable(&self) -> bool {
        self.first == [Some(b'M'), Some(b'Z')]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Queue = Queue { size: 100, count: 2 };

    #[test]
    fn follows_chunks_in_any_order() {
        let mut content = Content::default();
        assert!(content.chunk(10, 10, LIMIT, true).is_empty());
        assert!(content.chunk(0, 10, LIMIT, true).is_empty());
        assert_eq!((content.contiguous, content.size(), content.waiting), (20, 20, 0));
        assert_eq!(content.chunk(5, 5, LIMIT, true).as_slice(), [Event::FileOverlap]);
    }

    #[test]
    fn says_when_too_much_waits() {
        let mut content = Content::default();
        assert!(content.chunk(10, 10, LIMIT, false).is_empty());
        assert_eq!(content.chunk(30, 95, LIMIT, false).as_slice(), [Event::WriteQueueSizeExceeded]);
        assert!(content.chunk(30, 5, LIMIT, false).is_empty());
        assert_eq!(content.chunk(50, 5, LIMIT, true).as_slice(), [Event::ReadQueueCntExceeded]);
    }

    #[test]
    fn recognises_a_program_however_it_is_cut() {
        let mut content = Content::default();
        content.octets(1, b"Z\x90");
        assert!(!content.is_executable());
        content.octets(0, b"M");
        assert!(content.is_executable());
    }

    #[test]
    fn content_comes_out_in_order_and_once() {
        let mut content = Content::default();
        for (offset, octets) in [(0, &b"one "[..]), (8, b"six"), (2, b"e two "), (11, b"!")] {
            content.octets(offset, octets);
        }
        assert!(matches!(content.value(), Value::Absent), "too little for a look");
        content.complete = true;
        let Value::Body { data, base, complete } = content.value() else { panic!() };
        assert_eq!((data, base, complete), (&b"one two six!"[..], 0, true));
        content.octets(12, &[0; 3 * KEEP]);
        let Value::Body { data, base, .. } = content.value() else { panic!() };
        assert_eq!((data.len(), base), (KEEP, 12 + 2 * KEEP as u64));
    }
}
