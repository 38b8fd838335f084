//! What each rule costs on some captures.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use sidewire_base::RuleId;
use sidewire_detect::{FailureStage, InspectObserver, InspectUnit, RuleSet};
use sidewire_eve::printable;
use sidewire_msrpc::security::DecryptionSecrets;
use ts_rs::TS;

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::RunSetup;
use crate::pipeline::single::SingleWorker;
use crate::source::driver::replay_into;
use crate::worker::conversation::ConversationFlow;
use crate::worker::observer::RuleTracer;

/// What the rules cost on some captures. Times are of this machine and run; checks and matches are not.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "profile.ts")]
pub struct RuleProfile {
    /// Packets read.
    #[ts(type = "number")]
    pub packets: u64,
    /// Microseconds from the first packet to the last.
    pub total_us: f64,
    /// The rules that were held against something, the dearest first.
    pub rules: Vec<RuleCost>,
}

/// What one rule cost.
#[derive(Debug, Serialize, TS)]
#[ts(export, export_to = "profile.ts")]
pub struct RuleCost {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// Message.
    pub msg: String,
    /// How often it was held against a packet, stream, frame or transaction.
    #[ts(type = "number")]
    pub checks: u64,
    /// How often it held.
    #[ts(type = "number")]
    pub matches: u64,
    /// Microseconds that took.
    pub us: f64,
    /// Microseconds of the longest.
    pub longest_us: f64,
    /// The octets that make it a candidate where they are met, with dots for those that are no text; none: it is a candidate
    /// wherever its header may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pattern: Option<String>,
    /// Number of these octets.
    pub pattern_length: u32,
}

/// Counts and times of one rule.
#[derive(Clone, Default)]
struct ProfileTally {
    checks: u64,
    matches: u64,
    nanoseconds: u64,
    longest: u64,
}

/// Measures rules while they run.
struct RuleProfiler {
    tallies: Vec<ProfileTally>,
    began: Instant,
}

impl InspectObserver for RuleProfiler {
    const ACTIVE: bool = false;

    fn watches(&self, _rule: RuleId) -> bool {
        false
    }

    fn failed(&mut self, _rule: RuleId, _unit: InspectUnit, _failure: FailureStage) {}

    fn matched(&mut self, _rule: RuleId, _unit: InspectUnit) {}

    fn begins(&mut self, _rule: RuleId) {
        self.began = Instant::now();
    }

    fn ends(&mut self, rule: RuleId, held: bool) {
        let took = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let Some(tally) = self.tallies.get_mut(rule.index()) else { return };
        tally.checks += 1;
        tally.matches += u64::from(held);
        tally.nanoseconds = tally.nanoseconds.saturating_add(took);
        tally.longest = tally.longest.max(took);
    }
}

impl RuleTracer for RuleProfiler {
    fn inspected(&mut self, _flow: Option<&ConversationFlow>, _app: Option<&'static str>) {}
}

/// Replays the captures of a configuration and measures what each rule takes.
///
/// # Errors
/// [`EngineError`] when the configuration cannot be used or a capture cannot be read.
pub fn profile(
    config: RunConfig,
    rules: &Arc<RuleSet>,
    secrets: Option<Arc<DecryptionSecrets>>,
) -> Result<RuleProfile, EngineError> {
    let config = RunConfig { outputs: Vec::new(), stats: None, workers: 1, ..config };
    let setup = Arc::new(RunSetup::new(config, secrets)?);
    let began = Instant::now();
    let profiler = RuleProfiler { tallies: vec![ProfileTally::default(); rules.len()], began };
    let mut single = SingleWorker::alone(&setup, Arc::clone(rules), profiler, None);
    let summary = replay_into(&setup, &mut single)?;
    let total_us = microseconds(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    if let Some(error) = summary.errors.into_iter().next_back() {
        return Err(error);
    }
    let tallies = single.worker.into_watch().tallies;
    let mut met: Vec<_> = (0..).map(RuleId).zip(tallies).filter(|(_, tally)| tally.checks > 0).collect();
    met.sort_by_key(|(rule, tally)| (core::cmp::Reverse(tally.nanoseconds), *rule));
    Ok(RuleProfile {
        packets: summary.packets,
        total_us,
        rules: met.iter().map(|(rule, tally)| cost(rules, *rule, tally)).collect(),
    })
}

fn cost(rules: &RuleSet, rule: RuleId, tally: &ProfileTally) -> RuleCost {
    let (meta, pattern) = (rules.rule(rule), rules.fast_pattern(rule));
    RuleCost {
        gid: meta.gid,
        sid: meta.sid,
        msg: meta.msg.clone(),
        checks: tally.checks,
        matches: tally.matches,
        us: microseconds(tally.nanoseconds),
        longest_us: microseconds(tally.longest),
        pattern: pattern.map(printable),
        pattern_length: pattern.map_or(0, |octets| u32::try_from(octets.len()).unwrap_or(u32::MAX)),
    }
}

fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e3
}
