use sidewire_base::Endpoint;
use sidewire_decode::Packet;

use crate::{Config, IcmpTypes};

/// What a packet is filed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    /// Sender; its port is 0 where the transport has none.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// IP protocol number.
    pub protocol: u8,
    /// ICMP types that take the place of ports.
    pub icmp: Option<IcmpTypes>,
    /// VLAN identifiers, 0 where there are none.
    pub vlans: [u16; 3],
    /// Number of the capture device.
    pub device: u16,
    /// True when source and destination are those of the packet that an ICMP error quotes, so the packet itself travels
    /// the other way.
    pub quoted: bool,
}

impl Tuple {
    /// The tuple of a packet; `None` when it has no flow (no IP header, a fragment, a broken transport header).
    #[must_use]
    pub fn of(packet: &Packet<'_>, device: u16, config: &Config) -> Option<Self> {
        let _ = (packet, device, config);
        None
    }
}
