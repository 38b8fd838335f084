//! The rules on packets of one class and direction.

use crate::compile::addressed_rules::AddressedRules;
use crate::compile::prefilter::{PatternGroup, PortGroups};

/// Rules for packets of one class and direction.
#[derive(Debug, Default)]
pub(crate) struct PacketRules {
    /// Patterns in payloads of packets.
    pub(crate) packet: PortGroups<PatternGroup>,
    /// Patterns in stream octets.
    pub(crate) stream: PortGroups<PatternGroup>,
    /// Rules without a pattern.
    pub(crate) plain: PortGroups<AddressedRules>,
    /// Whether there is any of these.
    pub(crate) has: PacketRuleKinds,
}

/// Which of [`PacketRules`] has something.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PacketRuleKinds {
    pub(crate) packet: bool,
    pub(crate) stream: bool,
    pub(crate) plain: bool,
}
