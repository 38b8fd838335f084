//! The request target: taken apart, decoded and normalised the way the watched servers do it.

use super::best_fit::best_fit;
use super::line;

/// How invalid `%` sequences are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum InvalidEscape {
    /// The percent sign stays.
    #[default]
    Preserve,
    /// The percent sign goes.
    Remove,
    /// The characters are decoded as if they were digits.
    Process,
}

/// What a server does to a path and a query before it looks at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UriDecoding {
    pub backslashes: bool,
    pub lowercase: bool,
    pub compress_separators: bool,
    pub decode_separators: bool,
    pub plus_is_space: bool,
    pub nul_ends: bool,
    pub encoded_nul_ends: bool,
    pub percent_u: bool,
    pub best_fit: bool,
    pub replacement: u8,
    pub invalid: InvalidEscape,
    pub twice_path: bool,
    pub twice_query: bool,
    /// The normalised URI begins with scheme and host, too.
    pub include_all: bool,
}

/// A request target taken apart. [RFC 9112] 3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetParts<'a> {
    pub scheme: Option<&'a [u8]>,
    pub user: Option<&'a [u8]>,
    pub password: Option<&'a [u8]>,
    pub host: Option<&'a [u8]>,
    pub port: Option<&'a [u8]>,
    pub path: Option<&'a [u8]>,
    pub query: Option<&'a [u8]>,
    pub fragment: Option<&'a [u8]>,
}

fn split_at_octet(text: &[u8], octet: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(octet, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn until<'a>(text: &'a [u8], stops: &[u8]) -> (&'a [u8], &'a [u8]) {
    let length = text.iter().take_while(|octet| !stops.contains(octet)).count();
    text.split_at_checked(length).unwrap_or_default()
}

/// Takes a target apart without judging it.
pub(super) fn split(target: &[u8]) -> TargetParts<'_> {
    let mut parts = TargetParts::default();
    let mut rest = target;
    if target.first() != Some(&b'/')
        && let Some((scheme, after)) = split_at_octet(target, b':')
    {
        parts.scheme = Some(scheme);
        rest = after;
        if let Some(authority) = rest.strip_prefix(b"//").filter(|authority| authority.first() != Some(&b'/'))
            && let Some((credentials, after)) = split_at_octet(authority, b'@')
        {
            match split_at_octet(credentials, b':') {
                Some((user, password)) => (parts.user, parts.password) = (Some(user), Some(password)),
                None => parts.user = Some(credentials),
            }
            rest = after;
        }
        if let Some((host, after)) = line::host(rest) {
            parts.host = Some(host);
            rest = after;
            if let Some(port) = line::port(after) {
                parts.port = Some(port);
                rest = until(after.get(1..).unwrap_or_default(), b"/?#").1;
            }
        }
    }
    let (path, after) = until(rest, b"#?");
    parts.path = (!path.is_empty()).then_some(path);
    rest = after;
    if let Some(after) = rest.strip_prefix(b"?") {
        let (query, after) = until(after, b"#");
        parts.query = Some(query);
        rest = after;
    }
    parts.fragment = rest.strip_prefix(b"#");
    parts
}

/// A normalised target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NormalisedTarget {
    /// Path, query and fragment; with scheme and host in front if the configuration wants that. `None`: there is none.
    pub uri: Option<Box<[u8]>>,
    /// Length of the path in it.
    pub path: usize,
    /// Decoding a second time changed something.
    pub twice_encoded: bool,
}

