//! Rules ready to run.

use sidewire_base::{BufferId, Direction, PerDirection, ProtocolId, RuleId};
use sidewire_files::FilePolicy;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::ir;
use sidewire_app_layer::{FrameKinds, ProtocolDef};
use sidewire_mpm::{MatcherCompiler, RegexLimits};

use crate::compile::addressed_rules::AddressedRules;
use crate::compile::frame_rules::FrameRules;
use crate::compile::gates::RuleGate;
use crate::compile::keyword_index::KeywordIndex;
use crate::compile::order::order_by_state;
use crate::compile::packet_rules::PacketRules;
use crate::compile::plan::RulePlan;
use crate::compile::planner::RulePlanner;
use crate::compile::prefilter::{MpmBuilder, PatternMatchers};
use crate::compile::tx_rules::TxRules;
use crate::error::RuleError;
use crate::keyword::transform::TransformTable;
use crate::options::CompileOptions;
use crate::rule::{RuleMeta, RuleType};
use crate::state::flow_state::DetectFlowState;
use crate::table::address::AddressList;
use crate::table::address_table::AddressTable;
use crate::table::port_table::PortTable;

/// A rule that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutRule {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// Why.
    pub reason: RuleError,
}

/// Why no rule set could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The batch is of another IR version.
    #[error("rule IR version {0}, this engine reads {expected}", expected = ir::IR_VERSION)]
    Version(u32),
    /// The matcher's library is missing or refused a set.
    #[error(transparent)]
    Matcher(#[from] sidewire_mpm::MatcherError),
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
    /// Matchers that were not compiled but made of saved ones.
    pub restored: u32,
    /// Rules without a pattern that makes them candidates.
    pub without_prefilter: u32,
    /// Milliseconds for planning the rules; waiting for batches is not counted.
    pub plan_ms: f64,
    /// Milliseconds for grouping.
    pub group_ms: f64,
    /// Milliseconds for compiling matchers.
    pub compile_ms: f64,
    /// `vectorscan` or `aho-corasick`.
    pub backend: &'static str,
}

/// Number of packet classes.
const CLASSES: usize = 6;

/// Rules ready to run.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(crate) plans: Vec<RulePlan>,
    pub(crate) addresses: AddressTable,
    pub(crate) ports: PortTable,
    pub(crate) matchers: PatternMatchers,
    pub(crate) packets: [PerDirection<PacketRules>; CLASSES],
    pub(crate) transactions: Vec<PerDirection<TxRules>>,
    pub(crate) frames: Vec<PerDirection<FrameRules>>,
    /// What a packet has to be for each of them, by [`RuleId`].
    pub(crate) gates: Vec<RuleGate>,
    /// Address-only rules.
    pub(crate) addressed: AddressedRules,
    /// Protocol-only rules.
    pub(crate) protocol_only: Vec<RuleId>,
    /// Rules that ask for a decoder or stream event.
    pub(crate) events: Vec<RuleId>,
    /// Rules that ask for a detection event of the flow.
    pub(crate) app_events: Vec<RuleId>,
    pub(crate) recursion_limit: u32,
    pub(crate) alerts_per_packet: usize,
    pub(crate) host_bits: usize,
    pub(crate) variables: usize,
    generation: u32,
    host_state: bool,
    /// Directions in which rules look at stream octets.
    streams: PerDirection<bool>,
    /// What rules want of the files of each protocol.
    files: Vec<PerDirection<FilePolicy>>,
    stats: CompileStats,
}

