//! The flow table as a whole.

use core::net::{IpAddr, Ipv4Addr};

use sidewire_base::{Direction, Endpoint, Time};

use crate::{
    EndReason, Expiry, Flow, FlowLookup, FlowState, FlowTable, FlowTableConfig, FlowTimeouts, FlowTuple, IcmpTypes,
    PacketStamp, QuotedPacket, SilenceLimits, community_id,
};

fn endpoint(address: u32, port: u16) -> Endpoint {
    Endpoint { address: IpAddr::V4(Ipv4Addr::from_bits(address)), port }
}

fn tuple(protocol: u8, source: (u32, u16), destination: (u32, u16)) -> FlowTuple {
    FlowTuple {
        source: endpoint(source.0, source.1),
        destination: endpoint(destination.0, destination.1),
        protocol,
        icmp: None,
        spi: None,
        vlans: [0; 3],
        vlan_count: 0,
        device: 0,
        level: 0,
        quoted: None,
    }
}

fn back(tuple: &FlowTuple) -> FlowTuple {
    FlowTuple { source: tuple.destination, destination: tuple.source, ..*tuple }
}

/// A table that remembers what ended.
struct Rig {
    table: FlowTable<u32>,
    ended: Vec<(u64, EndReason)>,
    ordinal: u64,
    /// Flows are worth more than their timeout.
    outlives: bool,
}

struct Expired {
    outlives: bool,
    ended: Vec<(u64, EndReason)>,
}

impl Expiry<u32> for Expired {
    fn outlives(&mut self, _flow: &mut Flow<u32>) -> bool {
        self.outlives
    }

    fn ended(&mut self, flow: Flow<u32>, reason: EndReason) {
        self.ended.push((flow.first_ordinal, reason));
    }
}

impl Rig {
    fn new(config: FlowTableConfig) -> Self {
        Self { table: FlowTable::new(config, 42), ended: Vec::new(), ordinal: 0, outlives: false }
    }

    fn track(&mut self, tuple: &FlowTuple, seconds: i64) -> Option<FlowLookup> {
        self.track_replacing(tuple, seconds, false)
    }

    fn track_replacing(&mut self, tuple: &FlowTuple, seconds: i64, replace: bool) -> Option<FlowLookup> {
        self.ordinal += 1;
        let stamp = PacketStamp {
            time: Time::new(seconds, 0),
            engine: Time::new(seconds, 0),
            now: Time::new(seconds, 0),
            ordinal: self.ordinal,
            bytes: 60,
        };
        let (ended, outlives) = (&mut self.ended, self.outlives);
        self.table.track(
            tuple,
            stamp,
            |_| 0,
            |_, _, overdue| replace || overdue && !outlives,
            |flow, reason| ended.push((flow.first_ordinal, reason)),
        )
    }

    fn expire(&mut self, seconds: i64) -> Vec<(u64, EndReason)> {
        let mut expired = Expired { outlives: self.outlives, ended: Vec::new() };
        self.table.expire(Time::new(seconds, 0), &mut expired);
        expired.ended
    }

    fn flow(&self, lookup: FlowLookup) -> &Flow<u32> {
        self.table.get(lookup.handle).unwrap()
    }
}

#[test]
fn esp_flows_are_told_apart_by_their_index() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let esp = |source, destination, spi| FlowTuple { spi: Some(spi), ..tuple(50, (source, 0), (destination, 0)) };
    assert!(rig.track(&esp(1, 2, 0x1_0007), 1).unwrap().is_new);
    assert!(!rig.track(&esp(2, 1, 0x1_0007), 1).unwrap().is_new, "the same index the other way");
    assert!(rig.track(&esp(1, 2, 0x2_0007), 1).unwrap().is_new);
}

