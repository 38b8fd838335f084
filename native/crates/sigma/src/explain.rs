//! Why a rule did not match: the tests that failed, told apart into fields that are not in the event and values that differ.

use std::sync::Arc;

use sidewire_hostlog::LogRecord;

use crate::condition::CompiledCondition;
use crate::evaluate::SigmaEvaluator;
use crate::names::KEYWORDS;
use crate::set::{RuleNumber, SigmaSet};
use crate::view::FieldNaming;

/// Reasons of one record.
const MAX_REASONS: usize = 16;

/// What became of a rule on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigmaOutcome {
    /// The record is of another log source, or its header decides that the rule cannot match.
    OtherSource,
    /// It matched.
    Matched,
    /// It did not, because of these.
    Failed(Vec<FailedTest>),
}

/// A test that failed, or an exclusion that held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailedTest {
    /// The search identifier.
    pub search: String,
    /// The field as the rule calls it; none for keywords, or for an exclusion as a whole.
    pub field: Option<String>,
    /// The event has no such field.
    pub absent: bool,
    /// The identifier holds, and the condition excludes it.
    pub excluded: bool,
    /// What the field holds instead; the first of several values.
    pub value: Option<String>,
}

impl SigmaEvaluator {
    /// The number of a rule, by its id or name.
    #[must_use]
    pub fn find(&self, wanted: &str) -> Option<RuleNumber> {
        let found =
            self.set().rules.iter().position(|rule| rule.head.id == wanted || rule.name.as_deref() == Some(wanted));
        found.and_then(|at| u32::try_from(at).ok()).map(RuleNumber::Rule)
    }

    /// What became of a rule on a record. Records are to be handed over in the order of the log, as to [`Self::evaluate`].
    pub fn explain(&mut self, record: &LogRecord, rule: RuleNumber) -> SigmaOutcome {
        let mut found = Vec::new();
        self.evaluate(record, &mut found);
        if found.iter().any(|one| one.rule == rule) {
            return SigmaOutcome::Matched;
        }
        let RuleNumber::Rule(number) = rule else { return SigmaOutcome::OtherSource };
        let Some(naming) = self.naming_of(record, number) else { return SigmaOutcome::OtherSource };
        let set = Arc::clone(&self.set);
        let mut reasons = Vec::new();
        if let Some(rule) = set.rules.get(number as usize) {
            self.reasons(&set, &rule.condition, "", naming, &mut reasons);
        }
        SigmaOutcome::Failed(reasons)
    }

    /// Why a condition does not hold.
    fn reasons(
        &mut self,
        set: &SigmaSet,
        condition: &CompiledCondition,
        search: &str,
        naming: FieldNaming,
        reasons: &mut Vec<FailedTest>,
    ) {
        if reasons.len() >= MAX_REASONS {
            return;
        }
        match condition {
            CompiledCondition::All(of) => {
                let failed = of.iter().find(|one| !self.results.condition(&set.tests, one, &self.view, naming));
                if let Some(failed) = failed {
                    self.reasons(set, failed, search, naming, reasons);
                }
            }
            CompiledCondition::Any(of) => of.iter().for_each(|one| self.reasons(set, one, search, naming, reasons)),
            CompiledCondition::Search(name, of) => self.reasons(set, of, name, naming, reasons),
            CompiledCondition::Not(of) => {
                let held = self.held(set, of, search, naming);
                reasons.push(FailedTest { search: held, field: None, absent: false, excluded: true, value: None });
            }
            CompiledCondition::Test(number) => {
                let Some(check) = set.tests.get(*number) else { return };
                let mut values = self.view.values(naming, check.name);
                let first = values.next();
                let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
                reasons.push(FailedTest {
                    search: search.to_owned(),
                    field: (check.name != KEYWORDS).then(|| set.names.shown(check.name).to_owned()),
                    absent: first.is_none(),
                    excluded: false,
                    value: first.map(|value| text(self.view.raw(value))),
                });
            }
        }
    }

    /// The identifier that holds inside of an exclusion.
    fn held(&mut self, set: &SigmaSet, condition: &CompiledCondition, search: &str, naming: FieldNaming) -> String {
        match condition {
            CompiledCondition::Search(name, _) => name.to_string(),
            CompiledCondition::All(of) | CompiledCondition::Any(of) => {
                let held = of.iter().find(|one| self.results.condition(&set.tests, one, &self.view, naming));
                held.map_or_else(|| search.to_owned(), |held| self.held(set, held, search, naming))
            }
            CompiledCondition::Not(of) => self.held(set, of, search, naming),
            CompiledCondition::Test(_) => search.to_owned(),
        }
    }
}
