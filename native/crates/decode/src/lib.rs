//! From a captured frame to decoded packets: link layers, tunnels, IP, transport headers, checksums, defragmentation.
//!
//! [`FrameDecoder::decode`] hands each layer that carries IP to a sink, outermost first. Nothing is allocated on the way,
//! except by defragmentation. Events and statistics are named as Suricata names them.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod checksum;
mod decoder;
mod defrag;
mod event;
mod fragment;
#[doc(hidden)]
pub mod fuzz;
mod icmp;
mod inner;
mod ipv4;
mod ipv6;
mod link;
mod link_type;
mod options;
mod packet;
mod packet_decoder;
mod ppp;
mod shard;
mod stats;
mod transport;
mod tunnel;

pub use decoder::{FrameDecoder, LinkFrame};
pub use event::DecodeEvent;
pub use link_type::{link_type_is_known, link_type_name};
pub use options::{DecodeOptions, DefragOptions, DefragPolicy, NetworkPrefix, TunnelPorts};
pub use packet::{
    Arp, BadChecksum, EmbeddedPacket, Ethernet, Icmp, Ip, Packet, RootPacket, Sctp, TcpHeader, TcpOptions,
    TransportLayer, TunnelKind, UdpHeader,
};
pub use shard::{FrameSharder, ShardKey};
pub use stats::DecodeStats;
