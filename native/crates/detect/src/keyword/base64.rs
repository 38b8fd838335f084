//! Base64 (RFC 4648, section 4), and what becomes of octets that do not belong.

use sidewire_base::base64::{Base64Group, sextet};

/// What octets outside the alphabet mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base64Decoding {
    /// They are passed over, as RFC 2045 has it for mail; an unfinished group at the end is dropped.
    Skip,
    /// The first of them ends the text; an unfinished group before it counts as padded.
    Stop,
    /// The text is none: it has to be padded, and canonical.
    Refuse,
}

/// Decodes a text; `None` when it is no base64 or nothing comes of it. Padding may stand in the middle, as where texts were
/// put together, but not where a group has fewer than two characters.
pub(crate) fn decode(text: &[u8], mode: Base64Decoding) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut group = Base64Group::default();
    let mut padded = false;
    for &octet in text {
        if padded && mode == Base64Decoding::Refuse {
            return None;
        }
        match (sextet(octet), octet) {
            (Some(_), _) if group.padding > 0 => return None,
            (Some(sextet), _) => group.push(sextet),
            (None, b'=') if group.characters < 2 => return None,
            (None, b'=') => group.padding += 1,
            (None, _) => match mode {
                Base64Decoding::Skip => continue,
                Base64Decoding::Stop => break,
                Base64Decoding::Refuse => return None,
            },
        }
        if group.is_full() {
            if mode == Base64Decoding::Refuse && group.has_rest() {
                return None;
            }
            padded = group.padding > 0;
            group.flush(&mut decoded);
        }
    }
    match (group.characters, mode) {
        (0, _) | (_, Base64Decoding::Skip) => {}
        (1, _) | (_, Base64Decoding::Refuse) => return None,
        (_, Base64Decoding::Stop) => group.flush(&mut decoded),
    }
    (!decoded.is_empty()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes, as Suricata 8.0.8 leaves a buffer after `from_base64`; 0 where it is left as it was.
    #[test]
    fn decodes_as_suricata_does() {
        for (text, skip, stop, refuse) in [
            ("SGVsbG8=", 5, 5, 5),
            ("SGVsbG9=", 5, 5, 0),
            ("ZmZmZ", 3, 0, 0),
            ("ZmZmZm", 3, 4, 0),
            ("ZmZmZm9", 3, 5, 0),
            ("ZmZm?9v9v", 6, 3, 0),
            ("ZmZm=9v9v", 0, 0, 0),
            ("ZmZ=Zm9v", 5, 5, 0),
            ("Zm==Zm9v", 4, 4, 0),
            ("Zm\nZm9v", 3, 1, 0),
            ("=Zm9v", 0, 0, 0),
            ("?Zm9v", 3, 0, 0),
            ("", 0, 0, 0),
        ] {
            let size = |mode| decode(text.as_bytes(), mode).map_or(0, |decoded| decoded.len());
            assert_eq!(
                (size(Base64Decoding::Skip), size(Base64Decoding::Stop), size(Base64Decoding::Refuse)),
                (skip, stop, refuse),
                "{text}"
            );
        }
        assert_eq!(decode(b"Zm 9v Ym Fy", Base64Decoding::Skip).unwrap(), b"foobar");
        assert_eq!(decode(b"SGVs!bG8=", Base64Decoding::Stop).unwrap(), b"Hel");
    }
}
