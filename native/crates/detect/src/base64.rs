/// Decodes base64 as RFC 4648 section 4 has it, leniently: line breaks and blanks are skipped, and the first octet that does
/// not belong ends it (what came before is kept).
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for &octet in text {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'\r' | b'\n' | b' ' | b'\t' => continue,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_until_something_else_comes() {
        assert_eq!(decode(b"SGVsbG8="), b"Hello");
        assert_eq!(decode(b"SGVs\r\nbG8"), b"Hello");
        assert_eq!(decode(b"SGVs!bG8="), b"Hel");
        assert_eq!(decode(b"-"), b"");
        assert_eq!(decode(b""), b"");
    }
}
