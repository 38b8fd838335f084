//! Timeouts by protocol and state: `flow-timeouts`.

/// `flow-timeouts` of suricata.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowTimeouts {
    /// Every protocol without a section of its own.
    pub default: ProtocolTimeout,
    /// TCP.
    pub tcp: ProtocolTimeout,
    /// UDP.
    pub udp: ProtocolTimeout,
    /// ICMP and ICMPv6.
    pub icmp: ProtocolTimeout,
}

/// One protocol's timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolTimeout {
    /// `new`, `established`, `closed`, `bypassed`.
    pub normal: TimeoutSeconds,
    /// `emergency-new` and so on: while the memory cap is hit.
    pub emergency: TimeoutSeconds,
}

/// Seconds without a packet after which a flow ends, by its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutSeconds {
    /// One side was seen, or the handshake is not complete.
    pub new: u32,
    /// Both sides were seen.
    pub established: u32,
    /// The TCP session ended.
    pub closed: u32,
    /// The flow is bypassed.
    pub bypassed: u32,
}

impl Default for FlowTimeouts {
    fn default() -> Self {
        let timeout = |normal: [u32; 4], emergency: [u32; 4]| ProtocolTimeout {
            normal: TimeoutSeconds::from(normal),
            emergency: TimeoutSeconds::from(emergency),
        };
        Self {
            default: timeout([30, 300, 0, 100], [10, 100, 0, 50]),
            tcp: timeout([60, 600, 60, 100], [5, 100, 10, 50]),
            udp: timeout([30, 300, 0, 100], [10, 100, 0, 50]),
            icmp: timeout([30, 300, 0, 100], [10, 100, 0, 50]),
        }
    }
}

impl From<[u32; 4]> for TimeoutSeconds {
    fn from([new, established, closed, bypassed]: [u32; 4]) -> Self {
        Self { new, established, closed, bypassed }
    }
}
