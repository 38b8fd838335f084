use std::io::{self, Read};

/// Octets kept free in front of what a block gives, for what was left of the one before it.
const HEADROOM: usize = 64 << 10;
/// Octets asked from the source at once. Small enough that what was read is still cached when it is decoded.
const LENGTH: usize = 512 << 10;

/// Octets from a source, with room in front of them. Blocks are used again and again.
#[derive(Debug, Default)]
pub struct Block {
    octets: Vec<u8>,
    start: usize,
    end: usize,
}

impl Block {
    /// True when there is nothing in it: the source is at its end.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

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

    /// Octets `from..from + length` of what the last `consumed` octets were.
    #[inline]
    pub(crate) fn behind(&self, consumed: usize, from: usize, length: usize) -> &[u8] {
        let at = self.start.saturating_sub(consumed) + from;
        self.octets.get(at..).and_then(|rest| rest.get(..length)).unwrap_or_default()
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

    /// Reads from a source, once. What was in the block is gone.
    fn fill(&mut self, source: &mut dyn Read) -> io::Result<()> {
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

/// Gives the octets of a source block by block. `engine` has one that reads ahead on a thread of its own.
pub trait Blocks: Send {
    /// The next block, an empty one at the end. `used` is one that is done with, to be filled again.
    ///
    /// # Errors
    /// Those of the source; nothing follows them.
    fn next(&mut self, used: Block) -> io::Result<Block>;
}

/// Reads a block when it is asked for.
pub struct Direct(Box<dyn Read + Send>);

impl Direct {
    /// Blocks of a source.
    #[must_use]
    pub fn new(source: Box<dyn Read + Send>) -> Self {
        Self(source)
    }
}

impl Blocks for Direct {
    fn next(&mut self, mut used: Block) -> io::Result<Block> {
        used.fill(&mut *self.0)?;
        Ok(used)
    }
}
