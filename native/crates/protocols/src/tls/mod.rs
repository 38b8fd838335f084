//! TLS 1.0 to 1.3, SSL 3.0, and the hellos of SSL 2.0: what both sides say before they encrypt.
//!
//! A flow is one transaction. Records are put together as they come, handshake messages over records, so that any division of
//! the octets into segments and records gives the same transaction. What follows the handshake is passed over.

mod buffers;
mod certificate;
mod detect;
mod event;
mod fields;
mod fingerprint;
mod frame;
mod handshake;
mod heartbeat;
mod hello;
mod hello_lists;
mod log;
mod progress;
mod session;
mod settings;
mod ssl2;
#[cfg(test)]
mod tests;
mod transaction;
mod version;

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, DetectionEvent, DocumentsInfo, ParseContext, ParseFailed, ParseInput, Protocol,
    ProtocolInfo, Transactions, Transport, TxDocument, TxLogger,
};
use sidewire_base::Direction;

use event::{PendingEvents, TlsEvent};
use progress::{TlsProgress, TlsStage};
pub use session::TlsSession;
use session::{RecordStep, TakenRecords};
use settings::{EveTlsOptions, TlsSettings};
pub use transaction::TlsTransaction;

/// A certificate alone, and as the body of a message.
pub(crate) fn fuzz_certificates(data: &[u8]) {
    let mut events = PendingEvents::default();
    std::hint::black_box(certificate::LeafCertificate::read(data, &mut events).is_ok());
    let (mut chain, mut leaf) = (certificate::CertificateChain::default(), None);
    certificate::read(&mut chain, &mut leaf, data, &mut events);
    std::hint::black_box(chain.iter().map(<[u8]>::len).sum::<usize>());
}

impl Protocol for TlsSession {
    type Tx = TlsTransaction;
    type Config = TlsSettings;
    type EveOptions = EveTlsOptions;

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "tls",
        aliases: &["ssl"],
        doc: "TLS 1.0 to 1.3 (RFC 8446), SSL 3.0 and hellos of SSL 2.0.",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        client_first: true,
        not_found: DetectionEvent::NoTlsAfterStarttls,
        stages: progress::stage::STAGES,
        events: TlsEvent::EVENTS,
        frames: frame::RecordFrame::FRAMES,
        events_in_capitals: true,
        counts_transactions: false,
        documents: Some(DocumentsInfo { output: "tls-store", folder: "certs-log-dir" }),
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<TlsTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<TlsTransaction, EveTlsOptions>] = log::LOGGERS;

    fn document(tx: &TlsTransaction, direction: Direction) -> Option<TxDocument> {
        certificate::document(&tx.sides[direction].chain, tx.sides[direction].leaf.as_deref()?, direction)
    }

    fn begin(config: &Arc<TlsSettings>) -> Self {
        Self::new(**config)
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<TlsTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        if transactions.is_empty() {
            transactions.open(self.transaction(context.original), context.time);
        }
        let Some(slot) = transactions.last_mut() else { return Err(ParseFailed) };
        let mut step = RecordStep {
            from: direction,
            tx: &mut slot.tx,
            events: PendingEvents::default(),
            progress: TlsProgress::default(),
        };
        let outcome = self.take(&input, &mut step, context);
        let RecordStep { mut events, mut progress, tx, .. } = step;
        tx.seen(context.time);
        // As in Suricata, once no record is under way: alerts and events fall on the same packets.
        if tx.is_identified() && outcome.as_ref().is_ok_and(|taken| taken.need == 0) {
            progress.reach_both(TlsStage::Handshake);
        }
        for event in events.take() {
            slot.raise(event);
        }
        for side in Direction::BOTH {
            slot.advance(side, progress.get(side), context.time);
        }
        let TakenRecords { octets, need, complete } = outcome.map_err(|_| ParseFailed)?;
        // A part of a record at the end of a stream is nothing.
        let (octets, need) = if input.last { (input.data.len(), 0) } else { (octets, need) };
        let (bypass, opaque) = (self.is_bypassed(), self.is_opaque());
        Ok(AppLayerResult { finished: bypass, bypass, opaque, flush: complete, ..AppLayerResult::need(octets, need) })
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<TlsTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        if !self.has_failed()
            && let Some(slot) = transactions.last_mut()
        {
            slot.advance(direction, TlsStage::Finished.value(direction), context.time);
        }
    }
}
