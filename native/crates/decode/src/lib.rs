//! From a captured frame to decoded packets: link layers, tunnels, IP, transport headers, checksums, defragmentation.

mod event;
mod packet;

pub use event::DecodeEvent;
pub use packet::{BadChecksum, Embedded, Ethernet, Icmp, Ip, Packet, Sctp, Tcp, TcpOptions, Transport, Tunnel, Udp};
