//! `decode-event`, `stream-event`, and `app-layer-event` of protocol detection. Events of a protocol are raised on its
//! transactions: see [`crate::keyword::tx_condition::TxTest::Event`].

use sidewire_decode::DecodeEvent;

use crate::error::RuleError;
use crate::keyword::context::ConditionInput;

#[derive(Debug)]
pub(crate) struct DecodeEventTest {
    event: DecodeEvent,
    pub(crate) negated: bool,
}

#[derive(Debug)]
pub(crate) struct StreamEventTest {
    /// Position in [`crate::CompileOptions::stream_events`].
    event: u16,
    pub(crate) negated: bool,
}

#[derive(Debug)]
pub(crate) struct AppEventTest {
    event: Box<str>,
    pub(crate) negated: bool,
}

fn number(keyword: &'static str, names: &[&str], event: &str) -> Result<u16, RuleError> {
    let found = names.iter().position(|name| *name == event).and_then(|at| u16::try_from(at).ok());
    found.ok_or_else(|| RuleError::Value { keyword, value: event.to_owned() })
}

impl DecodeEventTest {
    /// # Errors
    /// An event the decoder does not have.
    pub(crate) fn new(event: &str, negated: bool) -> Result<Self, RuleError> {
        Ok(Self { event: DecodeEvent(number("decode-event", DecodeEvent::NAMES, event)?), negated })
    }

    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        on.facts.packet.is_some_and(|packet| packet.events.contains(&self.event)) != self.negated
    }
}

impl StreamEventTest {
    /// # Errors
    /// An event that is not among these.
    pub(crate) fn new(event: &str, names: &[&str], negated: bool) -> Result<Self, RuleError> {
        Ok(Self { event: number("stream-event", names, event)?, negated })
    }

    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        on.facts.stream_events.contains(&self.event) != self.negated
    }
}

impl AppEventTest {
    pub(crate) fn new(event: &str, negated: bool) -> Self {
        Self { event: event.into(), negated }
    }

    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        let seen = on.state.map_or(0, |state| state.app_events);
        on.facts.app_events.iter().skip(seen).any(|known| **known == *self.event) != self.negated
    }
}
