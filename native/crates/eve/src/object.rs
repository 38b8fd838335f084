//! JSON objects and arrays, written in order.

use core::fmt::Write as _;
use core::net::IpAddr;

use sidewire_base::Time;

use crate::text::{hex_pair, pair, stamp, uuid_text};

/// A JSON object being written. Keys are written in call order; the closing brace comes when it is dropped.
pub struct Object<'b> {
    out: &'b mut Vec<u8>,
    empty: bool,
}

/// A JSON array being written; the closing bracket comes when it is dropped.
pub struct Array<'b> {
    out: &'b mut Vec<u8>,
    empty: bool,
}

/// What a member is called.
pub trait JsonKey {
    /// Writes it as a JSON string, and the colon.
    fn put(self, out: &mut Vec<u8>);
}

/// A key in the source, which stands in JSON as it is: its length is known, so writing it is a few moves.
impl JsonKey for &'static str {
    #[inline(always)]
    fn put(self, out: &mut Vec<u8>) {
        debug_assert!(is_plain(self.as_bytes()), "{self}");
        let mut text = [b'"'; LONGEST_KEY + 3];
        let member = text.get_mut(..self.len() + 3).and_then(|text| {
            text.get_mut(1..=self.len())?.copy_from_slice(self.as_bytes());
            *text.last_mut()? = b':';
            Some(text)
        });
        match member {
            Some(member) => out.extend_from_slice(member),
            None => JsonName(self).put(out),
        }
    }
}

/// Keys in the source that are longer are written like any other. Octets.
const LONGEST_KEY: usize = 61;

/// A key that is data, and may need escapes.
#[derive(Clone, Copy, Debug)]
pub struct JsonName<'a>(pub &'a str);

impl JsonKey for JsonName<'_> {
    fn put(self, out: &mut Vec<u8>) {
        string(out, self.0);
        out.push(b':');
    }
}

