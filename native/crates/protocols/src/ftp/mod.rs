//! FTP (RFC 959) and its data connections.
//!
//! A command with its replies is a transaction. What commands say of data connections is kept for all flows of a worker
//! ([`channels`]); such a connection is a protocol of its own, `ftp-data`, and carries files.

mod address;
mod buffers;
mod channels;
mod command;
mod data;
mod detect;
mod event;
mod line;
mod log;
mod reply;
mod session;
mod settings;
mod stage;
#[cfg(test)]
mod tests;
mod transaction;

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo, Transactions, Transport,
    TxLogger,
};
use sidewire_base::Direction;

pub use data::FtpData;
use event::FtpEvent;
pub use session::FtpSession;
pub use settings::FtpSettings;
pub use transaction::FtpTransaction;

/// Name of the protocol of data connections.
const DATA: &str = "ftp-data";

impl Protocol for FtpSession {
    type Tx = FtpTransaction;
    type Config = FtpSettings;
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "ftp",
        doc: "File transfer: commands and replies (RFC 959).",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        stages: stage::STAGES,
        events: FtpEvent::EVENTS,
        extensions: &[channels::EXTENSION],
        early: true,
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<FtpTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<FtpTransaction>] = log::LOGGERS;

    fn begin(settings: &Arc<FtpSettings>) -> Self {
        Self::new(**settings)
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<FtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        self.take(direction, &input, transactions, context)
    }

    fn gap(
        &mut self,
        direction: Direction,
        _length: u64,
        transactions: &mut Transactions<FtpTransaction>,
        _context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        self.lose(direction, transactions);
        Ok(())
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<FtpTransaction>,
        _context: &mut ParseContext<'_>,
    ) {
        if direction == Direction::ToClient {
            transactions.iter_mut().for_each(|slot| slot.tx.server_left = true);
        }
    }
}
