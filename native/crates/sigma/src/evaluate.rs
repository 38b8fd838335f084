//! Holding a set of rules against events, cheapest first: the event's header, then one scan for literals, then the conditions of
//! the rules that are left.

use std::sync::Arc;

use sidewire_hostlog::{FieldOrigin, LogRecord};
use sidewire_mpm::MatcherScratch;

use crate::class::{ClassTable, EventClass};
use crate::completion::{ParentCompletion, ParentTable};
use crate::condition::{CompiledCondition, TestResults};
use crate::correlation::EventCorrelator;
use crate::names::{KEYWORDS, NameId};
use crate::set::{RuleNumber, SigmaSet};
use crate::view::{EventView, FieldNaming, ValueRank};

/// Fields that a match tells.
const MAX_MATCHED: usize = 32;

/// A rule that matched the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigmaMatch {
    /// The rule.
    pub rule: RuleNumber,
    /// It is more than a part of a correlation.
    pub alerts: bool,
    naming: FieldNaming,
    /// Of a correlation: the values that its events share.
    pub group: Vec<(String, String)>,
    /// Of a correlation: the events it counted.
    pub events: u64,
}

/// A field that made a rule match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedField {
    /// The search identifier.
    pub search: String,
    /// The field as the rule calls it; none for keywords.
    pub field: Option<String>,
    /// Its value; none when the field is absent.
    pub value: Option<Vec<u8>>,
    /// The value is from another event.
    pub completed: bool,
}

/// What was done, for summaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigmaCounters {
    /// Events.
    pub events: u64,
    /// Events that no rule looks at.
    pub passed: u64,
    /// Conditions that were looked at.
    pub conditions: u64,
    /// Values that came from a parent's own event.
    pub completed: u64,
    /// Processes forgotten because there were too many.
    pub forgotten: u64,
    /// Matches forgotten by correlations because there were too many.
    pub uncorrelated: u64,
}

/// Names with a meaning of their own.
#[derive(Clone, Copy, Debug, Default)]
struct SpecialNames {
    channel: Option<NameId>,
    provider: Option<NameId>,
    event_id: Option<NameId>,
    /// All of the event's data.
    event_data: Option<NameId>,
}

/// Holds rules against events, one after another in the order of the log.
#[derive(Debug)]
pub struct SigmaEvaluator {
    pub(crate) set: Arc<SigmaSet>,
    pub(crate) view: EventView,
    pub(crate) results: TestResults,
    classes: ClassTable,
    special: SpecialNames,
    scratch: MatcherScratch,
    name: Vec<u8>,
    /// For each rule, the event for which it is a candidate already.
    stamps: Vec<u32>,
    event: u32,
    candidates: Vec<u32>,
    parents: Option<ParentTable>,
    correlator: EventCorrelator,
    counters: SigmaCounters,
}

