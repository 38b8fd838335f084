//! SSH: how both sides identify themselves, and the lists of algorithms they begin the key exchange with (RFC 4253).
//!
//! A flow is one transaction. What follows the key exchange is encrypted and is passed over.

mod banner;
mod buffers;
mod detect;
mod event;
mod frame;
mod kex;
mod log;
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

use event::SshEvent;
pub use session::SshSession;
use settings::SshSettings;
pub use transaction::SshTransaction;

impl Protocol for SshSession {
    type Tx = SshTransaction;
    type Config = SshSettings;
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "ssh",
        doc: "Secure shell: identification and key exchange (RFC 4253).",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        stages: stage::STAGES,
        events: SshEvent::EVENTS,
        frames: frame::SshFrame::FRAMES,
        counts_transactions: false,
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<SshTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<SshTransaction>] = log::LOGGERS;

    fn begin(settings: &Arc<SshSettings>) -> Self {
        Self::new(**settings)
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<SshTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        if transactions.is_empty() {
            transactions.open(self.transaction(), context.time);
        }
        let slot = transactions.last_mut().ok_or(ParseFailed)?;
        Ok(self.take(direction, &input, slot, context))
    }

    fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        transactions: &mut Transactions<SshTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        if transactions.is_empty() {
            transactions.open(self.transaction(), context.time);
        }
        let slot = transactions.last_mut().ok_or(ParseFailed)?;
        self.lose(direction, length, slot);
        Ok(())
    }
}
