//! What the application layer is counted by.

/// Counters of the application layer, by protocol.
#[derive(Debug, Default)]
pub(crate) struct AppCounters {
    pub(crate) flows: Vec<u64>,
    pub(crate) transactions: Vec<u64>,
    pub(crate) gap_errors: Vec<u64>,
    pub(crate) parser_errors: Vec<u64>,
    pub(crate) failed_tcp: u64,
    pub(crate) failed_udp: u64,
    pub(crate) transactions_evicted: u64,
}

impl AppCounters {
    pub(crate) fn new(protocols: usize) -> Self {
        Self {
            flows: vec![0; protocols],
            transactions: vec![0; protocols],
            gap_errors: vec![0; protocols],
            parser_errors: vec![0; protocols],
            ..Self::default()
        }
    }
}
