//! A session: what both sides have said so far.

use std::sync::Arc;

use sidewire_app_layer::{AppLayerResult, ParseContext, ParseFailed, ParseInput, Transactions, TxSlot};
use sidewire_base::{Direction, PerDirection, TxId};

use super::command::SmtpCommand;
use super::event::SmtpEvent;
use super::frame::SmtpFrame;
use super::pending::{PendingCommand, PendingCommands, PendingKind};
use super::settings::SmtpSettings;
use super::stage;
use super::transaction::SmtpTransaction;
use crate::mime::MailLine;

/// The first octets of a TLS record with a handshake. [RFC 8446] 5.1.
const TLS_HANDSHAKE: &[u8] = b"\x16\x03";

/// What the client's next octets are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ClientMode {
    #[default]
    Commands,
    /// A mail, up to a line with a dot.
    Mail,
    /// So many octets of a mail.
    Chunk { left: u64, last: bool },
}

/// A flow of SMTP.
#[derive(Debug)]
pub struct SmtpSession {
    pub(super) settings: Arc<SmtpSettings>,
    /// What the client called itself first.
    helo: Option<Arc<[u8]>>,
    /// The transaction that commands belong to.
    pub(super) current: TxId,
    pub(super) mode: ClientMode,
    /// Octets of its mail were there.
    pub(super) mail_begun: bool,
    pub(super) pending: PendingCommands,
    /// The server has spoken.
    pub(super) greeted: bool,
    /// It did not greet, which the next transaction tells.
    pub(super) odd_greeting: bool,
    /// Octets of a mail were missed, perhaps its end.
    pub(super) missed: bool,
    /// Octets are passed over up to the end of the line.
    pub(super) passing: PerDirection<bool>,
    /// The next octets of a mail begin a line.
    pub(super) line_begins: bool,
    /// The beginning of a line that a chunk ended in.
    pub(super) split: Vec<u8>,
}

impl SmtpSession {
    pub(super) fn new(settings: &Arc<SmtpSettings>) -> Self {
        Self {
            settings: Arc::clone(settings),
            helo: None,
            current: TxId(0),
            mode: ClientMode::Commands,
            mail_begun: false,
            pending: PendingCommands::default(),
            greeted: false,
            odd_greeting: false,
            missed: false,
            passing: PerDirection::default(),
            line_begins: true,
            split: Vec::new(),
        }
    }

    /// Takes what the client says.
    pub(super) fn client(
        &mut self,
        input: &ParseInput<'_>,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut at = 0;
        while let Some(rest) = input.data.get(at..).filter(|rest| !rest.is_empty()) {
            let offset = input.offset + at as u64;
            if self.begins_tls(rest) {
                // The server's reply may have been missed.
                return Ok(AppLayerResult { consumed: at, switch: Some("tls"), ..AppLayerResult::default() });
            }
            let taken = match self.mode {
                ClientMode::Chunk { left, last } => self.chunk(rest, (left, last), offset, transactions, context),
                ClientMode::Commands => match MailLine::next(rest, true, input.last) {
                    Some(line) => self.command_line(line, offset, transactions, context)?,
                    None => break,
                },
                ClientMode::Mail => match MailLine::next(rest, self.line_begins, input.last) {
                    Some(line) => self.mail_line(line, offset, transactions, context),
                    None => break,
                },
            };
            at += taken;
        }
        Ok(AppLayerResult::need(at, 0))
    }

    /// Does TLS begin, although the server was not seen to agree?
    fn begins_tls(&self, octets: &[u8]) -> bool {
        self.mode == ClientMode::Commands
            && self.pending.last().is_some_and(|last| last.kind == PendingKind::StartTls)
            && octets.starts_with(TLS_HANDSHAKE)
    }

