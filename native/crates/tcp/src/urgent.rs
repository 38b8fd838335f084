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
