//! Names on the wire: UTF-16LE or an 8-bit code page, into UTF-8.

use sidewire_base::{Cursor, Malformed};

/// A name as UTF-8, or as it was where it is none.
pub(super) type SmbName = Box<[u8]>;

pub(super) use sidewire_base::text::{octets, utf16};

/// Takes octets up to a NUL, and the NUL; all that is left when there is none.
pub(super) fn until_nul<'a>(cur: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let rest = cur.rest();
    match memchr::memchr(0, rest) {
        Some(end) => {
            let text = cur.take(end)?;
            cur.skip(1)?;
            Ok(text)
        }
        None => cur.take(rest.len()),
    }
}

/// Takes UTF-16 units up to a NUL unit, and the NUL; all that is left when there is none.
pub(super) fn until_nul16<'a>(cur: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let rest = cur.rest();
    let end = rest.chunks_exact(2).position(|unit| unit == [0, 0]);
    match end {
        Some(units) => {
            let text = cur.take(units * 2)?;
            cur.skip(2)?;
            Ok(text)
        }
        None => cur.take(rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_and_bounds_names() {
        assert_eq!(&*utf16(b"s\0v\0c\0"), b"svc");
        assert_eq!(&*utf16(b"\xe4\0\0\0x"), "ä".as_bytes());
        assert_eq!(&*utf16(&[0x00, 0xd8]), "\u{fffd}".as_bytes(), "a lone surrogate");
        assert_eq!(utf16(&[b'a', 0].repeat(40_000)).len(), sidewire_base::text::MAX_NAME);
        assert_eq!(&*octets(b"a\0b"), b"ab");
    }

    #[test]
    fn takes_terminated_text() {
        let mut cur = Cursor::new(b"abc\0rest");
        assert_eq!(until_nul(&mut cur), Ok(&b"abc"[..]));
        assert_eq!(cur.rest(), b"rest");
        let mut cur = Cursor::new(b"a\0b\0\0\0rest");
        assert_eq!(until_nul16(&mut cur), Ok(&b"a\0b\0"[..]));
        assert_eq!(cur.rest(), b"rest");
        let mut cur = Cursor::new(b"abc");
        assert_eq!(until_nul(&mut cur), Ok(&b"abc"[..]));
    }
}
