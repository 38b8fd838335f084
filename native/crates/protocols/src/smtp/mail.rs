//! The mails of a session, as they come: up to a line with a dot (`DATA`), or in chunks (`BDAT`).

use sidewire_app_layer::{ParseContext, Transactions, TxSlot};
use sidewire_base::Direction;

use super::event::SmtpEvent;
use super::frame::SmtpFrame;
use super::pending::{PendingCommand, PendingKind};
use super::session::{ClientMode, SmtpSession};
use super::settings::MailUse;
use super::stage;
use super::transaction::SmtpTransaction;
use crate::mime::{AttachmentTarget, MailLine, MailMessage};

/// Name of the file that a mail as a whole is (`raw-extraction`).
const RAW_FILE: &[u8] = b"rawmsg";

impl SmtpSession {
    /// The client wants to send the mail of a transaction.
    pub(super) fn begin_mail(&mut self, slot: &mut TxSlot<SmtpTransaction>, context: &mut ParseContext<'_>) {
        if core::mem::take(&mut self.mail_begun) {
            slot.raise(SmtpEvent::UnparsableContent);
            slot.tx.mail.iter_mut().for_each(|mail| mail.give_up());
            self.finish_mail(false, slot, context);
        }
        slot.advance(Direction::ToServer, stage::DATA, context.time);
        self.line_begins = true;
        self.missed = false;
        match self.settings.mail {
            MailUse::Decode(_) => slot.tx.mail = Some(Box::default()),
            MailUse::Store => slot.tx.files.open(Direction::ToServer, RAW_FILE, true, &mut context.files),
            MailUse::Pass => {}
        }
    }

    /// A line of a mail, or a piece of one; gives its octets.
    pub(super) fn mail_line(
        &mut self,
        line: MailLine<'_>,
        offset: u64,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> usize {
        let length = line.octets.len();
        self.line_begins = line.ending > 0;
        if core::mem::take(&mut self.passing.to_server) {
            self.passing.to_server = line.ending == 0;
            return length;
        }
        if !core::mem::replace(&mut self.mail_begun, true)
            && let Some(frames) = &mut context.frames
        {
            frames.begin(SmtpFrame::Data, offset, None, Some(self.current));
        }
        let slot = transactions.by_id(self.current);
        if line.begins && line.text() == b"." && line.ending > 0 {
            if let Some(frames) = &mut context.frames {
                frames.end(SmtpFrame::Data, offset + length as u64);
            }
            self.end_mail(slot, context);
        } else if let Some(slot) = slot {
            let dotted = line.begins && line.octets.starts_with(b".");
            self.take_line(MailLine { dotted, ..line }, slot, context);
        }
        length
    }

    /// What is here of a chunk; gives its octets.
    pub(super) fn chunk(
        &mut self,
        octets: &[u8],
        (left, last): (u64, bool),
        offset: u64,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> usize {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(octets.len());
        if let Some(frames) = &mut context.frames {
            frames.begin(SmtpFrame::Data, offset, Some(count as u64), Some(self.current));
        }
        let left = left - count as u64;
        self.mode = ClientMode::Chunk { left, last };
        let Some(slot) = transactions.by_id(self.current) else {
            if left == 0 {
                self.mode = ClientMode::Commands;
            }
            return count;
        };
        let mut split = core::mem::take(&mut self.split);
        split.extend_from_slice(octets.get(..count).unwrap_or_default());
        let mut at = 0;
        while let Some(line) = MailLine::next(split.get(at..).unwrap_or_default(), self.line_begins, left == 0 && last)
        {
            self.line_begins = line.ending > 0;
            self.take_line(line, slot, context);
            at += line.octets.len();
        }
        split.drain(..at);
        self.split = split;
        if left == 0 {
            self.end_chunk(last, slot, context);
        }
        count
    }

    /// A chunk is over, and with the last one the mail.
    pub(super) fn end_chunk(&mut self, last: bool, slot: &mut TxSlot<SmtpTransaction>, context: &mut ParseContext<'_>) {
        self.mode = ClientMode::Commands;
        if last {
            self.finish_mail(true, slot, context);
            slot.advance(Direction::ToServer, stage::COMPLETE, context.time);
        }
    }

    /// The line with a dot was there.
    fn end_mail(&mut self, slot: Option<&mut TxSlot<SmtpTransaction>>, context: &mut ParseContext<'_>) {
        let tx = self.current;
        self.mode = ClientMode::Commands;
        if let Some(slot) = slot {
            if self.pending.last() == Some(PendingCommand { kind: PendingKind::Data, tx }) {
                slot.raise(SmtpEvent::InvalidPipelinedSequence);
            }
            self.finish_mail(true, slot, context);
            slot.advance(Direction::ToServer, stage::COMPLETE, context.time);
        }
        self.mail_begun = false;
        self.pending.push(PendingCommand { kind: PendingKind::MailEnd, tx });
    }

    fn take_line(&mut self, line: MailLine<'_>, slot: &mut TxSlot<SmtpTransaction>, context: &mut ParseContext<'_>) {
        let (mail, mut to) = parts(slot, context);
        let faults = match (&self.settings.mail, mail) {
            (MailUse::Decode(settings), Some(mail)) => {
                mail.line(line, settings, &mut to);
                mail.take_faults()
            }
            (MailUse::Store, _) => {
                let octets = line.octets.get(usize::from(line.dotted)..).unwrap_or_default();
                to.files.append(to.direction, octets, to.context);
                return;
            }
            _ => return,
        };
        faults.iter().for_each(|fault| slot.raise(SmtpEvent::from(fault)));
    }

    /// The mail of a transaction is over: all of it was there, or not.
    pub(super) fn finish_mail(
        &mut self,
        whole: bool,
        slot: &mut TxSlot<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        self.mail_begun = false;
        self.split.clear();
        let (mail, mut to) = parts(slot, context);
        match (&self.settings.mail, mail) {
            (MailUse::Decode(settings), Some(mail)) => {
                mail.finish(whole, settings, &mut to);
                mail.take_faults().iter().for_each(|fault| slot.raise(SmtpEvent::from(fault)));
            }
            _ if whole => to.files.close(to.direction, to.context),
            _ => to.files.truncate(to.direction, to.context),
        }
    }

    /// Octets of the client are missing.
    pub(super) fn client_gap(
        &mut self,
        length: u64,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if self.mode == ClientMode::Commands {
            self.passing.to_server = true;
            return;
        }
        self.split.clear();
        self.missed = true;
        self.line_begins = true;
        let slot = transactions.by_id(self.current);
        let over = match &mut self.mode {
            ClientMode::Chunk { left, last } => {
                *left = left.saturating_sub(length);
                (*left == 0).then_some(*last)
            }
            _ => {
                self.passing.to_server = true;
                None
            }
        };
        if let Some(slot) = slot {
            let (mail, mut to) = parts(slot, context);
            match mail {
                Some(mail) => mail.gap(length, &mut to),
                None => to.files.gap(to.direction, length),
            }
            if let Some(last) = over {
                self.end_chunk(last, slot, context);
            }
        }
    }
}

/// The mail of a transaction, and where its files go.
fn parts<'a, 'c>(
    slot: &'a mut TxSlot<SmtpTransaction>,
    context: &'a mut ParseContext<'c>,
) -> (Option<&'a mut MailMessage>, AttachmentTarget<'a, 'a, 'c>) {
    let SmtpTransaction { mail, files, .. } = &mut slot.tx;
    (mail.as_deref_mut(), AttachmentTarget { direction: Direction::ToServer, files, context: &mut context.files })
}
