//! Which interfaces are captured and how, as the control plane writes it; and what is told of them.

use serde::{Deserialize, Serialize};
use sidewire_live::{
    CaptureMethod, FanoutMode, HostFacts, InterfaceFacts, InterfaceSettings, OpenedInterface, PendingChecksums,
};
use ts_rs::TS;

/// Which interfaces are captured, and with what.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "live.ts")]
pub struct LiveConfig {
    /// What packets are read with.
    pub method: CaptureMethod,
    /// The interfaces.
    pub interfaces: Vec<InterfaceConfig>,
}

/// How an interface is captured.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "live.ts")]
pub struct InterfaceConfig {
    /// Its name.
    pub name: String,
    /// A filter in the language of libpcap; empty: none.
    pub filter: String,
    /// What is for other hosts, too.
    pub promiscuous: bool,
    /// Octets taken of a packet; 0: all.
    pub snap_length: u32,
    /// Octets of each ring.
    #[ts(type = "number")]
    pub ring_length: u64,
    /// Octets of a block of a ring: what the kernel hands over at once.
    pub block_length: u32,
    /// Rings.
    pub rings: u32,
    /// How the kernel deals packets to several rings.
    pub fanout: LiveFanout,
    /// Number of the fanout group, for other processes to join; absent: one that nobody has.
    pub cluster: Option<u16>,
    /// Take the card's time stamps, where it gives any.
    pub hardware_time: bool,
    /// What is done about checksums that were left to a card.
    pub checksums: LiveChecksums,
}

/// How the kernel deals packets to several rings of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export, export_to = "live.ts")]
pub enum LiveFanout {
    /// By the pair of hosts, in both directions alike.
    HostPair,
    /// By the processor that received it.
    Cpu,
    /// By the card's queue.
    Queue,
}

/// What is done about checksums that were left to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export, export_to = "live.ts")]
pub enum LiveChecksums {
    /// Those that the kernel says are not complete yet are not verified.
    Kernel,
    /// All are verified.
    Verify,
    /// None is.
    Ignore,
}

impl From<&InterfaceConfig> for InterfaceSettings {
    fn from(config: &InterfaceConfig) -> Self {
        let InterfaceConfig { promiscuous, snap_length, ring_length, block_length, rings, cluster, .. } = *config;
        Self {
            name: config.name.clone(),
            filter: config.filter.clone(),
            promiscuous,
            snap_length,
            ring_length,
            block_length,
            rings,
            fanout: match config.fanout {
                LiveFanout::HostPair => FanoutMode::HostPair,
                LiveFanout::Cpu => FanoutMode::Cpu,
                LiveFanout::Queue => FanoutMode::Queue,
            },
            cluster,
            hardware_time: config.hardware_time,
            checksums: match config.checksums {
                LiveChecksums::Kernel => PendingChecksums::Kernel,
                LiveChecksums::Verify => PendingChecksums::Verify,
                LiveChecksums::Ignore => PendingChecksums::Ignore,
            },
        }
    }
}

/// An interface that was opened.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "live.ts")]
pub struct OpenedReport {
    /// Its name.
    pub name: String,
    /// LINKTYPE number of its frames.
    pub link_type: u32,
    /// Rings.
    pub rings: u32,
    /// What it does that changes packets before they are captured, in ethtool's words.
    pub offloads: Vec<&'static str>,
    /// Its card can stamp packets.
    pub hardware_time: bool,
    /// Switched on, and somebody at the other end.
    pub up: bool,
}

impl From<&OpenedInterface> for OpenedReport {
    fn from(opened: &OpenedInterface) -> Self {
        let OpenedInterface { name, link_type, rings, offloads, hardware_time, up } = opened.clone();
        Self { name, link_type, rings, offloads, hardware_time, up }
    }
}

/// What this host offers to a sensor.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "live.ts")]
pub struct HostReport {
    /// The process runs as root.
    pub root: bool,
    /// It may open packet sockets.
    pub net_raw: bool,
    /// There is AF_PACKET on this system.
    pub af_packet: bool,
    /// Why a ring of the usual length cannot be had; absent when it can, or when that could not be tried.
    pub ring_trouble: Option<String>,
    /// Version of libpcap; absent where it is not installed.
    pub libpcap: Option<String>,
    /// Version of Vectorscan; absent where it is not installed.
    pub vectorscan: Option<String>,
    /// Version of libmagic; absent where it is not installed.
    pub libmagic: Option<String>,
    /// The clock is kept by another; absent where the system does not say.
    pub clock_synchronised: Option<bool>,
    /// Its interfaces.
    pub interfaces: Vec<InterfaceReport>,
}

/// An interface of this host.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "live.ts")]
pub struct InterfaceReport {
    /// Its name.
    pub name: String,
    /// Switched on.
    pub up: bool,
    /// There is somebody at the other end.
    pub carrier: bool,
    /// It leads nowhere but to this host.
    pub loopback: bool,
    /// What it does that changes packets before they are captured, in ethtool's words.
    pub offloads: Vec<&'static str>,
    /// Its card can stamp packets.
    pub hardware_time: bool,
}

impl From<InterfaceFacts> for InterfaceReport {
    fn from(facts: InterfaceFacts) -> Self {
        let InterfaceFacts { name, up, carrier, loopback, offloads, hardware_time } = facts;
        Self { name, up, carrier, loopback, offloads, hardware_time }
    }
}

impl HostReport {
    pub(crate) fn new(facts: HostFacts, vectorscan: Option<String>, libmagic: Option<String>) -> Self {
        Self {
            root: facts.rights.root,
            net_raw: facts.rights.net_raw,
            af_packet: facts.has_af_packet,
            ring_trouble: facts.ring_trouble,
            libpcap: facts.libpcap,
            vectorscan,
            libmagic,
            clock_synchronised: facts.clock_synchronised,
            interfaces: facts.interfaces.into_iter().map(InterfaceReport::from).collect(),
        }
    }
}
