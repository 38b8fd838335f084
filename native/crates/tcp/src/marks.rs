//! Boundaries of the segments whose octets are not visible yet.

use std::collections::{BTreeSet, VecDeque};

/// Where each segment began and ended whose octets are not visible yet: overlap policies compare segments, not octets.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Segments that came in order: each begins where the one before ends.
    in_order: VecDeque<(u64, u64)>,
    /// The others, by beginning and end.
    others: BTreeSet<(u64, u64)>,
    /// The longest of the others: how far back one that reaches into a range can begin.
    longest: u64,
}

impl Marks {
    pub(crate) fn len(&self) -> usize {
        self.in_order.len() + self.others.len()
    }

    /// A segment at the end of what is in order. Beyond `limit` it counts as part of the one before it.
    pub(crate) fn push_in_order(&mut self, start: u64, length: usize, limit: usize) {
        let end = start + length as u64;
        let full = self.in_order.len() >= limit;
        match self.in_order.back_mut() {
            Some(last) if full => last.1 = end,
            _ => self.in_order.push_back((start, end)),
        }
    }

    /// Any other segment. The same segment twice is one.
    pub(crate) fn insert(&mut self, start: u64, length: usize) {
        let mark = (start, start + length as u64);
        if self.in_order.binary_search(&mark).is_err() {
            self.longest = self.longest.max(length as u64);
            self.others.insert(mark);
        }
    }

    /// Visits the segments that reach into a range.
    pub(crate) fn overlapping(&self, start: u64, end: u64, mut visit: impl FnMut(u64, u64)) {
        let first = self.in_order.partition_point(|mark| mark.1 <= start);
        for &(from, to) in self.in_order.range(first..).take_while(|mark| mark.0 < end) {
            visit(from, to);
        }
        let back = start.saturating_sub(self.longest);
        for &(from, to) in self.others.range((back, 0)..(end, 0)).filter(|mark| mark.1 > start) {
            visit(from, to);
        }
    }

    /// Forgets segments that end at or before an offset.
    pub(crate) fn forget_before(&mut self, offset: u64) {
        while self.in_order.front().is_some_and(|mark| mark.1 <= offset) {
            self.in_order.pop_front();
        }
        while self.others.first().is_some_and(|mark| mark.1 <= offset) {
            self.others.pop_first();
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
