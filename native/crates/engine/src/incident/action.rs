//! Actions of one caller on one host: flows that belong together, and what started on the host because of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sidewire_base::Time;

use super::evidence::{HostEvidence, NamedSeen, ProcessSeen, RecordPlace};
use super::join::HostJoins;
use super::named::NamedKind;
use super::network::{CallFact, FlowFact, NetworkFacts};
use super::wording::{TELLING, file_name, plain};

/// Silence between a caller and a host after which something else begins: nanoseconds.
const PAUSE: i64 = 30_000_000_000;
/// How far a process may start from the call that starts it, clocks being measured: nanoseconds. Logs have whole seconds.
const REACH: i64 = 5_000_000_000;
/// The same of what a call names, where no clock was measured: nanoseconds.
const UNMEASURED: i64 = 120_000_000_000;
/// Effects of one action.
const MAX_EFFECTS: usize = 256;

/// How sure a join is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinGrade {
    /// Connection or logon by key, and process, parent or command line.
    Confirmed,
    /// Parent and time alone.
    Probable,
    /// The capture alone.
    Network,
}

impl JoinGrade {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Probable => "probable",
            Self::Network => "network only",
        }
    }
}

/// A process that started because of an action.
#[derive(Clone, Debug)]
pub(super) struct ActionEffect {
    pub(super) process: ProcessSeen,
    pub(super) joined_by: BTreeSet<&'static str>,
    /// Nanoseconds from the call to its start, by the host's measured clock.
    pub(super) after: i64,
    pub(super) records: Vec<RecordPlace>,
}

/// A service or task that calls of an action name, as a log tells it.
#[derive(Clone, Debug)]
pub(super) struct InstalledThing {
    pub(super) seen: NamedSeen,
    /// Nanoseconds from the call, by the host's measured clock.
    pub(super) after: i64,
}

/// An action.
#[derive(Clone, Debug)]
pub(super) struct HostAction {
    /// Places of its flows.
    pub(super) flows: Vec<usize>,
    pub(super) first: Time,
    pub(super) last: Time,
    /// What the server calls itself, where a log says.
    pub(super) host: Option<Arc<str>>,
    pub(super) effects: Vec<ActionEffect>,
    pub(super) installed: Vec<InstalledThing>,
    pub(super) grade: JoinGrade,
    /// What carries it, in words.
    pub(super) means: Option<&'static str>,
    pub(super) sealed: bool,
}

/// The ways in which calls start programs: the interface, the procedures (none: any), what starts the program, and words.
struct ExecutionMethod {
    interfaces: &'static [&'static str],
    procedures: &'static [&'static str],
    parent: &'static str,
    /// In the parent's command line.
    parent_line: &'static str,
    words: &'static str,
}

/// [MS-WMI] 3.1.4, [MS-SCMR] 3.1.4, [MS-TSCH] 3.2.5: WmiPrvSE, the service control manager and the task scheduler start what
/// calls ask for.
const MEANS: &[ExecutionMethod] = &[
    ExecutionMethod {
        interfaces: &["IWbemServices", "IWbemLevel1Login", "IWbemLoginClientID"],
        procedures: &[],
        parent: "wmiprvse.exe",
        parent_line: "",
        words: "WMI",
    },
    ExecutionMethod {
        interfaces: &["svcctl"],
        procedures: &["StartService"],
        parent: "services.exe",
        parent_line: "",
        words: "the service control manager",
    },
    ExecutionMethod {
        interfaces: &["ITaskSchedulerService", "ATSvc", "SASec"],
        procedures: &[],
        parent: "svchost.exe",
        parent_line: "schedule",
        words: "the task scheduler",
    },
    ExecutionMethod {
        interfaces: &["ITaskSchedulerService", "ATSvc"],
        procedures: &[],
        parent: "taskeng.exe",
        parent_line: "",
        words: "the task scheduler",
    },
];

impl ExecutionMethod {
    fn is_by(&self, call: &CallFact) -> bool {
        let is = |names: &[&str], text: &str| names.iter().any(|name| text.contains(name));
        is(self.interfaces, &call.interface) && (self.procedures.is_empty() || is(self.procedures, &call.procedure))
    }

    fn started(&self, process: &ProcessSeen) -> bool {
        file_name(&process.parent_image).eq_ignore_ascii_case(self.parent)
            && process.parent_command_line.to_lowercase().contains(self.parent_line)
    }
}

