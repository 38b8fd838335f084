use crate::Config;

/// Who reads a stream. Each has a progress of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// The protocol session: what it does not consume stays.
    App = 0,
    /// Rule inspection of the stream: sees every octet once, plus the overlap asked for.
    Raw = 1,
}

/// The next piece of a stream for a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Contiguous octets.
    Data {
        /// Stream offset of the first octet; 0 is the first after the SYN.
        offset: u64,
        /// The octets.
        bytes: &'a [u8],
        /// How many of them the consumer has consumed before: the overlap, 0 unless asked for.
        seen: usize,
        /// True when the stream ends with these octets.
        last: bool,
    },
    /// Octets that were never seen although the peer acknowledged them (or will not be waited for). Consume `length`.
    Gap {
        /// Stream offset of the first missing octet.
        offset: u64,
        /// How many are missing.
        length: u64,
    },
}

/// One direction of a session.
#[derive(Debug, Default)]
pub struct Stream {
    pub(crate) flags: u8,
}

impl Stream {
    /// The next visible piece that this consumer has not consumed; `None` when there is nothing, or the consumer is
    /// disabled.
    #[must_use]
    pub fn available(&self, consumer: Consumer) -> Option<Chunk<'_>> {
        self.available_with_overlap(consumer, 0)
    }

    /// Like [`available`](Self::available), with up to `overlap` octets before the progress in front.
    #[must_use]
    pub fn available_with_overlap(&self, consumer: Consumer, overlap: usize) -> Option<Chunk<'_>> {
        let _ = (consumer, overlap);
        None
    }

    /// Moves a consumer's progress; `n` does not count the overlap.
    pub fn consume(&mut self, consumer: Consumer, n: u64) {
        let _ = (consumer, n);
    }

    /// Stream offset up to which a consumer has consumed.
    #[must_use]
    pub fn progress(&self, consumer: Consumer) -> u64 {
        let _ = consumer;
        0
    }

    /// Stream offset up to which octets are visible.
    #[must_use]
    pub fn visible(&self) -> u64 {
        0
    }

    /// True when raw inspection should run: `toserver-chunk-size` octets wait, or [`flush_raw`](Self::flush_raw) was
    /// called, or the stream ended.
    #[must_use]
    pub fn raw_ready(&self, chunk_size: u32) -> bool {
        let _ = chunk_size;
        false
    }

    /// Lets raw inspection run with whatever is visible: a protocol completed a message.
    pub fn flush_raw(&mut self) {}

    /// Stops a consumer for good.
    pub fn disable(&mut self, consumer: Consumer) {
        let _ = consumer;
    }

    /// True when a consumer was disabled (by the caller, by the depth or for memory).
    #[must_use]
    pub fn is_disabled(&self, consumer: Consumer) -> bool {
        let _ = consumer;
        true
    }

    /// True when nothing will follow what is visible: FIN, RST or close.
    #[must_use]
    pub fn ended(&self) -> bool {
        false
    }

    /// True when the configured depth was reached.
    #[must_use]
    pub fn depth_reached(&self) -> bool {
        false
    }

    /// Overrides the depth for this stream (a protocol's own, such as SMB's `stream-depth`); 0 is no limit.
    pub fn set_depth(&mut self, depth: u64) {
        let _ = depth;
    }

    /// True when octets were missing somewhere before the visible end.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        false
    }

    /// Every TCP flag seen from this side.
    #[must_use]
    pub fn tcp_flags(&self) -> u8 {
        self.flags
    }

    /// All octets held, visible or not, as contiguous pieces with their stream offsets, in order.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        core::iter::empty()
    }

    /// Urgent octets taken out of this stream.
    #[must_use]
    pub fn urgent_octets(&self) -> u32 {
        0
    }

    pub(crate) fn release(&mut self, config: &Config) {
        let _ = config;
    }
}
