//! UUIDs.

use core::fmt;

use sidewire_base::{Cursor, Malformed};

use crate::ByteOrder;

/// A UUID, kept in text order: the octets as they are written, whatever the sender's byte order. [C706] appendix A.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// All zeroes: "none" wherever a UUID is optional.
    pub const NIL: Self = Self([0; 16]);

    /// From its 16 wire octets.
    #[must_use]
    pub const fn from_wire(order: ByteOrder, wire: &[u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *wire;
        match order {
            ByteOrder::Little => Self([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]),
            ByteOrder::Big => Self(*wire),
        }
    }

    /// From its 16 little-endian octets, the form inside DCOM structures whatever the label says.
    #[must_use]
    pub const fn from_le(wire: &[u8; 16]) -> Self {
        Self::from_wire(ByteOrder::Little, wire)
    }

    /// The 16 octets a sender of that byte order writes.
    #[must_use]
    pub const fn to_wire(self, order: ByteOrder) -> [u8; 16] {
        Self::from_wire(order, &self.0).0
    }

    /// From the usual text form, `e1af8308-5d1f-11c9-91a4-08002b14a0fa`, in either case.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Self> {
        let mut out = [0_u8; 16];
        let (mut rest, mut at) = (text.as_bytes(), 0_usize);
        if rest.len() != 36 {
            return None;
        }
        while let [first, tail @ ..] = rest {
            if at == 8 || at == 12 || at == 16 || at == 20 {
                // A hyphen stands before these digits, once.
                if *first == b'-' {
                    rest = tail;
                    let [next, after @ ..] = rest else { return None };
                    let Some(digit) = digit(*next) else { return None };
                    rest = after;
                    if !put(&mut out, at, digit) {
                        return None;
                    }
                    at += 1;
                    continue;
                }
                return None;
            }
            let Some(digit) = digit(*first) else { return None };
            if !put(&mut out, at, digit) {
                return None;
            }
            rest = tail;
            at += 1;
        }
        if at == 32 { Some(Self(out)) } else { None }
    }

    /// A constant from its text form; a wrong text is a compile error where it is used in a `const`.
    #[must_use]
    pub const fn literal(text: &str) -> Self {
        match Self::parse(text) {
            Some(uuid) => uuid,
            None => {
                // Only reached while a constant is computed.
                #[allow(clippy::panic)]
                {
                    panic!("not a UUID")
                }
            }
        }
    }

    /// `xxxxxxxx-0000-0000-c000-000000000046`: the family of COM's own interfaces.
    #[must_use]
    pub const fn com(data1: u32) -> Self {
        let [a, b, c, d] = data1.to_be_bytes();
        Self([a, b, c, d, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46])
    }

    /// True when its variant is one of those in use: that of DCE, or that of Microsoft's COM. RFC 9562, section 4.1.
    #[must_use]
    pub const fn has_variant(&self) -> bool {
        let [_, _, _, _, _, _, _, _, variant, ..] = self.0;
        variant & 0xc0 == 0x80 || variant & 0xe0 == 0xc0
    }

    /// True for [`Uuid::NIL`].
    #[must_use]
    pub fn is_nil(&self) -> bool {
        *self == Self::NIL
    }
}

const fn digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}

const fn put(out: &mut [u8; 16], nibble: usize, digit: u8) -> bool {
    let Some((_, tail)) = out.split_at_mut_checked(nibble / 2) else { return false };
    let [octet, ..] = tail else { return false };
    *octet |= if nibble & 1 == 0 { digit << 4 } else { digit };
    true
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&sidewire_eve::uuid_text(self.0)).unwrap_or_default())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl ByteOrder {
    /// Reads a UUID.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 16 octets are left.
    pub fn uuid(self, cur: &mut Cursor<'_>) -> Result<Uuid, Malformed> {
        Ok(Uuid::from_wire(self, cur.array::<16>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPM: Uuid = Uuid::literal("e1af8308-5d1f-11c9-91a4-08002b14a0fa");

    #[test]
    fn reads_both_byte_orders_and_writes_text() {
        let little = [8, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 8, 0, 0x2b, 0x14, 0xa0, 0xfa];
        assert_eq!(Uuid::from_wire(ByteOrder::Little, &little), EPM);
        assert_eq!(Uuid::from_wire(ByteOrder::Big, &EPM.0), EPM);
        assert_eq!(EPM.to_wire(ByteOrder::Little), little);
        assert_eq!(EPM.to_string(), "e1af8308-5d1f-11c9-91a4-08002b14a0fa");
        assert_eq!(Uuid::com(0x131).to_string(), "00000131-0000-0000-c000-000000000046");
    }

    #[test]
    fn refuses_what_is_no_uuid() {
        for text in [
            "",
            "e1af8308-5d1f-11c9-91a4-08002b14a0f",
            "e1af8308x5d1f-11c9-91a4-08002b14a0fa",
            "e1af8308-5d1f-11c9-91a4-08002b14a0f-",
        ] {
            assert_eq!(Uuid::parse(text), None, "{text}");
        }
        assert_eq!(Uuid::parse("E1AF8308-5D1F-11C9-91A4-08002B14A0FA"), Some(EPM));
    }
}
