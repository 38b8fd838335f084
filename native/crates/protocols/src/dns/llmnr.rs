//! Link-local multicast name resolution (RFC 4795): messages of DNS, asked of all on a link and answered by whoever has the
//! name, or says so.

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo, Transactions, Transport,
    TxLogger,
};
use sidewire_base::Direction;

use super::event::DnsEvent;
use super::mdns_log::write_message;
use super::session::{DnsSession, DnsVariant};
use super::transaction::DnsTransaction;
use super::{buffers, detect, stage};

sidewire_app_layer::frames! {
    /// Frames of LLMNR.
    enum LlmnrFrame of "llmnr" {
        /// A message, without the length that is in front of it over TCP.
        Pdu = "pdu",
    }
}

/// The bits of the header by name: conflict, truncation, tentative. RFC 4795 section 2.1.1.
const FLAGS: [(u16, &str); 3] = [(0x0400, "c"), (0x0200, "tc"), (0x0100, "t")];

const LOGGERS: &[TxLogger<DnsTransaction>] =
    &[TxLogger::new("llmnr", |_, _, _| true, |tx, _, (), out| write_message(tx, &FLAGS, out))
        .told_from(|tx| tx.direction)
        .without_tx()];

/// LLMNR.
pub struct Llmnr(DnsSession);

impl Protocol for Llmnr {
    type Tx = DnsTransaction;
    type Config = ();
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "llmnr",
        doc: "Names of a link, asked of all and answered by whoever says to have them (RFC 4795).",
        transports: &[Transport::Udp, Transport::Tcp],
        probes: detect::LLMNR_PROBES,
        stages: stage::STAGES,
        events: DnsEvent::EVENTS,
        frames: LlmnrFrame::FRAMES,
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<DnsTransaction>] = buffers::LLMNR_BUFFERS;
    const LOGGERS: &'static [TxLogger<DnsTransaction>] = LOGGERS;

    fn begin(_: &Arc<()>) -> Self {
        Self(DnsSession::new(DnsVariant::Multicast))
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<DnsTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        self.0.parse(direction, input, transactions, context)
    }

    fn gap(
        &mut self,
        direction: Direction,
        _length: u64,
        _transactions: &mut Transactions<DnsTransaction>,
        _context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        self.0.gap(direction);
        Ok(())
    }
}