/// The actions of a run, in the order of their begin.
pub(super) fn actions(facts: &NetworkFacts, joins: &HostJoins, evidence: &HostEvidence) -> Vec<HostAction> {
    let mut by_host: BTreeMap<&str, Vec<&ProcessSeen>> = BTreeMap::new();
    for process in &evidence.processes {
        by_host.entry(&process.host).or_default().push(process);
    }
    let mut named_by_host: BTreeMap<&str, Vec<&NamedSeen>> = BTreeMap::new();
    for named in &evidence.named {
        named_by_host.entry(&named.host).or_default().push(named);
    }
    let mut actions = grouped(facts, joins);
    for action in &mut actions {
        let host = action.host.clone();
        let looked_at = host.as_deref().and_then(|host| by_host.get(host)).map(Vec::as_slice).unwrap_or_default();
        let named = host.as_deref().and_then(|host| named_by_host.get(host)).map(Vec::as_slice).unwrap_or_default();
        EffectSearch { facts, joins, action }.find(looked_at, named);
    }
    actions.retain(|action| !action.effects.is_empty() || !action.installed.is_empty() || has_alert(facts, action));
    actions.sort_by_key(|action| action.first);
    actions
}

fn has_alert(facts: &NetworkFacts, action: &HostAction) -> bool {
    action.flows.iter().filter_map(|at| facts.flows.get(*at)).any(|flow| !flow.alerts.is_empty())
}

/// Times at which something was asked on a flow.
fn moments(flow: &FlowFact) -> impl Iterator<Item = Time> {
    flow.calls.iter().map(|call| call.time).chain(flow.alerts.iter().map(|alert| alert.time))
}

/// Flows with calls or alerts, by caller and host, cut where nothing was asked for a while.
fn grouped(facts: &NetworkFacts, joins: &HostJoins) -> Vec<HostAction> {
    let mut pairs: BTreeMap<_, Vec<(Time, Time, usize)>> = BTreeMap::new();
    for (at, flow) in facts.flows.iter().enumerate() {
        let Some(last) = moments(flow).max() else { continue };
        let first = moments(flow).min().unwrap_or(last).min(flow.first.max(Time(last.0.saturating_sub(PAUSE))));
        pairs.entry((flow.client.0, flow.server.0)).or_default().push((first, last, at));
    }
    let mut actions = Vec::new();
    for mut flows in pairs.into_values() {
        flows.sort_unstable();
        let mut open: Option<HostAction> = None;
        for (first, last, at) in flows {
            match &mut open {
                Some(action) if first.since(action.last) <= PAUSE => {
                    action.last = action.last.max(last);
                    action.flows.push(at);
                }
                _ => {
                    actions.extend(open.take());
                    open = Some(HostAction {
                        flows: vec![at],
                        first,
                        last,
                        host: None,
                        effects: Vec::new(),
                        installed: Vec::new(),
                        grade: JoinGrade::Network,
                        means: None,
                        sealed: false,
                    });
                }
            }
        }
        actions.extend(open);
    }
    for action in &mut actions {
        let joined = action.flows.iter().filter_map(|at| joins.flows.get(*at));
        let mut hosts: Vec<Arc<str>> = joined
            .filter_map(|join| {
                join.server.as_ref().map(|end| &end.host).or(join.logon.as_ref().map(|logon| &logon.host))
            })
            .cloned()
            .collect();
        hosts.sort_unstable();
        hosts.dedup();
        // An address that two hosts answer for is nobody's.
        action.host = if let [host] = hosts.as_slice() { Some(Arc::clone(host)) } else { None };
    }
    actions
}

/// Looking for what an action started.
struct EffectSearch<'e> {
    facts: &'e NetworkFacts,
    joins: &'e HostJoins,
    action: &'e mut HostAction,
}

impl EffectSearch<'_> {
    fn find(self, processes: &[&ProcessSeen], named: &[&NamedSeen]) {
        let Self { facts, joins, action } = self;
        let flows: Vec<(&FlowFact, _)> =
            action.flows.iter().filter_map(|at| facts.flows.get(*at).zip(joins.flows.get(*at))).collect();
        let calls: Vec<&CallFact> = flows.iter().flat_map(|(flow, _)| &flow.calls).collect();
        let by_means = calls.iter().find_map(|call| MEANS.iter().find(|means| means.is_by(call)));
        let by_object = calls.iter().any(|call| call.server_pid.is_some()).then_some("DCOM");
        action.means = by_means.map(|means| means.words).or(by_object);
        action.sealed = calls.iter().any(|call| call.sealed);
        let offset = action.host.as_ref().and_then(|host| joins.clocks.get(host)).map(|clock| clock.offset);
        let logons: BTreeSet<u64> =
            flows.iter().filter_map(|(_, join)| join.logon.as_ref()).map(|one| one.id).collect();
        let texts: Vec<String> = calls.iter().flat_map(|call| &call.texts).map(|text| plain(text)).collect();
        let named = told(named, &calls, offset);
        let known =
            Known { calls: &calls, logons: &logons, texts: &texts, named: &named, clock_known: offset.is_some() };
        let mut found: Vec<ActionEffect> = Vec::new();
        for process in processes {
            let at = Time(process.time.0.saturating_sub(offset.unwrap_or(0)));
            let Some((joined_by, after)) = known.keys(process, at, action) else {
                continue;
            };
            // Two records of one process; one that lost its process id is not said to be another's.
            let same = found.iter().position(|one| {
                one.process.image.eq_ignore_ascii_case(&process.image)
                    && one.process.pid == process.pid
                    && one.process.time.since(process.time).abs() <= REACH
            });
            let full = found.len() >= MAX_EFFECTS;
            match same.and_then(|at| found.get_mut(at)) {
                Some(one) => {
                    one.joined_by.extend(joined_by);
                    one.records.push(process.place.clone());
                }
                None if !full => found.push(ActionEffect {
                    process: (*process).clone(),
                    joined_by,
                    after,
                    records: vec![process.place.clone()],
                }),
                None => {}
            }
        }
        let by_key = flows.iter().any(|(_, join)| join.server.is_some() || join.logon.is_some());
        let strong = |one: &ActionEffect| {
            let keys = ["logon", "pid", "parent pid", "command line", "service name", "task name", "provider"];
            keys.iter().any(|key| one.joined_by.contains(key))
        };
        action.grade = match () {
            () if found.is_empty() && named.iter().all(|one| one.seen.kind == NamedKind::Provider) => {
                JoinGrade::Network
            }
            () if by_key && (found.iter().any(strong) || !named.is_empty() && found.is_empty()) => JoinGrade::Confirmed,
            () => JoinGrade::Probable,
        };
        action.effects = found;
        action.installed = named;
        action.installed.retain(|one| one.seen.kind != NamedKind::Provider);
    }
}

