//! The first lines, and the numbers and hosts in them.

use super::text::{is_space, trim};

/// A protocol version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HttpVersion {
    /// Something that is no version.
    Invalid,
    /// None was given (yet).
    #[default]
    Unknown,
    V0_9,
    V1_0,
    V1_1,
}

/// `HTTP/1.1`; white space around the slash and leading zeros are let through.
pub(super) fn version(text: &[u8]) -> HttpVersion {
    let skip = |text: &'_ [u8], zeros: bool| {
        text.iter().take_while(|octet| octet.is_ascii_whitespace() || zeros && **octet == b'0').count()
    };
    let rest = text.get(skip(text, false)..).unwrap_or_default();
    let Some((name, rest)) = rest.split_at_checked(4) else { return HttpVersion::Invalid };
    if !name.eq_ignore_ascii_case(b"http") {
        return HttpVersion::Invalid;
    }
    let rest = rest.get(skip(rest, false)..).unwrap_or_default();
    let Some(rest) = rest.strip_prefix(b"/") else { return HttpVersion::Invalid };
    let rest = rest.get(skip(rest, true)..).unwrap_or_default();
    for (text, version) in [(&b".9"[..], HttpVersion::V0_9), (b"1.0", HttpVersion::V1_0), (b"1.1", HttpVersion::V1_1)] {
        if let Some(tail) = rest.strip_prefix(text) {
            return if skip(tail, false) == tail.len() { version } else { HttpVersion::Invalid };
        }
    }
    HttpVersion::Invalid
}

/// Methods that make a line a request, whatever else it holds.
const METHODS: &[&[u8]] = &[
    b"GET",
    b"PUT",
    b"POST",
    b"HEAD",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"VERSION-CONTROL",
    b"CHECKOUT",
    b"UNCHECKOUT",
    b"CHECKIN",
    b"UPDATE",
    b"LABEL",
    b"REPORT",
    b"MKWORKSPACE",
    b"MKACTIVITY",
    b"BASELINE-CONTROL",
    b"MERGE",
    b"INVALID",
];

/// True for the methods of HTTP and WebDAV; upper case only, as servers have it.
pub(super) fn is_known_method(method: &[u8]) -> bool {
    METHODS.contains(&method)
}

/// A request line taken apart. [RFC 9112] 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestLine<'a> {
    pub method: &'a [u8],
    pub uri: Option<&'a [u8]>,
    pub protocol: Option<&'a [u8]>,
    pub leading_space: bool,
    pub odd_method_delimiter: bool,
    pub odd_uri_delimiter: bool,
}

/// Takes a request line apart; `greedy`: the URI reaches to the last space, not to the first.
pub(super) fn request_line(line: &[u8], greedy: bool) -> RequestLine<'_> {
    let after = line.iter().take_while(|octet| is_space(**octet)).count();
    let rest = line.get(after..).unwrap_or_default();
    let length = rest.iter().take_while(|octet| !is_space(**octet)).count();
    let (method, rest) = rest.split_at_checked(length).unwrap_or_default();
    let blank = rest.iter().take_while(|octet| is_space(**octet)).count();
    let (delimiter, rest) = rest.split_at_checked(blank).unwrap_or_default();
    let mut out = RequestLine {
        method,
        leading_space: after > 0,
        odd_method_delimiter: delimiter.iter().any(|octet| *octet != b' '),
        ..RequestLine::default()
    };
    if rest.is_empty() {
        return out;
    }
    let rest = trim(rest);
    let (mut uri, mut protocol) = halves(rest, greedy, |octet| octet == b' ');
    if uri.iter().any(|octet| is_space(*octet) && *octet != b' ') {
        out.odd_uri_delimiter = true;
        if uri.len() == rest.len() {
            (uri, protocol) = halves(rest, greedy, is_space);
        }
    }
    out.uri = Some(uri);
    out.protocol = (!protocol.is_empty()).then_some(protocol);
    out
}

fn halves(text: &[u8], greedy: bool, at: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let cut = if greedy { text.iter().rposition(|octet| at(*octet)) } else { text.iter().position(|octet| at(*octet)) };
    let Some(cut) = cut else { return (trim(text), &[]) };
    (trim(text.get(..cut).unwrap_or_default()), trim(text.get(cut + 1..).unwrap_or_default()))
}

/// A status line taken apart. [RFC 9112] 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StatusLine<'a> {
    pub protocol: Option<&'a [u8]>,
    pub status: Option<&'a [u8]>,
    pub message: Option<&'a [u8]>,
}

