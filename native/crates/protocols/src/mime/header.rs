//! Headers of messages and of their parts: names, values, and the parameters of a value.
//!
//! [RFC 5322] 2.2, [RFC 2045] 5.1; parameters in pieces and with characters of their own, [RFC 2231].

/// A header; folded lines of its value are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailHeader {
    name: Box<[u8]>,
    value: Vec<u8>,
}

impl MailHeader {
    /// The header that a line begins; `None` when it is none.
    pub(super) fn parse(line: &[u8], depth: usize) -> Option<Self> {
        let colon = memchr::memchr(b':', line)?;
        let (name, rest) = (line.get(..colon)?, line.get(colon + 1..)?.trim_ascii_start());
        let mut header = Self { name: name.into(), value: Vec::new() };
        header.extend(rest, depth);
        Some(header)
    }

    /// More of the value, of which `depth` octets are kept.
    pub(super) fn extend(&mut self, octets: &[u8], depth: usize) {
        let room = depth.saturating_sub(self.value.len());
        self.value.extend_from_slice(octets.get(..room).unwrap_or(octets));
    }

    /// As it was sent.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// As it was sent, unfolded.
    pub(crate) fn value(&self) -> &[u8] {
        &self.value
    }

    /// Is it the header of a name?
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value in front of its parameters: `text/plain`.
    pub(super) fn main(&self) -> &[u8] {
        self.value.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii()
    }

    /// A parameter: `name=value`, `name="value"`; in pieces `name*0=`, `name*1=`; with characters of its own `name*=`.
    pub(super) fn parameter(&self, name: &str) -> Option<Vec<u8>> {
        let mut pieces: Vec<(usize, Vec<u8>)> = Vec::new();
        for (key, value) in HeaderParameters::of(&self.value) {
            let Some(rest) = strip_prefix_nocase(key, name.as_bytes()) else { continue };
            match rest {
                b"" => return Some(value),
                b"*" => return Some(percent_decoded(without_charset(&value))),
                [b'*', number @ ..] => {
                    let (number, extended) = match number.split_last() {
                        Some((b'*', number)) => (number, true),
                        _ => (number, false),
                    };
                    let Some(number) = piece_number(number) else { continue };
                    let text = if number == 0 && extended { without_charset(&value) } else { &value };
                    let text = if extended { percent_decoded(text) } else { text.to_vec() };
                    pieces.push((number, text));
                }
                _ => {}
            }
        }
        pieces.sort_by_key(|(number, _)| *number);
        // The first that is missing ends it.
        let there = pieces.iter().enumerate().take_while(|(at, (number, _))| at == number);
        let joined: Vec<u8> = there.flat_map(|(_, (_, text))| text.iter().copied()).collect();
        pieces.first().is_some_and(|(number, _)| *number == 0).then_some(joined)
    }
}

/// The number of a piece: a value has no room for more than three digits of them.
fn piece_number(digits: &[u8]) -> Option<usize> {
    core::str::from_utf8(digits).ok().filter(|digits| digits.len() <= 3)?.parse().ok()
}

fn strip_prefix_nocase<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// What stands after `utf-8'en'`.
fn without_charset(value: &[u8]) -> &[u8] {
    let mut quotes = memchr::memchr_iter(b'\'', value);
    match (quotes.next(), quotes.next()) {
        (Some(_), Some(second)) => value.get(second + 1..).unwrap_or_default(),
        _ => value,
    }
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let escape = if *first == b'%' { behind.split_first_chunk::<2>() } else { None };
        match escape.and_then(|([high, low], behind)| Some((hex_digit(*high)? << 4 | hex_digit(*low)?, behind))) {
            Some((octet, behind)) => {
                out.push(octet);
                rest = behind;
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}

/// The value of a hexadecimal digit.
pub(super) const fn hex_digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}

/// The parameters of a value: names, and values without their quotes.
struct HeaderParameters<'a> {
    rest: &'a [u8],
}