impl RuleSet {
    /// Compiles rules. What cannot be used is left out and told.
    ///
    /// # Errors
    /// [`CompileError`] when no set can be made at all.
    pub fn compile(
        batches: impl IntoIterator<Item = ir::RuleBatch>,
        options: &CompileOptions,
        protocols: &'static [ProtocolDef],
    ) -> Result<(Self, Vec<LeftOutRule>), CompileError> {
        let compiler = MatcherCompiler::new(options.backend, &options.libraries)?;
        let mut set = Self {
            recursion_limit: options.recursion_limit,
            alerts_per_packet: options.alerts_per_packet,
            host_bits: options.host_bits,
            generation: options.generation,
            ..Self::default()
        };
        let (names, mut transforms) = (KeywordIndex::new(protocols), TransformTable::default());
        let mut problems = Vec::new();
        let mut planning = Duration::ZERO;
        for batch in batches {
            let began = Instant::now();
            if batch.version != ir::IR_VERSION {
                return Err(CompileError::Version(batch.version));
            }
            let lists: Vec<_> = batch.sets.addresses.iter().map(AddressList::new).collect();
            let mut planner = RulePlanner {
                protocols,
                names: &names,
                transforms: &mut transforms,
                stream_events: options.stream_events,
                limits: RegexLimits { matches: options.pcre_match_limit, recursion: options.pcre_recursion_limit },
                addresses: &mut set.addresses,
                ports: &mut set.ports,
            };
            for rule in &batch.rules {
                match planner.plan(rule, &lists, &batch.sets) {
                    Ok(plan) => set.plans.push(plan),
                    Err(reason) => problems.push(LeftOutRule { gid: rule.gid, sid: rule.sid, reason }),
                }
            }
            planning += began.elapsed();
        }
        let began = Instant::now();
        set.arrange(protocols);
        let planned = Instant::now();

        let mut sets = MpmBuilder::default();
        set.group(&mut sets, protocols);
        set.count_rules();
        let stats = &mut set.stats;
        stats.groups = sets.contexts;
        stats.patterns = sets.patterns;
        stats.matchers = sets.len() as u32;
        stats.backend = compiler.backend_name();
        let grouped = Instant::now();

        let machine = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
        let threads = if options.threads == 0 { machine } else { options.threads };
        set.matchers = sets.compile(&compiler, threads, &options.saved)?;
        set.stats.restored = set.matchers.restored();
        set.stats.plan_ms = (planning + (planned - began)).as_secs_f64() * 1e3;
        set.stats.group_ms = (grouped - planned).as_secs_f64() * 1e3;
        set.stats.compile_ms = grouped.elapsed().as_secs_f64() * 1e3;
        Ok((set, problems))
    }

    /// Puts the planned rules in order, and notes what they look at, all together.
    fn arrange(&mut self, protocols: &[ProtocolDef]) {
        order_by_state(&mut self.plans);
        self.plans.sort_by(|a, b| a.order.cmp(&b.order));
        self.addresses.build();
        let plans = &self.plans;
        self.variables = plans.iter().map(|plan| plan.variables).max().unwrap_or(0);
        self.host_state = plans.iter().any(|plan| plan.host_state);
        self.streams = PerDirection::from_fn(|direction| {
            plans.iter().any(|plan| plan.on_stream && plan.has_payload && plan.directions[direction])
        });
        let of_app = |app| plans.iter().map(move |plan| plan.file_policy(app));
        let both = |a: PerDirection<FilePolicy>, b: PerDirection<FilePolicy>| {
            PerDirection::from_fn(|direction| a[direction].and(b[direction]))
        };
        let apps = (0..protocols.len()).map(ProtocolId::at);
        self.files = apps.map(|app| of_app(app).fold(PerDirection::default(), both)).collect();
    }

    /// Counts the rules by type, and those without a fast pattern.
    fn count_rules(&mut self) {
        for plan in &self.plans {
            let kind = RuleType::ALL.iter().position(|kind| *kind == plan.meta.kind);
            if let Some(count) = kind.and_then(|kind| self.stats.rules.get_mut(kind)) {
                *count += 1;
            }
        }
        self.stats.without_prefilter = self.plans.iter().filter(|plan| plan.fast.is_none()).count() as u32;
    }

