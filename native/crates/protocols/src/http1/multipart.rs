//! Files in `multipart/form-data` request bodies. [RFC 7578].

use memchr::memmem;

use super::header::trim;

/// Parts read of one body.
const MAX_PARTS: usize = 64;

/// A file in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub name: &'a [u8],
    pub data: &'a [u8],
    /// Its end was seen.
    pub complete: bool,
}

/// The boundary a `Content-Type` announces.
pub(super) fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let (kind, _) = content_type.split_at_checked(b"multipart/form-data".len())?;
    if !kind.eq_ignore_ascii_case(b"multipart/form-data") {
        return None;
    }
    parameter(content_type, b"boundary")
}

/// A parameter of a header value: `; name=value` or `; name="value"`.
pub(super) fn parameter<'a>(value: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    for piece in value.split(|octet| *octet == b';').skip(1) {
        let Some(equals) = memchr::memchr(b'=', piece) else { continue };
        if !trim(piece.get(..equals)?).eq_ignore_ascii_case(name) {
            continue;
        }
        let text = trim(piece.get(equals + 1..)?);
        let text = text.strip_prefix(b"\"").unwrap_or(text);
        return Some(text.strip_suffix(b"\"").unwrap_or(text)).filter(|text| !text.is_empty());
    }
    None
}

/// What is wrong with a multipart body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub invalid_header: bool,
    pub no_data: bool,
}

/// The files of a form as far as it is there.
pub(super) fn files<'a>(body: &'a [u8], boundary: &[u8], last: bool) -> (Vec<Part<'a>>, Faults) {
    let mut delimiter = b"--".to_vec();
    delimiter.extend_from_slice(boundary);
    let (mut parts, mut faults) = (Vec::new(), Faults::default());
    let mut rest = body;
    let Some(first) = memmem::find(rest, &delimiter) else { return (parts, faults) };
    rest = rest.get(first + delimiter.len()..).unwrap_or_default();
    for _ in 0..MAX_PARTS {
        if rest.starts_with(b"--") {
            break;
        }
        let Some(head) = memmem::find(rest, b"\r\n\r\n") else { break };
        let (header, content) = rest.split_at_checked(head + 4).unwrap_or_default();
        let next = memmem::find(content, &delimiter);
        let data = next.map_or(content, |next| content.get(..next).unwrap_or_default());
        let data = if next.is_some() { data.strip_suffix(b"\r\n").unwrap_or(data) } else { data };
        match filename(header) {
            Ok(Some(name)) => {
                faults.no_data |= next.is_some() && data.is_empty();
                parts.push(Part { name, data, complete: next.is_some() || last });
            }
            Ok(None) => {}
            Err(NoHeader) => faults.invalid_header = true,
        }
        let Some(next) = next else { break };
        rest = content.get(next + delimiter.len()..).unwrap_or_default();
    }
    (parts, faults)
}

struct NoHeader;

/// The file name of a part, if it is a file.
fn filename(header: &[u8]) -> Result<Option<&[u8]>, NoHeader> {
    let mut name = None;
    for line in header.split(|octet| *octet == b'\n').map(trim).filter(|line| !line.is_empty()) {
        let colon = memchr::memchr(b':', line).ok_or(NoHeader)?;
        if trim(line.get(..colon).unwrap_or_default()).eq_ignore_ascii_case(b"content-disposition") {
            name = parameter(line.get(colon + 1..).unwrap_or_default(), b"filename");
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_files_of_a_form() {
        let boundary = boundary(b"multipart/form-data; boundary=\"xyz\"").unwrap();
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.exe\"\r\nContent-Type: x/y\r\n\r\nMZ\r\n--xyz--\r\n";
        let (parts, faults) = files(body, boundary, true);
        assert_eq!(parts, [Part { name: b"a.exe", data: b"MZ", complete: true }]);
        assert_eq!(faults, Faults::default());
        let (parts, _) = files(&body[..body.len() - 11], boundary, false);
        assert_eq!(parts, [Part { name: b"a.exe", data: b"MZ", complete: false }]);
    }

    #[test]
    fn names_what_is_wrong() {
        let (_, faults) = files(b"--b\r\nno header\r\n\r\nx\r\n--b--", b"b", true);
        assert!(faults.invalid_header);
        let (_, faults) = files(b"--b\r\nContent-Disposition: x; filename=f\r\n\r\n\r\n--b--", b"b", true);
        assert!(faults.no_data);
        assert_eq!(boundary(b"text/plain; boundary=x"), None);
    }
}
