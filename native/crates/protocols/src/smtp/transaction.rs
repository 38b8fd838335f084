//! A mail: its envelope, and what is read of it.

use std::sync::Arc;

use sidewire_files::TxFiles;

use crate::mime::MailMessage;

/// Recipients of a mail that are kept.
const MAX_RECIPIENTS: usize = 1024;

/// A mail: its envelope, and what is read of it.
#[derive(Debug, Default)]
pub struct SmtpTransaction {
    /// What the client called itself.
    pub(super) helo: Option<Arc<[u8]>>,
    pub(super) mail_from: Option<Box<[u8]>>,
    pub(super) rcpt_to: Vec<Box<[u8]>>,
    /// From `DATA` or `BDAT` on, where mails are decoded.
    pub(super) mail: Option<Box<MailMessage>>,
    pub(super) files: TxFiles,
    /// Octets from which rules look into a file that is not over.
    pub(super) inspect_from: u64,
}

impl SmtpTransaction {
    /// False when there are more recipients than are kept.
    pub(super) fn add_recipient(&mut self, recipient: &[u8]) -> bool {
        let room = self.rcpt_to.len() < MAX_RECIPIENTS;
        if room {
            self.rcpt_to.push(recipient.into());
        }
        room
    }

    /// Something of a mail was there, which a reset forgets.
    pub(super) const fn has_begun(&self) -> bool {
        self.mail_from.is_some() || !self.rcpt_to.is_empty() || self.mail.is_some()
    }

    /// The value of the mail's header of a name, of those that have it by number.
    pub(super) fn header<'t>(&'t self, name: &'t str, nth: u32) -> Option<&'t [u8]> {
        self.mail.as_ref()?.values(name).nth(nth as usize)
    }
}
