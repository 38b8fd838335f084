//! Counters of decoding.

use crate::DecodeEvent;

macro_rules! counters {
    ($($variant:ident = $name:literal,)*) => {
        /// What is counted a layer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum DecodeCounter { $($variant,)* }
        const COUNTER_NAMES: &[&str] = &[$($name,)*];
    };
}

counters! {
    Packets = "decoder.pkts",
    Bytes = "decoder.bytes",
    Invalid = "decoder.invalid",
    Ipv4 = "decoder.ipv4",
    Ipv6 = "decoder.ipv6",
    Ethernet = "decoder.ethernet",
    Arp = "decoder.arp",
    UnknownEtherType = "decoder.unknown_ethertype",
    Chdlc = "decoder.chdlc",
    Raw = "decoder.raw",
    Null = "decoder.null",
    Sll = "decoder.sll",
    Sll2 = "decoder.sll2",
    Tcp = "decoder.tcp",
    Udp = "decoder.udp",
    Sctp = "decoder.sctp",
    Esp = "decoder.esp",
    Icmpv4 = "decoder.icmpv4",
    Icmpv6 = "decoder.icmpv6",
    Ppp = "decoder.ppp",
    Pppoe = "decoder.pppoe",
    Geneve = "decoder.geneve",
    Gre = "decoder.gre",
    Vlan = "decoder.vlan",
    VlanQinq = "decoder.vlan_qinq",
    VlanQinqinq = "decoder.vlan_qinqinq",
    Vxlan = "decoder.vxlan",
    Vntag = "decoder.vntag",
    Ieee8021ah = "decoder.ieee8021ah",
    Teredo = "decoder.teredo",
    Ipv4InIpv4 = "decoder.ipv4_in_ipv4",
    Ipv6InIpv4 = "decoder.ipv6_in_ipv4",
    Ipv4InIpv6 = "decoder.ipv4_in_ipv6",
    Ipv6InIpv6 = "decoder.ipv6_in_ipv6",
    Mpls = "decoder.mpls",
    Erspan = "decoder.erspan",
    Nsh = "decoder.nsh",
    DefragIpv4Fragments = "defrag.ipv4.fragments",
    DefragIpv4Reassembled = "defrag.ipv4.reassembled",
    DefragIpv6Fragments = "defrag.ipv6.fragments",
    DefragIpv6Reassembled = "defrag.ipv6.reassembled",
    DefragMaxTrackers = "defrag.max_trackers_reached",
    DefragMaxFragments = "defrag.max_frags_reached",
    DefragMemcap = "defrag.memcap_reached",
    DefragTimeout = "defrag.wrk.tracker_timeout",
}

/// What was decoded, counted as Suricata counts it in its `stats` events.
#[derive(Clone, Debug)]
pub struct DecodeStats {
    counters: [u64; COUNTER_NAMES.len()],
    events: [u64; DecodeEvent::NAMES.len()],
    max_packet_size: u64,
}

impl Default for DecodeStats {
    fn default() -> Self {
        Self { counters: [0; COUNTER_NAMES.len()], events: [0; DecodeEvent::NAMES.len()], max_packet_size: 0 }
    }
}

impl DecodeStats {
    #[inline]
    pub(crate) fn count(&mut self, counter: DecodeCounter) {
        self.add(counter, 1);
    }

    #[inline]
    pub(crate) fn add(&mut self, counter: DecodeCounter, n: u64) {
        if let Some(slot) = self.counters.get_mut(counter as usize) {
            *slot += n;
        }
    }

    #[inline]
    pub(crate) fn frame(&mut self, length: u64) {
        self.count(DecodeCounter::Packets);
        self.add(DecodeCounter::Bytes, length);
        self.max_packet_size = self.max_packet_size.max(length);
    }

    #[inline]
    pub(crate) fn events(&mut self, events: &[DecodeEvent]) {
        for event in events {
            if let Some(slot) = self.events.get_mut(usize::from(event.0)) {
                *slot += 1;
            }
        }
    }

    /// Adds what another decoder counted.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counters.iter_mut().zip(&other.counters) {
            *mine += theirs;
        }
        for (mine, theirs) in self.events.iter_mut().zip(&other.events) {
            *mine += theirs;
        }
        self.max_packet_size = self.max_packet_size.max(other.max_packet_size);
    }

    /// All counters by name, in a fixed order, zeros included.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let packets = self.get("decoder.pkts");
        let average = self.get("decoder.bytes").checked_div(packets).unwrap_or(0);
        let sizes = [("decoder.avg_pkt_size", average), ("decoder.max_pkt_size", self.max_packet_size)];
        let events = DecodeEvent::COUNTERS.iter().zip(self.events).map(|(name, n)| match *name {
            // The one event without a protocol is counted beside the others, as in Suricata.
            "decoder.event.too_many_layers" => ("decoder.too_many_layers", n),
            name => (name, n),
        });
        COUNTER_NAMES.iter().copied().zip(self.counters).chain(sizes).chain(events)
    }

    fn get(&self, name: &str) -> u64 {
        COUNTER_NAMES.iter().zip(self.counters).find(|(known, _)| **known == name).map_or(0, |(_, n)| n)
    }
}