impl<'a> HeaderParameters<'a> {
    fn of(value: &'a [u8]) -> Self {
        let start = memchr::memchr(b';', value).map_or(value.len(), |at| at + 1);
        Self { rest: value.get(start..).unwrap_or_default() }
    }
}

impl<'a> Iterator for HeaderParameters<'a> {
    type Item = (&'a [u8], Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let end = memchr::memchr2(b'=', b';', self.rest)?;
            let (key, behind) = self.rest.split_at(end);
            let (sign, behind) = behind.split_first()?;
            self.rest = behind;
            // A word without a value is none.
            if *sign == b'=' {
                let value = self.value();
                return Some((key.trim_ascii(), value));
            }
        }
    }
}

impl HeaderParameters<'_> {
    fn value(&mut self) -> Vec<u8> {
        let text = self.rest.trim_ascii_start();
        let Some((b'"', quoted)) = text.split_first() else {
            let end = memchr::memchr(b';', text).unwrap_or(text.len());
            let value = text.get(..end).unwrap_or_default().trim_ascii_end().to_vec();
            self.rest = text.get(end + 1..).unwrap_or_default();
            return value;
        };
        let (mut value, mut rest) = (Vec::new(), quoted);
        while let Some((octet, behind)) = rest.split_first() {
            rest = behind;
            match octet {
                b'"' => break,
                b'\\' => {
                    if let Some((escaped, behind)) = rest.split_first() {
                        value.push(*escaped);
                        rest = behind;
                    }
                }
                _ => value.push(*octet),
            }
        }
        let end = memchr::memchr(b';', rest).map_or(rest.len(), |at| at + 1);
        self.rest = rest.get(end..).unwrap_or_default();
        value
    }
}

/// The items of a list of addresses: commas in quotes are none.
pub(crate) fn addresses(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    value
        .split(move |octet| {
            quoted ^= *octet == b'"';
            *octet == b',' && !quoted
        })
        .map(<[u8]>::trim_ascii)
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(value: &str, name: &str) -> Option<String> {
        let header = MailHeader::parse(format!("Content-Type: {value}").as_bytes(), 2000).unwrap();
        header.parameter(name).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn parameters_are_quoted_or_not() {
        let value = "multipart/mixed; boundary=\"a;b\\\"c\" ; Name = x.zip ;charset=utf-8";
        assert_eq!(parameter(value, "boundary").as_deref(), Some("a;b\"c"));
        assert_eq!(parameter(value, "name").as_deref(), Some("x.zip"));
        assert_eq!(parameter(value, "charset").as_deref(), Some("utf-8"));
        assert_eq!(parameter(value, "mixed"), None);
        assert_eq!(parameter("a; filename=\"cut", "filename").as_deref(), Some("cut"));
        assert_eq!(parameter("name=x", "name"), None, "a parameter stands behind a semicolon");
    }

    #[test]
    fn parameters_come_in_pieces() {
        assert_eq!(parameter("a; filename*1=b.zip; filename*0=a", "filename").as_deref(), Some("ab.zip"));
        assert_eq!(parameter("a; filename*0=a; filename*2=c", "filename").as_deref(), Some("a"));
        assert_eq!(parameter("a; filename*1=b", "filename"), None);
        assert_eq!(parameter("a; filename*=utf-8''a%20b%zz", "filename").as_deref(), Some("a b%zz"));
        assert_eq!(parameter("a; filename*0*=utf-8'en'a%2e; filename*1=%41", "filename").as_deref(), Some("a.%41"));
    }

    #[test]
    fn a_value_is_kept_up_to_a_depth() {
        let mut header = MailHeader::parse(b"Subject : 12345", 4).unwrap();
        header.extend(b"678", 4);
        assert_eq!((header.value(), header.is("subject")), (&b"1234"[..], true));
        assert_eq!(MailHeader::parse(b"no header", 4), None);
    }

    #[test]
    fn commas_in_quotes_divide_nothing() {
        let all: Vec<_> = addresses(b"\"a, b\" <c@d>, e@f,").collect();
        assert_eq!(all, [&b"\"a, b\" <c@d>"[..], b"e@f"]);
    }
}
