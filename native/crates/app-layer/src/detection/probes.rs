//! Looks at the first octets by functions: what they say, and on which ports they are tried.

use core::ops::RangeInclusive;

use sidewire_base::{Direction, ProtocolId};

use crate::ProbeVerdict;

/// A function that looks at octets.
pub(super) struct ProbeEntry {
    pub(super) protocol: ProtocolId,
    pub(super) ports: Vec<RangeInclusive<u16>>,
    pub(super) check: fn(Direction, &[u8]) -> ProbeVerdict,
    pub(super) depth: usize,
    /// It is tried only where the beginning of the stream was missed.
    pub(super) late: bool,
}

impl ProbeEntry {
    pub(super) fn is_on(&self, port: u16) -> bool {
        self.ports.iter().any(|range| range.contains(&port))
    }
}

/// What else is known where octets are looked at.
pub(super) struct ProbeContext {
    /// Of who opened the flow, and of who answers.
    pub(super) ports: (u16, u16),
    pub(super) announced: Option<ProtocolId>,
    /// Nothing will follow that could tell more.
    pub(super) given_up: bool,
    /// The flow may have been taken the wrong way round.
    pub(super) reversible: bool,
    /// The beginning of the stream was missed.
    pub(super) late: bool,
    /// The patterns of the other direction are looked for, too.
    pub(super) mirrored: bool,
}

/// What the patterns, or the looks, of one direction say.
pub(super) enum ProbeState {
    Found {
        protocol: ProtocolId,
        reversed: bool,
    },
    /// Found, and the ports must tell which side is which.
    Either {
        protocol: ProtocolId,
    },
    More,
    No,
}
