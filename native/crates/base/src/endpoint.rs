//! Who talks to whom, and which way.

use core::net::IpAddr;

/// Which way bytes travel inside a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the side that opened the conversation.
    ToServer = 0,
    /// From the side that answers.
    ToClient = 1,
}

impl Direction {
    /// Both, to-server first.
    pub const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// The other way.
    #[inline]
    #[must_use]
    pub const fn flip(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }

    /// 0 to server, 1 to client: for arrays of two.
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// IPv4 or IPv6, never an IPv4-mapped one.
    pub address: IpAddr,
    /// 0 where the transport has no ports.
    pub port: u16,
}

/// Two hosts without an order: the unit that is sharded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPair {
    /// The smaller address.
    pub low: IpAddr,
    /// The greater address.
    pub high: IpAddr,
}

impl HostPair {
    /// The pair of two addresses, whichever comes first.
    #[must_use]
    pub fn new(a: IpAddr, b: IpAddr) -> Self {
        if a <= b { Self { low: a, high: b } } else { Self { low: b, high: a } }
    }
}
