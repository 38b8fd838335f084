//! Why a Sigma rule did not match: counted over all records, with an example of each reason.

use core::ops::ControlFlow;
use std::collections::BTreeMap;

use serde::Serialize;
use sidewire_hostlog::{LogProblem, LogReading, LogRecord, RecordSink};
use sidewire_sigma::{FailedTest, RuleNumber, SigmaEvaluator, SigmaOutcome};
use ts_rs::TS;

use super::config::HuntConfig;
use super::logs::read_logs;
use super::rules::SigmaRules;
use crate::EngineError;

/// Reasons that are distinguished.
const MAX_REASONS: usize = 64;
/// Matches that are reported by place.
const MAX_MATCHES: usize = 20;
/// Characters of a value.
const MAX_VALUE: usize = 200;

/// What became of a rule on logs.
#[derive(Clone, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct SigmaTrace {
    /// Id of the rule.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Records.
    #[ts(type = "number")]
    pub records: u64,
    /// Records of its log source whose header does not exclude it.
    #[ts(type = "number")]
    pub looked_at: u64,
    /// Records that it matched.
    #[ts(type = "number")]
    pub matched: u64,
    /// Where; the first of them.
    pub matches: Vec<TracePlace>,
    /// Why it did not match others; the most frequent first.
    pub failed: Vec<SigmaFailure>,
}

/// A record.
#[derive(Clone, Debug, Default, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct TracePlace {
    /// Path of the log.
    pub log: String,
    /// Number of the record in it, from 1.
    #[ts(type = "number")]
    pub position: u64,
}

/// A reason for which records did not match.
#[derive(Clone, Debug, Serialize, TS)]
#[ts(export, export_to = "hunt.ts")]
pub struct SigmaFailure {
    /// The search identifier.
    pub search: String,
    /// The field as the rule calls it; absent for keywords and exclusions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
    /// `absent`: the records have no such field; `differs`: it holds something else; `excluded`: the identifier holds, and the
    /// condition excludes it.
    #[ts(type = "'absent' | 'differs' | 'excluded'")]
    pub why: &'static str,
    /// Records.
    #[ts(type = "number")]
    pub count: u64,
    /// One of them.
    pub example: TracePlace,
    /// What its field holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
}

/// Explains a rule, by its id or name, on logs.
///
/// # Errors
/// [`EngineError`] when no rule has the id, or a log is not there.
pub fn explain_sigma(config: &HuntConfig, rules: &SigmaRules, wanted: &str) -> Result<SigmaTrace, EngineError> {
    let evaluator = SigmaEvaluator::new(rules.set(), config.complete);
    let rule =
        evaluator.find(wanted).ok_or_else(|| EngineError::Rules(format!("no loaded rule has the id {wanted}")))?;
    let head = evaluator.set().head(rule).cloned();
    let (id, title) = head.map(|head| (head.id, head.title)).unwrap_or_default();
    let trace = SigmaTrace { id, title, ..SigmaTrace::default() };
    let mut sink = ExplainSink { evaluator, rule, log: String::new(), trace, reasons: BTreeMap::new() };
    read_logs(&config.logs, &mut sink)?;
    Ok(sink.finish())
}

/// What makes a reason.
type ReasonKey = (String, Option<String>, &'static str);

struct ExplainSink {
    evaluator: SigmaEvaluator,
    rule: RuleNumber,
    log: String,
    trace: SigmaTrace,
    reasons: BTreeMap<ReasonKey, (u64, TracePlace, Option<String>)>,
}

impl ExplainSink {
    fn reason(&mut self, test: FailedTest, position: u64) {
        let why = if test.excluded {
            "excluded"
        } else if test.absent {
            "absent"
        } else {
            "differs"
        };
        let key = (test.search, test.field, why);
        if self.reasons.len() >= MAX_REASONS && !self.reasons.contains_key(&key) {
            return;
        }
        let log = &self.log;
        let first = || {
            (
                0,
                TracePlace { log: log.clone(), position },
                test.value.map(|value| value.chars().take(MAX_VALUE).collect()),
            )
        };
        self.reasons.entry(key).or_insert_with(first).0 += 1;
    }

    fn finish(mut self) -> SigmaTrace {
        let told = self.reasons.into_iter().map(|((search, field, why), (count, example, value))| SigmaFailure {
            search,
            field,
            why,
            count,
            example,
            value,
        });
        self.trace.failed = told.collect();
        self.trace.failed.sort_by_key(|failure| core::cmp::Reverse(failure.count));
        self.trace
    }
}

impl RecordSink for ExplainSink {
    fn record(&mut self, record: &LogRecord) -> ControlFlow<()> {
        self.trace.records += 1;
        match self.evaluator.explain(record, self.rule) {
            SigmaOutcome::OtherSource => {}
            SigmaOutcome::Matched => {
                self.trace.looked_at += 1;
                self.trace.matched += 1;
                if self.trace.matches.len() < MAX_MATCHES {
                    self.trace.matches.push(TracePlace { log: self.log.clone(), position: record.position });
                }
            }
            SigmaOutcome::Failed(tests) => {
                self.trace.looked_at += 1;
                tests.into_iter().for_each(|test| self.reason(test, record.position));
            }
        }
        ControlFlow::Continue(())
    }

    fn problem(&mut self, _log: &str, _problem: LogProblem) {}

    fn begin(&mut self, log: &str) {
        log.clone_into(&mut self.log);
    }

    fn end(&mut self, _reading: &LogReading) {}
}
