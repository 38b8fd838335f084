//! Base64 (RFC 4648, section 4): its alphabet, and a group of characters. What octets outside the alphabet and padding mean,
//! each place that reads it decides.

/// What there is of a group: up to four characters, up to three octets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base64Group {
    bits: u32,
    /// Characters of the alphabet.
    pub characters: u8,
    /// Characters of padding.
    pub padding: u8,
}

impl Base64Group {
    /// Takes a character's six bits.
    pub const fn push(&mut self, sextet: u8) {
        self.bits = self.bits << 6 | sextet as u32;
        self.characters += 1;
    }

    /// Nothing more belongs to it.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.characters + self.padding >= 4
    }

    /// True when bits are set that belong to no octet.
    #[must_use]
    pub const fn has_rest(&self) -> bool {
        let rest = self.characters as u32 * 6 % 8;
        self.bits & ((1 << rest) - 1) != 0
    }

    /// Appends its octets, as many as its characters are enough for, and is empty again.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        let group = core::mem::take(self);
        let bits = group.bits << (6 * u32::from(4_u8.saturating_sub(group.characters)));
        let [_, octets @ ..] = bits.to_be_bytes();
        let count = usize::from(group.characters) * 6 / 8;
        out.extend_from_slice(octets.get(..count).unwrap_or_default());
    }
}

/// What a character of the alphabet stands for.
#[must_use]
pub const fn sextet(octet: u8) -> Option<u8> {
    match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
