use sidewire_ir::{Catalog, RuleBatch};
use sidewire_proto::ProtocolDef;

use crate::{CompileOptions, RuleMeta, RuleType};

/// A rule that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// Why.
    pub reason: String,
}

/// Why no rule set could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The batch is of another IR version.
    #[error("rule IR version {0}, this engine reads {expected}", expected = sidewire_ir::IR_VERSION)]
    Version(u32),
    /// The matcher's library is missing or refused a set.
    #[error(transparent)]
    Matcher(#[from] sidewire_mpm::CompileError),
}

/// What compiling cost and gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompileStats {
    /// Rules by type, in the order of [`RuleType::ALL`].
    pub rules: [u32; RuleType::ALL.len()],
    /// Groups that are scanned for.
    pub groups: u32,
    /// Literals over all groups.
    pub patterns: u32,
    /// Matchers compiled; fewer than groups where sets are equal.
    pub matchers: u32,
    /// Milliseconds for reading and planning the rules.
    pub plan_ms: f64,
    /// Milliseconds for compiling matchers.
    pub compile_ms: f64,
    /// `vectorscan` or `aho-corasick`.
    pub backend: &'static str,
}

/// Rules ready to run.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<RuleMeta>,
    generation: u32,
    stats: CompileStats,
}

impl RuleSet {
    /// Compiles rules. What cannot be used is left out and told.
    ///
    /// # Errors
    /// [`CompileError`] when no set can be made at all.
    pub fn compile(
        _batches: impl IntoIterator<Item = RuleBatch>,
        _options: &CompileOptions,
        _protocols: &'static [ProtocolDef],
    ) -> Result<(Self, Vec<Problem>), CompileError> {
        Ok((Self::default(), Vec::new()))
    }

    /// A set without rules.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// True without rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// [`CompileOptions::generation`].
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// A rule by its position, as [`crate::Match::rule`] has it.
    ///
    /// # Panics
    /// Never for a position of this set.
    #[must_use]
    #[allow(clippy::indexing_slicing)] // positions come from this set
    pub fn rule(&self, index: u32) -> &RuleMeta {
        &self.rules[index as usize]
    }

    /// All rules, by position.
    #[must_use]
    pub fn rules(&self) -> &[RuleMeta] {
        &self.rules
    }

    /// What compiling cost and gave.
    #[must_use]
    pub const fn stats(&self) -> &CompileStats {
        &self.stats
    }

    /// Some rule keeps bits by host or host pair of any flow: all packets must go through one detector.
    #[must_use]
    pub const fn uses_host_state(&self) -> bool {
        false
    }
}

/// All keywords: header fields, protocol rows, events, transforms.
#[must_use]
pub fn catalog(_protocols: &[ProtocolDef]) -> Catalog {
    Catalog { version: sidewire_ir::IR_VERSION, ..Catalog::default() }
}
