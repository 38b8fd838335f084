//! Reading stubs in NDR32 and NDR64.

use sidewire_base::{Cursor, Malformed};

use crate::{ByteOrder, TransferSyntax, Uuid};

/// Longest text taken out of a stub. Characters.
const MAX_TEXT: usize = 1 << 16;

/// A reading position in a stub: NDR32 of [C706] chapter 14, or NDR64 of [MS-RPCE] 2.2.5, in either byte order.
///
/// Integers align themselves to their size, counted from the beginning of the stub. Pointees are deferred: the caller
/// reads a pointer with [`NdrCursor::pointer`] where it stands, and what it points to after the enclosing structure.
#[derive(Clone, Copy, Debug)]
pub struct NdrCursor<'a> {
    cur: Cursor<'a>,
    order: ByteOrder,
    syntax: TransferSyntax,
}

impl<'a> NdrCursor<'a> {
    /// At the beginning of a stub.
    #[must_use]
    pub const fn new(stub: &'a [u8], order: ByteOrder, syntax: TransferSyntax) -> Self {
        Self { cur: Cursor::new(stub), order, syntax }
    }

    /// What is not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.cur.rest()
    }

    /// Skips to a multiple of `n` octets.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when the padding is not there.
    pub fn align(&mut self, n: usize) -> Result<(), Malformed> {
        self.cur.align(n)
    }

    /// Aligns as a structure that holds pointers does.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when the padding is not there.
    pub fn align_pointer(&mut self) -> Result<(), Malformed> {
        self.align(if self.syntax == TransferSyntax::Ndr64 { 8 } else { 4 })
    }

    /// Skips `n` octets.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when they are not there.
    pub fn skip(&mut self, n: usize) -> Result<(), Malformed> {
        self.cur.skip(n)
    }

    /// Takes `n` octets.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when they are not there.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        self.cur.take(n)
    }

    /// Reads an octet.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.cur.u8()
    }

    /// Reads 16 bits, aligned.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.cur.align(2)?;
        self.order.u16(&mut self.cur)
    }

    /// Reads 32 bits, aligned.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.cur.align(4)?;
        self.order.u32(&mut self.cur)
    }

    /// Reads 64 bits, aligned.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.cur.align(8)?;
        self.order.u64(&mut self.cur)
    }

    /// Reads a UUID, aligned to 4.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn uuid(&mut self) -> Result<Uuid, Malformed> {
        self.cur.align(4)?;
        self.order.uuid(&mut self.cur)
    }

    /// Reads a context handle: 20 octets. [C706] appendix N.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn handle(&mut self) -> Result<Uuid, Malformed> {
        self.cur.align(4)?;
        self.cur.skip(4)?;
        self.uuid()
    }

    /// Reads a count, an offset or another value that takes 8 octets in NDR64.
    ///
    /// # Errors
    /// [`Malformed`] at the end, or when the value cannot be one of anything in a stub.
    pub fn count(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.pointer_sized()?).map_err(|_| Malformed::Limit("count"))
    }

    /// Reads an integer as large as a pointer: `DWORD_PTR`. [MS-RPCE] 2.2.5.2.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] at the end.
    pub fn pointer_sized(&mut self) -> Result<u64, Malformed> {
        match self.syntax {
            TransferSyntax::Ndr32 => self.u32().map(u64::from),
            TransferSyntax::Ndr64 => self.u64(),
        }
    }

    /// Reads a unique or full pointer; true when it points to something.
    ///
    /// # Errors
    /// [`Malformed`] at the end.
    pub fn pointer(&mut self) -> Result<bool, Malformed> {
        self.pointer_sized().map(|value| value != 0)
    }

    /// Reads a conformant and varying string of UTF-16 units (`[string] wchar_t *`), without its NUL.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short or its counts contradict each other.
    pub fn wide(&mut self) -> Result<String, Malformed> {
        let units = self.varying()?;
        self.units(units)
    }

    /// Reads a conformant and varying string of octets (`[string] char *`), without its NUL.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short or its counts contradict each other.
    pub fn narrow(&mut self) -> Result<String, Malformed> {
        let length = self.varying()?;
        let octets = self.cur.take(length)?;
        let octets = octets.strip_suffix(b"\0").unwrap_or(octets);
        Ok(String::from_utf8_lossy(octets).into_owned())
    }

    /// Reads a pointer to a wide string and, at once, the string: right where nothing else is deferred before it.
    ///
    /// # Errors
    /// As [`NdrCursor::wide`].
    pub fn wide_pointer(&mut self) -> Result<Option<String>, Malformed> {
        if self.pointer()? { self.wide().map(Some) } else { Ok(None) }
    }

    /// Reads a pointer to a string of octets and, at once, the string.
    ///
    /// # Errors
    /// As [`NdrCursor::narrow`].
    pub fn narrow_pointer(&mut self) -> Result<Option<String>, Malformed> {
        if self.pointer()? { self.narrow().map(Some) } else { Ok(None) }
    }

    /// Reads a conformant array of octets.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short.
    pub fn octets(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.count()?;
        self.cur.take(length)
    }

    /// Reads `FLAGGED_WORD_BLOB`, what a BSTR points to. [MS-OAUT] 2.2.23.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short.
    pub fn bstr(&mut self) -> Result<String, Malformed> {
        let _max = self.count()?;
        let octets = self.u32()?;
        let units = self.u32()?;
        if octets == u32::MAX {
            return Ok(String::new());
        }
        self.units(usize::try_from(units).map_err(|_| Malformed::Limit("bstr"))?)
    }

    /// Reads a pointer to a BSTR and, at once, what it points to.
    ///
    /// # Errors
    /// As [`NdrCursor::bstr`].
    pub fn bstr_pointer(&mut self) -> Result<Option<String>, Malformed> {
        if self.pointer()? { self.bstr().map(Some) } else { Ok(None) }
    }

    /// Reads the body of an `RPC_UNICODE_STRING` whose header said there is one: a conformant and varying array of
    /// UTF-16 units. [MS-DTYP] 2.3.10.
    ///
    /// # Errors
    /// As [`NdrCursor::wide`].
    pub fn unicode_body(&mut self) -> Result<String, Malformed> {
        self.wide()
    }

    /// Reads the header of an `RPC_UNICODE_STRING`; true when a body follows where pointees stand.
    ///
    /// # Errors
    /// [`Malformed`] at the end.
    pub fn unicode_header(&mut self) -> Result<bool, Malformed> {
        self.align_pointer()?;
        let _length = self.u16()?;
        let _maximum = self.u16()?;
        self.pointer()
    }

    /// Counts of a conformant and varying array: how many elements follow.
    fn varying(&mut self) -> Result<usize, Malformed> {
        let (max, offset, actual) = (self.count()?, self.count()?, self.count()?);
        if offset.checked_add(actual).is_none_or(|end| end > max) {
            return Err(Malformed::Invalid("actual_count"));
        }
        Ok(actual)
    }

    pub(crate) fn units(&mut self, units: usize) -> Result<String, Malformed> {
        if units > MAX_TEXT {
            return Err(Malformed::Limit("text"));
        }
        let octets = self.cur.take(units * 2)?;
        Ok(utf16(octets, self.order))
    }
}

