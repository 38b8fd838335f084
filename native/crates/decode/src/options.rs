//! Settings of decoding.

use core::net::IpAddr;

/// How frames are decoded. The default is that of `replay`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// Verify checksums; wrong ones are marked in [`Packet::bad_checksum`](crate::Packet::bad_checksum).
    pub checksums: bool,
    /// Take an IP length of 0 as "to the end of the frame", as captures of segmentation offload have it. Off: an event.
    pub offload_length: bool,
    /// Take a TCP or UDP checksum that covers the pseudo header only for right, as captures of checksum offload have it:
    /// the network card would have completed it.
    pub partial_checksums: bool,
    /// Drop packets with a malformed IPv4 option or IPv6 hop-by-hop or destination option, as Linux does. Off, the default and
    /// Suricata's way: an event, and the packet goes on, since other hosts take it.
    pub drop_malformed_ip_options: bool,
    /// Protocol layers after which a packet is given up with `too_many_layers`.
    pub max_layers: u8,
    /// UDP ports of Teredo.
    pub teredo: TunnelPorts,
    /// UDP ports of VXLAN.
    pub vxlan: TunnelPorts,
    /// UDP ports of Geneve.
    pub geneve: TunnelPorts,
    /// IP defragmentation.
    pub defrag: DefragOptions,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            checksums: false,
            offload_length: true,
            partial_checksums: true,
            drop_malformed_ip_options: false,
            max_layers: 16,
            teredo: TunnelPorts::Listed(vec![3544]),
            vxlan: TunnelPorts::Listed(vec![4789]),
            geneve: TunnelPorts::Listed(vec![6081]),
            defrag: DefragOptions::default(),
        }
    }
}

/// Ports on which an encapsulation is looked for; either side's port counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TunnelPorts {
    /// It is not looked for.
    None,
    /// On all.
    Any,
    /// On these.
    Listed(Vec<u16>),
}

impl TunnelPorts {
    #[inline]
    pub(crate) fn contain(&self, source: u16, destination: u16) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Listed(ports) => ports.iter().any(|port| *port == source || *port == destination),
        }
    }
}

/// How a target resolves overlapping fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefragPolicy {
    /// What came first stays.
    First,
    /// What comes last wins.
    Last,
    /// What begins first wins, and the earlier of equals: BSD, and the default.
    #[default]
    Bsd,
    /// What begins last wins, and the later of equals: HP JetDirect.
    BsdRight,
    /// What begins first wins, and the later of equals.
    Linux,
    /// What came first stays, unless the new one begins before and ends after it.
    Windows,
    /// What came first stays, unless the new one begins before it and does not end before it.
    Solaris,
}

impl DefragPolicy {
    /// The policy of a name in suricata.yaml's `host-os-policy`.
    #[must_use]
    pub fn from_host_os(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "first" => Self::First,
            "last" => Self::Last,
            "bsd" | "irix" | "hpux10" => Self::Bsd,
            "bsd-right" | "bsd_right" => Self::BsdRight,
            "linux" | "old-linux" | "old_linux" | "macos" => Self::Linux,
            "windows" | "windows2k3" | "vista" => Self::Windows,
            "solaris" | "hpux11" => Self::Solaris,
            _ => return None,
        })
    }
}

/// How fragments are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefragOptions {
    /// Seconds after a datagram's latest fragment at which it is given up.
    pub timeout: u32,
    /// Seconds by destination network instead of `timeout`; the most specific network counts.
    pub timeouts: Vec<(NetworkPrefix, u32)>,
    /// Most octets held.
    pub memory: usize,
    /// Most datagrams followed at once.
    pub max_trackers: usize,
    /// Most fragments held at once.
    pub max_fragments: usize,
    /// How overlaps are resolved where `policies` says nothing.
    pub policy: DefragPolicy,
    /// Policies by destination network (`host-os-policy`); the most specific network counts.
    pub policies: Vec<(NetworkPrefix, DefragPolicy)>,
    /// Fragments on different VLANs belong to different datagrams.
    pub track_vlan: bool,
    /// Fragments on different tunnel levels belong to different datagrams.
    pub track_level: bool,
}

impl Default for DefragOptions {
    fn default() -> Self {
        Self {
            timeout: 60,
            timeouts: Vec::new(),
            memory: 32 << 20,
            max_trackers: 65_535,
            max_fragments: 65_535,
            policy: DefragPolicy::Bsd,
            policies: Vec::new(),
            track_vlan: true,
            track_level: true,
        }
    }
}

/// An address with a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkPrefix {
    /// Any address inside.
    pub address: IpAddr,
    /// Leading bits that count: 0 to 32, or to 128.
    pub prefix: u8,
}

impl NetworkPrefix {
    /// True for addresses inside.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }

    /// The value of the most specific network that holds an address.
    pub(crate) fn lookup<T: Copy>(table: &[(Self, T)], address: IpAddr) -> Option<T> {
        let holding = table.iter().filter(|(network, _)| network.contains(address));
        holding.max_by_key(|(network, _)| network.prefix).map(|(_, value)| *value)
    }
}
