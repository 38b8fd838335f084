//! Packets as they happen: network interfaces as a [`PacketSource`](sidewire_capture::PacketSource).
//!
//! On Linux an interface is read by rings that are shared with the kernel (AF_PACKET, `TPACKET_V3`); everywhere by libpcap,
//! which is opened at run time. [`LiveSource`] reads all rings of all interfaces in the order of time, and outlives
//! interfaces that go down, are renamed, or go and come back. The foreign calls stay in here.
#![allow(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)
)]

mod af_packet;
#[cfg(target_os = "linux")]
mod confine;
mod error;
mod host;
mod method;
#[cfg(target_os = "linux")]
mod packet;
mod pcap;
mod rights;
mod settings;
mod source;
mod tap;
mod watch;

#[cfg(target_os = "linux")]
pub use confine::confine_process;
pub use error::LiveError;
pub use host::{HostFacts, InterfaceFacts, host_facts};
pub use method::OpenedSource;
pub use rights::{ProcessRights, drop_rights};
pub use settings::{FanoutMode, InterfaceSettings, PendingChecksums};
pub use source::LiveSource;
pub use watch::OpenedInterface;

// `--method`, the sections of suricata.yaml and the generated types have their names from here.
method::methods! {
    /// Rings shared with the kernel of Linux.
    AfPacket = "af-packet" => af_packet::AfPacket;
    /// libpcap.
    Pcap = "pcap" => pcap::PcapTap;
}