/// Text from UTF-16 octets, up to the first NUL; what is no text is shown as U+FFFD.
#[must_use]
pub(crate) fn utf16(octets: &[u8], order: ByteOrder) -> String {
    let units = octets.as_chunks::<2>().0.iter().map(|pair| match order {
        ByteOrder::Little => u16::from_le_bytes(*pair),
        ByteOrder::Big => u16::from_be_bytes(*pair),
    });
    char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn reads_strings_of_both_syntaxes() {
        let mut stub = le(&[0x2_0000, 3, 0, 3]);
        stub.extend([b'h', 0, b'i', 0, 0, 0]);
        let mut ndr = NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32);
        assert_eq!(ndr.wide_pointer(), Ok(Some("hi".into())));

        let mut stub = le(&[0x2_0000, 0, 3, 0, 0, 0, 3, 0]);
        stub.extend([b'h', 0, b'i', 0, 0, 0]);
        let mut ndr = NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr64);
        assert_eq!(ndr.wide_pointer(), Ok(Some("hi".into())));
    }

    #[test]
    fn counts_that_contradict_are_refused() {
        let stub = le(&[2, 1, 2, 0]);
        assert_eq!(
            NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32).wide(),
            Err(Malformed::Invalid("actual_count"))
        );
        let stub = le(&[u32::MAX, 0, u32::MAX]);
        assert!(NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32).wide().is_err());
        assert!(NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32).octets().is_err());
    }

    #[test]
    fn a_null_bstr_is_empty() {
        let stub = le(&[1, 0, u32::MAX, 0]);
        assert_eq!(
            NdrCursor::new(&stub, ByteOrder::Little, TransferSyntax::Ndr32).bstr_pointer(),
            Ok(Some(String::new()))
        );
    }
}