impl<'b> Object<'b> {
    /// Opens an object at the end of `out`.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// True while no member has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.empty
    }

    #[inline(always)]
    fn key(&mut self, key: impl JsonKey) {
        if !core::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        key.put(self.out);
    }

    /// A text member.
    #[inline]
    pub fn str(&mut self, key: impl JsonKey, value: &str) -> &mut Self {
        self.key(key);
        string(self.out, value);
        self
    }

    /// A text member from bytes; octets that are not UTF-8 are shown as `\xNN`, as Suricata does.
    #[inline]
    pub fn bytes(&mut self, key: impl JsonKey, value: &[u8]) -> &mut Self {
        self.key(key);
        bytes_string(self.out, value);
        self
    }

    /// An unsigned number.
    #[inline]
    pub fn u64(&mut self, key: impl JsonKey, value: impl Into<u64>) -> &mut Self {
        self.key(key);
        number(self.out, value.into());
        self
    }

    /// A signed number.
    #[inline]
    pub fn i64(&mut self, key: impl JsonKey, value: impl Into<i64>) -> &mut Self {
        self.key(key);
        let value = value.into();
        if value < 0 {
            self.out.push(b'-');
        }
        number(self.out, value.unsigned_abs());
        self
    }

    /// A floating-point number; not-a-number and infinities become null.
    pub fn f64(&mut self, key: impl JsonKey, value: f64) -> &mut Self {
        self.key(key);
        real(self.out, value);
        self
    }

    /// A truth value.
    #[inline]
    pub fn bool(&mut self, key: impl JsonKey, value: bool) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// An IP address in its canonical text form.
    #[inline]
    pub fn ip(&mut self, key: impl JsonKey, value: IpAddr) -> &mut Self {
        let IpAddr::V4(v4) = value else { return self.fmt(key, format_args!("{value}")) };
        self.key(key);
        // Longest: "255.255.255.255". Written at once: an event has several.
        let mut text = [b'"'; 17];
        let mut end = 1;
        for (position, octet) in v4.octets().into_iter().enumerate() {
            let (digits, length) = DECIMAL.get(usize::from(octet)).copied().unwrap_or_default();
            if let Some(slot) = text.get_mut(end..).and_then(|rest| rest.first_chunk_mut::<3>()) {
                *slot = digits;
            }
            end += usize::from(length);
            if let Some(slot) = text.get_mut(end) {
                *slot = if position == 3 { b'"' } else { b'.' };
            }
            end += 1;
        }
        self.out.extend_from_slice(text.get(..end).unwrap_or_default());
        self
    }

    /// A time, as [`timestamp`](crate::timestamp) writes it.
    #[inline]
    pub fn time(&mut self, key: impl JsonKey, value: Time) -> &mut Self {
        self.plain(key, &stamp(value))
    }

    /// An octet as two hexadecimal digits.
    #[inline]
    pub fn hex_u8(&mut self, key: impl JsonKey, value: u8) -> &mut Self {
        self.plain(key, &hex_pair(value))
    }

    /// A number as `0x` and at least so many hexadecimal digits, as text.
    pub fn hex(&mut self, key: impl JsonKey, value: impl Into<u32>, digits: usize) -> &mut Self {
        let mut text = *b"0x00000000";
        let value: u32 = value.into();
        if let Some(digits) = text.last_chunk_mut::<8>() {
            for (pair, octet) in digits.as_chunks_mut::<2>().0.iter_mut().zip(value.to_be_bytes()) {
                *pair = hex_pair(octet);
            }
        }
        let shown = digits.max(8 - value.leading_zeros() as usize / 4).clamp(1, 8);
        let skipped = 8 - shown;
        text.copy_within(..2, skipped);
        self.plain(key, text.get(skipped..).unwrap_or_default())
    }

    /// A text that needs no escaping.
    #[inline]
    fn plain(&mut self, key: impl JsonKey, octets: &[u8]) -> &mut Self {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(octets);
        self.out.push(b'"');
        self
    }

    /// A UUID whose octets are in the order they are written in.
    #[inline]
    pub fn uuid(&mut self, key: impl JsonKey, octets: [u8; 16]) -> &mut Self {
        self.plain(key, &uuid_text(octets))
    }

    /// A text member from format arguments.
    pub fn fmt(&mut self, key: impl JsonKey, value: core::fmt::Arguments<'_>) -> &mut Self {
        self.key(key);
        let mut text = QuotedText { out: self.out };
        text.out.push(b'"');
        let _infallible = text.write_fmt(value);
        text.out.push(b'"');
        self
    }

    /// A member that is JSON already. The caller vouches for its form.
    pub fn raw(&mut self, key: impl JsonKey, json: &[u8]) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(json);
        self
    }

    /// All members of another object that is JSON already, without its braces. Nothing when it is empty.
    pub fn splice(&mut self, members: &[u8]) -> &mut Self {
        if !members.is_empty() {
            if !self.empty {
                self.out.push(b',');
            }
            self.empty = false;
            self.out.extend_from_slice(members);
        }
        self
    }

    /// A member object, written by `fill`.
    pub fn object(&mut self, key: impl JsonKey, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.key(key);
        fill(&mut Object::new(self.out));
        self
    }

    /// A member object that is left out when `fill` writes nothing.
    pub fn object_unless_empty(&mut self, key: impl JsonKey, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        let (before, was_empty) = (self.out.len(), self.empty);
        self.key(key);
        let mut inner = Object::new(self.out);
        fill(&mut inner);
        let nothing = inner.empty;
        drop(inner);
        if nothing {
            self.out.truncate(before);
            self.empty = was_empty;
        }
        self
    }

    /// A member array, written by `fill`.
    pub fn array(&mut self, key: impl JsonKey, fill: impl FnOnce(&mut Array<'_>)) -> &mut Self {
        self.key(key);
        fill(&mut Array::new(self.out));
        self
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push(b'}');
    }
}

