//! As much of DER as security tokens need. X.690 8.1.

use sidewire_base::{Cursor, Malformed};

/// Tag and contents of one element; tags of one octet are all that occurs here.
pub(super) fn element<'a>(cur: &mut Cursor<'a>) -> Result<(u8, &'a [u8]), Malformed> {
    let tag = cur.u8()?;
    let length = match cur.u8()? {
        short @ 0..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => {
            let octets = cur.take(usize::from(long & 0x7f))?;
            octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet))
        }
        _ => return Err(Malformed::Invalid("DER length")),
    };
    Ok((tag, cur.take(length)?))
}

/// Contents of the next element, which must have this tag.
pub(super) fn expect<'a>(cur: &mut Cursor<'a>, tag: u8) -> Result<&'a [u8], Malformed> {
    let (found, value) = element(cur)?;
    if found == tag { Ok(value) } else { Err(Malformed::Invalid("DER tag")) }
}

/// Contents of the first element with this tag among those that `sequence` holds; the rest is stepped over.
pub(super) fn member(sequence: &[u8], tag: u8) -> Result<&[u8], Malformed> {
    let mut cur = Cursor::new(sequence);
    while !cur.is_empty() {
        let (found, value) = element(&mut cur)?;
        if found == tag {
            return Ok(value);
        }
    }
    Err(Malformed::Invalid("DER member"))
}

/// Contents of one element that must have this tag.
pub(super) fn only(octets: &[u8], tag: u8) -> Result<&[u8], Malformed> {
    expect(&mut Cursor::new(octets), tag)
}

/// A small non-negative INTEGER.
pub(super) fn integer(octets: &[u8]) -> Result<u32, Malformed> {
    let value = only(octets, 0x02)?;
    if value.len() > 5 {
        return Err(Malformed::Limit("INTEGER"));
    }
    let value = value.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    u32::try_from(value).map_err(|_| Malformed::Limit("INTEGER"))
}

/// An element out of the parts of its contents, for fuzzing and tests.
pub(super) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = length.to_be_bytes();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(low),
        _ => out.extend([0x82, high, low]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}
