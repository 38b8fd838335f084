//! What a replay says of flows, calls and alerts: the capture's side of a join, out of the EVE lines of the run.

use std::collections::HashMap;

use serde_json::Value;
use sidewire_base::Time;
use sidewire_hostlog::parse_time;

use super::evidence::ConnectionEnd;

/// Calls and alerts that are kept; beyond, they are counted.
const MAX_FACTS: usize = 1 << 20;

/// Arguments inside each other, and texts of one call.
const DEPTH: u32 = 8;
const MAX_TEXTS: usize = 64;
/// Octets of a text that may be a command line.
const TELLING: usize = 6;

/// A call.
#[derive(Clone, Debug)]
pub(super) struct CallFact {
    pub(super) time: Time,
    pub(super) interface: String,
    pub(super) procedure: String,
    /// Low 16 bits of the server's process id.
    pub(super) server_pid: Option<u16>,
    /// The client's process id, as it said at login.
    pub(super) client_pid: Option<u32>,
    pub(super) sealed: bool,
    pub(super) says: Option<String>,
    /// Texts of its arguments that may be command lines.
    pub(super) texts: Vec<String>,
    /// Texts of its arguments: names among them.
    pub(super) names: Vec<String>,
    pub(super) packet: Option<u64>,
}

/// An alert.
#[derive(Clone, Debug)]
pub(super) struct AlertFact {
    pub(super) signature: String,
    pub(super) severity: u64,
    pub(super) techniques: Vec<String>,
    pub(super) detections: Vec<String>,
    pub(super) sid: u64,
    pub(super) time: Time,
    pub(super) packet: Option<u64>,
}

/// A flow.
#[derive(Clone, Debug)]
pub(super) struct FlowFact {
    pub(super) id: u64,
    pub(super) client: ConnectionEnd,
    pub(super) server: ConnectionEnd,
    pub(super) first: Time,
    pub(super) last: Time,
    pub(super) capture: Option<String>,
    pub(super) calls: Vec<CallFact>,
    pub(super) alerts: Vec<AlertFact>,
}

/// What a run said.
#[derive(Debug, Default)]
pub(super) struct NetworkFacts {
    pub(super) flows: Vec<FlowFact>,
    /// What came before the flow's own event, by its id.
    waiting: HashMap<u64, (Vec<CallFact>, Vec<AlertFact>)>,
    kept: usize,
    /// Facts beyond the bound.
    pub(super) dropped: u64,
}

impl NetworkFacts {
    /// Takes a line of EVE in.
    pub(super) fn line(&mut self, line: &[u8]) {
        // Most lines are of other types: not worth parsing.
        let interesting = [&b"\"event_type\":\"flow\""[..], b"\"event_type\":\"msrpc\"", b"\"event_type\":\"alert\""];
        if !interesting.iter().any(|mark| contains(line, mark)) {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Value>(line) else { return };
        let Some(flow) = event.get("flow_id").and_then(Value::as_u64) else { return };
        match event.get("event_type").and_then(Value::as_str) {
            Some("flow") => self.flow(flow, &event),
            Some(kind @ ("msrpc" | "alert")) => {
                if self.kept >= MAX_FACTS {
                    self.dropped += 1;
                    return;
                }
                self.kept += 1;
                let (calls, alerts) = self.waiting.entry(flow).or_default();
                if kind == "msrpc" { calls.extend(call(&event)) } else { alerts.extend(alert(&event)) }
            }
            _ => {}
        }
    }

    fn flow(&mut self, id: u64, event: &Value) {
        let end = |address: &str, port: &str| -> Option<ConnectionEnd> {
            let address: core::net::IpAddr = event.get(address)?.as_str()?.parse().ok()?;
            Some((address.to_canonical(), u16::try_from(event.get(port)?.as_u64()?).ok()?))
        };
        let time = |name: &str| moment(event.pointer(&format!("/flow/{name}")));
        let (Some(client), Some(server)) = (end("src_ip", "src_port"), end("dest_ip", "dest_port")) else { return };
        let (Some(first), Some(last)) = (time("start"), time("end")) else { return };
        if event.get("proto").and_then(Value::as_str) != Some("TCP") {
            return;
        }
        let (mut calls, mut alerts) = self.waiting.remove(&id).unwrap_or_default();
        calls.sort_by_key(|call| call.time);
        alerts.sort_by_key(|alert| alert.time);
        let capture = event.get("pcap_filename").and_then(Value::as_str).map(ToOwned::to_owned);
        if self.flows.len() < MAX_FACTS {
            self.flows.push(FlowFact { id, client, server, first, last, capture, calls, alerts });
        } else {
            self.dropped += 1;
        }
    }
}

/// A line has a mark.
fn contains(line: &[u8], mark: &[u8]) -> bool {
    // The type stands in the first octets of a line.
    line.get(..line.len().min(256)).is_some_and(|head| head.windows(mark.len()).any(|window| window == mark))
}

fn moment(value: Option<&Value>) -> Option<Time> {
    // EVE writes `+0000`.
    parse_time(value?.as_str()?.as_bytes()).map(|read| read.time)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn call(event: &Value) -> Option<CallFact> {
    let call = event.get("msrpc")?;
    let text = |path: &str| call.pointer(path).and_then(Value::as_str).map(ToOwned::to_owned);
    let number = |path: &str| call.pointer(path).and_then(Value::as_u64);
    let mut found = Vec::new();
    if let Some(arguments) = call.get("arguments") {
        collect(arguments, &mut found, DEPTH);
    }
    Some(CallFact {
        time: moment(call.get("started")).or_else(|| moment(event.get("timestamp")))?,
        interface: text("/interface/name").unwrap_or_default(),
        procedure: text("/procedure").unwrap_or_default(),
        server_pid: number("/dcom/server_pid").and_then(|pid| u16::try_from(pid).ok()),
        client_pid: number("/dcom/client/pid").and_then(|pid| u32::try_from(pid).ok()),
        sealed: call.get("stub").and_then(Value::as_str) == Some("sealed") && call.get("opened").is_none(),
        says: text("/says"),
        texts: found.iter().filter(|text| text.len() >= TELLING).cloned().collect(),
        names: found,
        packet: event.get("pcap_cnt").and_then(Value::as_u64),
    })
}

/// Texts inside of arguments.
fn collect(value: &Value, found: &mut Vec<String>, depth: u32) {
    match value {
        Value::String(text) if !text.is_empty() && found.len() < MAX_TEXTS => found.push(text.clone()),
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| collect(item, found, depth - 1)),
        Value::Object(members) if depth > 0 => members.values().for_each(|item| collect(item, found, depth - 1)),
        _ => {}
    }
}

fn alert(event: &Value) -> Option<AlertFact> {
    let alert = event.get("alert")?;
    Some(AlertFact {
        signature: alert.get("signature")?.as_str()?.to_owned(),
        severity: alert.get("severity").and_then(Value::as_u64).unwrap_or(3),
        techniques: texts(alert.pointer("/metadata/mitre_technique_id")),
        detections: texts(alert.pointer("/metadata/detection")),
        sid: alert.get("signature_id").and_then(Value::as_u64).unwrap_or_default(),
        time: moment(event.get("timestamp"))?,
        packet: event.get("pcap_cnt").and_then(Value::as_u64),
    })
}
