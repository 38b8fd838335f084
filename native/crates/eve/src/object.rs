use core::fmt::Write as _;
use core::net::IpAddr;

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

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        string(self.out, key);
        self.out.push(b':');
    }

    /// A text member.
    pub fn str(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        string(self.out, value);
        self
    }

    /// A text member from bytes; octets that are not UTF-8 are shown as `\xNN`, as Suricata does.
    pub fn bytes(&mut self, key: &str, value: &[u8]) -> &mut Self {
        self.key(key);
        bytes_string(self.out, value);
        self
    }

    /// An unsigned number.
    pub fn u64(&mut self, key: &str, value: impl Into<u64>) -> &mut Self {
        self.key(key);
        number(self.out, value.into());
        self
    }

    /// A signed number.
    pub fn i64(&mut self, key: &str, value: impl Into<i64>) -> &mut Self {
        self.key(key);
        let value = value.into();
        if value < 0 {
            self.out.push(b'-');
        }
        number(self.out, value.unsigned_abs());
        self
    }

    /// A floating-point number; not-a-number and infinities become null.
    pub fn f64(&mut self, key: &str, value: f64) -> &mut Self {
        self.key(key);
        real(self.out, value);
        self
    }

    /// A truth value.
    pub fn bool(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// An IP address in its canonical text form.
    pub fn ip(&mut self, key: &str, value: IpAddr) -> &mut Self {
        self.fmt(key, format_args!("{value}"))
    }

    /// A text member from format arguments.
    pub fn fmt(&mut self, key: &str, value: core::fmt::Arguments<'_>) -> &mut Self {
        self.key(key);
        let mut text = Quoted { out: self.out };
        text.out.push(b'"');
        let _infallible = text.write_fmt(value);
        text.out.push(b'"');
        self
    }

    /// A member that is JSON already. The caller vouches for its form.
    pub fn raw(&mut self, key: &str, json: &[u8]) -> &mut Self {
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
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        self.key(key);
        fill(&mut Object::new(self.out));
        self
    }

    /// A member object that is left out when `fill` writes nothing.
    pub fn object_unless_empty(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
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
    pub fn array(&mut self, key: &str, fill: impl FnOnce(&mut Array<'_>)) -> &mut Self {
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
        let mut text = Quoted { out: self.out };
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
struct Quoted<'b> {
    out: &'b mut Vec<u8>,
}

impl core::fmt::Write for Quoted<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        escape(self.out, s);
        Ok(())
    }
}

fn string(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    escape(out, value);
    out.push(b'"');
}

fn bytes_string(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    for chunk in value.utf8_chunks() {
        escape(out, chunk.valid());
        for octet in chunk.invalid() {
            out.extend_from_slice(b"\\\\x");
            push_hex(out, *octet);
        }
    }
    out.push(b'"');
}

pub(crate) fn push_hex(out: &mut Vec<u8>, octet: u8) {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    out.push(digit(octet >> 4));
    out.push(digit(octet & 15));
}

fn escape(out: &mut Vec<u8>, value: &str) {
    let bytes = value.as_bytes();
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
            push_hex(out, *octet);
        } else {
            out.push(b'\\');
            out.push(short);
        }
    }
    out.extend_from_slice(bytes.get(start..).unwrap_or_default());
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
        used += 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - used..).unwrap_or_default());
}

fn real(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        let mut text = Quoted { out };
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
