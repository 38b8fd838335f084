//! What a client says in a line. [RFC 5321] 4.1.1, [RFC 3030], [RFC 3207].

/// A command. Words are taken in any case; what has no meaning here is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SmtpCommand<'a> {
    /// `HELO` or `EHLO` with the name of the client.
    Hello(&'a [u8]),
    /// `MAIL FROM` with a path.
    Mail(&'a [u8]),
    /// `RCPT TO` with a path.
    Recipient(&'a [u8]),
    Data,
    /// `BDAT` with octets that follow at once.
    Chunk {
        length: u64,
        last: bool,
    },
    /// `BDAT` that says no such thing.
    BrokenChunk,
    Reset,
    StartTls,
    Quit,
    Other,
}

impl<'a> SmtpCommand<'a> {
    /// Reads a line without its end.
    pub(super) fn read(line: &'a [u8]) -> Self {
        let blank = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (word, rest) = line.split_at(blank);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("helo") || is("ehlo") {
            Self::Hello(first_word(rest))
        } else if let Some(path) = behind(line, "mail from") {
            Self::Mail(path)
        } else if let Some(path) = behind(line, "rcpt to") {
            Self::Recipient(path)
        } else if is("data") {
            Self::Data
        } else if is("bdat") {
            chunk(rest).unwrap_or(Self::BrokenChunk)
        } else if is("rset") {
            Self::Reset
        } else if is("starttls") {
            Self::StartTls
        } else if is("quit") {
            Self::Quit
        } else {
            Self::Other
        }
    }
}

/// Up to a blank: what else a value may hold is the server's to judge.
fn first_word(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_start();
    text.split(|octet| *octet == b' ').next().unwrap_or_default()
}

/// The first word after a name and its colon.
fn behind<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    let (_colon, rest) = rest.split_first()?;
    head.eq_ignore_ascii_case(name.as_bytes()).then(|| first_word(rest))
}

/// `BDAT 86 LAST`. [RFC 3030] 2.
fn chunk(rest: &[u8]) -> Option<SmtpCommand<'_>> {
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let length = core::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"last") => true,
        Some(_) => return None,
    };
    words.next().is_none().then_some(SmtpCommand::Chunk { length, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_in_any_case() {
        let read = SmtpCommand::read;
        assert_eq!(read(b"eHlO mail.example x"), SmtpCommand::Hello(b"mail.example"));
        assert_eq!(read(b"MAIL FROM: <a@b> SIZE=1"), SmtpCommand::Mail(b"<a@b>"));
        assert_eq!(read(b"rcpt to:<c@d>"), SmtpCommand::Recipient(b"<c@d>"));
        assert_eq!(read(b"RCPT TO"), SmtpCommand::Other);
        assert_eq!((read(b"DATA"), read(b"DATABASE")), (SmtpCommand::Data, SmtpCommand::Other));
        assert_eq!(read(b"BDAT 86 LAST"), SmtpCommand::Chunk { length: 86, last: true });
        assert_eq!(read(b"bdat 0"), SmtpCommand::Chunk { length: 0, last: false });
        for line in [&b"BDAT"[..], b"BDAT x", b"BDAT 5 X", b"BDAT 5 LAST LAST"] {
            assert_eq!(read(line), SmtpCommand::BrokenChunk);
        }
        assert_eq!((read(b"STARTTLS"), read(b"")), (SmtpCommand::StartTls, SmtpCommand::Other));
    }
}
