//! `sameip`: source and destination have the same address.

use crate::keyword::context::ConditionInput;

#[derive(Debug)]
pub(crate) struct SameIpTest {
    pub(crate) negated: bool,
}

impl SameIpTest {
    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        match (on.facts.source, on.facts.destination) {
            (Some(source), Some(destination)) => (source.address == destination.address) != self.negated,
            _ => false,
        }
    }
}
