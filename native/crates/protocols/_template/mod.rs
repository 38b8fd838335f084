//! Template: a client asks in a line, the server answers in a line.
//!
//! What this folder declares is all that the rest of the engine knows of the protocol. Say here what it is, and where it is
//! specified.

mod buffers;
mod detect;
mod event;
mod log;
mod stage;
#[cfg(test)]
mod tests;
mod transaction;

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo, Transactions, Transport,
    TxLogger,
};
use sidewire_base::{Direction, PerDirection, TxId};

use event::TemplateEvent;
pub use transaction::TemplateTransaction;

/// Octets that are kept of a line; the rest of a longer one is passed over.
const MAX_LINE: usize = 1024;

/// Open transactions of a flow at most; beyond it, the flow is given up.
const MAX_TRANSACTIONS: usize = 256;

/// A flow: requests are answered in their order.
#[derive(Debug, Default)]
pub struct TemplateSession {
    /// The transaction that the next answer belongs to.
    answered: TxId,
    /// Up to the end of the line, octets are passed over: too much of it came, or some are missing.
    passing: PerDirection<bool>,
}

impl Protocol for TemplateSession {
    type Tx = TemplateTransaction;
    /// What `app-layer.protocols.template` says; see `FromSettings`.
    type Config = ();
    /// What an EVE output asks of `template` events; see `FromEveOptions`.
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "template",
        doc: "Questions and answers of one line each.",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        client_first: true,
        stages: stage::STAGES,
        events: TemplateEvent::EVENTS,
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<TemplateTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<TemplateTransaction>] = log::LOGGERS;

    fn begin(_: &Arc<()>) -> Self {
        Self::default()
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<TemplateTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut consumed = 0;
        while let Some((line, length)) = next_line(&input, consumed) {
            consumed += length;
            let whole = line.len() < length;
            if !core::mem::replace(&mut self.passing[direction], !whole) {
                self.take_line(direction, line, transactions, context)?;
            }
        }
        Ok(AppLayerResult::need(consumed, 0))
    }

    /// What is missing may be the end of one line and the beginning of another: the one after it is read.
    fn gap(
        &mut self,
        direction: Direction,
        _length: u64,
        transactions: &mut Transactions<TemplateTransaction>,
        _context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        self.passing[direction] = true;
        if let Some(slot) = transactions.last_mut() {
            slot.raise(TemplateEvent::MalformedData);
        }
        Ok(())
    }
}

impl TemplateSession {
    fn take_line(
        &mut self,
        direction: Direction,
        line: &[u8],
        transactions: &mut Transactions<TemplateTransaction>,
        context: &ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        let slot = match direction {
            Direction::ToServer if transactions.len() >= MAX_TRANSACTIONS => return Err(ParseFailed),
            Direction::ToServer => transactions.open(TemplateTransaction::default(), context.time),
            Direction::ToClient => {
                let Some(slot) = transactions.by_id(self.answered) else { return Ok(()) };
                self.answered = self.answered.next();
                slot
            }
        };
        if line.len() > MAX_LINE {
            slot.raise(TemplateEvent::LineTooLong);
        }
        let kept = line.get(..MAX_LINE).unwrap_or(line).trim_ascii_end().to_vec();
        match direction {
            Direction::ToServer => slot.tx.request = kept,
            Direction::ToClient => slot.tx.response = Some(kept),
        }
        slot.advance(direction, stage::COMPLETE, context.time);
        Ok(())
    }
}

/// The line that begins at an offset, and its length with its end. Of one that is too long, or ends with the stream, as much as
/// is there; `None` until more is.
fn next_line<'i>(input: &ParseInput<'i>, from: usize) -> Option<(&'i [u8], usize)> {
    let rest = input.data.get(from..).filter(|rest| !rest.is_empty())?;
    match memchr::memchr(b'\n', rest) {
        Some(end) => Some((rest.get(..end)?, end + 1)),
        None if input.last || rest.len() > MAX_LINE => Some((rest, rest.len())),
        None => None,
    }
}
