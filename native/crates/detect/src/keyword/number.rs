//! Numbers read out of a buffer, binary or as text.

use sidewire_ir::Endian;

/// Octets a number as text may have.
const TEXT: usize = 23;

/// Reads a number out of `data`: binary (1 to 8 octets) or, with a base, as text. Also tells how many octets it took.
pub(crate) fn read(data: &[u8], bytes: usize, endian: Endian, base: u8, little_dce: bool) -> Option<(u64, usize)> {
    let field = data.get(..bytes)?;
    if base != 0 {
        return text(field.get(..TEXT).unwrap_or(field), u32::from(base));
    }
    if bytes > 8 {
        return None;
    }
    let little = match endian {
        Endian::Big => false,
        Endian::Little => true,
        Endian::Dce => little_dce,
    };
    let add = |value: u64, &octet: &u8| value << 8 | u64::from(octet);
    let value = if little { field.iter().rev().fold(0, add) } else { field.iter().fold(0, add) };
    Some((value, bytes))
}

/// A number as C's `strtoull` reads it: blanks, a sign, `0x` in base 16, digits; what follows is ignored. No digits: none.
fn text(field: &[u8], base: u32) -> Option<(u64, usize)> {
    let blanks = field.iter().take_while(|octet| octet.is_ascii_whitespace() || **octet == 0x0b).count();
    let mut at = blanks;
    let negative = match field.get(at) {
        Some(b'-') => {
            at += 1;
            true
        }
        Some(b'+') => {
            at += 1;
            false
        }
        _ => false,
    };
    let digit = |at: usize| field.get(at).and_then(|&octet| char::from(octet).to_digit(base));
    if base == 16
        && field.get(at) == Some(&b'0')
        && matches!(field.get(at + 1), Some(b'x' | b'X'))
        && digit(at + 2).is_some()
    {
        at += 2;
    }
    let begin = at;
    let mut value = 0u64;
    while let Some(digit) = digit(at) {
        value = value.checked_mul(base.into())?.checked_add(digit.into())?;
        at += 1;
    }
    (at > begin).then_some((if negative { value.wrapping_neg() } else { value }, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_in_both_orders() {
        assert_eq!(read(&[1, 2, 3], 2, Endian::Big, 0, false), Some((0x0102, 2)));
        assert_eq!(read(&[1, 2, 3], 3, Endian::Little, 0, false), Some((0x0003_0201, 3)));
        assert_eq!(read(&[1, 2], 2, Endian::Dce, 0, true), Some((0x0201, 2)));
        assert_eq!(read(&[1, 2], 3, Endian::Big, 0, false), None);
        assert_eq!(read(&[0; 9], 9, Endian::Big, 0, false), None);
        assert_eq!(read(&[], 0, Endian::Big, 0, false), Some((0, 0)));
    }

    #[test]
    fn text_as_strtoull() {
        let text = |data: &[u8], base| read(data, data.len(), Endian::Big, base, false);
        assert_eq!(text(b"123x", 10), Some((123, 3)));
        assert_eq!(text(b"  12", 10), Some((12, 4)));
        assert_eq!(text(b"0x1f", 16), Some((31, 4)));
        assert_eq!(text(b"17", 8), Some((15, 2)));
        assert_eq!(text(b"x", 10), None);
        assert_eq!(text(b"", 10), None);
        assert_eq!(text(b"-1", 10), Some((u64::MAX, 2)));
        assert_eq!(text(b"99999999999999999999999", 10), None);
    }
}