    /// Its matchers, to be saved for the next compilation of such rules by this build ([`CompileOptions::saved`]).
    pub fn saved_matchers(&self) -> impl Iterator<Item = (u64, Vec<u8>)> {
        self.matchers.saved()
    }

    /// A set without rules.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Number of rules.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.plans.len()
    }

    /// True without rules.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// [`CompileOptions::generation`].
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// A rule by its position, as [`crate::RuleMatch::rule`] has it.
    ///
    /// # Panics
    /// Never for a position of this set.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "positions come from the set itself; of a foreign one no answer is right"
    )]
    pub fn rule(&self, index: RuleId) -> &RuleMeta {
        &self.plans[index.index()].meta
    }

    /// The octets that make a rule a candidate where they are met; `None`: it is one wherever its header may hold.
    #[must_use]
    pub fn fast_pattern(&self, index: RuleId) -> Option<&[u8]> {
        self.plans.get(index.index())?.fast.as_ref().map(|fast| fast.octets.as_slice())
    }

    /// All rules, by position.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &RuleMeta> {
        self.plans.iter().map(|plan| &plan.meta)
    }

    /// What compiling cost and gave.
    #[must_use]
    pub const fn stats(&self) -> &CompileStats {
        &self.stats
    }

    /// These are the rules that looked at the flow last, as far as any will.
    #[must_use]
    pub const fn has_inspected(&self, state: &DetectFlowState) -> bool {
        state.passed || state.generation == self.generation
    }

    /// Bits of hosts that are kept at most.
    #[must_use]
    pub const fn host_bits(&self) -> usize {
        self.host_bits
    }

    /// Some rule keeps bits of single hosts, which many flows share: detectors of one run must be given a
    /// [`crate::SharedState`].
    #[must_use]
    pub const fn uses_host_state(&self) -> bool {
        self.host_state
    }

    /// Do rules look at stream octets in a direction?
    #[must_use]
    pub fn reads_streams(&self, direction: Direction) -> bool {
        self.streams[direction]
    }

    /// What rules want of the files of a protocol.
    #[must_use]
    pub fn file_policy(&self, app: ProtocolId) -> PerDirection<FilePolicy> {
        self.files.get(app.index()).copied().unwrap_or_default()
    }

    /// Do rules look at transactions of a protocol in a direction?
    #[must_use]
    pub fn inspects(&self, app: ProtocolId, direction: Direction) -> bool {
        self.transactions(app, direction).is_some()
    }

    /// A protocol's buffers that rules look into, each once.
    #[must_use]
    pub fn buffers_of(&self, app: ProtocolId) -> BTreeSet<BufferId> {
        let engines = self.plans.iter().flat_map(|plan| &plan.tx).flat_map(|condition| &condition.engines);
        engines.filter(|engine| engine.app == app).filter_map(|engine| engine.buffer()).collect()
    }

    /// Kinds of frames of a protocol that rules look into in a direction.
    #[must_use]
    pub fn frame_kinds(&self, app: ProtocolId, direction: Direction) -> FrameKinds {
        self.frames(app, direction).map_or(FrameKinds::default(), |rules| rules.kinds)
    }

    /// Rules on frames, when there are any.
    pub(crate) fn frames(&self, app: ProtocolId, direction: Direction) -> Option<&FrameRules> {
        self.frames.get(app.index()).map(|rules| &rules[direction]).filter(|rules| !rules.kinds.is_empty())
    }

    /// Rules for packets of a class (a bit of [`PacketClasses`]).
    pub(crate) fn packets(&self, class: u8, direction: Direction) -> Option<&PacketRules> {
        self.packets.get(class.trailing_zeros() as usize).map(|rules| &rules[direction])
    }

    /// Rules for transactions, when there are any.
    pub(crate) fn transactions(&self, app: ProtocolId, direction: Direction) -> Option<&TxRules> {
        self.transactions.get(app.index()).map(|rules| &rules[direction]).filter(|rules| !rules.is_empty)
    }
}
