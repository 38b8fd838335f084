//! How the configuration treats protocols.

use core::ops::RangeInclusive;

use crate::Transport;

/// How the configuration treats a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectionOptions {
    /// Whether it is parsed once it is recognised (`detection-only` says no).
    pub parse: bool,
    /// Over streams.
    pub tcp: TransportOptions,
    /// Over datagrams.
    pub udp: TransportOptions,
}

/// How the configuration treats a protocol over one transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportOptions {
    /// Whether it is recognised at all.
    pub detect: bool,
    /// Server ports its looks are tried on, instead of its own list (`detection-ports`). Ports of the flow's
    /// responder (`dp`) and of its initiator (`sp`) alike: a look by port is tried for either.
    pub ports: Option<Vec<RangeInclusive<u16>>>,
}

impl DetectionOptions {
    pub(super) const fn over(&self, transport: Transport) -> &TransportOptions {
        match transport {
            Transport::Tcp => &self.tcp,
            Transport::Udp => &self.udp,
        }
    }
}

impl Default for DetectionOptions {
    fn default() -> Self {
        Self { parse: true, tcp: TransportOptions::default(), udp: TransportOptions::default() }
    }
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self { detect: true, ports: None }
    }
}
