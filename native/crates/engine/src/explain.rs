//! Why a rule did not match: the first stage at which it failed, flow by flow.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use sidewire_base::{Direction, RuleId};
use sidewire_detect::{FailureStage, InspectObserver, InspectRecord, InspectRecorder, InspectUnit, RuleSet};
use sidewire_eve::{hex, printable};
use sidewire_msrpc::security::DecryptionSecrets;

use ts_rs::TS;

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::RunSetup;
use crate::pipeline::single::SingleWorker;
use crate::source::driver::replay_into;
use crate::worker::conversation::ConversationFlow;
use crate::worker::observer::RuleTracer;

/// Flows that are reported; the rest is only counted.
const MAX_FLOWS: usize = 10_000;

/// Watches one rule, flow by flow.
pub(crate) struct RuleExplainer {
    recorder: InspectRecorder,
    flows: BTreeMap<u64, FlowRecords>,
    /// Records of packets without a flow.
    loose: Vec<InspectRecord>,
    left_out: u64,
}

struct FlowRecords {
    id: u64,
    client: String,
    server: String,
    protocol: u8,
    app: Option<&'static str>,
    records: Vec<InspectRecord>,
}

impl RuleExplainer {
    fn new(rules: Vec<RuleId>) -> Self {
        Self { recorder: InspectRecorder::new(rules), flows: BTreeMap::new(), loose: Vec::new(), left_out: 0 }
    }

    fn trace(&self, rules: &RuleSet) -> Trace {
        let explained = self.recorder.rules().iter().map(|index| {
            let rule = rules.rule(*index);
            ExplainedRule { gid: rule.gid, sid: rule.sid, text: rule.text.clone() }
        });
        let results = |records: &[InspectRecord]| records.iter().map(|record| RuleResult::of(record, rules)).collect();
        let flows = self.flows.values().map(|flow| FlowTrace {
            flow_id: flow.id,
            client: flow.client.clone(),
            server: flow.server.clone(),
            protocol: flow.protocol,
            app_proto: flow.app,
            results: results(&flow.records),
        });
        Trace {
            rules: explained.collect(),
            flows: flows.collect(),
            packets: results(&self.loose),
            left_out: self.left_out,
        }
    }
}

/// What is known of one rule and some captures.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "explain.ts", rename = "RuleTrace")]
pub struct Trace {
    /// The rules of this sid; more than one where generators share it.
    pub rules: Vec<ExplainedRule>,
    /// Flow by flow.
    pub flows: Vec<FlowTrace>,
    /// Results on packets without a flow.
    pub packets: Vec<RuleResult>,
    /// Flows beyond what is kept.
    #[ts(type = "number")]
    pub left_out: u64,
}

/// A rule that is explained.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "explain.ts")]
pub struct ExplainedRule {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// As it was written.
    pub text: String,
}

/// How far the rule came on one flow.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "explain.ts", rename = "FlowResults")]
pub struct FlowTrace {
    /// EVE's `flow_id`.
    #[ts(type = "number")]
    pub flow_id: u64,
    /// Address and port.
    pub client: String,
    /// Address and port.
    pub server: String,
    /// IP protocol number.
    pub protocol: u8,
    /// What it speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub app_proto: Option<&'static str>,
    /// On the flow, its transactions and its frames.
    pub results: Vec<RuleResult>,
}

/// How far one rule came on one flow, transaction or packet: the evaluation that came farthest.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "explain.ts")]
pub struct RuleResult {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// The transaction, where the rule looks at transactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub tx_id: Option<u64>,
    /// The frame, where the rule looks into frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<FrameOf>,
    /// The first stage at which the rule failed.
    pub stage: RuleStage,
    /// Position in the rule's conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub condition: Option<u32>,
    /// Position of the check inside that condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub check: Option<u32>,
    /// Where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub offset: Option<u64>,
    /// What stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub found: Option<String>,
    /// The same in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub found_hex: Option<String>,
}

/// A frame.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "explain.ts")]
pub struct FrameOf {
    /// Its kind, without the protocol.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its number in the flow.
    #[ts(type = "number")]
    pub id: u64,
    /// Which way it travels.
    #[ts(type = "'toserver' | 'toclient'")]
    pub direction: &'static str,
}

