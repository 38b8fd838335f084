//! Faults on purpose at each stage of a run: what a panic costs, that it is counted and said, and that memory comes back.
#![cfg(debug_assertions)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use common::{config, events, folder, rules};
use serde_json::json;
use sidewire_base::fault::{FaultPlace, arm};
use sidewire_engine::{Run, Summary};

/// Flows of the capture.
const FLOWS: u16 = 40;

/// Faults are armed for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A segment over Ethernet and IPv4, without checksums.
fn segment(host: u8, to_server: bool, flags: u8, (seq, ack): (u32, u32), payload: &[u8]) -> Vec<u8> {
    let (client, server) = ([10, 0, 1, host], [10, 0, 2, host]);
    let (from, to, ports) = if to_server { (client, server, [40_000_u16, 80]) } else { (server, client, [80, 40_000]) };
    let length = u16::try_from(40 + payload.len()).unwrap();
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend_from_slice(&from);
    frame.extend_from_slice(&to);
    ports.iter().for_each(|port| frame.extend_from_slice(&port.to_be_bytes()));
    frame.extend_from_slice(&seq.to_be_bytes());
    frame.extend_from_slice(&ack.to_be_bytes());
    frame.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend_from_slice(payload);
    frame
}

/// A capture of flows that each ask for a page with `abc` in its name; every second one stays open to the end.
fn capture(path: &Path) {
    let mut frames = Vec::new();
    for host in 0..FLOWS {
        let host = u8::try_from(host).unwrap();
        let ask = b"GET /abc HTTP/1.1\r\nHost: a\r\n\r\n";
        let after = 101 + u32::try_from(ask.len()).unwrap();
        let page = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let end = 201 + u32::try_from(page.len()).unwrap();
        frames.push(segment(host, true, 0x02, (100, 0), b""));
        frames.push(segment(host, false, 0x12, (200, 101), b""));
        frames.push(segment(host, true, 0x10, (101, 201), b""));
        frames.push(segment(host, true, 0x18, (101, 201), ask));
        frames.push(segment(host, false, 0x18, (201, after), page));
        frames.push(segment(host, true, 0x10, (after, end), b""));
        if host % 2 == 0 {
            frames.push(segment(host, true, 0x14, (after, end), b""));
        }
    }
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    for (number, frame) in (0_u32..).zip(&frames) {
        let length = u32::try_from(frame.len()).unwrap();
        for word in [1_700_000_000 + number, 0, length, length] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        file.extend_from_slice(frame);
    }
    std::fs::write(path, file).unwrap();
}

struct FaultedRun {
    summary: Summary,
    alerts: usize,
    flows: usize,
}

impl FaultedRun {
    fn counter(&self, name: &str) -> u64 {
        self.summary.counters.get(name).copied().unwrap_or(0)
    }

    fn codes(&self) -> Vec<&'static str> {
        self.summary.errors.iter().map(sidewire_engine::EngineError::code).collect()
    }
}

/// Replays the capture with so many faults at a place, the first after `wait` passes.
fn run(place: FaultPlace, wait: u64, times: u64, workers: u32) -> FaultedRun {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = folder(&format!("faults-{place:?}-{times}-{workers}"));
    let (pcap, eve) = (folder.join("flows.pcap"), folder.join("eve.json"));
    capture(&pcap);
    let mut config = config(&eve, 0);
    config.inputs = vec![pcap.to_str().unwrap().to_owned()];
    config.workers = workers;
    let http = json!({ "detection_only": false, "tcp": { "enabled": true, "ports": [] },
        "udp": { "enabled": false, "ports": [] }, "settings": {} });
    config.protocols.insert("http".to_owned(), serde_json::from_value(http).unwrap());
    if place == FaultPlace::Sample {
        config.decode.checksums = sidewire_engine::ChecksumMode::Auto;
    }
    let rules = rules("tcp", "aho-corasick");
    arm(place, wait, times);
    let summary = Run::start(config, rules, None).unwrap().finish().unwrap();
    arm(place, 0, 0);
    let (alerts, flows) = (events(&eve, "alert").len(), events(&eve, "flow").len());
    FaultedRun { summary, alerts, flows }
}

/// Places where a fault costs the flow that it met, in one worker and in two.
const OF_A_FLOW: [FaultPlace; 8] = [
    FaultPlace::Decode,
    FaultPlace::Stream,
    FaultPlace::Parse,
    FaultPlace::Inspect,
    FaultPlace::Log,
    FaultPlace::FlowEnd,
    FaultPlace::Tick,
    FaultPlace::Shard,
];

#[test]
fn a_fault_costs_one_flow_and_is_counted_and_said() {
    for workers in [1, 3] {
        let whole = run(FaultPlace::Tick, 0, 0, workers);
        assert_eq!((whole.alerts, whole.flows), (usize::from(FLOWS), usize::from(FLOWS)), "{:?}", whole.codes());
        assert_eq!(whole.codes(), [""; 0]);
        for place in OF_A_FLOW.into_iter().filter(|place| workers > 1 || *place != FaultPlace::Shard) {
            let times = 10;
            let faulted = run(place, 7, times, workers);
            let lost = usize::from(FLOWS).saturating_sub(faulted.alerts);
            assert_eq!(faulted.counter("engine.bugs"), times, "{place:?}");
            assert!(lost <= usize::try_from(times).unwrap(), "{place:?}: {lost} of {FLOWS} alerts are gone");
            assert!(
                faulted.flows + usize::try_from(times).unwrap() >= usize::from(FLOWS),
                "{place:?}: {}",
                faulted.flows
            );
            assert_eq!(faulted.codes(), ["engine/fault"], "{place:?}");
            for budget in ["tcp.memuse", "tcp.reassembly_memuse", "flow.memuse"] {
                assert_eq!(faulted.counter(budget), whole.counter(budget), "{place:?}: {budget}");
            }
            eprintln!(
                "{workers} workers, {times} faults at {place:?}: {lost} alerts and {} flows lost",
                usize::from(FLOWS).saturating_sub(faulted.flows)
            );
        }
    }
}

#[test]
fn a_fault_where_output_is_merged_costs_one_event() {
    for workers in [1, 3] {
        let faulted = run(FaultPlace::Merge, 5, 1, workers);
        assert_eq!(faulted.alerts + faulted.flows + 1, 2 * usize::from(FLOWS));
        assert_eq!(faulted.codes(), ["engine/fault"]);
    }
}

#[test]
fn a_fault_where_lines_are_written_costs_those_lines_which_are_counted() {
    let faulted = run(FaultPlace::Write, 0, 1, 1);
    let (written, codes) = (faulted.alerts + faulted.flows, faulted.codes());
    let report = serde_json::to_value(sidewire_engine::RunReport::from(faulted.summary)).unwrap();
    let lost = report["outputs"][0]["dropped"].as_u64().unwrap();
    assert_eq!(written as u64 + lost, 2 * u64::from(FLOWS));
    assert_eq!(codes, ["engine/fault"]);
}

#[test]
fn a_fault_in_the_first_look_at_checksums_costs_no_flow() {
    let faulted = run(FaultPlace::Sample, 2, 1, 1);
    assert_eq!(faulted.codes(), ["engine/fault"]);
    assert_eq!(faulted.flows, usize::from(FLOWS), "the other frames say that checksums were left to the card");
}

#[test]
fn a_fault_of_the_reader_ends_its_source_with_a_reason() {
    for workers in [1, 3] {
        let faulted = run(FaultPlace::Read, 0, 1, workers);
        assert_eq!(faulted.codes(), ["engine/internal", "engine/fault"]);
    }
}
