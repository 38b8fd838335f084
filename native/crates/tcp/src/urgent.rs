//! Urgent octets. RFC 6093.

/// Urgent octets remembered per direction among those that are not done with. A host that is sent more before it has
/// acknowledged any is none that talks to people (RFC 6093, 6: nobody is to send any).
const LIMIT: usize = 8192;

/// Octets that the urgent pointer takes out of a stream (RFC 6093, 3.1), by raw offset. Offsets in the stream do not count
/// them.
#[derive(Debug, Default)]
pub(crate) struct UrgentOctets {
    /// Sorted; those of what was released are only counted.
    positions: Vec<u64>,
    /// How many lie before the positions.
    passed: u64,
    done: u64,
}

impl UrgentOctets {
    pub(crate) const fn is_empty(&self) -> bool {
        self.positions.is_empty() && self.passed == 0
    }

    pub(crate) const fn count(&self) -> u64 {
        self.passed + self.positions.len() as u64
    }

    /// Takes an octet out. False when too many were.
    pub(crate) fn insert(&mut self, position: u64) -> bool {
        match self.positions.binary_search(&position) {
            Ok(_) => true,
            Err(_) if position < self.done => true,
            Err(_) if self.positions.len() >= LIMIT => false,
            Err(at) => {
                self.positions.insert(at, position);
                true
            }
        }
    }

    /// Those in a range of raw offsets.
    pub(crate) fn within(&self, start: u64, end: u64) -> impl Iterator<Item = u64> {
        let first = self.positions.partition_point(|&position| position < start);
        self.positions.iter().copied().skip(first).take_while(move |&position| position < end)
    }

    /// Stream offset of a raw offset that is not done with.
    pub(crate) fn offset(&self, raw: u64) -> u64 {
        let before = self.positions.partition_point(|&position| position < raw) as u64;
        raw.saturating_sub(self.passed + before)
    }

    /// Raw offset of a stream offset that is not done with.
    pub(crate) fn raw(&self, offset: u64) -> u64 {
        let raw = offset + self.passed;
        raw + self.up_to(raw) as u64
    }

    /// How many of the positions lie at or before a stream offset; `raw` is that with the passed ones counted.
    fn up_to(&self, raw: u64) -> usize {
        let (mut least, mut most) = (0, self.positions.len());
        while least < most {
            let middle = least.midpoint(most);
            match self.positions.get(middle) {
                Some(&position) if position <= raw + middle as u64 => least = middle + 1,
                _ => most = middle,
            }
        }
        least
    }

    /// The raw offset before which everything is done with.
    pub(crate) const fn done(&self) -> u64 {
        self.done
    }

    /// Octets before this stream offset are done with: of the urgent ones among them only the number is kept.
    pub(crate) fn forget_before(&mut self, offset: u64) {
        if self.positions.is_empty() || offset == 0 {
            return;
        }
        let last = offset - 1 + self.passed;
        let passed = self.up_to(last);
        self.done = self.done.max(last + passed as u64 + 1);
        self.positions.drain(..passed);
        self.passed += passed as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_leave_urgent_octets_out() {
        let mut urgent = UrgentOctets::default();
        for position in [7, 3, 4, 4] {
            assert!(urgent.insert(position));
        }
        assert_eq!((urgent.count(), urgent.within(3, 7).collect::<Vec<_>>()), (3, vec![3, 4]));
        // Raw:    0 1 2 (3) (4) 5 6 (7) 8
        // Stream: 0 1 2         3 4     5
        for (raw, offset) in [(0, 0), (2, 2), (5, 3), (6, 4), (8, 5)] {
            assert_eq!((urgent.offset(raw), urgent.raw(offset)), (offset, raw));
        }
    }

    #[test]
    fn those_that_are_done_with_leave_room() {
        let mut urgent = UrgentOctets::default();
        for position in 0..5 * LIMIT as u64 {
            assert!(urgent.insert(2 * position), "{position}");
            urgent.forget_before(position);
        }
        let raw = 10 * LIMIT as u64 - 1;
        assert_eq!((urgent.count(), urgent.offset(raw), urgent.raw(urgent.offset(raw))), (raw / 2 + 1, raw / 2, raw));
        assert!(urgent.positions.len() < 3);
    }

    #[test]
    fn only_so_many_are_taken_out() {
        let mut urgent = UrgentOctets::default();
        assert!((0..LIMIT as u64).all(|position| urgent.insert(position)));
        assert!(!urgent.insert(LIMIT as u64) && urgent.insert(0));
    }
}
