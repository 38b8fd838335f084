//! Who watches an evaluation.

use sidewire_base::{Direction, RuleId, TxId};

/// Watches an evaluation. The silent one costs nothing; a recording one is behind `rules explain`.
///
/// A rule that is watched skips the prefilter, which changes no result, so that the check that really failed is told.
pub trait InspectObserver {
    /// False lets the compiler remove every call.
    const ACTIVE: bool;

    /// Is this rule of interest?
    fn watches(&self, rule: RuleId) -> bool;

    /// A rule did not match.
    fn failed(&mut self, rule: RuleId, unit: InspectUnit, failure: FailureStage);

    /// A rule matched.
    fn matched(&mut self, rule: RuleId, unit: InspectUnit);

    /// A rule begins to be held against something. Told of every candidate, watched or not.
    #[inline]
    fn begins(&mut self, _rule: RuleId) {}

    /// That is over; did it hold?
    #[inline]
    fn ends(&mut self, _rule: RuleId, _held: bool) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentObserver;

impl InspectObserver for SilentObserver {
    const ACTIVE: bool = false;

    fn watches(&self, _rule: RuleId) -> bool {
        false
    }

    fn failed(&mut self, _rule: RuleId, _unit: InspectUnit, _failure: FailureStage) {}

    fn matched(&mut self, _rule: RuleId, _unit: InspectUnit) {}
}

/// The unit of traffic a rule was tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectUnit {
    /// Packets and the stream.
    Packet,
    /// A transaction, by its id.
    Transaction(TxId),
    /// A frame.
    Frame {
        /// Which side sent it.
        direction: Direction,
        /// Its number in that direction.
        id: u64,
        /// Its kind, without the protocol.
        name: &'static str,
    },
}

/// The first stage at which a rule failed; later ones are greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureStage {
    /// Protocol of the header.
    Protocol,
    /// Addresses of the header.
    Address,
    /// Ports of the header.
    Port,
    /// `flow`.
    Flow,
    /// The flow's application protocol is another one, or not known.
    Application,
    /// Nothing there to look at: no payload, no transaction far enough.
    NoData,
    /// A condition as a whole: its position in the rule.
    Condition {
        /// Position in [`crate::ir::Rule::conditions`].
        condition: usize,
    },
    /// One check of a buffer.
    Check {
        /// Position in [`crate::ir::Rule::conditions`].
        condition: usize,
        /// Position among the condition's checks.
        check: usize,
        /// Where in the buffer it was looked for.
        offset: usize,
        /// What stands there, at most [`FailureStage::OCTETS`].
        found: Vec<u8>,
    },
}

impl FailureStage {
    /// Octets of a buffer that are shown.
    pub const OCTETS: usize = 32;
}

/// Records, for each watched rule and unit, the evaluation that came farthest.
#[derive(Clone, Debug, Default)]
pub struct InspectRecorder {
    rules: Vec<RuleId>,
    entries: Vec<InspectRecord>,
}

/// What became of a rule on a unit of traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectRecord {
    /// Position in the rule set.
    pub rule: RuleId,
    /// What of the traffic.
    pub unit: InspectUnit,
    /// The failure that came farthest; `None`: it matched.
    pub failure: Option<FailureStage>,
}

impl InspectRecorder {
    /// Watches some rules, by position in the rule set.
    #[must_use]
    pub fn new(rules: Vec<RuleId>) -> Self {
        Self { rules, entries: Vec::new() }
    }

    /// The watched rules.
    #[must_use]
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// Takes what was recorded and begins again; call it between flows to tell them apart.
    pub fn take(&mut self) -> Vec<InspectRecord> {
        core::mem::take(&mut self.entries)
    }

    fn entry(&mut self, rule: RuleId, unit: InspectUnit) -> Option<&mut InspectRecord> {
        self.entries.iter_mut().find(|record| record.rule == rule && record.unit == unit)
    }
}

impl InspectObserver for InspectRecorder {
    const ACTIVE: bool = true;

    fn watches(&self, rule: RuleId) -> bool {
        self.rules.contains(&rule)
    }

    fn failed(&mut self, rule: RuleId, unit: InspectUnit, failure: FailureStage) {
        match self.entry(rule, unit) {
            Some(record) => {
                if record.failure.as_ref().is_some_and(|known| *known < failure) {
                    record.failure = Some(failure);
                }
            }
            None => self.entries.push(InspectRecord { rule, unit, failure: Some(failure) }),
        }
    }

    fn matched(&mut self, rule: RuleId, unit: InspectUnit) {
        match self.entry(rule, unit) {
            Some(record) => record.failure = None,
            None => self.entries.push(InspectRecord { rule, unit, failure: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_farthest_failure_and_forgets_it_on_a_match() {
        let mut recorder = InspectRecorder::new(vec![RuleId(3)]);
        recorder.failed(RuleId(3), InspectUnit::Packet, FailureStage::Flow);
        recorder.failed(RuleId(3), InspectUnit::Packet, FailureStage::Condition { condition: 1 });
        recorder.failed(RuleId(3), InspectUnit::Packet, FailureStage::Port);
        assert_eq!(recorder.entries[0].failure, Some(FailureStage::Condition { condition: 1 }));
        recorder.matched(RuleId(3), InspectUnit::Packet);
        recorder.failed(RuleId(3), InspectUnit::Packet, FailureStage::Condition { condition: 2 });
        assert_eq!(recorder.take(), [InspectRecord { rule: RuleId(3), unit: InspectUnit::Packet, failure: None }]);
    }
}
