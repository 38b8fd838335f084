//! A segment as state tracking and reassembly take it.

use sidewire_base::{Cursor, Direction, Time};
use sidewire_decode::TcpHeader;

use crate::OverlapPolicy;

/// A segment as state tracking sees it.
pub(crate) struct ArrivedSegment<'a> {
    pub(crate) tcp: &'a TcpHeader<'a>,
    pub(crate) payload: &'a [u8],
    pub(crate) direction: Direction,
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    /// Sequence number after the payload.
    pub(crate) end: u32,
    /// Packet time in seconds.
    pub(crate) seconds: u32,
}

impl<'a> ArrivedSegment<'a> {
    pub(crate) fn new(tcp: &'a TcpHeader<'a>, payload: &'a [u8], direction: Direction, time: Time) -> Self {
        Self {
            tcp,
            payload,
            direction,
            sequence: tcp.sequence,
            acknowledgement: tcp.acknowledgement,
            end: tcp.sequence.wrapping_add(payload.len() as u32),
            seconds: time.seconds() as u32,
        }
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.tcp.flags & flag != 0
    }

    pub(crate) const fn is_syn_ack(&self) -> bool {
        self.tcp.flags & (TcpHeader::SYN | TcpHeader::ACK) == TcpHeader::SYN | TcpHeader::ACK
    }

    /// Opens or closes nothing.
    pub(crate) const fn is_plain(&self) -> bool {
        self.tcp.flags & (TcpHeader::SYN | TcpHeader::FIN | TcpHeader::RST) == 0
    }

    /// An acknowledgement and nothing else.
    pub(crate) const fn is_pure_ack(&self) -> bool {
        self.payload.is_empty() && self.is_plain() && self.has(TcpHeader::ACK)
    }

    /// Position in the payload of the octet that the urgent pointer ends with.
    pub(crate) fn urgent(&self) -> Option<usize> {
        let pointer = usize::from(self.tcp.urgent);
        (self.has(TcpHeader::URG) && (1..=self.payload.len()).contains(&pointer)).then(|| pointer - 1)
    }

    /// The options, as kind and value.
    fn options(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        const END: u8 = 0;
        const PADDING: u8 = 1;
        const FIXED_HEADER: usize = 20;
        let mut cursor = Cursor::new(self.tcp.header.get(FIXED_HEADER..).unwrap_or_default());
        core::iter::from_fn(move || {
            loop {
                match cursor.u8().ok()? {
                    END => return None,
                    PADDING => {}
                    kind => {
                        let length = usize::from(cursor.u8().ok()?).checked_sub(2)?;
                        return Some((kind, cursor.take(length).ok()?));
                    }
                }
            }
        })
    }

    /// Kinds of the options there are.
    pub(crate) fn option_kinds(&self) -> impl Iterator<Item = u8> {
        self.options().map(|(kind, _)| kind)
    }

    /// Selective acknowledgements, at most four (RFC 2018).
    pub(crate) fn sacks(&self) -> impl Iterator<Item = (u32, u32)> {
        const SACK: u8 = 5;
        const BLOCKS: usize = 4;
        let value = if self.tcp.options.sack_blocks > 0 {
            self.options().find(|&(kind, _)| kind == SACK).map_or(&[][..], |(_, value)| value)
        } else {
            &[]
        };
        let mut blocks = Cursor::new(value);
        core::iter::from_fn(move || Some((blocks.u32_be().ok()?, blocks.u32_be().ok()?))).take(BLOCKS)
    }
}

/// The part of a TCP segment that reassembly looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// Sequence number of the first payload octet.
    pub(crate) sequence: u32,
    pub(crate) payload: &'a [u8],
    /// Position of the urgent octet in the payload.
    pub(crate) urgent: Option<usize>,
    /// The receiver's.
    pub(crate) policy: OverlapPolicy,
}
