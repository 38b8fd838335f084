//! Domain names on the wire: labels, and pointers to what was written before (RFC 1035 sections 3.1 and 4.1.4).

use sidewire_base::{Cursor, Malformed};

/// Octets of text after which a name is cut. The protocol allows 255; tunnels and some resolvers do not care.
const MAX_NAME: usize = 1025;
/// Labels and pointers of one name.
const MAX_LABELS: usize = 255;
/// Octets of text of all names and of all record data of one message: far more than a message without a bomb in it has.
const MAX_TEXT: usize = 1 << 20;
/// Labels and pointers that are followed after a pointer, in one message. Names without pointers are bounded by its length.
const MAX_STEPS: usize = 1 << 18;

/// A piece of a message's [text](NameDecoder::finish).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextSpan {
    start: u32,
    length: u32,
}

impl TextSpan {
    /// The octets it stands for.
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        let start = self.start as usize;
        text.get(start..start.saturating_add(self.length as usize)).unwrap_or_default()
    }

    /// True without any.
    pub(crate) const fn is_empty(self) -> bool {
        self.length == 0
    }
}

/// A name, with dots between its labels and none at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DomainName {
    pub(crate) text: TextSpan,
    /// It goes on: see [`NameFaults`].
    pub(crate) truncated: bool,
}

/// What was odd about the names of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameFaults {
    /// A pointer points at itself.
    pub(crate) infinite_loop: bool,
    /// A name was cut.
    pub(crate) truncated: bool,
    /// A name has more labels and pointers than are followed.
    pub(crate) too_many_labels: bool,
}

/// Reads the names of one message, and keeps their text.
pub(crate) struct NameDecoder<'m> {
    message: &'m [u8],
    text: Vec<u8>,
    steps: usize,
    pub(crate) faults: NameFaults,
}

impl<'m> NameDecoder<'m> {
    /// For the names of `message`, from its header on.
    pub(crate) fn new(message: &'m [u8]) -> Self {
        Self { message, text: Vec::with_capacity(message.len()), steps: 0, faults: NameFaults::default() }
    }

    /// The text of all names and data that were read.
    pub(crate) fn finish(self) -> Box<[u8]> {
        self.text.into_boxed_slice()
    }

    /// Keeps octets that are no name. What is beyond the limit of a message's text is cut.
    pub(crate) fn keep(&mut self, octets: &[u8]) -> TextSpan {
        let room = MAX_TEXT.saturating_sub(self.text.len());
        let start = self.text.len();
        self.text.extend_from_slice(octets.get(..room).unwrap_or(octets));
        self.faults.truncated |= octets.len() > room;
        self.since(start)
    }

    fn since(&self, start: usize) -> TextSpan {
        let octets = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        TextSpan { start: octets(start), length: octets(self.text.len().saturating_sub(start)) }
    }

    /// Reads a name. `cur` is over the message from its header on, and ends where the name has to.
    ///
    /// # Errors
    /// [`Malformed`] when nobody can tell where the name ends: a label is cut, is of an unknown kind, points outside of the
    /// message or at itself, or there are too many. After a pointer all of that, but for the first two, only cuts the name.
    pub(crate) fn name(&mut self, cur: &mut Cursor<'m>) -> Result<DomainName, Malformed> {
        let start = self.text.len();
        let mut walk = *cur;
        let mut jumped = false;
        let mut truncated = false;
        let mut labels = 0;
        // A name that ends with the octets there are is taken for one.
        while let Some(head) = walk.peek(0) {
            match head >> 6 {
                0 if head == 0 => {
                    walk.skip(1)?;
                    break;
                }
                0 => {
                    walk.skip(1)?;
                    let label = walk.take(head.into())?;
                    if !truncated {
                        self.label(start, label);
                    }
                }
                0b11 => {
                    let target = usize::from(walk.u16_be()? & 0x3fff);
                    let itself =
                        walk.position().saturating_sub(2) == target && walk.whole().len() == self.message.len();
                    if itself {
                        self.faults.infinite_loop = true;
                        if jumped {
                            break;
                        }
                        return Err(Malformed::Invalid("name pointer"));
                    }
                    if !jumped {
                        jumped = true;
                        *cur = walk;
                    }
                    walk = Cursor::new(self.message);
                    walk.seek(target)?;
                }
                _ => return Err(Malformed::Invalid("label")),
            }
            labels += 1;
            self.steps += usize::from(jumped);
            if labels > MAX_LABELS || self.steps > MAX_STEPS {
                self.faults.too_many_labels = true;
                if !jumped {
                    return Err(Malformed::Limit("labels"));
                }
                truncated = true;
                break;
            }
            if !truncated && (self.text.len() - start > MAX_NAME || self.text.len() > MAX_TEXT) {
                self.text.truncate((start + MAX_NAME).min(MAX_TEXT.max(start)));
                truncated = true;
                if jumped {
                    break;
                }
            }
        }
        if !jumped {
            *cur = walk;
        }
        self.faults.truncated |= truncated;
        Ok(DomainName { text: self.since(start), truncated })
    }

