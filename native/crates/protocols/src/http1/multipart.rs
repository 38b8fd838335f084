//! Files in `multipart` request bodies, forms above all, as the body comes. [RFC 7578], [RFC 2046] 5.1.

use memchr::memmem;

use super::text::trim;

/// Octets of a part's header at most.
const MAX_HEADER: usize = 16 * 1024;

/// The boundary a `Content-Type` announces. Any kind of parts will do: those that are encrypted have no files.
pub(super) fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let (kind, _) = content_type.split_at_checked(b"multipart/".len())?;
    if !kind.eq_ignore_ascii_case(b"multipart/") {
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
pub(super) struct FormFaults {
    pub invalid_header: bool,
    pub no_data: bool,
}

/// What a form has next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormStep<'a> {
    /// A file begins.
    File(&'a [u8]),
    /// Octets of it.
    Octets(&'a [u8]),
    /// It is complete.
    End,
}

/// Where in a form the octets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FormPosition {
    /// In front of the first boundary, or in a part that is no file.
    Between,
    /// After a boundary: a header, or the end.
    Header,
    /// In a file; it has octets.
    File { some: bool },
    /// After the last boundary.
    Done,
}

/// A form while it comes.
#[derive(Debug)]
pub(super) struct MultipartForm {
    delimiter: memmem::Finder<'static>,
    at: FormPosition,
    /// Octets that cannot be told yet: a header, or what may be the beginning of a boundary.
    held: Vec<u8>,
    faults: FormFaults,
}

impl MultipartForm {
    pub(super) fn new(boundary: &[u8]) -> Self {
        let delimiter = [b"--", boundary].concat();
        Self {
            delimiter: memmem::Finder::new(&delimiter).into_owned(),
            at: FormPosition::Between,
            held: Vec::new(),
            faults: FormFaults::default(),
        }
    }

    pub(super) const fn faults(&self) -> FormFaults {
        self.faults
    }

    /// Takes more of the body.
    pub(super) fn take(&mut self, octets: &[u8], out: &mut impl FnMut(FormStep<'_>)) {
        if self.at == FormPosition::Done {
            return;
        }
        let mut held = core::mem::take(&mut self.held);
        let mut rest = octets;
        if !held.is_empty() {
            held.extend_from_slice(octets);
            rest = &held;
        }
        while let Some(taken) = self.step(rest, out) {
            rest = rest.get(taken..).unwrap_or_default();
        }
        if self.at != FormPosition::Done {
            self.held = rest.to_vec();
        }
    }

    /// What follows is not what came next: what was held is as much of the file as there is.
    pub(super) fn skip(&mut self, out: &mut impl FnMut(&[u8])) {
        let held = core::mem::take(&mut self.held);
        match &mut self.at {
            FormPosition::File { some } => {
                *some = true;
                out(&held);
            }
            FormPosition::Header => self.at = FormPosition::Between,
            FormPosition::Between | FormPosition::Done => {}
        }
    }

    /// Octets that are done with; `None` when more are needed.
    fn step(&mut self, rest: &[u8], out: &mut impl FnMut(FormStep<'_>)) -> Option<usize> {
        match self.at {
            FormPosition::Done => None,
            FormPosition::Header => self.header(rest, out),
            FormPosition::Between => match self.delimiter.find(rest) {
                Some(at) => {
                    self.at = FormPosition::Header;
                    Some(at + self.delimiter.needle().len())
                }
                None => Some(rest.len().saturating_sub(self.delimiter.needle().len() - 1)).filter(|taken| *taken > 0),
            },
            FormPosition::File { some } => self.file(rest, some, out),
        }
    }

    fn file(&mut self, rest: &[u8], some: bool, out: &mut impl FnMut(FormStep<'_>)) -> Option<usize> {
        const LINE_END: &[u8] = b"\r\n";
        let length = self.delimiter.needle().len();
        let Some(at) = self.delimiter.find(rest) else {
            let taken = rest.len().saturating_sub(LINE_END.len() + length - 1);
            if taken == 0 {
                return None;
            }
            out(FormStep::Octets(rest.get(..taken).unwrap_or_default()));
            self.at = FormPosition::File { some: true };
            return Some(taken);
        };
        let data = rest.get(..at).unwrap_or_default();
        let data = data.strip_suffix(LINE_END).unwrap_or(data);
        self.faults.no_data |= data.is_empty() && !some;
        if !data.is_empty() {
            out(FormStep::Octets(data));
        }
        out(FormStep::End);
        self.at = FormPosition::Header;
        Some(at + length)
    }

    fn header(&mut self, rest: &[u8], out: &mut impl FnMut(FormStep<'_>)) -> Option<usize> {
        const END: &[u8] = b"\r\n\r\n";
        match rest {
            [b'-', b'-', ..] => {
                self.at = FormPosition::Done;
                return Some(rest.len());
            }
            [] | [b'-'] => return None,
            _ => {}
        }
        let Some(end) = memmem::find(rest, END) else {
            if rest.len() > MAX_HEADER {
                self.faults.invalid_header = true;
                self.at = FormPosition::Between;
                return Some(0);
            }
            return None;
        };
        self.at = FormPosition::Between;
        match filename(rest.get(..end).unwrap_or_default()) {
            Ok(Some(name)) => {
                out(FormStep::File(name));
                self.at = FormPosition::File { some: false };
            }
            Ok(None) => {}
            Err(NoHeader) => self.faults.invalid_header = true,
        }
        Some(end + END.len())
    }
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

/// Entry for fuzzing: a boundary on the first line, then the form, in pieces with an octet of length in front.
///
/// # Panics
/// When a form breaks its contract: octets outside of a file, or more of them than came.
pub(crate) fn fuzz(data: &[u8]) {
    let end = memchr::memchr(b'\n', data).unwrap_or(0);
    let (line, mut rest) = data.split_at(end);
    let mut form = MultipartForm::new(line);
    let (mut open, mut given, mut came) = (false, 0, 0);
    while let Some((length, behind)) = rest.split_first() {
        let (piece, next) = behind.split_at(usize::from(*length).min(behind.len()));
        rest = next;
        came += piece.len();
        form.take(piece, &mut |step| match step {
            FormStep::File(_) => open = true,
            FormStep::Octets(octets) => {
                assert!(open, "octets belong to a file");
                given += octets.len();
            }
            FormStep::End => open = false,
        });
        if *length == 0 {
            form.skip(&mut |held| given += held.len());
        }
    }
    assert!(given <= came, "no octet is told twice");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of a form: name, content, whether it ended.
    type FormFile = (Vec<u8>, Vec<u8>, bool);

    /// Files of a form that comes in pieces.
    fn files(body: &[u8], step: usize) -> (Vec<FormFile>, FormFaults) {
        let boundary = boundary(b"multipart/form-data; boundary=\"xyz\"").unwrap();
        let (mut form, mut files) = (MultipartForm::new(boundary), Vec::<FormFile>::new());
        for piece in body.chunks(step) {
            form.take(piece, &mut |step| match step {
                FormStep::File(name) => files.push((name.to_vec(), Vec::new(), false)),
                FormStep::Octets(octets) => files.last_mut().unwrap().1.extend_from_slice(octets),
                FormStep::End => files.last_mut().unwrap().2 = true,
            });
        }
        let faults = form.faults();
        form.skip(&mut |held| files.last_mut().unwrap().1.extend_from_slice(held));
        (files, faults)
    }

    const BODY: &[u8] = b"--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.exe\"\r\nContent-Type: x/y\r\n\r\nMZ--xy\r\n--xyz\r\nContent-Disposition: form-data; filename=b\r\n\r\n\r\nsecond\r\n--xyz--\r\nfilename=c";

    #[test]
    fn finds_the_files_of_a_form_however_it_comes() {
        for step in [1, 2, 7, 1000] {
            let (files, faults) = files(BODY, step);
            let expected =
                [(b"a.exe".to_vec(), b"MZ--xy".to_vec(), true), (b"b".to_vec(), b"\r\nsecond".to_vec(), true)];
            assert_eq!((files, faults), (expected.to_vec(), FormFaults::default()), "in pieces of {step}");
        }
    }

    #[test]
    fn a_file_that_is_cut_has_what_came() {
        let end = BODY.windows(8).position(|window| window == b"\r\nsecond").unwrap() + 6;
        for step in [1, 1000] {
            let (files, _) = files(&BODY[..end], step);
            assert_eq!(files[1], (b"b".to_vec(), b"\r\nseco".to_vec(), false));
        }
    }

    #[test]
    fn names_what_is_wrong() {
        let (_, faults) = files(b"--xyz\r\nno header\r\n\r\nx\r\n--xyz--", 3);
        assert!(faults.invalid_header);
        let (_, faults) = files(b"--xyz\r\nContent-Disposition: x; filename=f\r\n\r\n\r\n--xyz--", 3);
        assert!(faults.no_data);
        let (_, faults) = files(&[b"--xyz\r\n", &[b'x'; 2 * MAX_HEADER][..]].concat(), 1000);
        assert!(faults.invalid_header);
        assert_eq!(boundary(b"text/plain; boundary=x"), None);
    }
}
