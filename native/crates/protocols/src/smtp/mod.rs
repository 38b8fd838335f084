//! SMTP: mails on their way from server to server, and from clients to the first.
//!
//! [RFC 5321]; chunks [RFC 3030], pipelining [RFC 2920], the change to TLS [RFC 3207]. A mail is a transaction, with the
//! commands before it; what is read of its content lies in `mime`.

mod buffers;
mod command;
mod detect;
mod event;
mod fields;
mod frame;
mod log;
mod mail;
mod pending;
mod reply;
mod server;
mod session;
mod settings;
mod stage;
#[cfg(test)]
mod tests;
mod transaction;

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, FilesInfo, Hook, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo,
    Transactions, Transport, TxLogger,
};
use sidewire_base::Direction;
use sidewire_files::TxFiles;

use event::SmtpEvent;
use frame::SmtpFrame;
pub use session::SmtpSession;
use settings::{EveSmtpOptions, SmtpSettings};
pub use transaction::SmtpTransaction;

impl Protocol for SmtpSession {
    type Tx = SmtpTransaction;
    type Config = SmtpSettings;
    type EveOptions = EveSmtpOptions;

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "smtp",
        doc: "Mails on their way (RFC 5321), their headers, files and links (RFC 2045).",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        stages: stage::STAGES,
        events: SmtpEvent::EVENTS,
        frames: SmtpFrame::FRAMES,
        events_in_capitals: true,
        files: Some(FilesInfo { hook: Hook::to_server(stage::DATA), own_data: true }),
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<SmtpTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<SmtpTransaction, EveSmtpOptions>] = log::LOGGERS;

    fn files(tx: &SmtpTransaction) -> Option<&TxFiles> {
        Some(&tx.files)
    }

    fn files_mut(tx: &mut SmtpTransaction) -> Option<&mut TxFiles> {
        Some(&mut tx.files)
    }

    fn begin(settings: &Arc<SmtpSettings>) -> Self {
        Self::new(settings)
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        match direction {
            Direction::ToServer => self.client(&input, transactions, context),
            Direction::ToClient => Ok(self.server(&input, transactions, context)),
        }
    }

    fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        match direction {
            Direction::ToServer => self.client_gap(length, transactions, context),
            Direction::ToClient => self.server_gap(),
        }
        Ok(())
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<SmtpTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if direction == Direction::ToServer
            && self.mail_begun
            && let Some(slot) = transactions.by_id(self.current)
        {
            self.finish_mail(false, slot, context);
        }
        for slot in transactions.iter_mut() {
            slot.advance(direction, stage::COMPLETE, context.time);
        }
    }
}
