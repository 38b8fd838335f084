use std::sync::Arc;

use crate::{Input, Match, Observer, RuleSet};

/// Runs a rule set over packets. One for each worker.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<RuleSet>,
}

impl Detector {
    /// Ready to run `rules`.
    #[must_use]
    pub fn new(rules: &Arc<RuleSet>) -> Self {
        Self { rules: Arc::clone(rules) }
    }

    /// Goes on with other rules; call it between packets.
    pub fn swap(&mut self, rules: Arc<RuleSet>) {
        self.rules = rules;
    }

    /// Inspects a packet with what it did to its flow. Matches are appended in order.
    pub fn inspect<O: Observer>(&mut self, _input: Input<'_>, _observer: &mut O, _matches: &mut Vec<Match>) {}
}
