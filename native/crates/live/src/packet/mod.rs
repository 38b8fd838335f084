//! AF_PACKET: sockets of Linux that share a ring of packets with the kernel.
//!
//! The code is our own, because no kept crate gives it: those with `TPACKET_V3` rings are under the GPL (`af_packet`), want a
//! newer compiler than this project's (`netring`), or have no rings (`afpacket`); bindings of libpcap (`pcap`) link against it
//! where they are built. What is foreign is a dozen calls; what the ring holds is read by checked access.

mod fanout;
pub(crate) mod offload;
mod ring;
mod socket;

pub(crate) use socket::{PacketRing, open};
