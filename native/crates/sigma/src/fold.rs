//! Case folding: Sigma compares without regard to case.

/// Appends `text` in lower case. Octets that are no UTF-8 stay as they are; NUL becomes a blank, because it is the border between
/// values in what is searched.
pub(crate) fn fold_to(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(text);
    let folded = out.get_mut(start..).unwrap_or_default();
    let mut is_ascii = true;
    for octet in folded.iter_mut() {
        is_ascii &= octet.is_ascii();
        octet.make_ascii_lowercase();
        if *octet == 0 {
            *octet = b' ';
        }
    }
    if is_ascii {
        return;
    }
    let text = folded.to_vec();
    out.truncate(start);
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            // What is ASCII is in lower case already.
            if letter.is_ascii() {
                out.push(letter as u8);
                continue;
            }
            for lower in letter.to_lowercase() {
                out.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
}

/// A text in lower case.
pub(crate) fn folded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    fold_to(text.as_bytes(), &mut out);
    out
}

/// A field's name as names are compared: without case, blanks and dashes (Defender's `Threat Name` is `ThreatName`).
pub(crate) fn name_to(name: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().filter(|octet| !matches!(octet, b' ' | b'-')).map(u8::to_ascii_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_letters_of_all_alphabets() {
        assert_eq!(folded("CMD.Exe ÄÖ Привет"), "cmd.exe äö привет".as_bytes());
        let mut out = Vec::new();
        fold_to(b"A\xff\0B", &mut out);
        assert_eq!(out, b"a\xff b");
        let mut out = Vec::new();
        name_to(b"Threat-Na me", &mut out);
        assert_eq!(out, b"threatname");
    }
}
