//! Bounds-checked reading of untrusted octets.

use crate::Malformed;

/// A reading position over untrusted bytes: every read is checked, none panics.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    data: &'a [u8],
    position: usize,
}

macro_rules! integers {
    ($($be:ident $le:ident $int:ty, $n:literal;)*) => {$(
        /// Reads a big-endian integer.
        ///
        /// # Errors
        /// [`Malformed::Truncated`] when too few octets are left.
        #[inline]
        pub fn $be(&mut self) -> Result<$int, Malformed> { Ok(<$int>::from_be_bytes(*self.array::<$n>()?)) }
        /// Reads a little-endian integer.
        ///
        /// # Errors
        /// [`Malformed::Truncated`] when too few octets are left.
        #[inline]
        pub fn $le(&mut self) -> Result<$int, Malformed> { Ok(<$int>::from_le_bytes(*self.array::<$n>()?)) }
    )*};
}

impl<'a> Cursor<'a> {
    /// A cursor at the first octet of `data`.
    #[inline]
    #[must_use]
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// Octets read so far.
    #[inline]
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Octets not read yet.
    #[inline]
    #[must_use]
    pub const fn left(&self) -> usize {
        self.data.len() - self.position
    }

    /// True when nothing is left.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// What is not read yet.
    #[inline]
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.position..).unwrap_or_default()
    }

    /// Everything the cursor was made over, read or not.
    #[inline]
    #[must_use]
    pub const fn whole(&self) -> &'a [u8] {
        self.data
    }

    /// Takes `n` octets.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when too few octets are left.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        match self.rest().get(..n) {
            Some(taken) => {
                self.position += n;
                Ok(taken)
            }
            None => Err(Malformed::Truncated { needed: n, left: self.left() }),
        }
    }

    /// Takes exactly `N` octets as an array.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when too few octets are left.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        match self.rest().first_chunk::<N>() {
            Some(chunk) => {
                self.position += N;
                Ok(chunk)
            }
            None => Err(Malformed::Truncated { needed: N, left: self.left() }),
        }
    }

    /// Skips `n` octets.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when too few octets are left.
    #[inline]
    pub fn skip(&mut self, n: usize) -> Result<(), Malformed> {
        self.take(n).map(drop)
    }

    /// Moves to an absolute position, back or forth.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when the position lies past the end.
    pub const fn seek(&mut self, position: usize) -> Result<(), Malformed> {
        if position > self.data.len() {
            return Err(Malformed::Truncated { needed: position, left: self.data.len() });
        }
        self.position = position;
        Ok(())
    }

    /// Skips to the next multiple of `n`, counted from the cursor's beginning.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when the padding is not there.
    pub fn align(&mut self, n: usize) -> Result<(), Malformed> {
        self.skip(self.position.next_multiple_of(n.max(1)) - self.position)
    }

    /// The octet `ahead` of the position, without reading it.
    #[inline]
    #[must_use]
    pub fn peek(&self, ahead: usize) -> Option<u8> {
        self.rest().get(ahead).copied()
    }

    /// Reads one octet.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(u8::from_be_bytes(*self.array::<1>()?))
    }

    integers! {
        u16_be u16_le u16, 2;
        u32_be u32_le u32, 4;
        u64_be u64_le u64, 8;
        i16_be i16_le i16, 2;
        i32_be i32_le i32, 4;
    }

    /// Reads a 24-bit big-endian integer.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when too few octets are left.
    #[inline]
    pub fn u24_be(&mut self) -> Result<u32, Malformed> {
        let [a, b, c] = *self.array::<3>()?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_both_orders_and_stops_at_the_end() {
        let mut cur = Cursor::new(&[1, 2, 3, 4, 5]);
        assert_eq!(cur.u16_be(), Ok(0x0102));
        assert_eq!(cur.u16_le(), Ok(0x0403));
        assert_eq!(cur.u16_be(), Err(Malformed::Truncated { needed: 2, left: 1 }));
        assert_eq!(cur.u8(), Ok(5), "a failed read takes nothing");
        assert!(cur.is_empty());
    }

    #[test]
    fn aligns_from_its_own_beginning() {
        let mut cur = Cursor::new(&[0; 9]);
        cur.skip(5).ok();
        assert_eq!(cur.align(4), Ok(()));
        assert_eq!(cur.position(), 8);
        cur.skip(1).ok();
        assert!(cur.align(4).is_err());
    }
}