impl SigmaEvaluator {
    /// `complete`: what a 4688 does not say of its parent is taken from the parent's own event.
    #[must_use]
    pub fn new(set: Arc<SigmaSet>, complete: bool) -> Self {
        let find = |name: &str| set.names.find(name.as_bytes(), &mut Vec::new());
        let special = SpecialNames {
            channel: find("Channel"),
            provider: find("Provider_Name"),
            event_id: find("EventID"),
            event_data: find("EventData"),
        };
        Self {
            view: EventView::new(set.names.len()),
            results: TestResults::new(set.tests.len()),
            classes: ClassTable::default(),
            special,
            scratch: MatcherScratch::new(),
            name: Vec::new(),
            stamps: vec![0; set.rules.len()],
            event: 0,
            candidates: Vec::new(),
            parents: complete.then(|| ParentTable::new(&set.names)),
            correlator: EventCorrelator::new(&set),
            counters: SigmaCounters::default(),
            set,
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn counters(&self) -> SigmaCounters {
        let forgotten = self.parents.as_ref().map_or(0, ParentTable::forgotten);
        SigmaCounters { forgotten, uncorrelated: self.correlator.forgotten(), ..self.counters }
    }

    /// How many rules had events that they look at.
    #[must_use]
    pub fn applied(&self) -> u32 {
        u32::try_from(self.classes.applied().count()).unwrap_or(u32::MAX)
    }

    /// Fields that rules asked of events and that none had, with how many rules asked; those most asked for first.
    #[must_use]
    pub fn unseen(&self) -> Vec<(String, u32)> {
        let mut asked = vec![0_u32; self.set.names.len()];
        let names = self.classes.applied().filter_map(|rule| self.set.rules.get(rule)).flat_map(|rule| &rule.names);
        for name in names.filter(|name| **name != KEYWORDS && !self.view.has_seen(**name)) {
            if let Some(count) = asked.get_mut(name.index()) {
                *count += 1;
            }
        }
        let known = asked.into_iter().enumerate().filter(|(_, count)| *count > 0);
        let name = |at: usize| NameId(u32::try_from(at).unwrap_or(u32::MAX));
        let mut unseen: Vec<_> = known.map(|(at, count)| (self.set.names.shown(name(at)).to_owned(), count)).collect();
        unseen.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
        unseen
    }

    /// The rules.
    #[must_use]
    pub fn set(&self) -> &SigmaSet {
        &self.set
    }

    /// Appends the rules that match the event, in the order of the set, and the correlations that it completes.
    pub fn evaluate(&mut self, record: &LogRecord, found: &mut Vec<SigmaMatch>) {
        self.counters.events += 1;
        let completion = self.parents.as_mut().and_then(|parents| parents.observe(record));
        let key = (record.channel.as_str(), record.provider.as_str(), record.event_id);
        let number = self.classes.find(&self.set, key, &mut self.view, &mut self.results);
        let Some(class) = self.classes.get(number).filter(|class| !class.is_empty()) else {
            self.counters.passed += 1;
            return;
        };
        // What is derived or completed stands not in the text.
        let is_whole = class.takes_all || record.is_eve() || completion.is_some();
        let keywords = class.wants(KEYWORDS)
            && (is_whole
                || self
                    .set
                    .gate
                    .may_hold(record.text(), &mut self.scratch, |rule| class.entries_of(rule).next().is_some()));
        let filling = ViewFilling { set: &self.set, special: self.special, view: &mut self.view, name: &mut self.name };
        self.counters.completed += filling.fill(class, record, completion, keywords);
        self.results.clear();
        self.event = self.event.wrapping_add(1);
        self.candidates.clear();
        self.candidates.extend_from_slice(&class.always);
        if class.scans {
            let (stamps, candidates, event, set) = (&mut self.stamps, &mut self.candidates, self.event, &self.set);
            set.matcher.scan(&mut self.scratch, self.view.text(), &mut |literal, _| {
                for rule in set.users_of(literal) {
                    if let Some(stamp) = stamps.get_mut(*rule as usize)
                        && *stamp != event
                        && class.entries_of(*rule).next().is_some()
                    {
                        *stamp = event;
                        candidates.push(*rule);
                    }
                }
            });
        }
        self.candidates.sort_unstable();
        let begin = found.len();
        for number in &self.candidates {
            self.counters.conditions += 1;
            let Some(rule) = self.set.rules.get(*number as usize) else { continue };
            let (tests, view, results) = (&self.set.tests, &self.view, &mut self.results);
            let holds = class.entries_of(*number).find(|entry| {
                entry.only.iter().all(|test| results.holds(tests, *test, view, entry.naming))
                    && results.condition(tests, &rule.condition, view, entry.naming)
            });
            if let Some(entry) = holds {
                let (rule, alerts) = (RuleNumber::Rule(entry.rule), rule.alerts);
                found.push(SigmaMatch { rule, alerts, naming: entry.naming, group: Vec::new(), events: 1 });
            }
        }
        if found.len() > begin && !self.correlator.is_empty() {
            let matches: Vec<(u32, FieldNaming)> = found
                .iter()
                .skip(begin)
                .filter_map(|one| if let RuleNumber::Rule(rule) = one.rule { Some((rule, one.naming)) } else { None })
                .collect();
            self.correlator.observe(
                &self.set,
                &matches,
                record.time,
                &self.view,
                &mut |rule, alerts, group, events| {
                    let rule = RuleNumber::Correlation(rule);
                    found.push(SigmaMatch { rule, alerts, naming: FieldNaming::Own, group, events });
                },
            );
        }
    }

    /// How a rule names the fields of the event that was evaluated last; none when it does not look at it.
    pub(crate) fn naming_of(&mut self, record: &LogRecord, rule: u32) -> Option<FieldNaming> {
        let key = (record.channel.as_str(), record.provider.as_str(), record.event_id);
        let number = self.classes.find_known(key)?;
        self.classes.get(number)?.entries_of(rule).next().map(|entry| entry.naming)
    }

    /// The fields that made a rule match the event that was evaluated last.
    pub fn matched(&mut self, found: &SigmaMatch) -> Vec<MatchedField> {
        let mut fields = Vec::new();
        let RuleNumber::Rule(number) = found.rule else { return fields };
        let set = Arc::clone(&self.set);
        if let Some(rule) = set.rules.get(number as usize) {
            self.collect(&set, &rule.condition, "", found.naming, &mut fields);
        }
        fields
    }

    fn collect(
        &mut self,
        set: &SigmaSet,
        condition: &CompiledCondition,
        search: &str,
        naming: FieldNaming,
        fields: &mut Vec<MatchedField>,
    ) {
        if fields.len() >= MAX_MATCHED || !self.results.condition(&set.tests, condition, &self.view, naming) {
            return;
        }
        match condition {
            CompiledCondition::All(of) | CompiledCondition::Any(of) => {
                of.iter().for_each(|one| self.collect(set, one, search, naming, fields));
            }
            CompiledCondition::Search(name, of) => self.collect(set, of, name, naming, fields),
            // That something is not there is nothing to show.
            CompiledCondition::Not(_) => {}
            CompiledCondition::Test(number) => {
                let Some(check) = set.tests.get(*number) else { return };
                let value = check.passing(&self.view, naming, &mut self.results.scratch).map(<[u8]>::to_vec);
                let completed = value.is_some() && self.view.values(naming, check.name).is_completed;
                let field = (check.name != KEYWORDS).then(|| set.names.shown(check.name).to_owned());
                fields.push(MatchedField { search: search.to_owned(), field, value, completed });
            }
        }
    }
}

/// Filling a view with what rules of a class ask for.
struct ViewFilling<'f> {
    set: &'f SigmaSet,
    special: SpecialNames,
    view: &'f mut EventView,
    name: &'f mut Vec<u8>,
}

impl ViewFilling<'_> {
    /// The number of values that came from a parent's own event.
    fn fill(
        mut self,
        class: &mut EventClass,
        record: &LogRecord,
        completion: Option<ParentCompletion<'_>>,
        keywords: bool,
    ) -> u64 {
        self.view.clear();
        let event_data = self.special.event_data.filter(|name| class.wants(*name));
        for field in record.fields() {
            let name = class.field(self.set, record.name(field), self.name);
            let is_data = matches!(field.origin, FieldOrigin::Data | FieldOrigin::Unnamed | FieldOrigin::Message);
            let event_data = event_data.filter(|_| is_data);
            if name.is_none() && event_data.is_none() && !keywords {
                continue;
            }
            let Some(value) = self.view.value(record.is_null(field), |out| record.value_to(field, out)) else {
                return 0;
            };
            let rank = match field.origin {
                FieldOrigin::Data | FieldOrigin::Unnamed | FieldOrigin::Message => ValueRank::Data,
                FieldOrigin::Translated => ValueRank::Translated,
                FieldOrigin::System | FieldOrigin::Other => ValueRank::Header,
            };
            if let Some(name) = name {
                self.view.assign(FieldNaming::Own, name, rank, value);
                for (rule, _) in class.aliases.iter().filter(|(_, event)| *event == name) {
                    self.view.assign(FieldNaming::Aliased, *rule, rank, value);
                }
            }
            if let Some(name) = event_data {
                self.view.assign(FieldNaming::Own, name, ValueRank::Data, value);
            }
            if keywords {
                self.view.assign(FieldNaming::Own, KEYWORDS, ValueRank::Data, value);
            }
        }
        self.header(class, record);
        for (name, text) in class.given.iter().filter(|(name, _)| class.wants(*name)) {
            if let Some(value) = self.view.value(false, |out| out.extend_from_slice(text.as_bytes())) {
                self.view.assign(FieldNaming::Aliased, *name, ValueRank::Header, value);
            }
        }
        let Some(completion) = completion else { return 0 };
        let mut completed = 0;
        for (name, text) in completion.values() {
            let is_absent = self.view.values(FieldNaming::Aliased, name).next().is_none();
            if class.wants(name)
                && is_absent
                && let Some(value) = self.view.value(false, |out| out.extend_from_slice(text))
            {
                self.view.assign(FieldNaming::Aliased, name, ValueRank::Completed, value);
                completed += 1;
            }
        }
        completed
    }

    fn header(&mut self, class: &EventClass, record: &LogRecord) {
        let id = record.event_id.map(|id| id.to_string());
        let parts = [
            (self.special.channel, Some(record.channel.as_str())),
            (self.special.provider, Some(record.provider.as_str())),
            (self.special.event_id, id.as_deref()),
        ];
        for (name, text) in parts {
            let (Some(name), Some(text)) = (name.filter(|name| class.wants(*name)), text) else { continue };
            if let Some(value) = self.view.value(false, |out| out.extend_from_slice(text.as_bytes())) {
                self.view.assign(FieldNaming::Own, name, ValueRank::Header, value);
            }
        }
    }
}
