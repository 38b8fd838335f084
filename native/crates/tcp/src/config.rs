//! Settings of the stream engine: `stream` of suricata.yaml.

use core::net::IpAddr;

use sidewire_base::PerDirection;

use crate::OverlapPolicy;

/// The `stream:` section of suricata.yaml.
#[derive(Clone, Debug)]
pub struct TcpConfig {
    /// `stream.memcap`: octets for sessions; 0 is no limit.
    pub memcap: u64,
    /// `stream.midstream`: follow sessions whose handshake was not seen.
    pub midstream: bool,
    /// `stream.async-oneside`: follow sessions of which only one side is seen.
    pub async_oneside: bool,
    /// `stream.inline`: data is visible at once, and what state tracking rejects is to be dropped.
    pub inline: bool,
    /// `stream.max-syn-queued`: different SYNs remembered.
    pub max_syn_queued: u8,
    /// `stream.max-synack-queued`: different SYN/ACKs remembered.
    pub max_synack_queued: u8,
    /// `stream.liberal-timestamps`: judge timestamps as Linux does, whatever the policy.
    pub liberal_timestamps: bool,
    /// `stream.liberal-windows`: where the handshake was not seen, and so no window scale, refuse nothing because a
    /// window shrank.
    pub liberal_windows: bool,
    /// `stream.reassembly`.
    pub reassembly: ReassemblyConfig,
    /// `host-os-policy`.
    pub policies: HostOsPolicies,
}

/// The `stream.reassembly:` section.
#[derive(Clone, Debug)]
pub struct ReassemblyConfig {
    /// `memcap`: octets for stream data; 0 is no limit.
    pub memcap: u64,
    /// `depth`: octets followed per direction; 0 is no limit.
    pub depth: u64,
    /// `toserver-chunk-size`, `toclient-chunk-size`: octets that raw inspection waits for. Used through
    /// [`TcpSession::raw_ready`](crate::TcpSession::raw_ready).
    pub chunk_size: PerDirection<u32>,
    /// `raw`: raw inspection is wanted at all.
    pub raw: bool,
    /// `check-overlap-different-data`.
    pub check_overlap: bool,
    /// `urgent.policy`.
    pub urgent: UrgentPolicy,
    /// `urgent.oob-limit-policy`.
    pub urgent_limit: UrgentPolicy,
    /// Octets kept behind the raw progress, so that a match across segments is seen: at most this much overlap can be
    /// asked for. Every stream that raw inspection reads holds so much; set it to the greatest length a rule can match.
    pub raw_overlap: u32,
    /// Segments that may wait out of order or unacknowledged, per direction.
    pub max_segments: u32,
    /// Unacknowledged octets, per direction, beyond which no acknowledgement is waited for: only one side is seen.
    pub unacknowledged_limit: u32,
}

/// What happens to the octet the urgent pointer marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UrgentPolicy {
    /// It is taken out of the stream (RFC 6093, 3.1).
    #[default]
    Oob,
    /// It stays in the stream.
    Inline,
    /// The segment is dropped (inline) or not reassembled.
    Drop,
    /// It becomes a gap of one octet.
    Gap,
}

/// `host-os-policy`: which hosts resolve overlaps how. The longest prefix wins.
#[derive(Clone, Debug, Default)]
pub struct HostOsPolicies {
    entries: Vec<(IpAddr, u8, OverlapPolicy)>,
    default: OverlapPolicy,
}

impl HostOsPolicies {
    /// Every host the same.
    #[must_use]
    pub const fn all(default: OverlapPolicy) -> Self {
        Self { entries: Vec::new(), default }
    }

    /// Adds a network; one of length 0 sets the default of its address family.
    pub fn add(&mut self, network: IpAddr, prefix: u8, policy: OverlapPolicy) {
        self.entries.push((network, prefix, policy));
        self.entries.sort_by_key(|&(network, prefix, _)| (core::cmp::Reverse(prefix), network));
    }

    /// The policy of a host.
    #[must_use]
    pub fn of(&self, host: IpAddr) -> OverlapPolicy {
        self.entries
            .iter()
            .find(|&&(network, prefix, _)| contains(network, prefix, host))
            .map_or(self.default, |&(_, _, policy)| policy)
    }
}

fn contains(network: IpAddr, prefix: u8, host: IpAddr) -> bool {
    let (network, host, width) = match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) => (u128::from(network.to_bits()), u128::from(host.to_bits()), 32u32),
        (IpAddr::V6(network), IpAddr::V6(host)) => (network.to_bits(), host.to_bits(), 128),
        _ => return false,
    };
    let ignored = width.saturating_sub(u32::from(prefix));
    (network ^ host).checked_shr(ignored).unwrap_or(0) == 0
}

impl Default for TcpConfig {
    fn default() -> Self {
        Self {
            memcap: 64 << 20,
            midstream: false,
            async_oneside: false,
            inline: false,
            max_syn_queued: 10,
            max_synack_queued: 5,
            liberal_timestamps: true,
            liberal_windows: false,
            reassembly: ReassemblyConfig::default(),
            policies: HostOsPolicies::default(),
        }
    }
}

impl Default for ReassemblyConfig {
    fn default() -> Self {
        Self {
            memcap: 256 << 20,
            depth: 1 << 20,
            chunk_size: PerDirection::new(2560, 2560),
            raw: true,
            check_overlap: true,
            urgent: UrgentPolicy::Oob,
            urgent_limit: UrgentPolicy::Drop,
            raw_overlap: 2560,
            max_segments: 4096,
            unacknowledged_limit: 8 << 20,
        }
    }
}
