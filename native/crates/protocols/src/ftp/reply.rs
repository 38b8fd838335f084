//! Replies: RFC 959 section 4.2.

/// Digits of a reply's code.
pub(super) type ReplyCode = [u8; 3];

/// A line of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplyLine {
    /// Of the line that ends a reply.
    pub(super) code: Option<ReplyCode>,
    /// What follows the code and its blank; of the other lines, all of them.
    pub(super) text: Box<[u8]>,
}

/// What a line is to its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyStep {
    /// More lines follow.
    Continues,
    /// It ends a reply that another one follows (1yz).
    Preliminary,
    /// It ends the replies to a command.
    Final,
}

/// The reply that is being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FtpReplyReader {
    /// The code of one with several lines, up to its last.
    open: Option<ReplyCode>,
}

impl FtpReplyReader {
    /// Lines are missing, or there is no room for more: what follows is another reply.
    pub(super) const fn restart(&mut self) {
        self.open = None;
    }

    /// Takes a line without its end.
    pub(super) fn take(&mut self, line: &[u8]) -> (ReplyLine, ReplyStep) {
        let text = line.trim_ascii_end();
        let code = text.first_chunk::<3>().filter(|code| code.iter().all(u8::is_ascii_digit)).copied();
        let whole = |step| (ReplyLine { code: None, text: text.into() }, step);
        match (code, text.get(3).copied(), self.open) {
            (Some(code), None | Some(b' '), open) if open.is_none_or(|open| open == code) => {
                self.open = None;
                let text = text.get(4..).unwrap_or_default().into();
                let step = if code.starts_with(b"1") { ReplyStep::Preliminary } else { ReplyStep::Final };
                (ReplyLine { code: Some(code), text }, step)
            }
            (Some(code), Some(b'-'), None) => {
                self.open = Some(code);
                whole(ReplyStep::Continues)
            }
            (_, _, Some(_)) => whole(ReplyStep::Continues),
            // Servers there are that answer without a code.
            _ => whole(ReplyStep::Final),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_reply_has_its_code_and_a_blank() {
        let mut reader = FtpReplyReader::default();
        let mut take = |line: &[u8]| {
            let (line, step) = reader.take(line);
            (line.code, String::from_utf8(line.text.into()).unwrap(), step)
        };
        let whole = |text: &str, step| (None, text.to_owned(), step);
        assert_eq!(take(b"211-Features:"), whole("211-Features:", ReplyStep::Continues));
        assert_eq!(take(b" SIZE"), whole(" SIZE", ReplyStep::Continues));
        assert_eq!(take(b"226 of another"), whole("226 of another", ReplyStep::Continues));
        assert_eq!(take(b"211 End"), (Some(*b"211"), "End".to_owned(), ReplyStep::Final));
        assert_eq!(take(b"150 here it comes"), (Some(*b"150"), "here it comes".to_owned(), ReplyStep::Preliminary));
        assert_eq!(take(b"226"), (Some(*b"226"), String::new(), ReplyStep::Final));
        assert_eq!(take(b"UNIX"), whole("UNIX", ReplyStep::Final));
    }
}
