//! What can be odd about SMTP, and about mails.

use crate::mime::MimeFault;

sidewire_app_layer::events! {
    /// What can be odd about SMTP.
    pub(super) enum SmtpEvent {
        /// A reply does not begin with a code of three digits that SMTP has, or the server does not greet.
        InvalidReply = "invalid_reply",
        /// A reply to nothing; never raised here: servers may close a session at any time (421).
        UnableToMatchReplyWithRequest = "unable_to_match_reply_with_request",
        /// A mail has more recipients than are kept.
        MaxCommandLineLenExceeded = "max_command_line_len_exceeded",
        /// A reply is longer than is read; never raised here: `truncated_line` is.
        MaxReplyLineLenExceeded = "max_reply_line_len_exceeded",
        /// The client went on before the server answered `DATA` or `STARTTLS`.
        InvalidPipelinedSequence = "invalid_pipelined_sequence",
        /// A chunk is longer than it says; never raised here: it ends where it says.
        BdatChunkLenExceeded = "bdat_chunk_len_exceeded",
        /// The client spoke before the server greeted.
        NoServerWelcomeMessage = "no_server_welcome_message",
        /// The server does not change to TLS.
        TlsRejected = "tls_rejected",
        /// The server does not take the mail.
        DataCommandRejected = "data_command_rejected",
        /// A mail has more headers, parts in parts, or links than are followed.
        MimeParseFailed = "mime_parse_failed",
        /// A character that base64 does not have.
        MimeInvalidBase64 = "mime_invalid_base64",
        /// An escape that quoted-printable does not have.
        MimeInvalidQp = "mime_invalid_qp",
        /// A line of a mail beyond 998 octets.
        MimeLongLine = "mime_long_line",
        /// An encoded line of a mail beyond 76 octets.
        MimeLongEncLine = "mime_long_enc_line",
        /// A name of a header beyond 75 octets.
        MimeLongHeaderName = "mime_long_header_name",
        /// A value of a header beyond `header-value-depth`.
        MimeLongHeaderValue = "mime_long_header_value",
        /// A boundary between parts beyond 254 octets.
        MimeLongBoundary = "mime_long_boundary",
        /// A name of a file beyond 255 octets.
        MimeLongFilename = "mime_long_filename",
        /// A second `HELO` or `EHLO`, or a second `MAIL` for one mail.
        DuplicateFields = "duplicate_fields",
        /// A mail begins although the one before it did not end.
        UnparsableContent = "unparsable_content",
        /// A line is longer than is read; the rest of it is passed over.
        TruncatedLine = "truncated_line",
        /// `BDAT` without a number of octets, or with more than one.
        InvalidBdat = "invalid_bdat",
    }
}

impl From<MimeFault> for SmtpEvent {
    fn from(fault: MimeFault) -> Self {
        match fault {
            MimeFault::TooMuch => Self::MimeParseFailed,
            MimeFault::InvalidBase64 => Self::MimeInvalidBase64,
            MimeFault::InvalidQuotedPrintable => Self::MimeInvalidQp,
            MimeFault::LongLine => Self::MimeLongLine,
            MimeFault::LongEncodedLine => Self::MimeLongEncLine,
            MimeFault::LongHeaderName => Self::MimeLongHeaderName,
            MimeFault::LongHeaderValue => Self::MimeLongHeaderValue,
            MimeFault::LongBoundary => Self::MimeLongBoundary,
            MimeFault::LongFilename => Self::MimeLongFilename,
        }
    }
}
