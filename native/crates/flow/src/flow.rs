//! A flow: who talks, since when, how much.

use sidewire_base::{Direction, Endpoint, PerDirection, Time};
use smallvec::SmallVec;

/// A conversation of two endpoints, with the user's state `S`.
#[derive(Clone, Debug)]
pub struct Flow<S> {
    /// EVE's `flow_id`: a hash of tuple and first ordinal, below 2^53, the same for any number of workers.
    pub id: u64,
    /// Who opened it.
    pub client: Endpoint,
    /// Who answers.
    pub server: Endpoint,
    /// IP protocol number.
    pub protocol: u8,
    /// For ICMP and ICMPv6: message types of both sides.
    pub icmp: Option<IcmpTypes>,
    /// For ESP: the security parameters index.
    pub spi: Option<u32>,
    /// VLAN identifiers of the first packet, outermost first.
    pub vlans: SmallVec<[u16; 3]>,
    /// Number of the capture device.
    pub device: u16,
    /// Time of the first packet, as captured.
    pub first: Time,
    /// Greatest time of a packet, as captured.
    pub last: Time,
    /// Engine time of the last packet: what timeouts are measured from.
    pub(crate) active: Time,
    /// Ordinal of the first packet.
    pub first_ordinal: u64,
    /// Packets per direction.
    pub packets: PerDirection<u64>,
    /// Octets per direction, as counted by the caller (Suricata: the frame's length).
    pub bytes: PerDirection<u64>,
    /// The directions in which a packet of its own was seen. What an ICMP error says of the flow is counted among its
    /// packets, but nobody answered with it.
    pub(crate) seen: PerDirection<bool>,
    /// The user's state.
    pub data: S,
    pub(crate) state: FlowState,
    /// True when the client is the lower endpoint of the key.
    pub(crate) client_is_low: bool,
}

impl<S> Flow<S> {
    /// Where the flow stands. Changed by [`FlowTable::set_state`](crate::FlowTable::set_state).
    #[inline]
    #[must_use]
    pub const fn state(&self) -> FlowState {
        self.state
    }

    /// True when both sides have spoken.
    #[inline]
    #[must_use]
    pub const fn both_seen(&self) -> bool {
        self.seen.to_server && self.seen.to_client
    }

    /// Source and destination of a packet in a direction.
    #[inline]
    #[must_use]
    pub const fn endpoints(&self, direction: Direction) -> (Endpoint, Endpoint) {
        match direction {
            Direction::ToServer => (self.client, self.server),
            Direction::ToClient => (self.server, self.client),
        }
    }

    /// Exchanges client and server of a flow that was picked up from the wrong side. Its counters follow; the user's
    /// state is not touched.
    pub const fn swap_direction(&mut self) {
        self.client_is_low = !self.client_is_low;
        core::mem::swap(&mut self.client, &mut self.server);
        self.packets.swap();
        self.bytes.swap();
        self.seen.swap();
    }
}

/// Where a flow stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FlowState {
    /// One side was seen; for TCP, the handshake is not complete.
    #[default]
    New,
    /// Both sides were seen; for TCP, the handshake is complete.
    Established,
    /// The TCP session ended.
    Closed,
    /// The engine no longer looks at it.
    LocalBypassed,
    /// The capture method no longer delivers it.
    CaptureBypassed,
}

impl FlowState {
    /// EVE's `flow.state`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Established => "established",
            Self::Closed => "closed",
            Self::LocalBypassed | Self::CaptureBypassed => "bypassed",
        }
    }
}

/// Why a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// No packet for as long as its timeout.
    Timeout,
    /// Evicted for memory.
    Forced,
    /// The capture ended.
    Shutdown,
    /// A new TCP session with the same addresses and ports began.
    TcpReuse,
}

impl EndReason {
    /// EVE's `flow.reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Forced => "forced",
            Self::Shutdown => "shutdown",
            Self::TcpReuse => "tcp_reuse",
        }
    }
}

/// Message types of an ICMP flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpTypes {
    /// Type and code of the first packet. EVE's `icmp_type`, `icmp_code`.
    pub request: (u8, u8),
    /// Type of the answer (0 when the request has none) and code 0. EVE's `response_icmp_type`, `response_icmp_code`.
    pub response: (u8, u8),
    /// True when the message has an answer.
    pub paired: bool,
}
