//! How the configuration treats protocols.

use core::ops::RangeInclusive;

/// How the configuration treats a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectionOptions {
    /// Whether it is recognised at all.
    pub detect: bool,
    /// Whether it is parsed once it is recognised (`detection-only` says no).
    pub parse: bool,
    /// Server ports its looks are tried on, instead of its own list (`detection-ports`). Ports of the flow's
    /// responder (`dp`) and of its initiator (`sp`) alike: a look by port is tried for either.
    pub ports: Option<Vec<RangeInclusive<u16>>>,
}

impl Default for DetectionOptions {
    fn default() -> Self {
        Self { detect: true, parse: true, ports: None }
    }
}