/// Normalises a target.
pub(super) fn normalise(parts: &TargetParts<'_>, how: &UriDecoding) -> NormalisedTarget {
    let mut out = NormalisedTarget::default();
    let total = [parts.path, parts.query, parts.fragment].iter().flatten().map(|part| part.len() + 1).sum();
    let mut uri = Vec::with_capacity(total);
    if how.include_all {
        prefix(parts, how, &mut uri);
    }
    let begin = uri.len();
    if let Some(path) = parts.path {
        let mut path = self::path(path, how);
        if how.twice_path {
            let again = query(&path, how);
            out.twice_encoded |= again.len() < path.len();
            path = again;
        }
        uri.extend_from_slice(&path);
    }
    out.path = uri.len() - begin;
    if let Some(text) = parts.query {
        uri.push(b'?');
        let mut once = query(text, how);
        if how.twice_query {
            let again = query(&once, how);
            out.twice_encoded |= again.len() < once.len();
            once = again;
        }
        uri.extend_from_slice(&once);
    }
    if let Some(fragment) = parts.fragment {
        uri.push(b'#');
        uri.extend_from_slice(&query(fragment, how));
    }
    out.uri = (!uri.is_empty()).then(|| uri.into_boxed_slice());
    out
}

fn prefix(parts: &TargetParts<'_>, how: &UriDecoding, uri: &mut Vec<u8>) {
    if let Some(scheme) = parts.scheme {
        uri.extend(scheme.iter().map(u8::to_ascii_lowercase));
        uri.extend_from_slice(b"://");
    }
    if parts.user.is_some() || parts.password.is_some() {
        uri.extend_from_slice(&query(parts.user.unwrap_or_default(), how));
        uri.push(b':');
        uri.extend_from_slice(&query(parts.password.unwrap_or_default(), how));
        uri.push(b'@');
    }
    uri.extend(parts.host.map(|host| self::host(host, how)).unwrap_or_default());
}

/// A host of a target: decoded, lower case, without dots at its end.
pub(super) fn host(host: &[u8], how: &UriDecoding) -> Vec<u8> {
    let mut host = query(host, how);
    host.make_ascii_lowercase();
    while host.last() == Some(&b'.') {
        host.pop();
    }
    host
}

/// A path: decoded, as UTF-8, without dot segments.
fn path(path: &[u8], how: &UriDecoding) -> Vec<u8> {
    let mut out = decode_path(path, how);
    if how.best_fit && !out.is_ascii() {
        out = single_octets(&out, how.replacement);
    }
    if memchr::memchr(b'.', &out).is_some() {
        out = without_dots(&out);
    }
    out
}

/// What a percent sign stands for.
enum PercentEscape {
    /// An octet, and how many octets of input it took.
    Octet { octet: u8, taken: usize },
    /// Not an escape: the percent sign stays as it is.
    Percent,
    /// Not an escape: the percent sign goes.
    Nothing,
}

fn escape(data: &[u8], how: &UriDecoding) -> PercentEscape {
    let invalid = |octet: Option<(u8, usize)>| match (how.invalid, octet) {
        (InvalidEscape::Remove, _) => PercentEscape::Nothing,
        (InvalidEscape::Process, Some((octet, taken))) => PercentEscape::Octet { octet, taken },
        _ => PercentEscape::Percent,
    };
    match data {
        [b'%', b'u' | b'U', rest @ ..] => {
            if !how.percent_u {
                return PercentEscape::Percent;
            }
            let [a, b, c, d, ..] = rest else { return invalid(None) };
            let (high, low) = (hex(*a, *b), hex(*c, *d));
            let octet = if high == 0 {
                low
            } else {
                best_fit(u32::from(high) << 8 | u32::from(low)).unwrap_or(how.replacement)
            };
            if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) {
                PercentEscape::Octet { octet, taken: 6 }
            } else {
                invalid(Some((octet, 6)))
            }
        }
        [b'%', a, b, ..] => {
            if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() {
                PercentEscape::Octet { octet: hex(*a, *b), taken: 3 }
            } else {
                invalid(Some((hex(*a, *b), 3)))
            }
        }
        _ => invalid(None),
    }
}

/// Two digits; what is no digit is taken as if it were one.
const fn hex(high: u8, low: u8) -> u8 {
    const fn digit(octet: u8) -> u8 {
        if octet >= b'A' { (octet & 0xdf).wrapping_sub(b'A').wrapping_add(10) } else { octet.wrapping_sub(b'0') }
    }
    digit(high).wrapping_mul(16).wrapping_add(digit(low))
}