/// Takes a status line apart.
pub(super) fn status_line(line: &[u8]) -> StatusLine<'_> {
    let mut out = StatusLine::default();
    let skip = line.iter().take_while(|octet| is_space(**octet) || **octet == 0).count();
    let rest = line.get(skip..).unwrap_or_default();
    let (protocol, rest) = word(rest);
    if protocol.is_empty() {
        return out;
    }
    out.protocol = Some(protocol);
    let blank = rest.iter().take_while(|octet| is_space(**octet)).count();
    let (status, rest) = word(rest.get(blank..).unwrap_or_default());
    if blank == 0 || status.is_empty() {
        return out;
    }
    out.status = Some(status);
    let blank = rest.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    if blank > 0 {
        out.message = Some(chomp(rest.get(blank..).unwrap_or_default()));
    }
    out
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|octet| !is_space(**octet)).count();
    text.split_at_checked(length).unwrap_or_default()
}

/// A status code: three digits and nothing else.
pub(super) fn status_code(text: &[u8]) -> Option<u16> {
    let (lead, digits, tail) = decimal(text)?;
    if !lead.is_empty() || !tail.is_empty() {
        return None;
    }
    u16::try_from(digits).ok().filter(|code| (100..=999).contains(code))
}

/// The number of a `Content-Length`: the first digits, whatever stands around them.
pub(super) fn content_length(text: &[u8]) -> Option<u64> {
    decimal(text).map(|(_, number, _)| number)
}

/// White space, anything, digits, white space, anything: the first anything, the number, the second.
fn decimal(text: &[u8]) -> Option<(&[u8], u64, &[u8])> {
    let blank = |text: &[u8]| text.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let text = text.get(blank(text)..)?;
    let (lead, rest) = text.split_at_checked(text.iter().take_while(|octet| !octet.is_ascii_digit()).count())?;
    let (digits, rest) = rest.split_at_checked(rest.iter().take_while(|octet| octet.is_ascii_digit()).count())?;
    let number = core::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((lead, number, rest.get(blank(rest)..)?))
}

/// What a chunk's length line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkLine {
    /// So many octets follow; `extension` when a semicolon does.
    Length { length: u64, extension: bool },
    /// Nothing but white space.
    Empty,
    /// A number beyond what a chunk can be.
    TooLarge,
    /// No number, or one beyond 64 bits.
    Invalid,
}

/// The greatest chunk: lengths beyond 31 bits are taken for an attack.
const MAX_CHUNK: u64 = i32::MAX as u64;

/// Reads a chunk's length line. [RFC 9112] 7.1.
pub(super) fn chunk_line(line: &[u8]) -> ChunkLine {
    let skip = line.iter().take_while(|octet| is_chunk_blank(**octet)).count();
    let rest = line.get(skip..).unwrap_or_default();
    if rest.is_empty() {
        return ChunkLine::Empty;
    }
    let count = rest.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let (digits, tail) = rest.split_at_checked(count).unwrap_or_default();
    let number = core::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match number {
        Some(length) if length <= MAX_CHUNK => ChunkLine::Length { length, extension: tail.contains(&b';') },
        Some(_) => ChunkLine::TooLarge,
        None => ChunkLine::Invalid,
    }
}

/// Octets that may stand before a chunk's length.
pub(super) const fn is_chunk_blank(octet: u8) -> bool {
    matches!(octet, b'\r' | b'\n' | b' ' | b'\t' | 0x0b | 0x0c)
}

/// False when what is there of a length line begins with something that is no digit.
pub(super) fn may_be_chunk_line(data: &[u8]) -> bool {
    data.iter().find(|octet| !is_chunk_blank(**octet)).is_none_or(u8::is_ascii_hexdigit)
}

/// The line without the line ends after it.
pub(super) fn chomp(line: &[u8]) -> &[u8] {
    let tail = line.iter().rev().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    line.get(..line.len() - tail).unwrap_or_default()
}

/// A host and the port after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HostPort<'a> {
    pub host: &'a [u8],
    /// The port as it is written, if one is, and as a number, if it is one.
    pub port: Option<(&'a [u8], Option<u16>)>,
    pub valid: bool,
}

/// `host:port`, `[v6]:port`; `None` when there is no host.
pub(super) fn host_port(text: &[u8]) -> Option<HostPort<'_>> {
    let (host, rest) = host(text)?;
    let mut valid = is_valid_host(host);
    let port = port(rest);
    let port = match port {
        Some(port) => {
            let number = port_number(port);
            valid &= number.is_some();
            Some((port, number))
        }
        None => {
            valid &= rest.is_empty();
            None
        }
    };
    Some(HostPort { host, port, valid })
}

/// A host name at the beginning, and what is after it.
pub(super) fn host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"//").unwrap_or(text);
    if text.first() == Some(&b'/') {
        return None;
    }
    let text = text.get(text.iter().take_while(|octet| **octet == b' ').count()..)?;
    let bracket = text.first() == Some(&b'[');
    let length = if bracket {
        let inner = text.iter().skip(1).take_while(|octet| !matches!(octet, b'/' | b'?' | b'#' | b']')).count();
        if inner == 0 {
            text.iter().take_while(|octet| !matches!(octet, b'/' | b'?' | b'#' | b':')).count()
        } else {
            1 + inner + usize::from(text.get(1 + inner) == Some(&b']'))
        }
    } else {
        text.iter().take_while(|octet| !matches!(octet, b'/' | b'?' | b'#' | b':')).count()
    };
    if length == 0 {
        return None;
    }
    let (host, rest) = text.split_at_checked(length)?;
    let tail = host.iter().rev().take_while(|octet| **octet == b' ').count();
    Some((host.get(..host.len() - tail)?, rest))
}

