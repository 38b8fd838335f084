//! What a rule keeps of a transaction until more of it has come.

use crate::state::names::StateName;

/// A group a `pcre` caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CapturedGroup {
    pub(crate) name: CaptureName,
    pub(crate) value: Vec<u8>,
}

/// What a group is kept as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CaptureName {
    /// `flow:`, until the flow ends.
    Flow(StateName),
    /// `pkt:`, for what is told of the packet.
    Packet(Box<str>),
    /// `alert:`, for the rule's own alert.
    Alert(Box<str>),
}

/// What a rule that waits for more of a transaction has taken from it.
#[derive(Debug)]
pub(crate) struct UnfinishedRule {
    pub(crate) variables: Box<[u64]>,
    pub(crate) captures: Vec<CapturedGroup>,
}