fn decode_path(path: &[u8], how: &UriDecoding) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, tail)) = rest.split_first() {
        let mut octet = *first;
        rest = tail;
        if octet == b'%' {
            let whole = [b'%'].len() + tail.len();
            let all = path.get(path.len() - whole..).unwrap_or_default();
            match escape(all, how) {
                PercentEscape::Octet { octet: decoded, taken } => {
                    let separator = decoded == b'/' || how.backslashes && decoded == b'\\';
                    if decoded == 0 && how.encoded_nul_ends {
                        break;
                    }
                    if !separator || how.decode_separators || taken != 3 {
                        octet = decoded;
                        rest = all.get(taken..).unwrap_or_default();
                    }
                }
                PercentEscape::Percent => {}
                PercentEscape::Nothing => continue,
            }
        } else if octet == 0 && how.nul_ends {
            break;
        }
        if octet == b'\\' && how.backslashes {
            octet = b'/';
        }
        if how.lowercase {
            octet = octet.to_ascii_lowercase();
        }
        if octet == b'/' && how.compress_separators && out.last() == Some(&b'/') {
            continue;
        }
        out.push(octet);
    }
    out
}

/// A query (or another part that is no path), decoded once.
fn query(text: &[u8], how: &UriDecoding) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(octet) = text.get(at).copied() {
        let mut taken = 1;
        let mut keep = Some(octet);
        match octet {
            b'%' => match escape(text.get(at..).unwrap_or_default(), how) {
                PercentEscape::Octet { octet: 0, .. } if how.encoded_nul_ends => break,
                PercentEscape::Octet { octet, taken: all } => (keep, taken) = (Some(octet), all),
                PercentEscape::Percent => {}
                PercentEscape::Nothing => keep = None,
            },
            b'+' if how.plus_is_space => keep = Some(b' '),
            0 if how.nul_ends => break,
            _ => {}
        }
        out.extend(keep);
        at += taken;
    }
    out
}

/// UTF-8 to one octet a character; overlong forms are let through, what is invalid becomes the replacement.
fn single_octets(text: &[u8], replacement: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(lead) = text.get(at).copied() {
        let (length, mut character, second) = match lead {
            0..0x80 => {
                out.push(lead);
                at += 1;
                continue;
            }
            0xc0..0xe0 => (2, u32::from(lead & 0x1f), 0x80..=0xbf),
            0xed => (3, 0x0d, 0x80..=0x9f),
            0xe0..0xf0 => (3, u32::from(lead & 0x0f), 0x80..=0xbf),
            0xf0..0xf4 => (4, u32::from(lead & 0x03), 0x80..=0xbf),
            0xf4 => (4, 4, 0x80..=0x8f),
            _ => {
                out.push(replacement);
                at += 1;
                continue;
            }
        };
        let mut taken = 1;
        let mut broken = false;
        while taken < length {
            let allowed = if taken == 1 { second.clone() } else { 0x80..=0xbf };
            match text.get(at + taken) {
                Some(octet) if allowed.contains(octet) => {
                    character = character << 6 | u32::from(octet & 0x3f);
                    taken += 1;
                }
                Some(_) => {
                    broken = true;
                    break;
                }
                None => {
                    // Cut off at the end: one replacement for each octet after the lead.
                    out.extend(core::iter::repeat_n(replacement, taken - 1));
                    return out;
                }
            }
        }
        at += taken;
        out.push(if broken {
            replacement
        } else {
            u8::try_from(character).ok().or_else(|| best_fit(character)).unwrap_or(replacement)
        });
    }
    out
}

/// Where the removal of dot segments stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DotSegments {
    /// At the beginning, after this many dots.
    Start(u8),
    /// After a slash that is not written yet, and this many dots; `kept`: the slash stays when the path ends here.
    Slash {
        dots: u8,
        kept: bool,
    },
    Inside,
}

