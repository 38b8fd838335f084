//! The Rust half of `test/ir/CASE/`: `ir.json` and the packets of `verdict.json` give the alerts told there. That the rule's
//! text gives `ir.json` is tested in TypeScript.
//!
//! `verdict.json` is a list of conversations: `says` what is shown; `packets`, all to the server in one established flow
//! from 10.0.0.1 port 1000 to 192.0.2.1 port 80; and the number of `alerts`. A packet is a TCP payload (`payload`, a
//! character an octet) or a whole IP packet (`ip`, hexadecimal).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use sidewire_base::{Direction, Time};
use sidewire_decode::{DecodeOptions, FrameDecoder, LinkFrame, Packet};
use sidewire_detect::ir::RuleBatch;
use sidewire_detect::{
    AppProtoState, CompileOptions, DetectEngine, DetectFlowState, FlowInput, FlowStats, InspectInput, RuleSet,
    SilentObserver, ThresholdDecision, Thresholds,
};

/// LINKTYPE_RAW.
const RAW_IP: u32 = 101;

/// A rule set, one flow and what counts alerts over it.
struct Conversation {
    rules: Arc<RuleSet>,
    detector: DetectEngine,
    state: DetectFlowState,
    thresholds: Thresholds,
    established: bool,
    alerts: u64,
}

impl Conversation {
    fn packet(&mut self, packet: &Packet<'_>) {
        let (source, destination) = (packet.source(), packet.destination());
        let mut matches = Vec::new();
        let input = InspectInput {
            time: Time::new(100, 0),
            ordinal: 1,
            packet: Some(packet),
            source,
            destination,
            flow: Some(FlowInput {
                direction: Direction::ToServer,
                established: self.established,
                was_established: self.established,
                protocol: packet.ip.as_ref().map_or(0, |ip| ip.protocol),
                app: None,
                taken: AppProtoState::default(),
                app_events: &[],
                state: &mut self.state,
                session: None,
                frames: None,
                packet_in_stream: false,
                opaque: false,
                stream: None,
                stream_sizes: None,
                stats: FlowStats { packets: [1, 0].into(), bytes: [100, 0].into(), age: 0 },
            }),
            stream_events: &[],
            last: false,
        };
        self.detector.inspect(input, &mut SilentObserver, &mut matches);
        for found in matches {
            let rule = self.rules.rule(found.rule);
            let addresses = [source, destination].map(|side| side.map(|side| side.address));
            let [source, destination] = addresses;
            let decision = self.thresholds.apply(rule, source, destination, Some(1), Time::new(100, 0));
            self.alerts += u64::from(decision == ThresholdDecision::Alert && !rule.noalert);
        }
    }
}

/// A packet of the flow.
fn tcp(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(40 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1];
    packet.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 2, 0, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

fn unhex(text: &str) -> Vec<u8> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty());
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../test/ir");
    let mut cases: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("verdict.json").exists());
    cases.sort();
    cases
}

fn run(batch: &RuleBatch, conversation: &Value) -> u64 {
    let options = CompileOptions { threads: 1, ..CompileOptions::default() };
    let (rules, problems) = RuleSet::compile([batch.clone()], &options, &[]).unwrap();
    assert_eq!(problems, []);
    let rules = Arc::new(rules);
    let mut flow = Conversation {
        detector: DetectEngine::new(&rules),
        rules,
        state: DetectFlowState::default(),
        thresholds: Thresholds::default(),
        established: conversation.get("established").is_none_or(|value| value.as_bool().unwrap()),
        alerts: 0,
    };
    for packet in conversation["packets"].as_array().unwrap() {
        let octets = match packet.get("payload") {
            Some(text) => tcp(&text.as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>()),
            None => unhex(packet["ip"].as_str().unwrap()),
        };
        let wire_length = u32::try_from(octets.len()).unwrap();
        let frame = LinkFrame {
            time: Time::new(100, 0),
            ordinal: 1,
            link_type: RAW_IP,
            data: &octets,
            wire_length,
            interface: 0,
            checksums_pending: false,
        };
        let mut seen = 0;
        FrameDecoder::new(DecodeOptions { checksums: false, ..DecodeOptions::default() }).decode(
            &frame,
            &mut |packet| {
                seen += 1;
                assert!(!packet.invalid, "the decoder refuses {octets:02x?}");
                flow.packet(packet);
            },
        );
        assert_eq!(seen, 1);
    }
    flow.alerts
}

#[test]
fn rules_alert_on_what_their_case_says() {
    let cases = cases();
    assert!(cases.len() >= 25, "only {} cases have a verdict", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let read = |name| std::fs::read_to_string(case.join(name)).unwrap();
        let batch: RuleBatch = serde_json::from_str(&read("ir.json")).unwrap();
        let verdict: Value = serde_json::from_str(&read("verdict.json")).unwrap();
        for conversation in verdict.as_array().unwrap() {
            let (alerts, wanted) = (run(&batch, conversation), conversation["alerts"].as_u64().unwrap());
            if alerts != wanted {
                let name = case.file_name().unwrap().to_string_lossy();
                wrong.push(format!("{name}, {}: {alerts} alerts, not {wanted}", conversation["says"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
