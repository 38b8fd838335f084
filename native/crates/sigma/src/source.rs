//! Which events a rule looks at: its log source.

use sidewire_hostlog::EVE_PROVIDER;
use sidewire_ir::{EventSource, PatternPiece, TextPattern, ValueTest};

use crate::condition::TestTable;
use crate::names::{NameId, WantedNames};

/// A log source.
#[derive(Debug)]
pub(crate) struct SourceFilter {
    channels: Box<[String]>,
    providers: Box<[String]>,
    event_ids: Box<[u32]>,
    /// Tests of fields that the events must pass.
    pub(crate) only: Box<[u32]>,
    /// What rules call fields, and what its events do.
    pub(crate) aliases: Box<[(NameId, NameId)]>,
    /// Fields that its events do not have, and what they would hold.
    pub(crate) given: Box<[(NameId, Box<str>)]>,
}

impl SourceFilter {
    pub(crate) fn new(source: &EventSource, names: &mut WantedNames, tests: &mut TestTable) -> Self {
        let lower = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect();
        let mut only = Vec::new();
        for one in &source.only {
            let name = names.intern(&one.field);
            let pattern = TextPattern(vec![PatternPiece::Text(one.value.clone())]);
            let test = ValueTest::Text { patterns: vec![pattern], all: false, cased: false };
            // A test of text cannot fail to compile.
            only.extend(tests.add(name, &test, names));
        }
        Self {
            channels: lower(&source.channels),
            providers: lower(&source.providers),
            event_ids: source.event_ids.as_slice().into(),
            only: only.into_boxed_slice(),
            given: source.given.iter().map(|given| (names.intern(&given.field), given.value.as_str().into())).collect(),
            aliases: source
                .aliases
                .iter()
                .map(|alias| (names.intern(&alias.rule), names.intern(&alias.event)))
                .collect(),
        }
    }

    /// The events are of this source, as far as their header says. Channel and provider in lower case; exports that leave one of
    /// the two out are known by the other.
    pub(crate) fn takes(&self, channel: &str, provider: &str, event_id: Option<u32>) -> bool {
        let has = |list: &[String], text: &str| list.is_empty() || list.iter().any(|one| one == text);
        let named = match (channel, provider) {
            // All event logs: what is said of traffic is none.
            (_, EVE_PROVIDER) if self.channels.is_empty() && self.providers.is_empty() => false,
            ("", "") => self.channels.is_empty() && self.providers.is_empty(),
            (channel, "") => has(&self.channels, channel),
            ("", provider) => !self.providers.is_empty() && has(&self.providers, provider),
            (channel, provider) => has(&self.channels, channel) && has(&self.providers, provider),
        };
        named && (self.event_ids.is_empty() || event_id.is_some_and(|id| self.event_ids.contains(&id)))
    }
}
