//! Byte order of a sender.

use sidewire_base::{Cursor, Malformed};

/// The order in which a sender writes its integers: octet 0 of the data representation label. [C706] 14.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant octet first: every Windows sender.
    #[default]
    Little,
    /// Most significant octet first.
    Big,
}

impl ByteOrder {
    /// From octet 0 of a data representation label.
    #[must_use]
    pub const fn from_drep(octet: u8) -> Self {
        if octet & 0xf0 == 0 { Self::Big } else { Self::Little }
    }

    /// Reads 16 bits.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 2 octets are left.
    pub fn u16(self, cur: &mut Cursor<'_>) -> Result<u16, Malformed> {
        match self {
            Self::Little => cur.u16_le(),
            Self::Big => cur.u16_be(),
        }
    }

    /// Reads 32 bits.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 4 octets are left.
    pub fn u32(self, cur: &mut Cursor<'_>) -> Result<u32, Malformed> {
        match self {
            Self::Little => cur.u32_le(),
            Self::Big => cur.u32_be(),
        }
    }

    /// Reads 64 bits.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 8 octets are left.
    pub fn u64(self, cur: &mut Cursor<'_>) -> Result<u64, Malformed> {
        match self {
            Self::Little => cur.u64_le(),
            Self::Big => cur.u64_be(),
        }
    }
}
