//! Content transfer encodings, undone as their octets come: base64 and quoted-printable ([RFC 2045] 6), and uuencode.

use sidewire_base::base64::{Base64Group, sextet};

use super::header::hex_digit;

/// How a body is encoded, and what of it is not decoded yet.
#[derive(Clone, Debug, Default)]
pub(super) enum TransferDecoder {
    /// Not, or in a way that nobody knows.
    #[default]
    Identity,
    /// Base64: what there is of a group of four.
    Base64(Base64Group),
    /// Quoted-printable: an escape that a piece of a line ends in.
    QuotedPrintable(Vec<u8>),
}

/// Something was no character of the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InvalidCharacter;

impl TransferDecoder {
    /// That of a `Content-Transfer-Encoding`.
    pub(super) fn named(encoding: &[u8]) -> Self {
        match encoding.to_ascii_lowercase().as_slice() {
            b"base64" => Self::Base64(Base64Group::default()),
            b"quoted-printable" => Self::QuotedPrintable(Vec::new()),
            _ => Self::Identity,
        }
    }

    pub(super) const fn is_identity(&self) -> bool {
        matches!(self, Self::Identity)
    }

    /// Decodes the text of a line, or of a piece of one, that `ends` or not. Tells whether the line ends in what is decoded,
    /// too: base64 has no lines, and quoted-printable may break them softly.
    pub(super) fn line(&mut self, text: &[u8], ends: bool, out: &mut Vec<u8>) -> (bool, Result<(), InvalidCharacter>) {
        match self {
            Self::Identity => {
                out.extend_from_slice(text);
                (ends, Ok(()))
            }
            Self::Base64(group) => (false, base64(group, text, out)),
            Self::QuotedPrintable(held) => {
                let joined = [held.as_slice(), text].concat();
                held.clear();
                let (rest, outcome) = quoted_printable(&joined, ends, out);
                held.extend_from_slice(rest);
                let soft = ends && joined.ends_with(b"=");
                (ends && !soft, outcome)
            }
        }
    }

    /// Nothing follows: what is there of a group stands for an octet or two.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Base64(group) => group.flush(out),
            Self::QuotedPrintable(held) => out.append(held),
            Self::Identity => {}
        }
    }
}

