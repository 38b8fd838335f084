//! Rules about matches of rules: counts, values and orders of them in windows of event time. A window ends with the match that
//! fulfils it; what comes then begins a new one.

use std::collections::VecDeque;

use hashbrown::{HashMap, HashSet};
use sidewire_base::Time;
use sidewire_ir::{CorrelationTest, CountBound, RuleCondition, SigmaCorrelation, ValueStatistic};

use crate::names::NameId;
use crate::set::SigmaSet;
use crate::test::{numeric, operator_holds};
use crate::view::{EventView, FieldNaming};

/// Matches that all windows remember.
const MAX_MATCHES: usize = 1 << 20;
/// Matches after which windows that are long over are looked for.
const SWEEP_EVERY: u32 = 4096;
/// Correlations of correlations.
const MAX_CHAIN: u32 = 16;

/// A match of a rule, as a correlation remembers it.
#[derive(Clone, Debug)]
struct WindowEntry {
    time: Time,
    /// Place of the rule in the correlation's list.
    rule: u32,
    value: Option<Box<[u8]>>,
}

/// What a match shares with others.
type GroupKey = Box<[Box<[u8]>]>;

/// A member of the list of rules of a correlation.
#[derive(Clone, Copy, Debug)]
struct ListedRule {
    correlation: u32,
    place: u32,
}

/// Correlates matches.
#[derive(Debug, Default)]
pub(crate) struct EventCorrelator {
    /// Which correlations a rule is in the list of.
    by_rule: HashMap<u32, Vec<ListedRule>>,
    by_correlation: HashMap<u32, Vec<ListedRule>>,
    windows: HashMap<(u32, GroupKey), VecDeque<WindowEntry>>,
    held: usize,
    since_sweep: u32,
    forgotten: u64,
}

/// Tells of a correlation: its number, whether it alerts, what its events share, how many there are.
pub(crate) type CorrelationSink<'c> = &'c mut dyn FnMut(u32, bool, Vec<(String, String)>, u64);

impl EventCorrelator {
    pub(crate) fn new(set: &SigmaSet) -> Self {
        let mut correlator = Self::default();
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (at, correlation) in set.correlations.iter().enumerate() {
            for (place, wanted) in correlation.rules.iter().enumerate() {
                let listed = ListedRule { correlation: number(at), place: number(place) };
                let is = |id: &str, name: Option<&String>| id == wanted || name == Some(wanted);
                for (rule, one) in set.rules.iter().enumerate() {
                    if is(&one.head.id, one.name.as_ref()) {
                        correlator.by_rule.entry(number(rule)).or_default().push(listed);
                    }
                }
                for (other, one) in set.correlations.iter().enumerate() {
                    if other != at && is(&one.head.id, one.name.as_ref()) {
                        correlator.by_correlation.entry(number(other)).or_default().push(listed);
                    }
                }
            }
        }
        correlator
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_rule.is_empty()
    }

    /// Matches that were not remembered because there were too many.
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes the matches of an event in.
    pub(crate) fn observe(
        &mut self,
        set: &SigmaSet,
        matches: &[(u32, FieldNaming)],
        time: Time,
        view: &EventView,
        found: CorrelationSink<'_>,
    ) {
        for (rule, naming) in matches {
            let Some(listed) = self.by_rule.get(rule).cloned() else { continue };
            for one in listed {
                let value = |name: &str| value_of(set, view, *naming, name);
                self.count(set, one, time, &value, MAX_CHAIN, found);
            }
        }
        self.sweep(set, time);
    }

    fn count(
        &mut self,
        set: &SigmaSet,
        listed: ListedRule,
        time: Time,
        value_of: &dyn Fn(&str) -> Option<Box<[u8]>>,
        chain: u32,
        found: CorrelationSink<'_>,
    ) {
        let Some(correlation) = set.correlations.get(listed.correlation as usize) else { return };
        let group: GroupKey = correlation
            .group_by
            .iter()
            .map(|field| value_of(field_in(correlation, field, listed.place)).unwrap_or_default())
            .collect();
        let value = match &correlation.test {
            CorrelationTest::ValueCount { fields, .. } => {
                let parts: Option<Vec<Box<[u8]>>> = fields.iter().map(|field| value_of(field)).collect();
                let Some(parts) = parts else { return };
                Some(parts.join(&0).into_boxed_slice())
            }
            CorrelationTest::ValueStatistic { field, .. } => {
                let Some(value) = value_of(field).filter(|value| numeric(value).is_some()) else { return };
                Some(value)
            }
            _ => None,
        };
        if self.held >= MAX_MATCHES {
            self.forgotten += 1;
            return;
        }
        let key = (listed.correlation, group);
        let window = self.windows.entry(key.clone()).or_default();
        let before = window.len();
        let begin = time.plus_seconds(-i64::from(correlation.timespan));
        while window.front().is_some_and(|entry| entry.time < begin) {
            window.pop_front();
        }
        let at = window.partition_point(|entry| entry.time <= time);
        window.insert(at, WindowEntry { time, rule: listed.place, value });
        let holds = holds(correlation, window.make_contiguous());
        let events = window.len() as u64;
        self.held = (self.held + window.len()).saturating_sub(before);
        if !holds {
            return;
        }
        self.held = self.held.saturating_sub(window.len());
        self.windows.remove(&key);
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let shared: Vec<(String, String)> =
            correlation.group_by.iter().cloned().zip(key.1.iter().map(|value| text(value))).collect();
        found(listed.correlation, correlation.alerts, shared.clone(), events);
        if chain == 0 {
            return;
        }
        let known = |name: &str| {
            let shared = shared.iter().find(|(field, _)| field == name);
            shared.map(|(_, value)| value.as_bytes().into()).or_else(|| value_of(name))
        };
        for one in self.by_correlation.get(&listed.correlation).cloned().unwrap_or_default() {
            self.count(set, one, time, &known, chain - 1, found);
        }
    }

