//! Blocks of octets as they are read.

use std::io::{self, Read};

/// Octets kept free in front of what a block gives, for what was left of the one before it.
const HEADROOM: usize = 64 << 10;
/// Octets asked from the source at once. Small enough that what was read is still cached when it is decoded.
const LENGTH: usize = 512 << 10;

/// Octets from a source, with room in front of them. Blocks are used again and again.
#[derive(Debug, Default)]
pub(crate) struct CaptureBlock {
    octets: Vec<u8>,
    start: usize,
    end: usize,
}

impl CaptureBlock {
    /// What has not been consumed.
    #[inline]
    pub(crate) fn available(&self) -> &[u8] {
        self.octets.get(self.start..self.end).unwrap_or_default()
    }

    /// Octets not consumed.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    /// Where in the block the next octet lies. It stays there until something is put in front.
    #[inline]
    pub(crate) const fn position(&self) -> usize {
        self.start
    }

    /// `length` octets at a position, whether or not they were consumed.
    #[inline]
    pub(crate) fn at(&self, position: usize, length: usize) -> &[u8] {
        self.octets.get(position..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    }

    /// Forgets what is there.
    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        (self.start, self.end) = (0, 0);
    }

    /// Puts octets behind what is there, and tells where they lie and how many they are.
    pub(crate) fn append(&mut self, parts: &[&[u8]]) -> (usize, usize) {
        self.octets.truncate(self.end);
        parts.iter().for_each(|octets| self.octets.extend_from_slice(octets));
        let at = self.end;
        self.end = self.octets.len();
        (at, self.end - at)
    }

    /// Puts octets in front of what is there.
    pub(crate) fn prepend(&mut self, octets: &[u8]) {
        let room = self.start.checked_sub(octets.len());
        if let Some(start) = room
            && let Some(free) = self.octets.get_mut(start..self.start)
        {
            free.copy_from_slice(octets);
            self.start = start;
        } else {
            // Something longer than a block: rare enough to be copied.
            let joined = [octets, self.available()].concat();
            *self = Self { start: 0, end: joined.len(), octets: joined };
        }
    }

    /// Reads from a source, once; nothing at its end. What was in the block is gone.
    pub(crate) fn fill(&mut self, source: &mut dyn Read) -> io::Result<()> {
        if self.octets.len() != HEADROOM + LENGTH {
            self.octets = vec![0; HEADROOM + LENGTH];
        }
        (self.start, self.end) = (HEADROOM, HEADROOM);
        loop {
            match source.read(self.octets.get_mut(HEADROOM..).unwrap_or_default()) {
                Ok(n) => {
                    self.end += n.min(LENGTH);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
