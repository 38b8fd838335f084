//! Timeouts by protocol and state: `flow-timeouts`.

/// `flow-timeouts` of suricata.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Every protocol without a section of its own.
    pub default: Timeout,
    /// TCP.
    pub tcp: Timeout,
    /// UDP.
    pub udp: Timeout,
    /// ICMP and ICMPv6.
    pub icmp: Timeout,
}

/// One protocol's timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// `new`, `established`, `closed`, `bypassed`.
    pub normal: Seconds,
    /// `emergency-new` and so on: while the memory cap is hit.
    pub emergency: Seconds,
}

/// Seconds without a packet after which a flow ends, by its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds {
    /// One side was seen, or the handshake is not complete.
    pub new: u32,
    /// Both sides were seen.
    pub established: u32,
    /// The TCP session ended.
    pub closed: u32,
    /// The flow is bypassed.
    pub bypassed: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        let timeout = |normal: [u32; 4], emergency: [u32; 4]| Timeout {
            normal: Seconds::from(normal),
            emergency: Seconds::from(emergency),
        };
        Self {
            default: timeout([30, 300, 0, 100], [10, 100, 0, 50]),
            tcp: timeout([60, 600, 60, 100], [5, 100, 10, 50]),
            udp: timeout([30, 300, 0, 100], [10, 100, 0, 50]),
            icmp: timeout([30, 300, 0, 100], [10, 100, 0, 50]),
        }
    }
}

impl From<[u32; 4]> for Seconds {
    fn from([new, established, closed, bypassed]: [u32; 4]) -> Self {
        Self { new, established, closed, bypassed }
    }
}
