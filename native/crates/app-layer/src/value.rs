//! What rules read of a transaction.

/// What a buffer row gives for a transaction.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Not there: not sent, or not yet.
    Absent,
    /// A complete byte string; may be empty.
    Bytes(&'a [u8]),
    /// The part of a growing byte string that is kept.
    Body {
        /// The octets kept.
        data: &'a [u8],
        /// How many octets came before them and are gone.
        base: u64,
        /// True when nothing will follow.
        complete: bool,
    },
    /// A number (also for flags and enumerations).
    Uint(u64),
    /// Bound RPC interfaces.
    Interfaces(&'a [BoundInterface]),
}

impl<'a> Value<'a> {
    /// Is it not there?
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// A byte string that may not be there.
    #[must_use]
    #[inline]
    pub fn bytes(octets: Option<&'a [u8]>) -> Self {
        octets.map_or(Self::Absent, Self::Bytes)
    }

    /// A text that may not be there.
    #[must_use]
    #[inline]
    pub fn text(text: Option<&'a str>) -> Self {
        Self::bytes(text.map(str::as_bytes))
    }

    /// A number that may not be there.
    #[must_use]
    #[inline]
    pub fn uint(number: Option<impl Into<u64>>) -> Self {
        number.map_or(Self::Absent, |number| Self::Uint(number.into()))
    }

    /// The `nth` byte string of a list, counted from 0.
    #[must_use]
    #[inline]
    pub fn nth<T: AsRef<[u8]>>(list: &'a [T], nth: u32) -> Self {
        Self::bytes(list.get(nth as usize).map(AsRef::as_ref))
    }
}

/// A bound RPC interface, as `dcerpc.iface` sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundInterface {
    /// UUID in text order (the bytes as they are written, big-endian fields).
    pub uuid: [u8; 16],
    /// Major version.
    pub version: u16,
    /// Minor version.
    pub minor: u16,
    /// True when the server accepted it.
    pub accepted: bool,
    /// True when the call this is asked for is on this interface.
    pub used: bool,
    /// True when the call's bytes at hand begin with its first fragment.
    pub first_fragment: bool,
}