impl<'b> Array<'b> {
    /// Opens an array at the end of `out`.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, empty: true }
    }

    /// True while no item has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.empty
    }

    fn comma(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }

    /// A text item.
    pub fn str(&mut self, value: &str) -> &mut Self {
        self.comma();
        string(self.out, value);
        self
    }

    /// A text item from bytes; octets that are not UTF-8 are shown as `\xNN`.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.comma();
        bytes_string(self.out, value);
        self
    }

    /// A text item from format arguments.
    pub fn fmt(&mut self, value: core::fmt::Arguments<'_>) -> &mut Self {
        self.comma();
        let mut text = QuotedText { out: self.out };
        text.out.push(b'"');
        let _infallible = text.write_fmt(value);
        text.out.push(b'"');
        self
    }

    /// An unsigned number.
    pub fn u64(&mut self, value: impl Into<u64>) -> &mut Self {
        self.comma();
        number(self.out, value.into());
        self
    }

    /// A signed number.
    pub fn i64(&mut self, value: impl Into<i64>) -> &mut Self {
        self.comma();
        let value = value.into();
        if value < 0 {
            self.out.push(b'-');
        }
        number(self.out, value.unsigned_abs());
        self
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.comma();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// An item that is JSON already. The caller vouches for its form.
    pub fn raw(&mut self, json: &[u8]) -> &mut Self {
        self.comma();
        self.out.extend_from_slice(json);
        self
    }

    /// An object item.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.comma();
        fill(&mut Object::new(self.out));
        self
    }

    /// An array item.
    pub fn array(&mut self, fill: impl FnOnce(&mut Array<'_>)) -> &mut Self {
        self.comma();
        fill(&mut Array::new(self.out));
        self
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        self.out.push(b']');
    }
}

/// Escapes what passes through it as the inside of a JSON string.
struct QuotedText<'b> {
    out: &'b mut Vec<u8>,
}

impl core::fmt::Write for QuotedText<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        escape(self.out, s);
        Ok(())
    }
}

fn string(out: &mut Vec<u8>, value: &str) {
    out.reserve(value.len() + 2);
    out.push(b'"');
    escape(out, value);
    out.push(b'"');
}

/// True when a text stands in JSON as it is, which nearly all does. Eight octets at a time.
fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    // What is left over is looked at with spaces behind it.
    let mut last = [b' '; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    words.iter().fold(specials(last), |found, word| found | specials(*word)) == 0
}

/// Not 0 when one of eight octets is a control character, a quote, a backslash or DEL.
/// "Determine if a word has a zero byte" and "a byte less than n": S. E. Anderson, Bit Twiddling Hacks, public domain.
#[inline]
const fn specials(octets: [u8; 8]) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    const fn less(word: u64, than: u8) -> u64 {
        word.wrapping_sub(ONES * than as u64) & !word
    }
    const fn equal(word: u64, octet: u8) -> u64 {
        less(word ^ (ONES * octet as u64), 1)
    }
    let word = u64::from_le_bytes(octets);
    (less(word, b' ') | equal(word, b'"') | equal(word, b'\\') | equal(word, 0x7f)) & HIGH
}

fn bytes_string(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    for chunk in value.utf8_chunks() {
        escape(out, chunk.valid());
        for octet in chunk.invalid() {
            out.extend_from_slice(b"\\\\x");
            out.extend_from_slice(&hex_pair(*octet));
        }
    }
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, value: &str) {
    let bytes = value.as_bytes();
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
        return;
    }
    let mut start = 0;
    for (at, octet) in bytes.iter().enumerate() {
        let short = match octet {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0..0x20 | 0x7f => 0,
            _ => continue,
        };
        out.extend_from_slice(bytes.get(start..at).unwrap_or_default());
        start = at + 1;
        if short == 0 {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&hex_pair(*octet));
        } else {
            out.push(b'\\');
            out.push(short);
        }
    }
    out.extend_from_slice(bytes.get(start..).unwrap_or_default());
}

