//! Links in the text of a mail: what stands after `http://` and the like.

use memchr::memmem;

/// Octets of a line of text that are looked at together.
const MAX_TEXT: usize = 8192;
/// Links of a message that are kept.
const MAX_LINKS: usize = 1024;

/// Which links are wanted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkSettings {
    /// In front of `://`; none: no links are looked for.
    pub(crate) schemes: Vec<String>,
    /// Links are kept with their scheme.
    pub(crate) with_scheme: bool,
}

/// The links of a message, found in its text as that comes.
#[derive(Debug, Default)]
pub(super) struct LinkFinder {
    /// The beginning of a line.
    text: Vec<u8>,
    found: Vec<Box<[u8]>>,
}

/// There are more links than are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyLinks;

impl LinkFinder {
    pub(super) fn found(&self) -> &[Box<[u8]>] {
        &self.found
    }

    /// More text.
    pub(super) fn take(&mut self, octets: &[u8], settings: &LinkSettings) -> Result<(), TooManyLinks> {
        if settings.schemes.is_empty() {
            return Ok(());
        }
        let (whole, rest) = match memchr::memrchr(b'\n', octets) {
            Some(end) => octets.split_at(end + 1),
            None if self.text.len() + octets.len() > MAX_TEXT => (octets, &[][..]),
            None => (&[][..], octets),
        };
        let mut result = Ok(());
        if !whole.is_empty() {
            let mut text = core::mem::take(&mut self.text);
            text.extend_from_slice(whole);
            result = self.search(&text, settings);
            text.clear();
            self.text = text;
        }
        self.text.extend_from_slice(rest);
        result
    }

    /// The text ends here.
    pub(super) fn finish(&mut self, settings: &LinkSettings) -> Result<(), TooManyLinks> {
        let text = core::mem::take(&mut self.text);
        self.search(&text, settings)
    }

    fn search(&mut self, text: &[u8], settings: &LinkSettings) -> Result<(), TooManyLinks> {
        const SIGN: &[u8] = b"://";
        // Of each octet it is known once whether a link goes on there.
        let mut from = 0;
        for sign in memmem::find_iter(text, SIGN) {
            if sign < from {
                continue;
            }
            let before = text.get(..sign).unwrap_or_default();
            let ends_in = |scheme: &&String| {
                let start = before.len().checked_sub(scheme.len());
                start
                    .and_then(|start| before.get(start..))
                    .is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
            };
            let Some(scheme) = settings.schemes.iter().find(ends_in) else { continue };
            let behind = text.get(sign + SIGN.len()..).unwrap_or_default();
            let length = behind.iter().position(|octet| is_end(*octet)).unwrap_or(behind.len());
            from = sign + SIGN.len() + length;
            let start = if settings.with_scheme { sign - scheme.len() } else { sign + SIGN.len() };
            if self.found.len() >= MAX_LINKS {
                return Err(TooManyLinks);
            }
            self.found.push(text.get(start..from).unwrap_or_default().into());
        }
        Ok(())
    }
}

/// An octet that no link holds in a text.
const fn is_end(octet: u8) -> bool {
    octet.is_ascii_whitespace() || octet.is_ascii_control() || matches!(octet, b'"' | b'\'' | b'<' | b'>' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(pieces: &[&str], with_scheme: bool) -> Vec<String> {
        let settings = LinkSettings { schemes: vec!["http".into(), "ftp".into()], with_scheme };
        let mut finder = LinkFinder::default();
        for piece in pieces {
            assert_eq!(finder.take(piece.as_bytes(), &settings), Ok(()));
        }
        assert_eq!(finder.finish(&settings), Ok(()));
        finder.found().iter().map(|link| String::from_utf8(link.to_vec()).unwrap()).collect()
    }

    #[test]
    fn links_end_where_text_goes_on() {
        let text = "see HTTP://a.b/c?d <ftp://e> https://no \"http://f\"\r\n";
        assert_eq!(links(&[text], false), ["a.b/c?d", "e", "f"]);
        assert_eq!(links(&[text], true), ["HTTP://a.b/c?d", "ftp://e", "http://f"]);
    }

    #[test]
    fn a_link_may_come_in_pieces() {
        assert_eq!(links(&["x ht", "tp", "://a", ".b"], false), ["a.b"]);
        assert_eq!(links(&["http://a\nhttp://", "b\n"], false), ["a", "b"]);
    }

    #[test]
    fn a_link_in_a_link_is_a_part_of_it() {
        assert_eq!(links(&["http://a/?to=http://b\n"], false), ["a/?to=http://b"]);
    }

    #[test]
    fn only_so_many_are_kept() {
        let settings = LinkSettings { schemes: vec!["http".into()], with_scheme: false };
        let mut finder = LinkFinder::default();
        let line = "http://a ".repeat(MAX_LINKS + 1) + "\n";
        assert_eq!(finder.take(line.as_bytes(), &settings), Err(TooManyLinks));
        assert_eq!(finder.found().len(), MAX_LINKS);
    }
}
