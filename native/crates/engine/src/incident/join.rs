//! Joining what a capture and event logs say of the same connections, by keys; times of logs are used only after each host's
//! clock was measured by the keys. A join that may be wrong is not made.

use std::collections::BTreeMap;
use std::sync::Arc;

use sidewire_base::Time;

use super::evidence::{ConnectionSeen, HostEvidence, LogonSeen};
use super::network::{FlowFact, NetworkFacts};

/// How far a log's time of a connection may be from the capture's, its clock not being known: nanoseconds.
const REACH: i64 = 120_000_000_000;
/// Two processes that are equally near: nanoseconds.
const EQUALLY_NEAR: i64 = 2_000_000_000;

/// An end of a flow, as a host names it.
#[derive(Clone, Debug)]
pub(super) struct FlowEnd {
    pub(super) host: Arc<str>,
    pub(super) pid: Option<u32>,
    pub(super) image: String,
    /// `capture`, `sysmon 3`, `security 5156`.
    pub(super) known_by: Vec<&'static str>,
    pub(super) records: Vec<ConnectionSeen>,
}

/// What logs say of a flow.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowJoin {
    pub(super) client: Option<FlowEnd>,
    pub(super) server: Option<FlowEnd>,
    pub(super) logon: Option<LogonSeen>,
}

impl FlowJoin {
    pub(super) fn is_empty(&self) -> bool {
        self.client.is_none() && self.server.is_none() && self.logon.is_none()
    }
}

/// A host's clock against the capture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HostClock {
    /// Nanoseconds that its log is ahead.
    pub(super) offset: i64,
    /// Connections it was measured by.
    pub(super) from: usize,
}

/// All joins of a run.
#[derive(Debug, Default)]
pub(super) struct HostJoins {
    /// In the order of the flows.
    pub(super) flows: Vec<FlowJoin>,
    pub(super) clocks: BTreeMap<Arc<str>, HostClock>,
}

/// Joins flows and logs.
pub(super) fn join(facts: &NetworkFacts, evidence: &HostEvidence) -> HostJoins {
    let clocks = measure(facts, evidence);
    let flows = facts.flows.iter().map(|flow| join_flow(flow, evidence, &clocks)).collect();
    HostJoins { flows, clocks }
}

/// What hosts said of a flow: the client's end, then the server's.
fn candidates<'e>(flow: &FlowFact, evidence: &'e HostEvidence) -> [Vec<&'e ConnectionSeen>; 2] {
    let of = |key| evidence.connections.get(&key).map(Vec::as_slice).unwrap_or_default();
    let (forward, backward) = (of((flow.client, flow.server)), of((flow.server, flow.client)));
    // Who began a connection has it as it is; who took it may have it the other way round.
    let client = forward.iter().filter(|seen| seen.initiated).collect();
    let server = forward.iter().chain(backward).filter(|seen| !seen.initiated).collect();
    [client, server]
}

/// The median distance of each host's log from the capture, over all connections both have.
fn measure(facts: &NetworkFacts, evidence: &HostEvidence) -> BTreeMap<Arc<str>, HostClock> {
    let mut distances: BTreeMap<Arc<str>, Vec<i64>> = BTreeMap::new();
    for flow in &facts.flows {
        for seen in candidates(flow, evidence).into_iter().flatten() {
            let distance = seen.time.since(flow.first);
            if distance.abs() <= REACH {
                distances.entry(Arc::clone(&seen.host)).or_default().push(distance);
            }
        }
    }
    let clock = |mut all: Vec<i64>| {
        all.sort_unstable();
        let offset = all.get(all.len() / 2).copied().unwrap_or_default();
        HostClock { offset, from: all.len() }
    };
    distances.into_iter().map(|(host, all)| (host, clock(all))).collect()
}

