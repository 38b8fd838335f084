//! Boundaries of the segments whose octets are not visible yet.

use std::collections::{BTreeSet, VecDeque};

/// Where each segment began and ended whose octets are not visible yet: overlap policies compare segments, not octets.
#[derive(Debug, Default)]
pub(crate) struct SegmentBoundaries {
    /// Segments that came in order: each begins where the one before ends.
    in_order: VecDeque<(u64, u64)>,
    /// The others, by beginning and end.
    others: BTreeSet<(u64, u64)>,
    /// The longest of the others: how far back one that reaches into a range can begin.
    longest: u64,
}

impl SegmentBoundaries {
    /// How many did not come in order.
    pub(crate) fn others(&self) -> usize {
        self.others.len()
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

    /// Forgets segments out of order that begin at or after an offset.
    pub(crate) fn forget_from(&mut self, offset: u64) {
        while self.others.last().is_some_and(|mark| mark.0 >= offset) {
            self.others.pop_last();
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A range meets the segments that a plain search of all of them finds.
        #[test]
        fn a_range_meets_what_a_search_finds(
            in_order in prop::collection::vec(1_usize..50, 0..20),
            others in prop::collection::vec((0_u64..800, 1_usize..200), 0..20),
            (start, length) in (0_u64..800, 1_u64..100),
            before in 0_u64..400,
        ) {
            let (mut marks, mut all, mut end) = (SegmentBoundaries::default(), BTreeSet::new(), 0_u64);
            for length in in_order {
                marks.push_in_order(end, length, 1000);
                all.insert((end, end + length as u64));
                end += length as u64;
            }
            for (start, length) in others {
                marks.insert(start, length);
                all.insert((start, start + length as u64));
            }
            let expected: BTreeSet<_> =
                all.iter().copied().filter(|(from, to)| *from < start + length && *to > start).collect();
            let mut met = BTreeSet::new();
            marks.overlapping(start, start + length, |from, to| { met.insert((from, to)); });
            prop_assert_eq!(met, expected);
            marks.forget_before(before);
            let mut left = BTreeSet::new();
            marks.overlapping(before, u64::MAX, |from, to| { left.insert((from, to)); });
            prop_assert_eq!(left, all.into_iter().filter(|(_, to)| *to > before).collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn beyond_its_limit_segments_in_order_are_one() {
        let mut marks = SegmentBoundaries::default();
        for start in 0..10 {
            marks.push_in_order(start, 1, 4);
        }
        let mut met = Vec::new();
        marks.overlapping(0, 20, |from, to| met.push((from, to)));
        assert_eq!(met, [(0, 1), (1, 2), (2, 3), (3, 10)]);
        assert_eq!(marks.in_order.len(), 4);
    }
}