/// The first stage at which a rule failed; `matched` when it did not.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "explain.ts")]
#[ts(rename = "Stage")]
pub enum RuleStage {
    /// The header's protocol.
    Protocol,
    /// An address.
    Address,
    /// A port.
    Port,
    /// `flow` and its like.
    Flow,
    /// What the flow speaks.
    Application,
    /// There was nothing to look at.
    NoData,
    /// A condition.
    Condition,
    /// A check inside a condition.
    Check,
    /// None: the rule matched.
    Matched,
}

impl RuleResult {
    fn of(record: &InspectRecord, rules: &RuleSet) -> Self {
        let rule = rules.rule(record.rule);
        let (tx_id, frame) = match record.unit {
            InspectUnit::Packet => (None, None),
            InspectUnit::Transaction(id) => (Some(id), None),
            InspectUnit::Frame { direction, id, name } => {
                let direction = if direction == Direction::ToServer { "toserver" } else { "toclient" };
                (None, Some(FrameOf { kind: name, id, direction }))
            }
        };
        let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let result = Self {
            gid: rule.gid,
            sid: rule.sid,
            tx_id: tx_id.map(|tx| tx.0),
            frame,
            stage: RuleStage::Matched,
            condition: None,
            check: None,
            offset: None,
            found: None,
            found_hex: None,
        };
        match &record.failure {
            None => result,
            Some(FailureStage::Protocol) => Self { stage: RuleStage::Protocol, ..result },
            Some(FailureStage::Address) => Self { stage: RuleStage::Address, ..result },
            Some(FailureStage::Port) => Self { stage: RuleStage::Port, ..result },
            Some(FailureStage::Flow) => Self { stage: RuleStage::Flow, ..result },
            Some(FailureStage::Application) => Self { stage: RuleStage::Application, ..result },
            Some(FailureStage::NoData) => Self { stage: RuleStage::NoData, ..result },
            Some(FailureStage::Condition { condition }) => {
                Self { stage: RuleStage::Condition, condition: Some(position(*condition)), ..result }
            }
            Some(FailureStage::Check { condition, check, offset, found }) => Self {
                stage: RuleStage::Check,
                condition: Some(position(*condition)),
                check: Some(position(*check)),
                offset: Some(*offset as u64),
                found: Some(printable(found)),
                found_hex: Some(hex(found)),
                ..result
            },
        }
    }
}

impl InspectObserver for RuleExplainer {
    const ACTIVE: bool = true;

    fn watches(&self, rule: RuleId) -> bool {
        self.recorder.watches(rule)
    }

    fn failed(&mut self, rule: RuleId, unit: InspectUnit, failure: FailureStage) {
        self.recorder.failed(rule, unit, failure);
    }

    fn matched(&mut self, rule: RuleId, unit: InspectUnit) {
        self.recorder.matched(rule, unit);
    }
}

impl RuleTracer for RuleExplainer {
    fn inspected(&mut self, flow: Option<&ConversationFlow>, app: Option<&'static str>) {
        let records = self.recorder.take();
        let target = match flow {
            None => &mut self.loose,
            Some(flow) => {
                if self.flows.len() >= MAX_FLOWS && !self.flows.contains_key(&flow.first_ordinal) {
                    self.left_out += 1;
                    return;
                }
                let trace = self.flows.entry(flow.first_ordinal).or_insert_with(|| FlowRecords {
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
fn keep_farthest(records: &mut Vec<InspectRecord>, record: InspectRecord) {
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
/// failed.
///
/// # Errors
/// [`EngineError`] when the configuration cannot be used, a capture cannot be read, or no rule has this id.
pub fn explain(
    config: RunConfig,
    rules: &Arc<RuleSet>,
    secrets: Option<Arc<DecryptionSecrets>>,
    sid: u32,
) -> Result<Trace, EngineError> {
    let named = (0..).map(RuleId).zip(rules.rules()).filter(|(_, rule)| rule.sid == sid);
    let watched: Vec<RuleId> = named.map(|(id, _)| id).collect();
    if watched.is_empty() {
        return Err(EngineError::Rules(format!("no loaded rule has sid {sid}")));
    }
    let config = RunConfig { outputs: Vec::new(), stats: None, workers: 1, ..config };
    let setup = Arc::new(RunSetup::new(config, secrets)?);
    let mut single = SingleWorker::alone(&setup, Arc::clone(rules), RuleExplainer::new(watched), None);
    let mut errors = replay_into(&setup, &mut single)?.errors;
    let explainer = single.worker.into_watch();
    match errors.pop() {
        Some(error) => Err(error),
        None => Ok(explainer.trace(rules)),
    }
}
