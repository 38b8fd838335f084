//! Sets of patterns that are scanned for together.

use sidewire_base::RuleId;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use sidewire_ir::PortSet;
use sidewire_mpm::{LiteralMatcher, MatcherCompiler, MatcherError, MatcherScratch, PatternLiteral};

use crate::SavedMatchers;
use crate::table::port_table::{PortId, PortMap, PortTable};

/// Ports a set may have to be worth a group of its own; rules on more ports are scanned for everywhere.
const NARROW: usize = 4096;

/// A set of patterns that is scanned for together, and which rules each of them stands for.
#[derive(Debug, Default)]
pub(crate) struct PatternGroup {
    /// Position of the matcher; contexts with equal patterns share one.
    matcher: Option<usize>,
    /// For each pattern, where its rules are.
    ranges: Vec<(u32, u32)>,
    rules: Vec<RuleId>,
}

impl PatternGroup {
    pub(crate) const fn is_empty(&self) -> bool {
        self.matcher.is_none()
    }

    /// Calls `candidate` with every rule whose pattern is in `data`; a rule may come more than once.
    #[inline]
    pub(crate) fn scan(
        &self,
        matchers: &PatternMatchers,
        scratch: &mut MatcherScratch,
        data: &[u8],
        mut candidate: impl FnMut(RuleId),
    ) {
        let Some(set) = self.matcher.and_then(|at| matchers.compiled.get(at)) else { return };
        set.matcher.scan(scratch, data, &mut |pattern, _| {
            let range = self.ranges.get(pattern as usize).map(|&(from, to)| from as usize..to as usize);
            for &rule in range.and_then(|range| self.rules.get(range)).unwrap_or_default() {
                candidate(rule);
            }
        });
    }
}

/// Compiled sets of patterns.
#[derive(Debug, Default)]
pub(crate) struct PatternMatchers {
    compiled: Vec<CompiledSet>,
}

/// A compiled set of patterns.
#[derive(Debug)]
struct CompiledSet {
    /// See [`fingerprint`].
    literals: u64,
    matcher: Box<dyn LiteralMatcher>,
    /// It was made of a saved one.
    restored: bool,
}

impl PatternMatchers {
    /// How many were made of saved ones.
    pub(crate) fn restored(&self) -> u32 {
        self.compiled.iter().map(|set| u32::from(set.restored)).sum()
    }

    /// Those that are worth saving, as [`SavedMatchers`] takes them.
    pub(crate) fn saved(&self) -> impl Iterator<Item = (u64, Vec<u8>)> {
        self.compiled.iter().filter_map(|set| Some((set.literals, set.matcher.saved()?)))
    }
}

/// What tells sets of literals apart. It is the same in each process of one build, and nothing beyond.
fn fingerprint(literals: &[PatternLiteral]) -> u64 {
    let mut hasher = DefaultHasher::new();
    literals.hash(&mut hasher);
    hasher.finish()
}

/// Collects contexts and the distinct sets of patterns they need.
#[derive(Debug, Default)]
pub(crate) struct MpmBuilder {
    numbers: HashMap<Vec<(Vec<u8>, bool)>, usize>,
    sets: Vec<Vec<PatternLiteral>>,
    pub(crate) contexts: u32,
    pub(crate) patterns: u32,
}

impl MpmBuilder {
    /// A context of rules by pattern (octets, without case).
    pub(crate) fn context(&mut self, patterns: impl IntoIterator<Item = (Vec<u8>, bool, RuleId)>) -> PatternGroup {
        let mut by_pattern: BTreeMap<(Vec<u8>, bool), Vec<RuleId>> = BTreeMap::new();
        for (mut octets, nocase, rule) in patterns {
            if nocase {
                octets.make_ascii_lowercase();
            }
            by_pattern.entry((octets, nocase)).or_default().push(rule);
        }
        if by_pattern.is_empty() {
            return PatternGroup::default();
        }
        let mut context = PatternGroup::default();
        for rules in by_pattern.values() {
            let from = context.rules.len() as u32;
            context.rules.extend_from_slice(rules);
            context.ranges.push((from, context.rules.len() as u32));
        }
        let key: Vec<(Vec<u8>, bool)> = by_pattern.into_keys().collect();
        self.contexts += 1;
        self.patterns += key.len() as u32;
        let sets = &mut self.sets;
        context.matcher = Some(*self.numbers.entry(key).or_insert_with_key(|key| {
            let literals = (0..).zip(key).map(|(id, (octets, nocase))| PatternLiteral {
                id,
                octets: octets.clone(),
                nocase: *nocase,
            });
            sets.push(literals.collect());
            sets.len() - 1
        }));
        context
    }

    /// Number of distinct sets.
    pub(crate) const fn len(&self) -> usize {
        self.sets.len()
    }

    /// Compiles all sets on some threads, largest first.
    ///
    /// # Errors
    /// The first that a matcher refused.
    pub(crate) fn compile(
        self,
        compiler: &MatcherCompiler,
        threads: usize,
        saved: &SavedMatchers,
    ) -> Result<PatternMatchers, MatcherError> {
        let mut order: Vec<usize> = (0..self.sets.len()).collect();
        order.sort_by_key(|&at| core::cmp::Reverse(self.sets.get(at).map_or(0, Vec::len)));
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let Some(set) = self.sets.get(at) else { return };
                let literals = fingerprint(set);
                let compiled = match saved.of(literals).and_then(|saved| compiler.restore(saved)) {
                    Some(matcher) => Ok(CompiledSet { literals, matcher, restored: true }),
                    None => compiler.compile(set).map(|matcher| CompiledSet { literals, matcher, restored: false }),
                };
                done.lock().unwrap_or_else(PoisonError::into_inner).push((at, compiled));
            }
        };
        let threads = threads.clamp(1, order.len().max(1));
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        Ok(PatternMatchers { compiled: done.into_iter().map(|(_, matcher)| matcher).collect::<Result<_, _>>()? })
    }
}

/// Something of the rules that name few ports, by port, beside that of all others.
#[derive(Debug, Default)]
pub(crate) struct PortGroups<T> {
    shared: T,
    map: PortMap,
    groups: Vec<T>,
}

impl<T> PortGroups<T> {
    /// Splits rules by port set; `make` builds the part of one group.
    pub(crate) fn new(
        rules: impl IntoIterator<Item = (PortId, RuleId)>,
        ports: &PortTable,
        mut make: impl FnMut(&[RuleId]) -> T,
    ) -> Self {
        let mut shared = Vec::new();
        let mut named: BTreeMap<PortId, Vec<RuleId>> = BTreeMap::new();
        for (set, rule) in rules {
            match ports.set(set) {
                Some(found) if count(found) <= NARROW => named.entry(set).or_default().push(rule),
                _ => shared.push(rule),
            }
        }
        let entries = (0..).zip(named.keys()).filter_map(|(number, set)| Some((number, ports.set(*set)?)));
        let map = PortMap::new(entries);
        Self { shared: make(&shared), map, groups: named.values().map(|rules| make(rules)).collect() }
    }

    /// What is there, for whatever port.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        core::iter::once(&self.shared).chain(&self.groups)
    }

    /// What is there for a port.
    pub(crate) fn at(&self, port: u16) -> impl Iterator<Item = &T> {
        let own = self.map.at(port).iter().filter_map(|&group| self.groups.get(group as usize));
        core::iter::once(&self.shared).chain(own)
    }
}

fn count(set: &PortSet) -> usize {
    set.ranges.iter().map(|range| usize::from(range.to - range.from.min(range.to)) + 1).sum()
}
