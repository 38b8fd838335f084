//! Why a rule did not match: the first stage at which it failed, flow by flow.

use std::collections::BTreeMap;
use std::sync::Arc;

use sidewire_base::Direction;
use sidewire_detect::{Failure, Observer, Record, Recorder, RuleSet, Unit};
use sidewire_eve::{Object, hex, printable};
use sidewire_msrpc::security::Secrets;

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::Setup;
use crate::pipeline::single::SingleWorker;
use crate::source::driver::replay_into;
use crate::worker::conversation::ConversationFlow;
use crate::worker::observer::Watch;

/// Flows that are reported; the rest is only counted.
const MAX_FLOWS: usize = 10_000;

/// Watches one rule, flow by flow.
pub(crate) struct Explainer {
    recorder: Recorder,
    flows: BTreeMap<u64, Trace>,
    /// Records of packets without a flow.
    loose: Vec<Record>,
    left_out: u64,
}

struct Trace {
    id: u64,
    client: String,
    server: String,
    protocol: u8,
    app: Option<&'static str>,
    records: Vec<Record>,
}

impl Explainer {
    fn new(rules: Vec<u32>) -> Self {
        Self { recorder: Recorder::new(rules), flows: BTreeMap::new(), loose: Vec::new(), left_out: 0 }
    }

    fn json(&self, rules: &RuleSet) -> String {
        let mut text = Vec::new();
        {
            let mut o = Object::new(&mut text);
            o.array("rules", |list| {
                for &index in self.recorder.rules() {
                    let rule = rules.rule(index);
                    list.object(|o| {
                        o.u64("gid", rule.gid).u64("sid", rule.sid).str("text", &rule.text);
                    });
                }
            });
            o.array("flows", |list| {
                for flow in self.flows.values() {
                    list.object(|o| {
                        o.u64("flow_id", flow.id).str("client", &flow.client).str("server", &flow.server);
                        o.u64("protocol", flow.protocol);
                        if let Some(app) = flow.app {
                            o.str("app_proto", app);
                        }
                        o.array("results", |list| flow.records.iter().for_each(|record| result(record, rules, list)));
                    });
                }
            });
            o.array("packets", |list| self.loose.iter().for_each(|record| result(record, rules, list)));
            o.u64("left_out", self.left_out);
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

fn result(record: &Record, rules: &RuleSet, list: &mut sidewire_eve::Array<'_>) {
    list.object(|o| {
        let rule = rules.rule(record.rule);
        o.u64("gid", rule.gid).u64("sid", rule.sid);
        match record.unit {
            Unit::Packet => {}
            Unit::Transaction(id) => {
                o.u64("tx_id", id);
            }
            Unit::Frame { direction, id, name } => {
                let side = if direction == Direction::ToServer { "toserver" } else { "toclient" };
                o.object("frame", |o| {
                    o.str("type", name).u64("id", id).str("direction", side);
                });
            }
        }
        let stage = match &record.failure {
            None => "matched",
            Some(Failure::Protocol) => "protocol",
            Some(Failure::Address) => "address",
            Some(Failure::Port) => "port",
            Some(Failure::Flow) => "flow",
            Some(Failure::Application) => "application",
            Some(Failure::NoData) => "no_data",
            Some(Failure::Condition { .. }) => "condition",
            Some(Failure::Check { .. }) => "check",
        };
        o.str("stage", stage);
        match &record.failure {
            Some(Failure::Condition { condition }) => {
                o.u64("condition", *condition as u64);
            }
            Some(Failure::Check { condition, check, offset, found }) => {
                o.u64("condition", *condition as u64).u64("check", *check as u64).u64("offset", *offset as u64);
                o.str("found_hex", &hex(found)).str("found", &printable(found));
            }
            _ => {}
        }
    });
}

impl Observer for Explainer {
    const ACTIVE: bool = true;

    fn watches(&self, rule: u32) -> bool {
        self.recorder.watches(rule)
    }

    fn failed(&mut self, rule: u32, unit: Unit, failure: Failure) {
        self.recorder.failed(rule, unit, failure);
    }

    fn matched(&mut self, rule: u32, unit: Unit) {
        self.recorder.matched(rule, unit);
    }
}

impl Watch for Explainer {
    fn inspected(&mut self, flow: Option<&ConversationFlow>, app: Option<&'static str>) {
        let records = self.recorder.take();
        let target = match flow {
            None => &mut self.loose,
            Some(flow) => {
                if self.flows.len() >= MAX_FLOWS && !self.flows.contains_key(&flow.first_ordinal) {
                    self.left_out += 1;
                    return;
                }
                let trace = self.flows.entry(flow.first_ordinal).or_insert_with(|| Trace {
                    id: flow.id,
                    client: text(flow.client),
                    server: text(flow.server),
                    protocol: flow.protocol,
                    app,
                    records: Vec::new(),
                });
                trace.app = app.or(trace.app);
                &mut trace.records
            }
        };
        for record in records {
            keep_farthest(target, record);
        }
    }
}

/// The evaluation that came farthest stands for a rule and unit; a match is farthest.
fn keep_farthest(records: &mut Vec<Record>, record: Record) {
    let known = records.iter_mut().find(|known| known.rule == record.rule && known.unit == record.unit);
    match known {
        None => records.push(record),
        Some(known) => {
            let farther = match (&known.failure, &record.failure) {
                (None, _) => false,
                (_, None) => true,
                (Some(before), Some(now)) => now > before,
            };
            if farther {
                *known = record;
            }
        }
    }
}

fn text(endpoint: sidewire_base::Endpoint) -> String {
    std::net::SocketAddr::new(endpoint.address, endpoint.port).to_string()
}

/// Replays the captures of a configuration and says, for each flow and transaction, the first stage at which the rule
/// failed. As JSON: `{rules: [{gid, sid, text}], flows: [{flow_id, client, server, app_proto, results: [{stage, ...}]}]}`.
///
/// # Errors
/// [`EngineError`] when the configuration cannot be used, a capture cannot be read, or no rule has this id.
pub fn explain(
    config: RunConfig,
    rules: &Arc<RuleSet>,
    secrets: Option<Arc<Secrets>>,
    sid: u32,
) -> Result<String, EngineError> {
    let watched: Vec<u32> =
        (0..u32::try_from(rules.len()).unwrap_or(u32::MAX)).filter(|index| rules.rule(*index).sid == sid).collect();
    if watched.is_empty() {
        return Err(EngineError::Rules(format!("no loaded rule has sid {sid}")));
    }
    let config =
        RunConfig { outputs: Vec::new(), fast: Vec::new(), subscribe: None, stats: None, workers: 1, ..config };
    let setup = Arc::new(Setup::new(config, secrets)?);
    let mut single = SingleWorker::new(&setup, Arc::clone(rules), Explainer::new(watched), None);
    let mut errors = replay_into(&setup, &mut single)?;
    let explainer = single.worker.into_watch();
    match errors.pop() {
        Some(error) => Err(error),
        None => Ok(explainer.json(rules)),
    }
}
