//! The block format. draft-ietf-opsawg-pcapng.

use sidewire_base::{Cursor, Malformed, Time};

use crate::{MAX_BLOCK_LENGTH, MAX_INTERFACES, MAX_SNAP_LENGTH};

pub(crate) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Octets of block type and length.
pub(crate) const BLOCK_HEADER_LENGTH: usize = 8;
/// Octets around a block's body: type, length, and length again.
const BLOCK_OVERHEAD: usize = 12;
/// Block type, length, byte-order magic and version: what tells how to read a section.
pub(crate) const SECTION_START_LENGTH: usize = 16;

const OPTION_END: u16 = 0;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;

/// What a section's interface says about its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcapngInterface {
    pub(crate) link_type: u32,
    snap_length: u32,
    resolution: TimestampResolution,
    /// Seconds added to every timestamp.
    offset: i64,
}

/// The unit of timestamps: option `if_tsresol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimestampResolution {
    /// 10^-6 s, the default.
    Micro,
    /// 10^-9 s.
    Nano,
    /// 10^-n s.
    Decimal(u32),
    /// 2^-n s.
    Binary(u32),
}

impl TimestampResolution {
    fn parse(octet: u8) -> Self {
        match octet {
            6 => Self::Micro,
            9 => Self::Nano,
            0x80.. => Self::Binary(u32::from(octet & 0x7f)),
            _ => Self::Decimal(u32::from(octet)),
        }
    }

    #[inline]
    fn nanos(self, ticks: u64) -> i64 {
        match self {
            Self::Micro => i64::try_from(ticks).unwrap_or(i64::MAX).saturating_mul(1000),
            Self::Nano => i64::try_from(ticks).unwrap_or(i64::MAX),
            Self::Decimal(digits @ 0..=8) => {
                let scale = 10u64.saturating_pow(9 - digits);
                i64::try_from(ticks.saturating_mul(scale)).unwrap_or(i64::MAX)
            }
            // 10^20 and more exceeds what 64 bits of ticks can hold: nothing is left.
            Self::Decimal(digits) => {
                10u64.checked_pow(digits - 9).map_or(0, |scale| i64::try_from(ticks / scale).unwrap_or(i64::MAX))
            }
            Self::Binary(bits) => {
                let nanos = (u128::from(ticks) * 1_000_000_000).checked_shr(bits).unwrap_or(0);
                i64::try_from(nanos).unwrap_or(i64::MAX)
            }
        }
    }
}

/// A section: its byte order and the interfaces described so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct PcapngSection {
    big_endian: bool,
    interfaces: Vec<PcapngInterface>,
}

/// A packet inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PacketBlock {
    pub(crate) time: Time,
    /// Where its octets begin, counted from the block's beginning.
    pub(crate) at: usize,
    pub(crate) captured: u32,
    pub(crate) wire_length: u32,
    pub(crate) interface: u32,
    pub(crate) link_type: u32,
}

/// What the beginning of a section says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SectionError {
    /// The byte-order magic is neither way round.
    Magic,
    /// A version not known.
    Version(u16, u16),
}

impl PcapngSection {
    /// Starts a section from the first [`SECTION_START_LENGTH`] octets of its header block.
    pub(crate) fn begin(&mut self, head: &[u8]) -> Result<(), SectionError> {
        let mut cur = Cursor::new(head);
        let magic = cur.skip(BLOCK_HEADER_LENGTH).and_then(|()| cur.u32_be()).map_err(|_| SectionError::Magic)?;
        let big_endian = match magic {
            BYTE_ORDER_MAGIC => true,
            magic if magic == BYTE_ORDER_MAGIC.swap_bytes() => false,
            _ => return Err(SectionError::Magic),
        };
        self.big_endian = big_endian;
        self.interfaces.clear();
        let (major, minor) = (self.u16(&mut cur), self.u16(&mut cur));
        match (major.map_err(|_| SectionError::Magic)?, minor.map_err(|_| SectionError::Magic)?) {
            // 1.2 was written by mistake by some writers and means 1.0.
            (1, 0 | 2) => Ok(()),
            (major, minor) => Err(SectionError::Version(major, minor)),
        }
    }

    fn u16(&self, cur: &mut Cursor<'_>) -> Result<u16, Malformed> {
        if self.big_endian { cur.u16_be() } else { cur.u16_le() }
    }

    #[inline]
    fn u32(&self, cur: &mut Cursor<'_>) -> Result<u32, Malformed> {
        if self.big_endian { cur.u32_be() } else { cur.u32_le() }
    }

