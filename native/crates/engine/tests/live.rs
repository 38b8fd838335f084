//! Sources that are live: what an idle wire does, when what they bring can be seen outside, and several side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{config, events, folder, rules};
use serde_json::json;
use sidewire_base::Time;
use sidewire_capture::{BlockFrames, MemorySource, PacketSource, ReadError, SourceEvent};
use sidewire_engine::{Run, RunConfig, Summary};

/// When the captures of these tests begin. Seconds.
const START: i64 = 1_700_000_000;

fn time(seconds: f64) -> Time {
    Time(START * 1_000_000_000 + (seconds * 1e9) as i64)
}

/// A UDP packet over Ethernet and IPv4, without checksums.
fn datagram(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00];
    let length = u16::try_from(28 + payload.len()).unwrap();
    frame.extend_from_slice(&[0x45, 0]);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend_from_slice(&port.to_be_bytes());
    frame.extend_from_slice(&9999_u16.to_be_bytes());
    frame.extend_from_slice(&(length - 20).to_be_bytes());
    frame.extend_from_slice(&[0, 0]);
    frame.extend_from_slice(payload);
    frame
}

fn run(config: RunConfig, sources: Vec<Box<dyn PacketSource>>) -> Summary {
    let named = sources.into_iter().enumerate().map(|(n, source)| (format!("wire{n}"), source)).collect();
    Run::start_with(config, rules("udp", "aho-corasick"), None, named).unwrap().finish().unwrap()
}