    fn label(&mut self, start: usize, label: &[u8]) {
        if self.text.len() > start {
            self.text.push(b'.');
        }
        self.text.extend_from_slice(label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the name at `at`, and gives its text, where reading goes on, and what was odd.
    fn read(message: &[u8], at: usize) -> (Result<(String, bool), Malformed>, usize, NameFaults) {
        let mut names = NameDecoder::new(message);
        let mut cur = Cursor::new(message);
        cur.seek(at).unwrap();
        let name = names.name(&mut cur);
        let faults = names.faults;
        let text = names.finish();
        let name = name.map(|name| (String::from_utf8_lossy(name.text.of(&text)).into_owned(), name.truncated));
        (name, cur.position(), faults)
    }

    fn whole(text: &str) -> Result<(String, bool), Malformed> {
        Ok((text.to_owned(), false))
    }

    #[test]
    fn labels_are_joined_by_dots_and_pointers_followed() {
        let message = b"\x03www\x07example\x00\x04mail\xc0\x04rest";
        assert_eq!(read(message, 0), (whole("www.example"), 13, NameFaults::default()));
        assert_eq!(read(message, 13), (whole("mail.example"), 20, NameFaults::default()));
        assert_eq!(read(b"\0", 0).0, whole(""), "the root");
        assert_eq!(read(b"\x01a", 0).0, whole("a"), "ends with the message");
    }

    #[test]
    fn what_has_no_end_is_malformed() {
        assert!(read(b"\x05ab", 0).0.is_err(), "a label is cut");
        assert!(read(b"\x40ab", 0).0.is_err(), "an unknown kind");
        assert!(read(b"\xc0", 0).0.is_err(), "half a pointer");
        assert!(read(b"\xc1\x00", 0).0.is_err(), "a pointer out of the message");
        assert_eq!(read(b"\xc0\x02", 0).0, whole(""), "a pointer to its end");
    }

    #[test]
    fn loops_end() {
        let (name, _, faults) = read(b"\xc0\x00", 0);
        assert!(name.is_err() && faults.infinite_loop);
        let (name, at, faults) = read(b"\x01a\xc0\x04\xc0\x04", 0);
        assert_eq!((name, at), (whole("a"), 4), "behind a pointer it is known where reading goes on");
        assert!(faults.infinite_loop && !faults.too_many_labels);
        let (name, at, faults) = read(b"\x01a\xc0\x00", 0);
        let name = name.unwrap();
        assert!(name.1 && name.0.starts_with("a.a.a"));
        assert_eq!(at, 4);
        assert!(faults.too_many_labels && faults.truncated && !faults.infinite_loop);
    }

    #[test]
    fn names_are_cut() {
        let mut message = [&[63][..], &[b'x'; 63]].concat().repeat(20);
        message.push(0);
        let (name, at, faults) = read(&message, 0);
        assert_eq!((name.unwrap().0.len(), at, faults.truncated), (MAX_NAME, message.len(), true));
        assert!(read(&b"\x01a".repeat(256), 0).0.is_err(), "too many labels");
        assert!(read(&b"\x01a".repeat(255), 0).0.is_ok());
    }

    #[test]
    fn a_bomb_costs_what_a_message_may() {
        // A long name, and as many pointers to it as there is room for.
        let mut message = [&[63][..], &[b'x'; 63]].concat().repeat(16);
        message.push(0);
        let pointers = message.len();
        message.extend([0xc0, 0].repeat((65_535 - pointers) / 2));
        let mut names = NameDecoder::new(&message);
        let mut cur = Cursor::new(&message);
        cur.seek(pointers).unwrap();
        let mut read = 0;
        while !cur.is_empty() {
            read += usize::from(names.name(&mut cur).is_ok());
        }
        assert_eq!(read, (65_535 - pointers) / 2, "each has its place");
        assert!(names.faults.truncated && names.steps <= MAX_STEPS + read);
        assert!(names.finish().len() <= MAX_TEXT);
    }
}