    /// Type and total length of the block that begins with `head`; `Err` when the length cannot be.
    #[inline]
    pub(crate) fn block(&self, head: &[u8]) -> Result<(u32, u32), &'static str> {
        let mut cur = Cursor::new(head);
        let (Ok(kind), Ok(length)) = (self.u32(&mut cur), self.u32(&mut cur)) else {
            return Err("block header is cut");
        };
        if (length as usize) < BLOCK_OVERHEAD || length % 4 != 0 {
            return Err("block length is impossible");
        }
        Ok((kind, length))
    }

    /// True for blocks this reader looks into; the others are skipped unread, however long.
    #[inline]
    pub(crate) const fn wants(kind: u32) -> bool {
        matches!(kind, SECTION_HEADER | INTERFACE_DESCRIPTION | OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET)
    }

    /// Reads a whole block of a wanted kind; a packet, if it holds one.
    #[inline]
    pub(crate) fn read(&mut self, kind: u32, block: &[u8]) -> Result<Option<PacketBlock>, &'static str> {
        let body_end = block.len().saturating_sub(4);
        let mut trailer = Cursor::new(block.get(body_end..).unwrap_or_default());
        if self.u32(&mut trailer).ok() != u32::try_from(block.len()).ok() {
            return Err("block lengths at both ends differ");
        }
        let mut cur = Cursor::new(block.get(..body_end).unwrap_or_default());
        let parsed = cur.skip(BLOCK_HEADER_LENGTH).and_then(|()| match kind {
            ENHANCED_PACKET => self.enhanced(&mut cur).map(Some),
            SIMPLE_PACKET => self.simple(&mut cur).map(Some),
            OBSOLETE_PACKET => self.obsolete(&mut cur).map(Some),
            INTERFACE_DESCRIPTION => self.describe(&mut cur).map(|()| None),
            _ => Ok(None),
        });
        parsed.map_err(|malformed| match malformed {
            Malformed::Truncated { .. } => "block is shorter than what it holds",
            Malformed::Invalid(what) | Malformed::Limit(what) => what,
        })
    }

    fn describe(&mut self, cur: &mut Cursor<'_>) -> Result<(), Malformed> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(Malformed::Limit("too many interfaces"));
        }
        let link_type = u32::from(self.u16(cur)?);
        let _reserved = self.u16(cur)?;
        let snap_length = self.u32(cur)?;
        let mut interface =
            PcapngInterface { link_type, snap_length, resolution: TimestampResolution::Micro, offset: 0 };
        while cur.left() >= 4 {
            let (code, length) = (self.u16(cur)?, usize::from(self.u16(cur)?));
            // Options that do not fit end the list; the interface itself is known by then.
            let Ok(value) = cur.take(length) else { break };
            match (code, value) {
                (OPTION_END, _) => break,
                (OPTION_TSRESOL, [octet, ..]) => interface.resolution = TimestampResolution::parse(*octet),
                (OPTION_TSOFFSET, value) => {
                    if let Some(bytes) = value.first_chunk::<8>() {
                        let read = if self.big_endian { i64::from_be_bytes } else { i64::from_le_bytes };
                        interface.offset = read(*bytes);
                    }
                }
                _ => {}
            }
            if cur.skip(length.next_multiple_of(4) - length).is_err() {
                break;
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    #[inline]
    fn interface(&self, number: u32) -> Result<PcapngInterface, Malformed> {
        self.interfaces
            .get(number as usize)
            .copied()
            .ok_or(Malformed::Invalid("packet of an interface never described"))
    }

    #[inline]
    fn packet(
        &self,
        cur: &mut Cursor<'_>,
        interface: u32,
        described: PcapngInterface,
        ticks: u64,
    ) -> Result<PacketBlock, Malformed> {
        let (captured, wire_length) = (self.u32(cur)?, self.u32(cur)?);
        let time = Time(described.resolution.nanos(ticks)).plus_seconds(described.offset);
        let at = cur.position();
        if captured > described.snap_length.clamp(MAX_SNAP_LENGTH, MAX_BLOCK_LENGTH) {
            return Err(Malformed::Invalid("packet length is greater than any snap length"));
        }
        cur.skip(captured as usize)?;
        Ok(PacketBlock { time, at, captured, wire_length, interface, link_type: described.link_type })
    }

    #[inline]
    fn enhanced(&self, cur: &mut Cursor<'_>) -> Result<PacketBlock, Malformed> {
        let interface = self.u32(cur)?;
        let described = self.interface(interface)?;
        let ticks = u64::from(self.u32(cur)?) << 32 | u64::from(self.u32(cur)?);
        self.packet(cur, interface, described, ticks)
    }

    fn obsolete(&self, cur: &mut Cursor<'_>) -> Result<PacketBlock, Malformed> {
        let interface = u32::from(self.u16(cur)?);
        let _drops = self.u16(cur)?;
        let described = self.interface(interface)?;
        let ticks = u64::from(self.u32(cur)?) << 32 | u64::from(self.u32(cur)?);
        self.packet(cur, interface, described, ticks)
    }

    /// Simple packets belong to the first interface and carry no time.
    fn simple(&self, cur: &mut Cursor<'_>) -> Result<PacketBlock, Malformed> {
        let described = self.interface(0)?;
        let wire_length = self.u32(cur)?;
        let limit = if described.snap_length == 0 { u32::MAX } else { described.snap_length };
        let captured = wire_length.min(limit);
        let at = cur.position();
        cur.skip(captured as usize)?;
        Ok(PacketBlock { time: Time(0), at, captured, wire_length, interface: 0, link_type: described.link_type })
    }
}

#[cfg(test)]
mod tests {
    use super::TimestampResolution;

    #[test]
    fn every_resolution_becomes_nanoseconds() {
        let second = 1_700_000_000u64;
        let nanos = 1_700_000_000_000_000_000i64;
        assert_eq!(TimestampResolution::parse(6).nanos(second * 1_000_000 + 1), nanos + 1000);
        assert_eq!(TimestampResolution::parse(9).nanos(second * 1_000_000_000 + 1), nanos + 1);
        assert_eq!(TimestampResolution::parse(0).nanos(second), nanos);
        assert_eq!(TimestampResolution::parse(3).nanos(second * 1000 + 7), nanos + 7_000_000);
        assert_eq!(TimestampResolution::parse(10).nanos(17_000_000_000_000_000_009), 1_700_000_000_000_000_000);
        assert_eq!(TimestampResolution::parse(100).nanos(u64::MAX), 0);
        assert_eq!(TimestampResolution::parse(0x80 | 20).nanos((second << 20) + (1 << 19)), nanos + 500_000_000);
        assert_eq!(TimestampResolution::parse(0xff).nanos(u64::MAX), 0);
        assert_eq!(TimestampResolution::parse(0x80).nanos(u64::MAX), i64::MAX);
    }
}