/// The port at the beginning: a colon, and what is after it.
pub(super) fn port(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b":")?;
    let rest = rest.get(rest.iter().take_while(|octet| **octet == b' ').count()..)?;
    let port = rest.get(..rest.iter().take_while(|octet| !matches!(octet, b'/' | b'?' | b'#' | b' ')).count())?;
    (!port.is_empty()).then_some(port)
}

/// A port number other than 0.
pub(super) fn port_number(text: &[u8]) -> Option<u16> {
    core::str::from_utf8(text).ok()?.parse().ok().filter(|port| *port != 0)
}

/// Host names as they are seen, underscores included; IPv6 in brackets.
pub(super) fn is_valid_host(host: &[u8]) -> bool {
    if host.is_empty() || host.len() > 255 {
        return false;
    }
    if let Some(inner) = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        return core::str::from_utf8(inner).is_ok_and(|text| text.parse::<core::net::Ipv6Addr>().is_ok());
    }
    let trimmed = host.strip_suffix(b".").unwrap_or(host);
    trimmed.split(|octet| *octet == b'.').all(|label| {
        (1..=63).contains(&label.len())
            && label.iter().all(|octet| matches!(octet, b'_' | b'-') || char::from(*octet).is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_with_slack() {
        let cases = [
            ("HTTP/1.1", HttpVersion::V1_1),
            ("http / 01.0 ", HttpVersion::V1_0),
            ("HTTP/0.9", HttpVersion::V0_9),
            ("HTTP/2", HttpVersion::Invalid),
            ("HTTP/1.1x", HttpVersion::Invalid),
            ("", HttpVersion::Invalid),
        ];
        for (text, want) in cases {
            assert_eq!(version(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn takes_request_lines_apart() {
        let line = request_line(b"GET /a b HTTP/1.1", false);
        assert_eq!((line.method, line.uri, line.protocol), (&b"GET"[..], Some(&b"/a"[..]), Some(&b"b HTTP/1.1"[..])));
        let line = request_line(b" GET\t/a b HTTP/1.1", true);
        assert_eq!((line.uri, line.protocol), (Some(&b"/a b"[..]), Some(&b"HTTP/1.1"[..])));
        assert!(line.leading_space && line.odd_method_delimiter);
        let line = request_line(b"GET /a\tHTTP/1.1", true);
        assert!(line.odd_uri_delimiter);
        assert_eq!(line.protocol, Some(&b"HTTP/1.1"[..]));
        assert_eq!(request_line(b"GET", true), RequestLine { method: b"GET", ..RequestLine::default() });
    }

    #[test]
    fn takes_status_lines_apart() {
        let line = status_line(b"HTTP/1.1 200 Very OK\r\n");
        assert_eq!(line, StatusLine { protocol: Some(b"HTTP/1.1"), status: Some(b"200"), message: Some(b"Very OK") });
        assert_eq!(status_line(b"HTTP/1.1"), StatusLine { protocol: Some(b"HTTP/1.1"), ..StatusLine::default() });
        assert_eq!((status_code(b"200"), status_code(b"99"), status_code(b"2x0")), (Some(200), None, None));
    }

    #[test]
    fn reads_numbers() {
        assert_eq!(content_length(b" +134 x"), Some(134));
        assert_eq!(content_length(b"none"), None);
        assert_eq!(content_length(b"99999999999999999999999"), None);
        assert_eq!(chunk_line(b" 1a ; x=y\r\n"), ChunkLine::Length { length: 26, extension: true });
        assert_eq!(chunk_line(b"\r\n"), ChunkLine::Empty);
        assert_eq!(chunk_line(b"ffffffff\r\n"), ChunkLine::TooLarge);
        assert_eq!(chunk_line(b"zz\r\n"), ChunkLine::Invalid);
    }

    #[test]
    fn reads_hosts() {
        let want = |host, port, valid| Some(HostPort { host, port, valid });
        assert_eq!(
            host_port(b" www.example.com :  8001 "),
            want(b"www.example.com", Some((b"8001", Some(8001))), true)
        );
        assert_eq!(host_port(b"[::1]:8080"), want(b"[::1]", Some((b"8080", Some(8080))), true));
        assert_eq!(host_port(b"www.example.com:0"), want(b"www.example.com", Some((b"0", None)), false));
        assert_eq!(host_port(b"[::1]x"), want(b"[::1]", None, false));
        assert_eq!(host_port(b"a..b"), want(b"a..b", None, false));
        assert_eq!(host_port(b""), None);
    }
}