fn join_flow(flow: &FlowFact, evidence: &HostEvidence, clocks: &BTreeMap<Arc<str>, HostClock>) -> FlowJoin {
    let [client, server] = candidates(flow, evidence).map(|seen| nearest(flow.first, &seen, clocks));
    let said_client = flow.calls.iter().find_map(|call| call.client_pid);
    let said_server = flow.calls.iter().find_map(|call| call.server_pid);
    let client = client.map(|end| with_capture(end, said_client, |pid, said| pid == said));
    let server = server.map(|end| {
        // The capture knows 16 bits of it, which is all of most.
        with_capture(end, said_server.map(u32::from), |pid, said| pid & 0xffff == said)
    });
    let logon = logon(flow, evidence, server.as_ref(), clocks);
    FlowJoin { client, server, logon }
}

/// Adds what the capture says of the process, where it agrees or the log lost it.
fn with_capture(mut end: FlowEnd, said: Option<u32>, same: impl Fn(u32, u32) -> bool) -> FlowEnd {
    if let Some(said) = said {
        match end.pid {
            Some(pid) if same(pid, said) => end.known_by.insert(0, "capture"),
            Some(_) => {}
            None => {
                end.pid = Some(said);
                end.known_by.insert(0, "capture");
            }
        }
    }
    end
}

/// The end that is nearest in time, as all its records say it. None where two processes are equally near.
fn nearest(first: Time, seen: &[&ConnectionSeen], clocks: &BTreeMap<Arc<str>, HostClock>) -> Option<FlowEnd> {
    let distance = |one: &ConnectionSeen| {
        let offset = clocks.get(&one.host).map_or(0, |clock| clock.offset);
        (one.time.since(first) - offset).abs()
    };
    let mut within: Vec<&ConnectionSeen> =
        seen.iter().copied().filter(|one| one.time.since(first).abs() <= REACH).collect();
    within.sort_by_key(|one| (distance(one), one.pid.is_none()));
    let best = *within.first()?;
    let named = within.iter().find(|one| one.pid.is_some() && one.host == best.host);
    let other = within
        .iter()
        .find(|one| one.host != best.host || named.is_some_and(|named| one.pid.is_some() && one.pid != named.pid));
    let near = named.map_or_else(|| distance(best), |named| distance(named));
    if other.is_some_and(|other| (distance(other) - near).abs() <= EQUALLY_NEAR) {
        return None;
    }
    let chosen = named.copied().unwrap_or(best);
    let same: Vec<ConnectionSeen> = within
        .into_iter()
        .filter(|one| one.host == chosen.host && (one.pid == chosen.pid || one.pid.is_none()))
        .cloned()
        .collect();
    let mut known_by: Vec<&'static str> = same.iter().map(|one| one.source).collect();
    known_by.sort_unstable_by(|a, b| b.cmp(a));
    known_by.dedup();
    // Sysmon writes paths as people do; the filter's are those of devices.
    let image = same.iter().find(|one| one.source == "sysmon 3").unwrap_or(chosen).image.clone();
    Some(FlowEnd { host: Arc::clone(&chosen.host), pid: chosen.pid, image, known_by, records: same })
}

/// The logon that came by the flow: its address and port are the client's end.
fn logon(
    flow: &FlowFact,
    evidence: &HostEvidence,
    server: Option<&FlowEnd>,
    clocks: &BTreeMap<Arc<str>, HostClock>,
) -> Option<LogonSeen> {
    let seen = evidence.logons.get(&flow.client)?;
    let distance = |one: &LogonSeen| {
        let offset = clocks.get(&one.host).map_or(0, |clock| clock.offset);
        let at = Time(one.time.0.saturating_sub(offset));
        // Inside of the flow there is no distance.
        if at > flow.last { at.since(flow.last) } else { flow.first.since(at).max(0) }
    };
    let here = |one: &&LogonSeen| server.is_none_or(|server| server.host == one.host);
    let mut within: Vec<&LogonSeen> = seen.iter().filter(here).filter(|one| distance(one) <= REACH).collect();
    within.sort_by_key(|one| (distance(one), one.time));
    let best = *within.first()?;
    // A port that was used again, on another host: nobody knows which.
    let other = within.iter().any(|one| one.host != best.host);
    (!other).then(|| best.clone())
}
