//! The classic format: a 24-octet file header, then records. draft-ietf-opsawg-pcap.

use sidewire_base::{Cursor, Malformed, Time};

use crate::{MAX_BLOCK_LENGTH, MAX_SNAP_LENGTH};

/// Octets of the file header.
pub(crate) const HEADER_LENGTH: usize = 24;

/// Lower bits of the last header field; the upper ones tell about frame check sequences.
const LINK_TYPE_MASK: u32 = 0x03ff_ffff;

/// What the file header says about the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcapHeader {
    big_endian: bool,
    nanoseconds: bool,
    /// Eight more octets in each record header: interface, protocol, packet type (the `0xa1b2cd34` variant).
    modified: bool,
    /// Captured and original length are exchanged in files older than 2.3; in 2.3 they may be.
    minor: u16,
    pub(crate) link_type: u32,
    longest: u32,
}

/// A record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PcapRecord {
    pub(crate) time: Time,
    pub(crate) captured: u32,
    pub(crate) wire_length: u32,
    pub(crate) interface: u32,
}

/// Why the header was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// Another magic number.
    Magic,
    /// Shorter than a header.
    Short,
    /// A version not known.
    Version(u16, u16),
}

impl From<Malformed> for HeaderError {
    fn from(_: Malformed) -> Self {
        Self::Short
    }
}

impl PcapHeader {
    pub(crate) fn parse(head: &[u8]) -> Result<Self, HeaderError> {
        let mut cur = Cursor::new(head);
        let (big_endian, nanoseconds, modified) = match cur.u32_be().map_err(|_| HeaderError::Magic)? {
            0xa1b2_c3d4 => (true, false, false),
            0xd4c3_b2a1 => (false, false, false),
            0xa1b2_3c4d => (true, true, false),
            0x4d3c_b2a1 => (false, true, false),
            0xa1b2_cd34 => (true, false, true),
            0x34cd_b2a1 => (false, false, true),
            _ => return Err(HeaderError::Magic),
        };
        let (major, minor, snap_length, link);
        if big_endian {
            (major, minor) = (cur.u16_be()?, cur.u16_be()?);
            cur.skip(8)?; // time zone and accuracy: always 0 in practice, ignored by every reader
            (snap_length, link) = (cur.u32_be()?, cur.u32_be()?);
        } else {
            (major, minor) = (cur.u16_le()?, cur.u16_le()?);
            cur.skip(8)?;
            (snap_length, link) = (cur.u32_le()?, cur.u32_le()?);
        }
        if major != 2 || minor > 4 {
            return Err(HeaderError::Version(major, minor));
        }
        let longest = snap_length.clamp(MAX_SNAP_LENGTH, MAX_BLOCK_LENGTH);
        Ok(Self { big_endian, nanoseconds, modified, minor, link_type: link & LINK_TYPE_MASK, longest })
    }

    /// Octets of a record header.
    #[inline]
    pub(crate) const fn record_length(&self) -> usize {
        if self.modified { 24 } else { 16 }
    }

    /// Reads a record header; `Err` says why the record cannot be believed.
    #[inline]
    pub(crate) fn record(&self, head: &[u8]) -> Result<PcapRecord, &'static str> {
        const SHORT: &str = "record header is cut";
        let fields = head.first_chunk::<16>().ok_or(SHORT)?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *fields;
        let read = |bytes| if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        let (seconds, fraction) = (read([a, b, c, d]), read([e, f, g, h]));
        let (mut captured, mut wire_length) = (read([i, j, k, l]), read([m, n, o, p]));
        if self.minor < 3 || (self.minor == 3 && captured > wire_length) {
            (captured, wire_length) = (wire_length, captured);
        }
        if captured > self.longest {
            return Err("packet length is greater than any snap length");
        }
        let interface = match head.get(16..20).and_then(|x| x.first_chunk::<4>()) {
            Some(bytes) if self.modified => read(*bytes),
            _ => 0,
        };
        let nanos = if self.nanoseconds { i64::from(fraction) } else { i64::from(fraction) * 1000 };
        Ok(PcapRecord { time: Time::new(i64::from(seconds), nanos), captured, wire_length, interface })
    }
}
