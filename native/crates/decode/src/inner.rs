//! A packet found inside another.

use crate::Tunnel;
use crate::stats::Counter;

/// What an inner packet begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) struct Inner<'a> {
    pub(crate) kind: Kind,
    pub(crate) tunnel: Tunnel,
    pub(crate) data: &'a [u8],
    /// Counted when the inner packet could be decoded.
    pub(crate) counter: Option<Counter>,
}