#[test]
fn both_directions_are_one_flow() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let there = tuple(17, (9, 1000), (5, 53));
    let first = rig.track(&there, 1).unwrap();
    let second = rig.track(&back(&there), 2).unwrap();
    assert_eq!((first.direction, first.is_new), (Direction::ToServer, true));
    assert_eq!((second.direction, second.is_new), (Direction::ToClient, false));
    let flow = rig.flow(first);
    assert_eq!((flow.packets, flow.bytes, flow.state()), ([1, 1].into(), [60, 60].into(), FlowState::Established));
    assert_eq!((flow.first, flow.last), (Time::new(1, 0), Time::new(2, 0)));
}

#[test]
fn a_conversation_with_oneself_has_directions_by_port() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let there = tuple(6, (9, 1000), (9, 80));
    rig.track(&there, 1).unwrap();
    assert_eq!(rig.track(&back(&there), 1).unwrap().direction, Direction::ToClient);
    assert_eq!(rig.track(&there, 1).unwrap().direction, Direction::ToServer);
}

#[test]
fn a_turned_flow_keeps_its_counts_straight() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let there = tuple(6, (9, 80), (5, 1000));
    let lookup = rig.track(&there, 1).unwrap();
    rig.table.get_mut(lookup.handle).unwrap().swap_direction();
    assert_eq!(rig.track(&there, 1).unwrap().direction, Direction::ToClient);
    let flow = rig.flow(lookup);
    assert_eq!((flow.client, flow.packets), (endpoint(5, 1000), [0, 2].into()));
}

#[test]
fn vlans_and_devices_separate_flows_when_configured() {
    let plain = tuple(17, (1, 1), (2, 2));
    let tagged = FlowTuple { vlans: [7, 0, 0], vlan_count: 1, ..plain };
    let elsewhere = FlowTuple { device: 1, ..plain };
    let inside = FlowTuple { level: 1, ..plain };
    let mut rig = Rig::new(FlowTableConfig::default());
    rig.track(&plain, 1);
    assert!(rig.track(&inside, 1).unwrap().is_new);
    assert!(rig.track(&tagged, 1).unwrap().is_new && rig.track(&elsewhere, 1).unwrap().is_new);
    let mut rig =
        Rig::new(FlowTableConfig { vlan_tracking: false, device_tracking: false, ..FlowTableConfig::default() });
    rig.track(&plain, 1);
    assert!(!rig.track(&tagged, 1).unwrap().is_new && !rig.track(&elsewhere, 1).unwrap().is_new);
}

fn icmp(source: u32, destination: u32, request: (u8, u8), response: u8, paired: bool) -> FlowTuple {
    FlowTuple {
        icmp: Some(IcmpTypes { request, response: (response, 0), paired }),
        ..tuple(1, (source, 0), (destination, 0))
    }
}

#[test]
fn echo_pairs_with_its_reply() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let first = rig.track(&icmp(1, 2, (8, 0), 0, true), 1).unwrap();
    let reply = rig.track(&icmp(2, 1, (0, 0), 8, true), 1).unwrap();
    assert_eq!((reply.handle, reply.direction), (first.handle, Direction::ToClient));
    assert!(rig.track(&icmp(2, 1, (8, 0), 0, true), 1).unwrap().is_new, "an echo of the other side is its own flow");
}

#[test]
fn an_error_belongs_to_the_flow_it_quotes() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let there = tuple(17, (1, 1000), (2, 53));
    let quoted = QuotedPacket { source: there.source, destination: there.destination, protocol: 17 };
    let error = FlowTuple { quoted: Some(quoted), ..icmp(2, 1, (3, 3), 0, false) };
    assert_eq!(rig.track(&error, 1), None, "it opens none");
    let first = rig.track(&there, 1).unwrap();
    let found = rig.track(&error, 1).unwrap();
    assert_eq!((found.handle, found.direction), (first.handle, Direction::ToClient));
    let flow = rig.flow(first);
    assert_eq!((flow.packets, flow.state()), ([1, 1].into(), FlowState::New), "counted, but no answer");
    assert!(rig.track(&error, 32).is_none(), "so the flow has not lived longer than one without an answer");
}

