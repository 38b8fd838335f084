//! UTF-16 text as UTF-8: what Event Viewer and PowerShell's `>` write.

use std::io::{self, Read};

/// Units read at once.
const UNITS: usize = 4096;

/// Reads UTF-16 and gives UTF-8; what is no text becomes U+FFFD.
pub(crate) struct Utf16Reader<'s> {
    source: Box<dyn Read + 's>,
    big_endian: bool,
    /// A half of a unit, a first half of a pair.
    odd: Option<u8>,
    surrogate: Option<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl<'s> Utf16Reader<'s> {
    /// `source` stands behind the byte order mark.
    pub(crate) fn new(source: Box<dyn Read + 's>, big_endian: bool) -> Self {
        Self { source, big_endian, odd: None, surrogate: None, ready: Vec::new(), given: 0 }
    }

    fn unit(&mut self, unit: u16) {
        let text = core::iter::once(unit);
        let units: Vec<u16> = self.surrogate.take().into_iter().chain(text).collect();
        if units.len() == 1 && (0xd800..0xdc00).contains(&unit) {
            self.surrogate = Some(unit);
            return;
        }
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

impl Read for Utf16Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            (self.given, self.ready) = (0, core::mem::take(&mut self.ready));
            self.ready.clear();
            let mut octets = [0; UNITS * 2];
            let count = self.source.read(&mut octets)?;
            if count == 0 {
                return Ok(0);
            }
            for octet in octets.iter().take(count) {
                match self.odd.take() {
                    None => self.odd = Some(*octet),
                    Some(first) if self.big_endian => self.unit(u16::from_be_bytes([first, *octet])),
                    Some(first) => self.unit(u16::from_le_bytes([first, *octet])),
                }
            }
        }
        let ready = self.ready.get(self.given..).unwrap_or_default();
        let count = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_orders() {
        for big in [false, true] {
            let octets: Vec<u8> = "<a>\u{1f600}é"
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            let mut text = String::new();
            Utf16Reader::new(Box::new(io::Cursor::new(octets)), big).read_to_string(&mut text).unwrap();
            assert_eq!(text, "<a>\u{1f600}é");
        }
    }
}
