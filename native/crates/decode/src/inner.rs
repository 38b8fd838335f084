//! A packet found inside another.

use crate::TunnelKind;
use crate::stats::DecodeCounter;

/// What an inner packet begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InnerKind {
    Ethernet,
    Vlan,
    Ipv4,
    Ipv6,
    Ppp,
    Arp,
    ErspanI,
    ErspanII,
}

/// A packet found inside another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InnerPacket<'a> {
    pub(crate) kind: InnerKind,
    pub(crate) tunnel: TunnelKind,
    pub(crate) data: &'a [u8],
    /// Counted when the inner packet could be decoded.
    pub(crate) counter: Option<DecodeCounter>,
}