#[test]
fn idle_flows_end_in_order_of_expiry() {
    let mut rig = Rig::new(FlowTableConfig::default());
    rig.track(&tuple(6, (1, 1), (2, 2)), 0); // 60 s
    rig.track(&tuple(17, (1, 1), (2, 2)), 0); // 30 s
    rig.track(&tuple(17, (1, 2), (2, 2)), 0);
    rig.track(&tuple(132, (1, 2), (2, 2)), 5); // 30 s
    rig.track(&tuple(17, (1, 2), (2, 2)), 20); // lives longer
    assert_eq!(rig.expire(30), []);
    assert_eq!(rig.expire(31), [(2, EndReason::Timeout)]);
    let timeout = EndReason::Timeout;
    assert_eq!(rig.expire(10_000), [(4, timeout), (3, timeout), (1, timeout)]);
    assert!(rig.table.is_empty());
    assert_eq!((rig.table.counters().memuse, rig.table.counters().end_new), (0, 4));
}

#[test]
fn a_packet_after_the_timeout_opens_a_new_flow() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let there = tuple(17, (1, 1), (2, 2));
    let first = rig.track(&there, 0).unwrap();
    let second = rig.track(&back(&there), 31).unwrap();
    assert!(second.is_new && rig.table.get(first.handle).is_none());
    assert_eq!(rig.ended, [(1, EndReason::Timeout)]);
    assert_eq!(rig.flow(second).client, there.destination, "whoever speaks now is the client");
}

#[test]
fn a_new_session_replaces_the_old() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let there = tuple(6, (1, 1), (2, 2));
    rig.track(&there, 0);
    assert!(rig.track_replacing(&there, 1, true).unwrap().is_new);
    assert_eq!(rig.ended, [(1, EndReason::TcpReuse)]);
    assert_eq!(rig.table.counters().tcp_reuse, 1);
}

#[test]
fn a_state_has_its_own_timeout() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let lookup = rig.track(&tuple(6, (1, 1), (2, 2)), 0).unwrap();
    rig.table.set_state(lookup.handle, FlowState::Established);
    assert_eq!(rig.expire(500), []);
    rig.table.set_state(lookup.handle, FlowState::Closed);
    assert_eq!(rig.expire(501), [(1, EndReason::Timeout)]);
    assert_eq!(rig.table.counters().end_closed, 1);
}

/// A table of established flows that outlive their timeout of 600 s, from port 0 on, one a second.
fn silent_rig(limit: u32, flows: u16) -> Rig {
    let silence = SilenceLimits { seconds: 7200, flows: limit };
    let mut rig = Rig { outlives: true, ..Rig::new(FlowTableConfig { silence, ..FlowTableConfig::default() }) };
    for port in 0..flows {
        let lookup = rig.track(&tuple(6, (1, port), (2, 2)), i64::from(port)).unwrap();
        rig.table.set_state(lookup.handle, FlowState::Established);
    }
    rig
}

#[test]
fn a_silent_flow_goes_on_or_ends_in_hours() {
    let mut rig = silent_rig(10, 2);
    assert_eq!(rig.expire(4000), []);
    assert!(!rig.track(&tuple(6, (1, 0), (2, 2)), 4001).unwrap().is_new);
    assert_eq!(rig.expire(7202), [(2, EndReason::Timeout)], "two hours after its packet");
    assert_eq!(rig.expire(11_202), [(1, EndReason::Timeout)], "the other has two hours again");
}

#[test]
fn a_packet_that_does_not_go_on_with_a_silent_flow_opens_another() {
    let mut rig = silent_rig(10, 1);
    assert_eq!(rig.expire(4000), []);
    rig.outlives = false; // nor does the packet go on with it
    assert!(rig.track(&tuple(6, (1, 0), (2, 2)), 4001).unwrap().is_new);
    assert_eq!((rig.ended.as_slice(), rig.table.counters().tcp_reuse), (&[(1, EndReason::Timeout)][..], 0));
}

