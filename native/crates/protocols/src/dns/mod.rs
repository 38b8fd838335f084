//! DNS over datagrams and streams, and multicast DNS (RFC 1035, RFC 6762).
//!
//! A message is a transaction of its own, complete when it is there: requests and responses are not matched. What of a
//! message can be read is kept, even if the rest contradicts itself; what was odd is an event.

mod buffers;
mod detect;
mod event;
mod log;
mod mdns_log;
mod message;
mod name;
mod options;
mod record;
mod rrtype;
mod session;
#[cfg(test)]
mod tests;
mod transaction;

use sidewire_app_layer::{
    Buffer, Context, EventInfo, Failed, FrameInfo, Info, Input, Logger, Protocol, Settings, Step, Transactions,
    Transport,
};
use sidewire_base::Direction;

use session::{DnsSession, DnsVariant};
pub use transaction::DnsTransaction;

const STAGES: [&[&str]; 2] = [&["request_started", "request_complete"], &["response_started", "response_complete"]];

/// DNS.
pub struct Dns(DnsSession);

impl Protocol for Dns {
    type Tx = DnsTransaction;
    const INFO: Info = Info {
        name: "dns",
        aliases: &[],
        doc: "Names of the Internet, asked for and answered.",
        transports: &[Transport::Tcp, Transport::Udp],
        patterns: &[],
        probes: detect::PROBES,
        stages: STAGES,
        one_way: true,
    };
    const BUFFERS: &'static [Buffer<DnsTransaction>] = buffers::BUFFERS;
    const FRAMES: &'static [FrameInfo] = &[
        FrameInfo { name: "dns.stream", doc: "All octets that one side sends over TCP." },
        FrameInfo { name: "dns.pdu", doc: "A message, without the length that is in front of it over TCP." },
    ];
    const EVENTS: &'static [EventInfo] = event::EVENTS;
    const LOGGERS: &'static [Logger<DnsTransaction>] = log::LOGGERS;

    fn begin(settings: &Settings) -> Self {
        Self(DnsSession::new(DnsVariant::Unicast, settings))
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: Input<'_>,
        transactions: &mut Transactions<DnsTransaction>,
        context: &mut Context<'_>,
    ) -> Result<Step, Failed> {
        match context.transport {
            Transport::Tcp => self.0.stream(direction, input, transactions, context),
            Transport::Udp => self.0.datagram(direction, input, transactions, context),
        }
    }

    fn gap(
        &mut self,
        direction: Direction,
        _length: u64,
        _transactions: &mut Transactions<DnsTransaction>,
        _context: &mut Context<'_>,
    ) -> Result<(), Failed> {
        self.0.gap(direction);
        Ok(())
    }
}

/// Multicast DNS.
pub struct Mdns(DnsSession);

impl Protocol for Mdns {
    type Tx = DnsTransaction;
    const INFO: Info = Info {
        name: "mdns",
        aliases: &[],
        doc: "Names and services of a link, asked for and told to all.",
        transports: &[Transport::Udp],
        patterns: &[],
        probes: detect::MDNS_PROBES,
        stages: STAGES,
        one_way: true,
    };
    const BUFFERS: &'static [Buffer<DnsTransaction>] = buffers::MDNS_BUFFERS;
    const FRAMES: &'static [FrameInfo] = &[
        FrameInfo { name: "mdns.stream", doc: "Of datagrams there is none." },
        FrameInfo { name: "mdns.pdu", doc: "A message." },
    ];
    const EVENTS: &'static [EventInfo] = event::EVENTS;
    const LOGGERS: &'static [Logger<DnsTransaction>] = mdns_log::LOGGERS;

    fn begin(settings: &Settings) -> Self {
        Self(DnsSession::new(DnsVariant::Multicast, settings))
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: Input<'_>,
        transactions: &mut Transactions<DnsTransaction>,
        context: &mut Context<'_>,
    ) -> Result<Step, Failed> {
        self.0.datagram(direction, input, transactions, context)
    }
}
