//! DNS over datagrams and streams, multicast DNS, and LLMNR (RFC 1035, RFC 6762, RFC 4795).
//!
//! A message is a transaction of its own, complete when it is there: requests and responses are not matched. What of a
//! message can be read is kept, even if the rest contradicts itself; what was odd is an event.

mod buffers;
mod detect;
mod event;
mod llmnr;
mod log;
mod mdns_log;
mod message;
mod name;
mod options;
mod record;
mod rrtype;
mod session;
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

use event::DnsEvent;
pub use llmnr::Llmnr;
use options::EveDnsOptions;
use session::{DnsSession, DnsVariant};
pub use transaction::DnsTransaction;

sidewire_app_layer::frames! {
    /// Frames of DNS.
    enum DnsFrame of "dns" {
        /// A message, without the length that is in front of it over TCP.
        Pdu = "pdu",
    }
}

sidewire_app_layer::frames! {
    /// Frames of multicast DNS.
    enum MdnsFrame of "mdns" {
        /// A message.
        Pdu = "pdu",
    }
}

/// DNS.
pub struct Dns(DnsSession);

impl Protocol for Dns {
    type Tx = DnsTransaction;
    type Config = ();
    type EveOptions = EveDnsOptions;

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "dns",
        doc: "Names of the Internet, asked for and answered.",
        transports: &[Transport::Tcp, Transport::Udp],
        probes: detect::PROBES,
        stages: stage::STAGES,
        events: DnsEvent::EVENTS,
        frames: DnsFrame::FRAMES,
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<DnsTransaction>] = buffers::BUFFERS;
    const LOGGERS: &'static [TxLogger<DnsTransaction, EveDnsOptions>] = log::LOGGERS;

    fn begin(_: &Arc<()>) -> Self {
        Self(DnsSession::new(DnsVariant::Unicast))
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

/// Multicast DNS.
pub struct Mdns(DnsSession);

impl Protocol for Mdns {
    type Tx = DnsTransaction;
    type Config = ();
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        name: "mdns",
        doc: "Names and services of a link, asked for and told to all.",
        transports: &[Transport::Udp],
        probes: detect::MDNS_PROBES,
        stages: stage::STAGES,
        events: DnsEvent::EVENTS,
        frames: MdnsFrame::FRAMES,
        ..ProtocolInfo::DEFAULT
    };
    const BUFFERS: &'static [Buffer<DnsTransaction>] = buffers::MDNS_BUFFERS;
    const LOGGERS: &'static [TxLogger<DnsTransaction>] = mdns_log::LOGGERS;

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
}