#[test]
fn too_many_silent_flows_end_with_the_longest() {
    let mut rig = silent_rig(3, 5);
    // The first falls silent, goes on, and falls silent again behind the others.
    assert_eq!(rig.expire(601), []);
    rig.track(&tuple(6, (1, 0), (2, 2)), 602);
    assert_eq!(rig.expire(700), [(2, EndReason::Timeout)]);
    assert_eq!(rig.expire(1300), [(3, EndReason::Timeout)]);
}

#[test]
fn a_silent_flow_gives_way_before_one_that_goes_on() {
    let mut rig = silent_rig(10, 2);
    rig.track(&tuple(6, (1, 0), (2, 2)), 590);
    assert_eq!(rig.expire(700), []);
    let mut gone = Vec::new();
    assert!(rig.table.end_soonest(|flow, _| gone.push(flow.first_ordinal)));
    assert_eq!(gone, [2]);
}

#[test]
fn no_flow_outlives_its_timeout_while_memory_is_short() {
    let mut rig = silent_rig(10, 4);
    rig.table.cap(4 * FlowTable::<u32>::FLOW_SIZE);
    assert_eq!(rig.expire(1000), []);
    rig.track(&tuple(6, (3, 1), (2, 2)), 1001).unwrap();
    assert_eq!(rig.ended.len(), 4);
}

#[test]
fn the_cap_evicts_what_would_time_out_first() {
    let memcap = 10 * FlowTable::<u32>::FLOW_SIZE;
    let mut rig = Rig::new(FlowTableConfig { memcap, ..FlowTableConfig::default() });
    let kept = rig.track(&tuple(6, (1, 1), (2, 2)), 0).unwrap();
    rig.table.set_state(kept.handle, FlowState::Established);
    for port in 0..100 {
        assert!(rig.track(&tuple(6, (3, port), (2, 2)), 1).is_some());
    }
    assert!(rig.table.in_emergency() && rig.table.counters().memuse <= memcap);
    assert!(rig.table.get(kept.handle).is_some(), "half-open flows go before an established one");
    assert_eq!(rig.ended.len(), 91);
    assert_eq!(rig.ended[0], (2, EndReason::Forced));
    assert_eq!(rig.table.counters().get_used, 91);
    rig.ended.clear();
    assert_eq!(rig.expire(8).len(), 9, "emergency-new is 5 s");
    assert!(!rig.table.in_emergency());
}

#[test]
fn a_cap_below_one_flow_refuses() {
    let mut rig = Rig::new(FlowTableConfig { memcap: 1, ..FlowTableConfig::default() });
    assert_eq!(rig.track(&tuple(6, (1, 1), (2, 2)), 0), None);
    assert_eq!(rig.table.counters().memcap, 1);
}

#[test]
fn drain_goes_by_first_ordinal() {
    let mut rig = Rig::new(FlowTableConfig::default());
    for port in [5, 3, 9, 1] {
        rig.track(&tuple(17, (1, port), (2, 2)), i64::from(port));
    }
    let mut order = Vec::new();
    rig.table.drain(|flow, reason| order.push((flow.first_ordinal, reason)));
    assert_eq!(order, [1, 2, 3, 4].map(|ordinal| (ordinal, EndReason::Shutdown)));
    assert_eq!(rig.table.len(), 0);
}

#[test]
fn identifiers_depend_on_nothing_but_tuple_and_ordinal() {
    let ids = [1, 2].map(|seed| {
        let mut table = FlowTable::<()>::new(FlowTableConfig::default(), seed);
        let stamp =
            PacketStamp { time: Time::new(1, 0), engine: Time::new(1, 0), now: Time::new(1, 0), ordinal: 7, bytes: 1 };
        let lookup = table.track(&tuple(6, (1, 1), (2, 2)), stamp, |_| (), |_, _, _| false, |_, _| ()).unwrap();
        table.get(lookup.handle).unwrap().id
    });
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0] < 1 << 53);
}

