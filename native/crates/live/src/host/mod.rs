//! What this host offers to a sensor: for `sidewire doctor`, and for messages at start.

pub(crate) mod interfaces;

use crate::pcap::PcapLibrary;
use crate::rights::ProcessRights;

/// What this host offers.
#[derive(Clone, Debug)]
pub struct HostFacts {
    /// What this process may do.
    pub rights: ProcessRights,
    /// There is AF_PACKET on this system.
    pub has_af_packet: bool,
    /// Why a ring of the usual length cannot be had; `None` when it can, or when that cannot be tried.
    pub ring_trouble: Option<String>,
    /// Version of libpcap; `None` where it is not installed.
    pub libpcap: Option<String>,
    /// The clock is kept by another; `None` where the system does not say.
    pub clock_synchronised: Option<bool>,
    /// Its interfaces.
    pub interfaces: Vec<InterfaceFacts>,
}

/// An interface.
#[derive(Clone, Debug)]
pub struct InterfaceFacts {
    /// Its name.
    pub name: String,
    /// Switched on.
    pub up: bool,
    /// There is somebody at the other end.
    pub carrier: bool,
    /// It leads nowhere but to this host.
    pub loopback: bool,
    /// What it does that changes packets before they are captured, or hides what is wrong with them.
    pub offloads: Vec<&'static str>,
    /// Its card can stamp packets.
    pub hardware_time: bool,
}

/// Looks around. `ring_length` is tried, in octets.
#[must_use]
pub fn host_facts(ring_length: u64) -> HostFacts {
    let interfaces = interfaces::interfaces().into_iter().map(|interface| {
        let (offloads, hardware_time) = offloads(&interface.name);
        InterfaceFacts {
            up: interface.is_up(),
            carrier: interface.has_carrier(),
            loopback: interface.is_loopback(),
            name: interface.name,
            offloads,
            hardware_time,
        }
    });
    HostFacts {
        rights: ProcessRights::now(),
        has_af_packet: cfg!(target_os = "linux"),
        ring_trouble: ring_trouble(ring_length),
        libpcap: PcapLibrary::open("").ok().map(PcapLibrary::version),
        clock_synchronised: clock_synchronised(),
        interfaces: interfaces.collect(),
    }
}

/// What an interface does that concerns who captures on it, in ethtool's words, and whether its card can stamp packets.
#[cfg(target_os = "linux")]
pub(crate) fn offloads(interface: &str) -> (Vec<&'static str>, bool) {
    let found = crate::packet::offload::offloads(interface);
    let named = [(found.gro, "gro"), (found.lro, "lro")];
    (named.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect(), found.hardware_time)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn offloads(_interface: &str) -> (Vec<&'static str>, bool) {
    (Vec::new(), false)
}

/// A ring on the loopback interface, made and let go.
#[cfg(target_os = "linux")]
fn ring_trouble(length: u64) -> Option<String> {
    use crate::settings::{FanoutMode, InterfaceSettings, PendingChecksums};
    if !ProcessRights::now().net_raw {
        return None;
    }
    let loopback = interfaces::interfaces().into_iter().find(interfaces::NetworkInterface::is_loopback)?;
    let settings = InterfaceSettings {
        name: loopback.name.clone(),
        filter: String::new(),
        promiscuous: false,
        snap_length: 0,
        ring_length: length,
        block_length: 1 << 20,
        rings: 1,
        fanout: FanoutMode::HostPair,
        cluster: None,
        hardware_time: false,
        checksums: PendingChecksums::Kernel,
    };
    crate::packet::open(&settings, &loopback, &[], 0).err().map(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
fn ring_trouble(_length: u64) -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn clock_synchronised() -> Option<bool> {
    // SAFETY: numbers, for which all 0 is a value, and asks for nothing to be changed.
    let state = unsafe {
        let mut now: libc::timex = core::mem::zeroed();
        libc::adjtimex(&raw mut now)
    };
    (state >= 0).then_some(state != libc::TIME_ERROR)
}

#[cfg(not(target_os = "linux"))]
fn clock_synchronised() -> Option<bool> {
    None
}