/// The digits of each octet, and how many there are.
const DECIMAL: [([u8; 3], u8); 256] = {
    let mut all = [([0; 3], 0); 256];
    let mut value = 0_usize;
    while value < 256 {
        let [hundreds, tens, ones] = [(value / 100) as u8, (value / 10 % 10) as u8, (value % 10) as u8];
        #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
        {
            all[value] = match value {
                0..10 => ([b'0' + ones, 0, 0], 1),
                10..100 => ([b'0' + tens, b'0' + ones, 0], 2),
                _ => ([b'0' + hundreds, b'0' + tens, b'0' + ones], 3),
            };
        }
        value += 1;
    }
    all
};

fn number(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        return out.push(b'0' + value as u8);
    }
    if value < 100 {
        return out.extend_from_slice(&pair(value as u32));
    }
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    // Nearly all fit 32 bits, whose divisions are faster.
    let mut high = value;
    let (pairs, _) = digits.as_chunks_mut::<2>();
    let mut slots = pairs.iter_mut().rev();
    while high > u64::from(u32::MAX) {
        if let Some(slot) = slots.next() {
            *slot = pair((high % 100) as u32);
            start -= 2;
        }
        high /= 100;
    }
    let mut low = high as u32;
    for slot in slots {
        *slot = pair(low % 100);
        start -= 2;
        low /= 100;
        if low == 0 {
            break;
        }
    }
    start += usize::from(digits.get(start) == Some(&b'0'));
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

fn real(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        let mut text = QuotedText { out };
        let _infallible = write!(text, "{value:?}");
    } else {
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(fill: impl FnOnce(&mut Object<'_>)) -> String {
        let mut out = Vec::new();
        fill(&mut Object::new(&mut out));
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn nests_and_separates() {
        let text = write(|o| {
            o.str("a", "x\"\n").u64("b", 0_u8).i64("c", -7);
            o.array("d", |a| {
                a.u64(u64::MAX).object(|_| {});
            });
            o.object_unless_empty("e", |_| {}).bool("f", true);
        });
        assert_eq!(text, r#"{"a":"x\"\n","b":0,"c":-7,"d":[18446744073709551615,{}],"f":true}"#);
    }

    /// Octets that cannot stand in a JSON string as they are; DEL is among them, as in Suricata.
    const fn is_special(octet: u8) -> bool {
        octet < 0x20 || octet == b'"' || octet == b'\\' || octet == 0x7f
    }

    #[test]
    fn finds_what_must_be_escaped_wherever_it_stands() {
        for octet in 0..=255_u8 {
            for length in 1..36 {
                for at in 0..length {
                    let bytes: Vec<u8> = (0..length).map(|place| if place == at { octet } else { b'a' }).collect();
                    assert_eq!(is_plain(&bytes), !is_special(octet), "{octet} at {at} of {length}");
                }
            }
        }
        let odd: Vec<u8> = (0x20..=0xff).filter(|octet| !is_special(*octet)).collect();
        assert!(odd.windows(16).all(is_plain), "neighbours do not disturb each other");
    }

    #[test]
    fn writes_addresses_and_times() {
        let text = write(|o| {
            o.ip("a", IpAddr::from([192, 0, 2, 1])).ip("b", IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1_u16]));
            o.time("c", Time::new(1_700_000_000, 123_456_789)).hex_u8("d", 0x1f);
            o.hex("e", 0xc000_0022_u32, 1).hex("f", 0_u32, 1).hex("g", 0xabc_u32, 8).ip("h", [255, 10, 100, 9].into());
        });
        assert_eq!(
            text,
            r#"{"a":"192.0.2.1","b":"2001:db8::1","c":"2023-11-14T22:13:20.123456+0000","d":"1f","e":"0xc0000022","f":"0x0","g":"0x00000abc","h":"255.10.100.9"}"#
        );
    }

    #[test]
    fn shows_octets_that_are_no_text() {
        assert_eq!(
            write(|o| {
                o.bytes("k", b"a\xff\x01z");
            }),
            r#"{"k":"a\\xff\u0001z"}"#
        );
    }
}
