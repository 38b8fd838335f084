//! What a server answers in a line. [RFC 5321] 4.2.

/// Codes that SMTP has. [RFC 5321] 4.2.3, [RFC 4954], [RFC 3463] leaves them as they are.
const CODES: &[u16] = &[
    211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 401, 402, 421, 432, 435, 450, 451, 452, 454, 455, 500, 501, 502,
    503, 504, 521, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556,
];

/// A line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SmtpReply {
    pub(super) code: u16,
    /// More lines of the reply follow.
    pub(super) goes_on: bool,
}

/// The line is none of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoReply;

impl SmtpReply {
    /// Reads a line without its end.
    pub(super) fn read(line: &[u8]) -> Result<Self, NoReply> {
        let (digits, rest) = line.split_at_checked(3).ok_or(NoReply)?;
        let code = core::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(NoReply)?;
        Ok(Self { code, goes_on: rest.first() == Some(&b'-') })
    }

    /// SMTP has its code.
    pub(super) fn is_known(self) -> bool {
        CODES.binary_search(&self.code).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_begins_with_its_code() {
        assert_eq!(SmtpReply::read(b"250-SIZE"), Ok(SmtpReply { code: 250, goes_on: true }));
        assert_eq!(SmtpReply::read(b"354"), Ok(SmtpReply { code: 354, goes_on: false }));
        assert_eq!(SmtpReply::read(b"25"), Err(NoReply));
        assert_eq!(SmtpReply::read(b"OK x"), Err(NoReply));
        assert!(CODES.is_sorted() && !SmtpReply { code: 999, goes_on: false }.is_known());
    }
}