/// What a log tells by a name that calls say, near to them; and providers, which calls do not name.
fn told(named: &[&NamedSeen], calls: &[&CallFact], offset: Option<i64>) -> Vec<InstalledThing> {
    // A name and the host, known by a key, are worth more than a clock that nobody measured.
    let reach = if offset.is_some() { REACH } else { UNMEASURED };
    let mut found: Vec<InstalledThing> = Vec::new();
    for seen in named {
        let at = Time(seen.time.0.saturating_sub(offset.unwrap_or(0)));
        let by_name = |call: &&&CallFact| seen.is_named_by(call) || seen.kind == NamedKind::Provider;
        let after = calls.iter().filter(by_name).map(|call| at.since(call.time)).min_by_key(|after| after.abs());
        let Some(after) = after.filter(|after| after.abs() <= reach) else { continue };
        if found.len() < MAX_EFFECTS {
            found.push(InstalledThing { seen: (*seen).clone(), after });
        }
    }
    found
}

/// What is known of an action, for its processes.
struct Known<'k> {
    calls: &'k [&'k CallFact],
    logons: &'k BTreeSet<u64>,
    texts: &'k [String],
    named: &'k [InstalledThing],
    clock_known: bool,
}

impl Known<'_> {
    /// The keys by which a process belongs to an action, and how long after the call it started; none when it does not.
    fn keys(&self, process: &ProcessSeen, at: Time, action: &HostAction) -> Option<(BTreeSet<&'static str>, i64)> {
        let Self { calls, logons, texts, named, clock_known } = *self;
        let near = |call: &CallFact| at.since(call.time).abs() <= REACH;
        let mut joined_by = BTreeSet::new();
        let by_logon = process.logons.iter().flatten().any(|id| logons.contains(id));
        if by_logon && at.since(action.first) >= -REACH && at.since(action.last) <= REACH {
            joined_by.insert("logon");
        }
        let mut after = None;
        for call in calls.iter().filter(|call| near(call)) {
            let mut note = |key| {
                joined_by.insert(key);
                after.get_or_insert(at.since(call.time));
            };
            let low = |pid: Option<u32>| pid.map(|pid| (pid & 0xffff) as u16);
            if call.server_pid.is_some() && call.server_pid == low(process.pid) {
                note("pid");
            }
            if call.server_pid.is_some() && call.server_pid == low(process.parent_pid) {
                note("parent pid");
            }
            // Without a clock that was measured, time says nothing, and the kind of parent alone even less.
            if clock_known && MEANS.iter().any(|means| means.is_by(call) && means.started(process)) {
                note("parent");
            }
        }
        for one in named.iter().filter(|one| one.seen.started(process)) {
            // A provider starts many things: what is asked of it by such calls is near to them.
            let asked =
                |call: &&&CallFact| near(call) && MEANS.iter().any(|means| means.is_by(call) && means.started(process));
            if one.seen.kind != NamedKind::Provider || clock_known && calls.iter().any(|call| asked(&call)) {
                joined_by.insert(one.seen.key());
            }
        }
        if joined_by.is_empty() {
            return None;
        }
        let line = plain(&process.command_line);
        if line.len() >= TELLING
            && texts.iter().any(|text| text.len() >= TELLING && (line.contains(text) || text.contains(&line)))
        {
            joined_by.insert("command line");
        }
        if clock_known && calls.iter().any(|call| near(call)) {
            joined_by.insert("time");
        }
        let nearest = calls.iter().map(|call| at.since(call.time)).min_by_key(|after| after.abs());
        Some((joined_by, after.or(nearest).unwrap_or_default()))
    }
}
