//! The rules on packets of one class and direction.

use crate::compile::addressed_rules::AddressedRules;
use crate::compile::prefilter::{Grouped, PatternGroup};

/// Rules for packets of one class and direction.
#[derive(Debug, Default)]
pub(crate) struct PacketRules {
    /// Patterns in payloads of packets.
    pub(crate) packet: Grouped<PatternGroup>,
    /// Patterns in stream octets.
    pub(crate) stream: Grouped<PatternGroup>,
    /// Rules without a pattern.
    pub(crate) plain: Grouped<AddressedRules>,
    /// Whether there is any of these.
    pub(crate) has: Has,
}

/// Which of [`PacketRules`] has something.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Has {
    pub(crate) packet: bool,
    pub(crate) stream: bool,
    pub(crate) plain: bool,
}
