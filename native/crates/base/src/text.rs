//! Names on the wire into UTF-8.

/// Longest name kept. Octets of UTF-8; a longer one is cut. Windows paths end at 32,767 units, names in attacks far
/// before.
pub const MAX_NAME: usize = 4096;

/// UTF-16LE as UTF-8; units that are no text become U+FFFD, NUL units and a trailing odd octet are dropped.
#[must_use]
pub fn utf16(octets: &[u8]) -> Box<[u8]> {
    let mut out = String::with_capacity((octets.len() / 2).min(MAX_NAME));
    let units = octets.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes));
    for unit in char::decode_utf16(units.filter(|unit| *unit != 0)) {
        let character = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
        if out.len() + character.len_utf8() > MAX_NAME {
            break;
        }
        out.push(character);
    }
    out.into_bytes().into_boxed_slice()
}

/// 8-bit text as it is, up to [`MAX_NAME`]; NULs are dropped.
#[must_use]
pub fn octets(octets: &[u8]) -> Box<[u8]> {
    octets.iter().copied().filter(|octet| *octet != 0).take(MAX_NAME).collect()
}