/// Removes `.` and `..` segments. [RFC 3986] 5.2.4.
fn without_dots(path: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    let up = |out: &mut Vec<u8>| {
        let parent = memchr::memrchr(b'/', out).unwrap_or(0);
        out.truncate(parent);
    };
    let mut state = DotSegments::Start(0);
    for octet in path.iter().copied() {
        state = match (state, octet) {
            (DotSegments::Start(dots @ 0..2), b'.') => DotSegments::Start(dots + 1),
            (DotSegments::Start(0), b'/') | (DotSegments::Inside, b'/') => DotSegments::Slash { dots: 0, kept: true },
            (DotSegments::Start(_), b'/') => DotSegments::Start(0),
            (DotSegments::Slash { dots: dots @ 0..2, kept }, b'.') => DotSegments::Slash { dots: dots + 1, kept },
            (DotSegments::Slash { dots: 1, .. }, b'/') => DotSegments::Slash { dots: 0, kept: false },
            (DotSegments::Slash { dots: 2, .. }, b'/') => {
                up(&mut out);
                DotSegments::Slash { dots: 0, kept: false }
            }
            (DotSegments::Start(dots), _) => {
                out.extend(core::iter::repeat_n(b'.', usize::from(dots)));
                out.push(octet);
                DotSegments::Inside
            }
            (DotSegments::Slash { dots, .. }, _) => {
                out.push(b'/');
                out.extend(core::iter::repeat_n(b'.', usize::from(dots)));
                out.push(octet);
                DotSegments::Inside
            }
            (DotSegments::Inside, _) => {
                out.push(octet);
                DotSegments::Inside
            }
        };
    }
    match state {
        DotSegments::Slash { dots: 0, kept: true } => out.push(b'/'),
        DotSegments::Slash { dots: 2, .. } => up(&mut out),
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::config::HttpConfig;

    fn ids() -> UriDecoding {
        HttpConfig::default().decoding
    }

    fn normal(target: &str, how: &UriDecoding) -> String {
        String::from_utf8_lossy(&normalise(&split(target.as_bytes()), how).uri.unwrap_or_default()).into_owned()
    }

    #[test]
    fn takes_targets_apart() {
        let parts = split(b"http://user:pass@www.example.com:1234/path1/path2?a=b&c=d#frag");
        assert_eq!(
            (parts.scheme, parts.user, parts.password),
            (Some(&b"http"[..]), Some(&b"user"[..]), Some(&b"pass"[..]))
        );
        assert_eq!((parts.host, parts.port), (Some(&b"www.example.com"[..]), Some(&b"1234"[..])));
        assert_eq!(
            (parts.path, parts.query, parts.fragment),
            (Some(&b"/path1/path2"[..]), Some(&b"a=b&c=d"[..]), Some(&b"frag"[..]))
        );
        assert_eq!(split(b"/a:b?c"), TargetParts { path: Some(b"/a:b"), query: Some(b"c"), ..TargetParts::default() });
    }

    #[test]
    fn normalises_as_an_ids_should() {
        for (target, want) in [
            ("/a/./b/../c", "/a/c"),
            ("/a//b\\c", "/a/b/c"),
            ("/%61%2fb%5Cc", "/a/b/c"),
            ("/%u0061%uff0f", "/a/"),
            ("/%zz%", "/%zz%"),
            ("/a?b=%41+%2", "/a?b=A+%2"),
            ("/\u{ff0f}x", "//x"),
            ("../../x", "x"),
            ("/..", ""),
            ("/A/B", "/A/B"),
            ("http://h/p?q", "/p?q"),
        ] {
            assert_eq!(normal(target, &ids()), want, "{target}");
        }
    }

    #[test]
    fn decodes_twice_when_told() {
        let how = UriDecoding { twice_path: true, twice_query: true, ..ids() };
        assert_eq!(normal("/%2561?%2562", &how), "/a?b");
        assert!(normalise(&split(b"/%2561"), &how).twice_encoded);
        assert!(!normalise(&split(b"/%61"), &how).twice_encoded);
    }
}
