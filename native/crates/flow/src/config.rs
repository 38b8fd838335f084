//! Settings of the flow table: `flow` and `flow-timeouts` of suricata.yaml.

use sidewire_base::ip_protocol;

use crate::{FlowState, FlowTimeouts};

/// The `flow:`, `vlan:`, `livedev:`, `decoder.recursion-level:` and `flow-timeouts:` sections of suricata.yaml.
#[derive(Clone, Debug)]
pub struct FlowTableConfig {
    /// `flow.memcap`: octets that flows may occupy; 0 is no limit.
    pub memcap: u64,
    /// `flow.emergency-recovery`: emergency mode ends when this share of `memcap` is free again, in percent.
    pub emergency_recovery: u8,
    /// `vlan.use-for-tracking`: packets of different VLANs belong to different flows.
    pub vlan_tracking: bool,
    /// `livedev.use-for-tracking`: packets of different capture devices belong to different flows.
    pub device_tracking: bool,
    /// `decoder.recursion-level.use-for-tracking`: packets at different tunnel depths belong to different flows.
    pub recursion_tracking: bool,
    /// `flow-timeouts`.
    pub timeouts: FlowTimeouts,
    /// What happens to TCP flows that only fell silent.
    pub silence: SilenceLimits,
}

/// How long, and how many, flows stay beyond their timeout because what is known of them is still of use: a connection may
/// be silent for hours and go on. None of them stays while the memory cap is hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SilenceLimits {
    /// Seconds without a packet after which such a flow ends; 0: at its timeout, as any other.
    pub seconds: u32,
    /// Most of them at a time; the one that has been silent longest ends.
    pub flows: u32,
}

impl Default for FlowTableConfig {
    fn default() -> Self {
        Self {
            memcap: 128 << 20,
            emergency_recovery: 30,
            vlan_tracking: true,
            device_tracking: true,
            recursion_tracking: true,
            timeouts: FlowTimeouts::default(),
            silence: SilenceLimits::default(),
        }
    }
}

impl FlowTableConfig {
    /// Seconds after which an idle flow of this protocol and state ends.
    #[must_use]
    pub const fn timeout(&self, protocol: u8, state: FlowState, emergency: bool) -> u32 {
        let class = match protocol {
            ip_protocol::TCP => &self.timeouts.tcp,
            ip_protocol::UDP => &self.timeouts.udp,
            ip_protocol::ICMP | ip_protocol::ICMPV6 => &self.timeouts.icmp,
            _ => &self.timeouts.default,
        };
        let set = if emergency { &class.emergency } else { &class.normal };
        match state {
            FlowState::New => set.new,
            FlowState::Established => set.established,
            FlowState::Closed => set.closed,
            FlowState::LocalBypassed | FlowState::CaptureBypassed => set.bypassed,
        }
    }
}
