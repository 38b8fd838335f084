//! What the application layer is counted by.

use sidewire_app_layer::{ProtocolInfo, Transport};
use sidewire_base::ProtocolId;

/// Counters of the application layer, by protocol: over streams, and over datagrams.
#[derive(Debug, Default)]
pub(crate) struct AppCounters {
    pub(crate) flows: ProtocolCounters,
    pub(crate) transactions: ProtocolCounters,
    pub(crate) gap_errors: ProtocolCounters,
    pub(crate) parser_errors: ProtocolCounters,
    pub(crate) failed_tcp: u64,
    pub(crate) failed_udp: u64,
    pub(crate) transactions_evicted: u64,
}

impl AppCounters {
    pub(crate) fn new(protocols: usize) -> Self {
        Self {
            flows: ProtocolCounters::new(protocols),
            transactions: ProtocolCounters::new(protocols),
            gap_errors: ProtocolCounters::new(protocols),
            parser_errors: ProtocolCounters::new(protocols),
            ..Self::default()
        }
    }
}

/// A count for each protocol and transport.
#[derive(Debug, Default)]
pub(crate) struct ProtocolCounters {
    tcp: Vec<u64>,
    udp: Vec<u64>,
}

impl ProtocolCounters {
    fn new(protocols: usize) -> Self {
        Self { tcp: vec![0; protocols], udp: vec![0; protocols] }
    }

    pub(crate) fn add(&mut self, protocol: Option<ProtocolId>, transport: Transport, more: u64) {
        let counts = match transport {
            Transport::Tcp => &mut self.tcp,
            Transport::Udp => &mut self.udp,
        };
        if let Some(count) = protocol.and_then(|number| counts.get_mut(number.index())) {
            *count += more;
        }
    }

    /// The counts of a protocol, each with its name. Transports are distinguished where there are several.
    pub(crate) fn rows(&self, number: usize, info: &ProtocolInfo) -> impl Iterator<Item = (String, u64)> {
        let several = info.transports.len() > 1;
        info.transports.iter().map(move |transport| {
            let (counts, suffix) = match transport {
                Transport::Tcp => (&self.tcp, "_tcp"),
                Transport::Udp => (&self.udp, "_udp"),
            };
            let name = format!("{}{}", info.counter_name(), if several { suffix } else { "" });
            (name, counts.get(number).copied().unwrap_or_default())
        })
    }
}
