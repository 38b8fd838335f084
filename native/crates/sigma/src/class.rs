//! Classes of events: those of one channel, provider and id. Rules that cannot match any event of a class are known from its
//! header alone; a class without rules costs nothing more than the header.

use hashbrown::HashMap;

use crate::condition::{TestResults, decide};
use crate::names::{KEYWORDS, NameId};
use crate::set::SigmaSet;
use crate::view::{EventView, FieldNaming, ValueRank};

/// Classes that are kept. A log has some hundred; names in a hostile one may all differ.
const MAX_CLASSES: usize = 1024;
/// Names of fields that are kept for a class.
const MAX_FIELDS: usize = 1024;

/// A rule in a class.
#[derive(Debug)]
pub(crate) struct ClassRule {
    pub(crate) rule: u32,
    pub(crate) naming: FieldNaming,
    /// Tests that the log source asks for.
    pub(crate) only: Box<[u32]>,
    /// The next entry of the same rule, from another of its sources.
    pub(crate) next: Option<u32>,
}

/// A class.
#[derive(Debug, Default)]
pub(crate) struct EventClass {
    pub(crate) entries: Vec<ClassRule>,
    /// For each rule of the set, its first entry and one; 0: it is not in the class.
    first: Vec<u32>,
    /// Rules that no literal announces.
    pub(crate) always: Vec<u32>,
    /// Some rule waits for a literal.
    pub(crate) scans: bool,
    /// Some rule with keywords can hold whatever the gate says.
    pub(crate) takes_all: bool,
    /// Fields whose values are another field's for rules of a source, by the event's name.
    pub(crate) aliases: Vec<(NameId, NameId)>,
    /// Fields that the events do not have, and what they would hold.
    pub(crate) given: Vec<(NameId, Box<str>)>,
    /// For each name, whether some rule of the class looks at it.
    wanted: Vec<bool>,
    /// Names as events of the class spell them, and what rules ask of them.
    fields: HashMap<Box<[u8]>, Option<NameId>>,
}

impl EventClass {
    fn new(set: &SigmaSet, key: &ClassKey, view: &mut EventView, results: &mut TestResults) -> Self {
        let mut class =
            Self { first: vec![0; set.rules.len()], wanted: vec![false; set.names.len()], ..Self::default() };
        let taken: Vec<bool> =
            set.sources.iter().map(|source| source.takes(&key.channel, &key.provider, key.event_id)).collect();
        if !taken.contains(&true) {
            return class;
        }
        let known = header(set, key, view);
        results.clear();
        for (number, rule) in set.rules.iter().enumerate() {
            let sources = rule.sources.iter().filter(|source| taken.get(**source as usize) == Some(&true));
            let mut sources = sources.filter_map(|source| set.sources.get(*source as usize)).peekable();
            if sources.peek().is_none() {
                continue;
            }
            let mut test = |number: u32| {
                let check = set.tests.get(number)?;
                (known.contains(&check.name) && check.other().is_none())
                    .then(|| results.holds(&set.tests, number, view, FieldNaming::Own))
            };
            if decide(&rule.condition, &mut test) == Some(false) {
                continue;
            }
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for source in sources {
                let is_own = source.aliases.is_empty() && source.given.is_empty();
                let naming = if is_own { FieldNaming::Own } else { FieldNaming::Aliased };
                for given in &source.given {
                    if !class.given.contains(given) {
                        class.given.push(given.clone());
                    }
                }
                for alias in &source.aliases {
                    if !class.aliases.contains(alias) {
                        class.aliases.push(*alias);
                    }
                }
                class.add(number, naming, source.only.clone());
            }
            class.takes_all |= rule.names.contains(&KEYWORDS) && !rule.is_gated;
            class.want(rule.names.iter().copied());
            if rule.has_literals {
                class.scans = true;
            } else {
                class.always.push(number);
            }
        }
        let only = class.entries.iter().flat_map(|entry| &entry.only).filter_map(|test| set.tests.get(*test));
        let only: Vec<NameId> = only.map(|check| check.name).collect();
        class.want(only.into_iter().chain(set.grouped.iter().copied()));
        let events: Vec<NameId> =
            class.aliases.iter().filter(|(rule, _)| class.wants(*rule)).map(|(_, event)| *event).collect();
        class.want(events.into_iter());
        class
    }

    fn want(&mut self, names: impl Iterator<Item = NameId>) {
        for name in names {
            if let Some(wanted) = self.wanted.get_mut(name.index()) {
                *wanted = true;
            }
        }
    }

    /// Some rule of the class looks at the field.
    pub(crate) fn wants(&self, name: NameId) -> bool {
        self.wanted.get(name.index()) == Some(&true)
    }