/// From the specification's own baseline: <https://github.com/corelight/community-id-spec>.
#[test]
fn community_ids_are_those_of_other_tools() {
    let mut rig = Rig::new(FlowTableConfig::default());
    let parse = |address: &str, port| Endpoint { address: address.parse().unwrap(), port };
    let mut check = |tuple: FlowTuple, expected: &str| {
        let lookup = rig.track(&tuple, 1).unwrap();
        assert_eq!(community_id(rig.flow(lookup), 0), expected);
    };
    let tcp = FlowTuple {
        source: parse("128.232.110.120", 34855),
        destination: parse("66.35.250.204", 80),
        ..tuple(6, (0, 0), (0, 0))
    };
    check(tcp, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    let udp = FlowTuple {
        source: parse("192.168.1.52", 54585),
        destination: parse("8.8.8.8", 53),
        ..tuple(17, (0, 0), (0, 0))
    };
    check(udp, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
    let ping = FlowTuple {
        source: parse("192.168.0.89", 0),
        destination: parse("192.168.0.1", 0),
        ..icmp(0, 0, (8, 0), 0, true)
    };
    check(ping, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

mod random {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The table against a map of deadlines, with packets, state changes and expiry in any order.
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((0u8..4, 0u16..12, any::<bool>(), 0i64..40), 1..400)) {
            let timeouts = FlowTimeouts::default();
            let mut rig = Rig::new(FlowTableConfig::default());
            let mut model: HashMap<u16, (u64, i64, i64)> = HashMap::new();
            let mut now = 1000;
            for (what, port, reverse, pause) in steps {
                now += pause;
                let there = tuple(6, (1, port), (2, 2));
                match what {
                    0 => {
                        let mut expected: Vec<(i64, u64)> = model
                            .values()
                            .filter(|(_, last, timeout)| now > last + timeout)
                            .map(|&(ordinal, last, timeout)| (last + timeout, ordinal))
                            .collect();
                        expected.sort_unstable();
                        rig.ended.clear();
                        let got: Vec<u64> = rig.expire(now).into_iter().map(|(ordinal, _)| ordinal).collect();
                        prop_assert_eq!(got, expected.into_iter().map(|(_, ordinal)| ordinal).collect::<Vec<_>>());
                        model.retain(|_, (_, last, timeout)| now <= *last + *timeout);
                    }
                    1 => {
                        // A packet finds the flow; then its state changes.
                        let lookup = rig.track(&there, now).unwrap();
                        let entry = model.entry(port).or_insert((rig.ordinal, now, 60));
                        if now > entry.1 + entry.2 {
                            *entry = (rig.ordinal, now, 60);
                        }
                        prop_assert_eq!(lookup.is_new, entry.0 == rig.ordinal);
                        entry.1 = now;
                        let state = if reverse { FlowState::Established } else { FlowState::Closed };
                        rig.table.set_state(lookup.handle, state);
                        entry.2 = i64::from(if reverse { timeouts.tcp.normal.established } else { timeouts.tcp.normal.closed });
                    }
                    _ => {
                        let lookup = rig.track(&if reverse { back(&there) } else { there }, now).unwrap();
                        let entry = model.entry(port).or_insert((rig.ordinal, now, 60));
                        if now > entry.1 + entry.2 {
                            *entry = (rig.ordinal, now, 60);
                        }
                        entry.1 = now;
                        prop_assert_eq!(lookup.is_new, entry.0 == rig.ordinal);
                    }
                }
                prop_assert_eq!(rig.table.len(), model.len());
            }
        }
    }
}
