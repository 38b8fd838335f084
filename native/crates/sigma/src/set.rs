//! A set of rules, planned: which events each looks at, what must stand in them, and the tests.

use std::sync::Arc;

use hashbrown::HashMap;
use sidewire_hostlog::EVE_PROVIDER;
use sidewire_ir::{EventSource, SIGMA_VERSION, SigmaBatch, SigmaCorrelation, SigmaHead, SigmaRule};
use sidewire_mpm::{LiteralMatcher, MatcherCompiler, MatcherError, PatternLiteral};

use crate::condition::{CompiledCondition, TestTable};
use crate::grouping::fields_of;
use crate::keyword_gate::KeywordGate;
use crate::literals::{LiteralUse, needed};
use crate::names::{KEYWORDS, NameId, WantedNames};
use crate::source::SourceFilter;

/// A rule that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigmaProblem {
    /// Id of the rule.
    pub id: String,
    /// What is wrong.
    pub message: String,
}

/// Why a set cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigmaError {
    /// Rules of another version of the IR.
    #[error("these Sigma rules have version {0} of the IR, not {SIGMA_VERSION}")]
    Version(u32),
    /// The matcher refused.
    #[error("{0}")]
    Matcher(#[from] MatcherError),
}

/// A rule, planned.
#[derive(Debug)]
pub(crate) struct PlannedRule {
    pub(crate) head: SigmaHead,
    pub(crate) name: Option<String>,
    pub(crate) sources: Box<[u32]>,
    pub(crate) alerts: bool,
    pub(crate) condition: CompiledCondition,
    /// It is looked at only when one of its literals was found.
    pub(crate) has_literals: bool,
    /// The fields its tests look at.
    pub(crate) names: Box<[NameId]>,
    /// Its keywords need be looked for only where the gate says so.
    pub(crate) is_gated: bool,
}

/// A set of rules; immutable.
#[derive(Debug)]
pub struct SigmaSet {
    pub(crate) names: WantedNames,
    pub(crate) tests: TestTable,
    pub(crate) sources: Vec<SourceFilter>,
    pub(crate) rules: Vec<PlannedRule>,
    pub(crate) correlations: Vec<SigmaCorrelation>,
    /// Fields that groups and statistics of correlations are made of, though no test asks for them.
    pub(crate) grouped: Vec<NameId>,
    pub(crate) matcher: Box<dyn LiteralMatcher>,
    pub(crate) gate: KeywordGate,
    /// The rules of a literal: `users[starts[literal]..starts[literal + 1]]`.
    starts: Vec<u32>,
    users: Vec<u32>,
}

impl SigmaSet {
    /// Plans rules.
    ///
    /// # Errors
    /// [`SigmaError`].
    pub fn new(
        batches: &[SigmaBatch],
        compiler: &MatcherCompiler,
    ) -> Result<(Arc<Self>, Vec<SigmaProblem>), SigmaError> {
        if let Some(other) = batches.iter().find(|batch| batch.version != SIGMA_VERSION) {
            return Err(SigmaError::Version(other.version));
        }
        let mut plan = SetPlan::default();
        let mut uses = LiteralUse::default();
        for rule in batches.iter().flat_map(|batch| &batch.rules) {
            uses.count(&rule.condition);
        }
        for batch in batches {
            let places: Vec<u32> = batch.sources.iter().map(|source| plan.source(source)).collect();
            for rule in &batch.rules {
                plan.rule(rule, &places, &uses);
            }
            plan.correlations.extend(batch.correlations.iter().cloned());
        }
        plan.finish(compiler)
    }

    /// Number of rules and correlations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len() + self.correlations.len()
    }

    /// True for a set without rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a rule says of itself.
    #[must_use]
    pub fn head(&self, rule: RuleNumber) -> Option<&SigmaHead> {
        match rule {
            RuleNumber::Rule(at) => self.rules.get(at as usize).map(|rule| &rule.head),
            RuleNumber::Correlation(at) => self.correlations.get(at as usize).map(|rule| &rule.head),
        }
    }

    /// Some rule looks at events of EVE of this type.
    #[must_use]
    pub fn looks_at_eve(&self, event_type: &str) -> bool {
        self.sources.iter().any(|source| source.takes(event_type, EVE_PROVIDER, None))
    }

    /// The rules in order, without correlations.
    pub fn heads(&self) -> impl Iterator<Item = &SigmaHead> {
        self.rules.iter().map(|rule| &rule.head)
    }

    /// `vectorscan` or `aho-corasick`.
    #[must_use]
    pub fn backend_name(&self) -> &'static str {
        self.matcher.backend_name()
    }

    pub(crate) fn users_of(&self, literal: u32) -> &[u32] {
        let place = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        self.users.get(place(literal as usize)..place(literal as usize + 1)).unwrap_or_default()
    }
}

