//! Urgent octets. RFC 6093.

/// Urgent octets remembered per direction.
const LIMIT: usize = 1024;

/// Octets that the urgent pointer takes out of a stream (RFC 6093, 3.1), by raw offset. Offsets in the stream do not count
/// them.
#[derive(Debug, Default)]
pub(crate) struct UrgentOctets {
    /// Sorted.
    positions: Vec<u64>,
}

impl UrgentOctets {
    pub(crate) const fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    pub(crate) const fn count(&self) -> u32 {
        self.positions.len() as u32
    }

    /// Takes an octet out. False when too many were.
    pub(crate) fn insert(&mut self, position: u64) -> bool {
        match self.positions.binary_search(&position) {
            Ok(_) => true,
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

    /// Stream offset of a raw offset.
    pub(crate) fn offset(&self, raw: u64) -> u64 {
        raw - self.positions.partition_point(|&position| position < raw) as u64
    }

    /// Raw offset of a stream offset.
    pub(crate) fn raw(&self, offset: u64) -> u64 {
        let mut raw = offset;
        for &position in &self.positions {
            if position > raw {
                break;
            }
            raw += 1;
        }
        raw
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
    fn only_so_many_are_taken_out() {
        let mut urgent = UrgentOctets::default();
        assert!((0..LIMIT as u64).all(|position| urgent.insert(position)));
        assert!(!urgent.insert(LIMIT as u64) && urgent.insert(0));
    }
}