#[test]
fn flows_end_on_an_idle_wire() {
    let eve = folder("idle").join("eve.json");
    let source = MemorySource::new()
        .frames([(time(0.0), datagram(1, b"abc"))])
        .idle_until(time(20.0))
        .frames([(time(20.5), datagram(2, b"abc"))])
        .idle_until(time(40.0))
        .idle_until(time(49.0));
    let summary = run(config(&eve, 0), vec![Box::new(source)]);
    assert_eq!(summary.packets, 2);
    let flows = events(&eve, "flow");
    let told: Vec<_> = flows
        .iter()
        .map(|event| (event["src_port"].as_u64().unwrap(), event["flow"]["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(1, "timeout"), (2, "shutdown")], "the first was idle for its 30 seconds, the second was not");
    let last = flows[0]["timestamp"].as_str().unwrap();
    assert!(last.starts_with("2023-11-14T22:14:00"), "told at the tick that ended it: {last}");
}

/// Hands over one packet, and ends once what it raised can be seen on disk.
struct UntilSeen {
    packet: Option<Vec<u8>>,
    eve: PathBuf,
    began: Instant,
    seen: Arc<std::sync::Mutex<Option<Duration>>>,
}

impl PacketSource for UntilSeen {
    fn next(&mut self, frames: &mut BlockFrames, deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        frames.clear();
        if let Some(data) = self.packet.take() {
            self.began = Instant::now();
            let wire_length = u32::try_from(data.len()).unwrap();
            let frame = sidewire_capture::CapturedFrame {
                time: time(0.0),
                data: &data,
                wire_length,
                link_type: 1,
                interface: 0,
                checksums_pending: false,
            };
            frames.push(&frame);
            return Ok(SourceEvent::Frames);
        }
        let waited = self.began.elapsed();
        if fs::read_to_string(&self.eve).is_ok_and(|text| text.contains("\"event_type\":\"alert\"")) {
            *self.seen.lock().unwrap() = Some(waited);
            return Ok(SourceEvent::End);
        }
        if waited > Duration::from_secs(10) {
            return Ok(SourceEvent::End);
        }
        let deadline = deadline.expect("a live source is given a deadline");
        std::thread::park_timeout(deadline.saturating_duration_since(Instant::now()));
        Ok(SourceEvent::Tick(Time(time(0.0).0 + i64::try_from(waited.as_nanos()).unwrap())))
    }

    fn is_live(&self) -> bool {
        true
    }
}

#[test]
fn an_alert_is_on_disk_soon_after_its_packet() {
    let eve = folder("soon").join("eve.json");
    let seen = Arc::new(std::sync::Mutex::new(None));
    let source = UntilSeen {
        packet: Some(datagram(1, b"abc")),
        eve: eve.clone(),
        began: Instant::now(),
        seen: Arc::clone(&seen),
    };
    run(config(&eve, 0), vec![Box::new(source)]);
    let waited = seen.lock().unwrap().expect("the alert was written while the source was still open");
    // A second by design; a machine that is busy with other things gets more.
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

/// Is idle for some time by the clock on the wall.
struct Idle(Instant, Duration);

impl PacketSource for Idle {
    fn next(&mut self, frames: &mut BlockFrames, deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        frames.clear();
        if self.0.elapsed() >= self.1 {
            return Ok(SourceEvent::End);
        }
        std::thread::park_timeout(deadline.unwrap().saturating_duration_since(Instant::now()));
        Ok(SourceEvent::Tick(Time(time(0.0).0 + i64::try_from(self.0.elapsed().as_nanos()).unwrap())))
    }

    fn is_live(&self) -> bool {
        true
    }
}

#[test]
fn statistics_are_written_on_their_interval() {
    let eve = folder("stats").join("eve.json");
    run(config(&eve, 1), vec![Box::new(Idle(Instant::now(), Duration::from_millis(2600)))]);
    let stats = events(&eve, "stats");
    let reloaded = stats[0]["stats"]["detect"]["engines"][0]["last_reload"].as_str();
    assert_eq!(reloaded.map(str::len), Some("2026-01-01T00:00:00.000000+0000".len()), "{reloaded:?}");
    assert!(stats.len() >= 3, "two on the interval and one at the end: {}", stats.len());
    let none = folder("no-stats").join("eve.json");
    let silent = RunConfig { stats: None, ..config(&none, 1) };
    run(silent, vec![Box::new(Idle(Instant::now(), Duration::from_millis(1300)))]);
    assert!(events(&none, "stats").is_empty());
}

#[test]
fn several_sources_have_a_worker_each() {
    let eve = folder("several").join("eve.json");
    let source = |port: u16| {
        let packets = (0..50).map(move |n| (time(f64::from(n)), datagram(port, b"xabcx")));
        Box::new(MemorySource::new().frames(packets)) as Box<dyn PacketSource>
    };
    let summary = run(config(&eve, 0), vec![source(1), source(2), source(3)]);
    assert_eq!((summary.packets, summary.files), (150, 3));
    assert_eq!(summary.counters["decoder.pkts"], 150);
    assert_eq!(events(&eve, "alert").len(), 150);
    let mut flows: Vec<_> = events(&eve, "flow")
        .iter()
        .map(|event| (event["src_port"].as_u64().unwrap(), event["flow"]["pkts_toserver"].as_u64().unwrap()))
        .collect();
    flows.sort_unstable();
    assert_eq!(flows, [(1, 50), (2, 50), (3, 50)]);
}

#[test]
fn a_gap_of_hours_splits_and_misdates_nothing() {
    let eve = folder("gap").join("eve.json");
    // One packet two hours before a conversation of few: engine time does not believe the jump yet.
    let frames = std::iter::once((time(0.0), datagram(1, b"first")))
        .chain((0..5).map(|n| (time(7200.0 + f64::from(n)), datagram(2, b"later"))))
        .chain((0..5).map(|n| (time(3600.5 + f64::from(n)), datagram(3, b"back"))));
    run(config(&eve, 0), vec![Box::new(MemorySource::new().frames(frames))]);
    let flows = events(&eve, "flow");
    let told: Vec<_> = flows
        .iter()
        .map(|event| {
            let flow = &event["flow"];
            (
                event["src_port"].as_u64().unwrap(),
                flow["pkts_toserver"].as_u64().unwrap(),
                flow["start"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, 1, "2023-11-14T22:13:20.000000+0000"),
            (2, 5, "2023-11-15T00:13:20.000000+0000"),
            (3, 5, "2023-11-14T23:13:20.500000+0000"),
        ]
    );
}

/// Has more packets waiting than it has room for, and hands over a block every 300 ms.
struct Backlogged(MemorySource);

impl PacketSource for Backlogged {
    fn next(&mut self, frames: &mut BlockFrames, deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        // Longer than the driver waits between two looks at the room that packets wait in.
        std::thread::park_timeout(Duration::from_millis(300));
        self.0.next(frames, deadline)
    }

    fn is_live(&self) -> bool {
        true
    }

    fn backlog(&self) -> u8 {
        100
    }
}

/// A question for `a.bc` over UDP port 53.
fn dns_query(port: u16) -> Vec<u8> {
    let mut frame = datagram(port, &[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 2, b'x', b'y', 0, 0, 1, 0, 1]);
    frame[36..38].copy_from_slice(&53_u16.to_be_bytes());
    frame
}

#[test]
fn overload_sheds_bulk_first_then_details_and_never_alerts() {
    let of = |shed_load: bool, name: &str| {
        let eve = folder(name).join("eve.json");
        let bulk = (0..300).map(|n| (time(0.1 + f64::from(n) / 1000.0), datagram(5, &[b'.'; 60_000])));
        let source = MemorySource::new()
            .frames(std::iter::once((time(0.0), dns_query(1))).chain(bulk))
            .frames([(time(1.0), datagram(5, b"more")), (time(1.1), datagram(6, b"abc"))])
            .frames([(time(2.0), datagram(5, b"abc")), (time(2.1), datagram(6, b"abc")), (time(2.2), dns_query(2))]);
        let mut config = RunConfig { shed_load, ..config(&eve, 0) };
        config.outputs[0].format = serde_json::from_value(json!({
            "kind": "eve", "prefix": "", "community_id": null, "sensor_name": "", "pcap_file": false, "ethernet": false,
            "metadata": false, "xff": null, "ipv6_full": false,
            "types": { "alert": {}, "flow": {}, "stats": {}, "dns": {}, "anomaly": {}, "engine": {} }
        }))
        .unwrap();
        let dns = json!({ "dns": {
            "detection_only": false, "tcp": { "enabled": false, "ports": [] }, "udp": { "enabled": true, "ports": [] },
            "settings": {}
        } });
        config.protocols = serde_json::from_value(dns).unwrap();
        let summary = run(config, vec![Box::new(Backlogged(source))]);
        let ports =
            |kind| events(&eve, kind).iter().map(|event| event["src_port"].as_u64().unwrap()).collect::<Vec<_>>();
        (ports("alert"), ports("dns"), summary.counters, fs::read_to_string(&eve).unwrap())
    };
    let (alerts, questions, counters, _) = of(false, "overload-not");
    assert_eq!((alerts, questions), (vec![6, 5, 6], vec![1, 2]));
    assert!(!counters.contains_key("shed.flows"));
    let (alerts, questions, counters, text) = of(true, "overload");
    assert_eq!(alerts, [6, 6], "of what is inspected, all");
    assert_eq!(questions, [1]);
    assert_eq!([counters["shed.degree"], counters["shed.flows"], counters["shed.events"]], [2, 1, 1]);
    assert!(text.contains("capture/overload"), "it is said in the log");
    assert!(text.contains("\"state\":\"bypassed\""), "and by the flow");
}
