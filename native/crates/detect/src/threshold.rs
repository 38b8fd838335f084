use core::net::IpAddr;

use sidewire_base::Time;

use crate::RuleMeta;

/// What becomes of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An alert.
    Alert,
    /// No alert, and the rule's action does not happen.
    Suppress,
    /// The rule's action happens, but no alert is written (`suppress` in threshold.config).
    AlertNoLog,
}

/// Counters behind `threshold`, `detection_filter` and `suppress`. Apply them in packet order.
#[derive(Debug, Default)]
pub struct Thresholds {}

impl Thresholds {
    /// Counts a match and decides on it. `flow` is the flow id, for tracking by flow.
    pub fn apply(
        &mut self,
        _rule: &RuleMeta,
        _source: Option<IpAddr>,
        _destination: Option<IpAddr>,
        _flow: Option<u64>,
        _time: Time,
    ) -> Decision {
        Decision::Alert
    }
}