    /// A line of commands; gives its octets.
    fn command_line(
        &mut self,
        line: MailLine<'_>,
        offset: u64,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<usize, ParseFailed> {
        let length = line.octets.len();
        if self.passes(Direction::ToServer, line) {
            return Ok(length);
        }
        let command = SmtpCommand::read(line.text());
        let after = self.pending.last().map(|before| before.kind);
        let tx = self.transaction_of(command, transactions, context)?;
        if let Some(frames) = &mut context.frames {
            frames.begin(SmtpFrame::CommandLine, offset, Some(length as u64), tx);
        }
        let mut kind = PendingKind::Other;
        if let Some(slot) = tx.and_then(|id| transactions.by_id(id)) {
            if line.is_cut() {
                slot.raise(SmtpEvent::TruncatedLine);
            }
            if core::mem::take(&mut self.odd_greeting) {
                slot.raise(SmtpEvent::InvalidReply);
            }
            if !self.greeted && !context.midstream {
                slot.raise(SmtpEvent::NoServerWelcomeMessage);
            }
            if after == Some(PendingKind::StartTls) {
                slot.raise(SmtpEvent::InvalidPipelinedSequence);
            }
            kind = self.command(command, slot, context);
        }
        self.pending.push(PendingCommand { kind, tx: tx.unwrap_or(self.current) });
        Ok(length)
    }

    /// Is a line of commands or replies passed over? Of one that is cut, the rest is.
    pub(super) fn passes(&mut self, direction: Direction, line: MailLine<'_>) -> bool {
        let goes_on = line.is_cut() || self.passing[direction] && line.ending == 0;
        core::mem::replace(&mut self.passing[direction], goes_on)
    }

    /// The transaction that a command belongs to; the next one begins when the last is complete, or is about to be.
    fn transaction_of(
        &mut self,
        command: SmtpCommand<'_>,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &ParseContext<'_>,
    ) -> Result<Option<TxId>, ParseFailed> {
        let is_first = transactions.opened() == 0;
        let last = transactions.by_id(self.current).map(|slot| slot.head.progress.to_server >= stage::COMPLETE);
        let resets =
            || [PendingKind::Reset, PendingKind::Hello].iter().any(|kind| self.pending.has(*kind, self.current));
        let begins = match last {
            Some(false) => matches!(command, SmtpCommand::Mail(_)) && resets(),
            _ => is_first || !matches!(command, SmtpCommand::Reset | SmtpCommand::Quit),
        };
        if !begins {
            return Ok(last.map(|_| self.current));
        }
        if transactions.len() >= self.settings.max_transactions {
            return Err(ParseFailed);
        }
        let (helo, inspect_from) = (self.helo.clone(), self.settings.inspect_from);
        let tx = SmtpTransaction { helo, inspect_from, ..SmtpTransaction::default() };
        let slot = transactions.open(tx, context.time);
        self.current = slot.head.id;
        Ok(Some(self.current))
    }

    /// Does what a command says; gives what its reply is to.
    fn command(
        &mut self,
        command: SmtpCommand<'_>,
        slot: &mut TxSlot<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> PendingKind {
        match command {
            SmtpCommand::Hello(_) if self.helo.is_some() => {
                slot.raise(SmtpEvent::DuplicateFields);
                return PendingKind::Hello;
            }
            SmtpCommand::Hello(name) => {
                self.helo = Some(name.into());
                slot.tx.helo.clone_from(&self.helo);
            }
            SmtpCommand::Mail(_) if slot.tx.mail_from.is_some() => slot.raise(SmtpEvent::DuplicateFields),
            SmtpCommand::Mail(path) => slot.tx.mail_from = Some(path.into()),
            SmtpCommand::Recipient(path) => {
                if !slot.tx.add_recipient(path) {
                    slot.raise(SmtpEvent::MaxCommandLineLenExceeded);
                }
            }
            SmtpCommand::Data => {
                self.begin_mail(slot, context);
                self.mode = ClientMode::Mail;
                return PendingKind::Data;
            }
            SmtpCommand::Chunk { length, last } => {
                if !self.mail_begun {
                    self.begin_mail(slot, context);
                }
                self.mail_begun = true;
                self.mode = ClientMode::Chunk { left: length, last };
                if length == 0 {
                    self.end_chunk(last, slot, context);
                }
                return if last { PendingKind::MailEnd } else { PendingKind::Other };
            }
            SmtpCommand::BrokenChunk => slot.raise(SmtpEvent::InvalidBdat),
            SmtpCommand::Reset => return PendingKind::Reset,
            SmtpCommand::StartTls => return PendingKind::StartTls,
            SmtpCommand::Quit => return PendingKind::Quit,
            SmtpCommand::Other => {}
        }
        PendingKind::Other
    }

    /// Both sides are done with a transaction.
    pub(super) fn complete(slot: &mut TxSlot<SmtpTransaction>, context: &ParseContext<'_>) {
        for direction in Direction::BOTH {
            slot.advance(direction, stage::COMPLETE, context.time);
        }
    }
}