/// Number of a rule in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleNumber {
    /// A rule about events.
    Rule(u32),
    /// A rule about matches.
    Correlation(u32),
}

/// A set in the making.
#[derive(Default)]
struct SetPlan {
    names: WantedNames,
    tests: TestTable,
    sources: Vec<SourceFilter>,
    known_sources: HashMap<EventSource, u32>,
    rules: Vec<PlannedRule>,
    correlations: Vec<SigmaCorrelation>,
    literals: HashMap<Vec<u8>, u32>,
    users: Vec<Vec<u32>>,
    gate: KeywordGate,
    problems: Vec<SigmaProblem>,
}

impl SetPlan {
    /// The number of a source, which batches share.
    fn source(&mut self, source: &EventSource) -> u32 {
        if let Some(known) = self.known_sources.get(source) {
            return *known;
        }
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(SourceFilter::new(source, &mut self.names, &mut self.tests));
        self.known_sources.insert(source.clone(), number);
        number
    }

    fn rule(&mut self, rule: &SigmaRule, places: &[u32], uses: &LiteralUse) {
        let condition = match self.tests.compile(&rule.condition, &mut self.names) {
            Ok(condition) => condition,
            Err(message) => return self.problems.push(SigmaProblem { id: rule.head.id.clone(), message }),
        };
        let number = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        let needs = needed(&rule.condition, uses);
        let has_literals = needs.is_some();
        let names = self.names_of(&condition);
        let has_keywords = names.contains(&KEYWORDS);
        let is_gated = has_keywords && needs.as_ref().is_some_and(|needs| self.gate.add(number, &needs.literals));
        for literal in needs.into_iter().flat_map(|needs| needs.literals) {
            let next = u32::try_from(self.users.len()).unwrap_or(u32::MAX);
            let at = *self.literals.entry(literal).or_insert(next);
            if at == next {
                self.users.push(Vec::new());
            }
            if let Some(users) = self.users.get_mut(at as usize)
                && users.last() != Some(&number)
            {
                users.push(number);
            }
        }
        self.rules.push(PlannedRule {
            head: rule.head.clone(),
            name: rule.name.clone(),
            sources: rule.sources.iter().filter_map(|source| places.get(*source as usize).copied()).collect(),
            alerts: rule.alerts,
            names,
            condition,
            has_literals,
            is_gated,
        });
    }

    fn names_of(&self, condition: &CompiledCondition) -> Box<[NameId]> {
        let mut names = Vec::new();
        condition.tests(&mut |number| {
            if let Some(check) = self.tests.get(number) {
                names.push(check.name);
                names.extend(check.other());
            }
        });
        names.sort_unstable();
        names.dedup();
        names.into_boxed_slice()
    }

    fn finish(mut self, compiler: &MatcherCompiler) -> Result<(Arc<SigmaSet>, Vec<SigmaProblem>), SigmaError> {
        self.tests.finish();
        let mut grouped = Vec::new();
        for correlation in &self.correlations {
            grouped.extend(fields_of(correlation).map(|field| self.names.intern(field)));
        }
        let literals: Vec<PatternLiteral> =
            self.literals.into_iter().map(|(octets, id)| PatternLiteral { id, octets, nocase: false }).collect();
        let matcher = compiler.compile(&literals)?;
        self.gate.finish(compiler)?;
        let mut starts = Vec::with_capacity(self.users.len() + 1);
        let mut users = Vec::new();
        for each in &self.users {
            starts.push(u32::try_from(users.len()).unwrap_or(u32::MAX));
            users.extend_from_slice(each);
        }
        starts.push(u32::try_from(users.len()).unwrap_or(u32::MAX));
        let set = SigmaSet {
            names: self.names,
            tests: self.tests,
            sources: self.sources,
            rules: self.rules,
            correlations: self.correlations,
            grouped,
            matcher,
            gate: self.gate,
            starts,
            users,
        };
        Ok((Arc::new(set), self.problems))
    }
}