    fn add(&mut self, rule: u32, naming: FieldNaming, only: Box<[u32]>) {
        let entry = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Some(first) = self.first.get_mut(rule as usize) else { return };
        let next = first.checked_sub(1);
        *first = entry + 1;
        self.entries.push(ClassRule { rule, naming, only, next });
    }

    /// No rule looks at events of the class.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries of a rule.
    pub(crate) fn entries_of(&self, rule: u32) -> impl Iterator<Item = &ClassRule> {
        let first = self.first.get(rule as usize).and_then(|first| first.checked_sub(1));
        core::iter::successors(first.and_then(|first| self.entries.get(first as usize)), |entry| {
            entry.next.and_then(|next| self.entries.get(next as usize))
        })
    }

    /// What rules call a field of an event; `None` when they do not ask for it.
    pub(crate) fn field(&mut self, set: &SigmaSet, name: &[u8], scratch: &mut Vec<u8>) -> Option<NameId> {
        if let Some(known) = self.fields.get(name) {
            return *known;
        }
        let found = set.names.find(name, scratch).filter(|name| self.wants(*name));
        if self.fields.len() < MAX_FIELDS {
            self.fields.insert(name.into(), found);
        }
        found
    }
}

/// Fills a view with what a class knows of its events; the names that it knows.
fn header(set: &SigmaSet, key: &ClassKey, view: &mut EventView) -> Vec<NameId> {
    view.clear();
    let id = key.event_id.map(|id| id.to_string());
    let parts =
        [("Channel", Some(key.channel.as_str())), ("Provider_Name", Some(&key.provider)), ("EventID", id.as_deref())];
    let mut known = Vec::new();
    for (name, text) in parts {
        let (Some(id), Some(text)) = (set.names.find(name.as_bytes(), &mut Vec::new()), text) else { continue };
        known.push(id);
        if let Some(value) = view.value(false, |out| out.extend_from_slice(text.as_bytes())) {
            view.assign(FieldNaming::Own, id, ValueRank::Header, value);
        }
    }
    known
}

/// What makes a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct ClassKey {
    channel: String,
    provider: String,
    event_id: Option<u32>,
}

/// The classes met so far.
#[derive(Debug, Default)]
pub(crate) struct ClassTable {
    numbers: HashMap<ClassKey, usize>,
    classes: Vec<EventClass>,
    /// The class of the event before: records of one kind come in runs.
    last: Option<usize>,
    key: ClassKey,
    /// Rules that some class had.
    applied: Vec<bool>,
}

impl ClassTable {
    /// The number of the class of an event. `view` and `results` are overwritten.
    pub(crate) fn find(
        &mut self,
        set: &SigmaSet,
        (channel, provider, event_id): (&str, &str, Option<u32>),
        view: &mut EventView,
        results: &mut TestResults,
    ) -> usize {
        if let Some(last) = self.find_known((channel, provider, event_id)) {
            return last;
        }
        let lower = |text: &str, to: &mut String| {
            to.clear();
            to.extend(text.chars().flat_map(char::to_lowercase));
        };
        lower(channel, &mut self.key.channel);
        lower(provider, &mut self.key.provider);
        self.key.event_id = event_id;
        if let Some(number) = self.numbers.get(&self.key) {
            self.last = Some(*number);
            return *number;
        }
        if self.classes.len() >= MAX_CLASSES {
            self.numbers.clear();
            self.classes.clear();
        }
        let number = self.classes.len();
        let class = EventClass::new(set, &self.key, view, results);
        self.applied.resize(set.rules.len(), false);
        for entry in &class.entries {
            if let Some(applied) = self.applied.get_mut(entry.rule as usize) {
                *applied = true;
            }
        }
        self.classes.push(class);
        self.numbers.insert(self.key.clone(), number);
        self.last = Some(number);
        number
    }

    /// The number of the class of the event before, when this one is of it.
    pub(crate) fn find_known(&self, (channel, provider, event_id): (&str, &str, Option<u32>)) -> Option<usize> {
        let is_same = self.key.event_id == event_id
            && self.key.channel.eq_ignore_ascii_case(channel)
            && self.key.provider.eq_ignore_ascii_case(provider);
        self.last.filter(|_| is_same)
    }

    /// The rules for which there were events.
    pub(crate) fn applied(&self) -> impl Iterator<Item = usize> {
        self.applied.iter().enumerate().filter_map(|(rule, applied)| applied.then_some(rule))
    }

    pub(crate) fn get(&mut self, number: usize) -> Option<&mut EventClass> {
        self.classes.get_mut(number)
    }
}