/// Characters that are none of the alphabet are passed over ([RFC 2045] 6.8), and said.
fn base64(group: &mut Base64Group, text: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidCharacter> {
    let mut invalid = false;
    for octet in text {
        match octet {
            b'=' if group.characters >= 2 => group.padding += 1,
            b'=' => continue,
            _ => match sextet(*octet) {
                Some(sextet) => group.push(sextet),
                None => {
                    invalid |= !octet.is_ascii_whitespace();
                    continue;
                }
            },
        }
        if group.is_full() {
            group.flush(out);
        }
    }
    if invalid { Err(InvalidCharacter) } else { Ok(()) }
}

/// What is no escape stands for itself; digits in lower case are read, and said. Gives what of an escape is still to come.
fn quoted_printable<'t>(text: &'t [u8], ends: bool, out: &mut Vec<u8>) -> (&'t [u8], Result<(), InvalidCharacter>) {
    let (mut rest, mut begun, mut invalid) = (text, &[][..], false);
    while let Some(at) = memchr::memchr(b'=', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let octet = escape.get(1..3).and_then(|digits| match digits {
            [high, low] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
            _ => None,
        });
        match (octet, escape) {
            (Some(octet), [_, high, low, behind @ ..]) => {
                invalid |= high.is_ascii_lowercase() || low.is_ascii_lowercase();
                out.push(octet);
                rest = behind;
            }
            // A soft line break.
            (_, [_]) if ends => rest = &[],
            (_, [_] | [_, _]) if !ends => {
                begun = escape;
                rest = &[];
            }
            _ => {
                invalid = true;
                out.push(b'=');
                rest = escape.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    (begun, if invalid { Err(InvalidCharacter) } else { Ok(()) })
}

/// The name of a file that a line of a text begins: `begin 644 name`.
pub(super) fn uu_begin(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?;
    let blank = memchr::memchr(b' ', rest)?;
    let (mode, name) = (rest.get(..blank)?, rest.get(blank + 1..)?.trim_ascii());
    let octal = (3..=4).contains(&mode.len()) && mode.iter().all(|digit| (b'0'..=b'7').contains(digit));
    (octal && !name.is_empty()).then_some(name)
}

/// Decodes a line of a uuencoded file: a character of length, then groups of four.
pub(super) fn uu_line(line: &[u8], out: &mut Vec<u8>) -> Result<(), InvalidCharacter> {
    let Some((first, text)) = line.trim_ascii_end().split_first() else { return Ok(()) };
    let value = |octet: u8| octet.wrapping_sub(b' ') & 0x3f;
    let length = usize::from(value(*first));
    let before = out.len();
    for group in text.chunks(4) {
        let bits = (0..4).fold(0_u32, |bits, at| bits << 6 | u32::from(value(group.get(at).copied().unwrap_or(b' '))));
        let [_, octets @ ..] = bits.to_be_bytes();
        out.extend_from_slice(&octets);
    }
    out.truncate(before + length.min(out.len() - before));
    let valid = text.iter().all(|octet| (b' '..=b'`').contains(octet));
    if valid && (b' '..=b'`').contains(first) { Ok(()) } else { Err(InvalidCharacter) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lines decode to, and whether all of their characters were valid.
    fn decoded(encoding: &str, lines: &[&str]) -> (String, bool) {
        let (mut decoder, mut out, mut valid) = (TransferDecoder::named(encoding.as_bytes()), Vec::new(), true);
        for line in lines {
            let (ends, outcome) = decoder.line(line.trim_end_matches('\n').as_bytes(), line.ends_with('\n'), &mut out);
            out.extend(ends.then_some(b'\n'));
            valid &= outcome.is_ok();
        }
        decoder.finish(&mut out);
        (String::from_utf8(out).unwrap(), valid)
    }

    #[test]
    fn base64_goes_over_lines_and_stray_padding() {
        assert_eq!(decoded("BASE64", &["aGVsb", "G8gd29y\n", "bGQ=\n"]), ("hello world".into(), true));
        assert_eq!(decoded("base64", &["NA=\n", "=Mg\n", "==\n"]), ("42".into(), true));
        assert_eq!(decoded("base64", &["aG*Vs\n", "bG8\n"]), ("hello".into(), false));
        assert_eq!(decoded("base64", &["="]), (String::new(), true));
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_escape() {
        assert_eq!(decoded("quoted-printable", &["a=3Db=\n", "c \n"]), ("a=bc \n".into(), true));
        assert_eq!(decoded("quoted-printable", &["a=", "3", "Db=4\n"]), ("a=b=4\n".into(), false));
        assert_eq!(decoded("quoted-printable", &["a=3db\n"]), ("a=b\n".into(), false));
        assert_eq!(decoded("quoted-printable", &["a=zz"]), ("a=zz".into(), false));
        assert_eq!(decoded("8bit", &["a=3D\n"]), ("a=3D\n".into(), true));
    }

    #[test]
    fn uuencoded_lines_say_their_length() {
        assert_eq!(uu_begin(b"begin 644 cat.txt"), Some(&b"cat.txt"[..]));
        assert_eq!((uu_begin(b"begin now"), uu_begin(b"begin 999 x")), (None, None));
        let mut out = Vec::new();
        assert_eq!(uu_line(b"#0V%T", &mut out), Ok(()));
        assert_eq!(uu_line(b"`", &mut out), Ok(()));
        assert_eq!(uu_line(b"#0V%\xff", &mut out), Err(InvalidCharacter));
        assert_eq!(out.get(..3), Some(&b"Cat"[..]));
    }
}