    /// Forgets windows that are over.
    fn sweep(&mut self, set: &SigmaSet, time: Time) {
        self.since_sweep += 1;
        if self.since_sweep < SWEEP_EVERY {
            return;
        }
        self.since_sweep = 0;
        let mut held = 0;
        self.windows.retain(|(correlation, _), window| {
            let span = set.correlations.get(*correlation as usize).map_or(0, |one| one.timespan);
            let begin = time.plus_seconds(-i64::from(span));
            let lasts = window.back().is_some_and(|entry| entry.time >= begin);
            held += if lasts { window.len() } else { 0 };
            lasts
        });
        self.held = held;
    }
}

/// What the field of a group is called in the events of a rule.
fn field_in<'c>(correlation: &'c SigmaCorrelation, field: &'c str, place: u32) -> &'c str {
    let rule = correlation.rules.get(place as usize);
    let alias = correlation.aliases.iter().find(|alias| alias.alias == field && Some(&alias.rule) == rule);
    alias.map_or(field, |alias| alias.field.as_str())
}

fn value_of(set: &SigmaSet, view: &EventView, naming: FieldNaming, name: &str) -> Option<Box<[u8]>> {
    let name: NameId = set.names.find(name.as_bytes(), &mut Vec::new())?;
    view.values(naming, name).find(|value| !value.is_null).map(|value| view.folded(value).into())
}

/// The window fulfils the correlation.
fn holds(correlation: &SigmaCorrelation, window: &[WindowEntry]) -> bool {
    let within = |bounds: &[CountBound], found: f64| {
        bounds.iter().all(|bound| operator_holds(bound.operator, found, bound.number))
    };
    match &correlation.test {
        CorrelationTest::EventCount { bounds } => within(bounds, window.len() as f64),
        CorrelationTest::ValueCount { bounds, .. } => {
            let different: HashSet<_> = window.iter().filter_map(|entry| entry.value.as_ref()).collect();
            within(bounds, different.len() as f64)
        }
        CorrelationTest::ValueStatistic { statistic, bounds, .. } => {
            statistic_of(*statistic, window).is_some_and(|found| within(bounds, found))
        }
        CorrelationTest::Temporal { ordered, condition } => {
            let has = |rule: u32| window.iter().any(|entry| entry.rule == rule);
            let count = u32::try_from(correlation.rules.len()).unwrap_or(u32::MAX);
            let all = match condition {
                Some(condition) => rules_hold(condition, &has),
                None => (0..count).all(has),
            };
            all && (!ordered || in_order(window, count, &has))
        }
    }
}

fn rules_hold(condition: &RuleCondition, has: &dyn Fn(u32) -> bool) -> bool {
    match condition {
        RuleCondition::All { of } => of.iter().all(|one| rules_hold(one, has)),
        RuleCondition::Any { of } => of.iter().any(|one| rules_hold(one, has)),
        RuleCondition::Not { of } => !rules_hold(of, has),
        RuleCondition::Rule { rule } => has(*rule),
    }
}

/// Those rules that matched did so in the order of the list.
fn in_order(window: &[WindowEntry], count: u32, has: &dyn Fn(u32) -> bool) -> bool {
    let mut from = 0;
    (0..count).filter(|rule| has(*rule)).all(|rule| {
        let found = window.iter().skip(from).position(|entry| entry.rule == rule);
        from += found.map_or(0, |at| at + 1);
        found.is_some()
    })
}

fn statistic_of(statistic: ValueStatistic, window: &[WindowEntry]) -> Option<f64> {
    let mut numbers: Vec<f64> = window.iter().filter_map(|entry| numeric(entry.value.as_deref()?)).collect();
    let sum: f64 = numbers.iter().sum();
    match statistic {
        ValueStatistic::Sum => Some(sum),
        ValueStatistic::Average => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
        ValueStatistic::Percentile(hundredths) => {
            // The nearest rank.
            numbers.sort_by(f64::total_cmp);
            let rank = (hundredths.clamp(0.0, 100.0) / 100.0 * numbers.len() as f64).ceil().max(1.0) as usize;
            numbers.get(rank - 1).copied()
        }
    }
}
