//! What the server answers.

use sidewire_app_layer::{AppLayerResult, ParseContext, ParseInput, Transactions, TxSlot};
use sidewire_base::Direction;

use super::event::SmtpEvent;
use super::frame::SmtpFrame;
use super::pending::{PendingCommand, PendingKind};
use super::reply::SmtpReply;
use super::session::{ClientMode, SmtpSession};
use super::stage;
use super::transaction::SmtpTransaction;
use crate::mime::MailLine;

/// Ready: the greeting, and the reply to `STARTTLS`.
const READY: u16 = 220;
const CLOSING: u16 = 221;
const DONE: u16 = 250;
/// The mail may come.
const START_MAIL: u16 = 354;

impl SmtpSession {
    /// Takes what the server says.
    pub(super) fn server(
        &mut self,
        input: &ParseInput<'_>,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> AppLayerResult {
        let mut at = 0;
        while let Some(line) = MailLine::next(input.data.get(at..).unwrap_or_default(), true, input.last) {
            let length = line.octets.len();
            let offset = input.offset + at as u64;
            at += length;
            if self.passes(Direction::ToClient, line) {
                continue;
            }
            let waiting = self.pending.first();
            let id = waiting.map_or(self.current, |waiting| waiting.tx);
            let slot = transactions.by_id(id);
            if let Some(frames) = &mut context.frames {
                let tx = slot.as_ref().map(|slot| slot.head.id);
                frames.begin(SmtpFrame::ResponseLine, offset, Some(length as u64), tx);
            }
            if self.reply(line, waiting, slot, context) {
                return AppLayerResult { consumed: at, switch: Some("tls"), ..AppLayerResult::default() };
            }
        }
        AppLayerResult::need(at, 0)
    }

    /// A line of a reply to what waits for one. True when TLS follows.
    fn reply(
        &mut self,
        line: MailLine<'_>,
        waiting: Option<PendingCommand>,
        mut slot: Option<&mut TxSlot<SmtpTransaction>>,
        context: &mut ParseContext<'_>,
    ) -> bool {
        let mut raise = |event: SmtpEvent| {
            if let Some(slot) = &mut slot {
                slot.raise(event);
            }
        };
        if line.is_cut() {
            raise(SmtpEvent::TruncatedLine);
        }
        // An empty line between replies is nothing.
        if line.text().is_empty() {
            return false;
        }
        let Ok(reply) = SmtpReply::read(line.text()) else {
            raise(SmtpEvent::InvalidReply);
            return false;
        };
        if !reply.is_known() {
            raise(SmtpEvent::InvalidReply);
        }
        let greets = !self.greeted && waiting.is_none();
        if greets && reply.code != READY {
            self.odd_greeting = true;
        }
        if reply.goes_on {
            return false;
        }
        self.greeted = true;
        match waiting {
            Some(waiting) => {
                self.pending.pop();
                self.answered(waiting.kind, reply.code, slot, context)
            }
            None => {
                // The mail's end was missed with other octets of it.
                if let Some(slot) = slot.filter(|_| self.missed && self.mode == ClientMode::Mail) {
                    self.mode = ClientMode::Commands;
                    self.finish_mail(false, slot, context);
                    Self::complete(slot, context);
                }
                false
            }
        }
    }

    /// A command has its reply. True when TLS follows.
    fn answered(
        &mut self,
        kind: PendingKind,
        code: u16,
        slot: Option<&mut TxSlot<SmtpTransaction>>,
        context: &mut ParseContext<'_>,
    ) -> bool {
        if kind == PendingKind::Data && code != START_MAIL && self.mode == ClientMode::Mail && !self.mail_begun {
            self.mode = ClientMode::Commands;
        }
        let Some(slot) = slot else { return kind == PendingKind::StartTls && code == READY };
        match (kind, code) {
            (PendingKind::StartTls, READY) => {
                Self::complete(slot, context);
                return true;
            }
            (PendingKind::StartTls, _) => slot.raise(SmtpEvent::TlsRejected),
            (PendingKind::Data, START_MAIL) => slot.advance(Direction::ToClient, stage::DATA, context.time),
            (PendingKind::Data, _) => slot.raise(SmtpEvent::DataCommandRejected),
            (PendingKind::MailEnd, _) => slot.advance(Direction::ToClient, stage::COMPLETE, context.time),
            (PendingKind::Reset, DONE) | (PendingKind::Quit, CLOSING) => self.reset(slot, context),
            (PendingKind::Hello, DONE) if slot.tx.has_begun() => self.reset(slot, context),
            _ => {}
        }
        false
    }

    /// The server forgets a mail.
    fn reset(&mut self, slot: &mut TxSlot<SmtpTransaction>, context: &mut ParseContext<'_>) {
        if slot.head.id == self.current && self.mail_begun && self.mode == ClientMode::Commands {
            self.finish_mail(false, slot, context);
        }
        Self::complete(slot, context);
    }

    /// Octets of the server are missing: which replies are to come is not known.
    pub(super) fn server_gap(&mut self) {
        self.passing.to_client = true;
        self.greeted = true;
        self.pending.forget();
    }
}
