#![allow(clippy::indexing_slicing, reason = "arrays of two by `Direction` cannot fail; a caller's rule positions may")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use sidewire_app_layer::{BufferKind, FrameKinds, ProtocolDef};
use sidewire_base::Direction;
use sidewire_ir as ir;
use sidewire_mpm::{Compiler, Limits};

use crate::address::AddressList;
use crate::address_table::AddressTable;
use crate::condition::{Condition, Effect, TxTest};
use crate::fast_pattern::Site;
use crate::frame::FrameRules;
use crate::group::{Context, Grouped, Matchers, Sets};
use crate::plan::{Classes, Plan, Planner, StateUse};
use crate::port_table::{PortId, PortTable};
use crate::{CompileOptions, Glance, RuleMeta, RuleType, facts};

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
    #[error("rule IR version {0}, this engine reads {expected}", expected = ir::IR_VERSION)]
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
    /// Rules that no literal guards.
    pub unguarded: u32,
    /// Milliseconds for planning the rules; waiting for batches is not counted.
    pub plan_ms: f64,
    /// Milliseconds for grouping.
    pub group_ms: f64,
    /// Milliseconds for compiling matchers.
    pub compile_ms: f64,
    /// `vectorscan` or `aho-corasick`.
    pub backend: &'static str,
}

/// Rules for packets of one class and direction.
#[derive(Debug, Default)]
pub(crate) struct PacketRules {
    /// Patterns in payloads of packets.
    pub(crate) packet: Grouped<Context>,
    /// Patterns in stream octets.
    pub(crate) stream: Grouped<Context>,
    /// Rules without a pattern.
    pub(crate) plain: Grouped<Vec<u32>>,
    /// Whether there is any of these.
    has: Has,
}

/// Which of [`PacketRules`] has something.
#[derive(Clone, Copy, Debug, Default)]
struct Has {
    packet: bool,
    stream: bool,
    plain: bool,
}

/// Patterns in one buffer of transactions.
#[derive(Debug)]
pub(crate) struct TxContext {
    /// Row of the protocol.
    pub(crate) row: usize,
    pub(crate) kind: BufferKind,
    /// Progress at which the buffer is there.
    pub(crate) progress: u8,
    /// Progress from which on it is there a second time.
    pub(crate) again: Option<u8>,
    /// A rule and its condition whose transforms make the buffer; `None` without transforms.
    pub(crate) transformed: Option<(u32, usize)>,
    /// Octets a pattern may begin before the part of a growing buffer that is new.
    pub(crate) overlap: usize,
    pub(crate) context: Context,
}

/// Rules for transactions of one protocol and direction.
#[derive(Debug, Default)]
pub(crate) struct TxRules {
    /// By progress.
    pub(crate) contexts: Vec<TxContext>,
    /// Rules without a pattern.
    pub(crate) plain: Vec<u32>,
    /// Rules that wait for an event of the transaction.
    pub(crate) events: Vec<u32>,
    /// Progress from which on a buffer of these is there a second time: the least.
    pub(crate) again: Option<u8>,
    /// None of the above: nothing to do.
    pub(crate) is_empty: bool,
}

/// Number of packet classes.
const CLASSES: usize = 6;

/// Rules ready to run.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(crate) plans: Vec<Plan>,
    pub(crate) addresses: AddressTable,
    pub(crate) ports: PortTable,
    pub(crate) matchers: Matchers,
    packets: [[PacketRules; 2]; CLASSES],
    transactions: Vec<[TxRules; 2]>,
    frames: Vec<[FrameRules; 2]>,
    /// Address-only rules.
    pub(crate) addressed: Vec<u32>,
    /// Protocol-only rules.
    pub(crate) protocol_only: Vec<u32>,
    /// Rules that ask for a decoder or stream event.
    pub(crate) events: Vec<u32>,
    /// Rules that ask for a detection event of the flow.
    pub(crate) app_events: Vec<u32>,
    pub(crate) recursion_limit: u32,
    pub(crate) alerts_per_packet: usize,
    pub(crate) host_bits: usize,
    pub(crate) variables: usize,
    generation: u32,
    host_state: bool,
    /// Directions in which rules look at stream octets.
    streams: [bool; 2],
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
    ) -> Result<(Self, Vec<Problem>), CompileError> {
        let compiler = Compiler::new(options.backend, &options.libraries)?;
        let mut set = Self {
            recursion_limit: options.recursion_limit,
            alerts_per_packet: options.alerts_per_packet,
            host_bits: options.host_bits,
            generation: options.generation,
            ..Self::default()
        };
        let mut problems = Vec::new();
        let mut planning = Duration::ZERO;
        for batch in batches {
            let began = Instant::now();
            if batch.version != ir::IR_VERSION {
                return Err(CompileError::Version(batch.version));
            }
            let lists: Vec<_> = batch.sets.addresses.iter().map(AddressList::new).collect();
            let mut planner = Planner {
                protocols,
                stream_events: options.stream_events,
                limits: Limits { matches: options.pcre_match_limit, recursion: options.pcre_recursion_limit },
                addresses: &mut set.addresses,
                ports: &mut set.ports,
            };
            for rule in &batch.rules {
                match planner.plan(rule, &lists, &batch.sets) {
                    Ok(plan) => set.plans.push(plan),
                    Err(reason) => problems.push(Problem { gid: rule.gid, sid: rule.sid, reason }),
                }
            }
            planning += began.elapsed();
        }
        let began = Instant::now();
        order_by_state(&mut set.plans);
        set.plans.sort_by(|a, b| a.order.cmp(&b.order));
        set.addresses.build();
        set.variables = set.plans.iter().map(|plan| plan.variables).max().unwrap_or(0);
        set.host_state = set.plans.iter().any(|plan| plan.host_state);
        set.streams = Direction::BOTH.map(|direction| {
            set.plans.iter().any(|plan| plan.on_stream && plan.has_payload && plan.directions[direction])
        });
        let planned = Instant::now();

        let mut sets = Sets::default();
        set.group(&mut sets, protocols);
        let stats = &mut set.stats;
        for plan in &set.plans {
            let kind = RuleType::ALL.iter().position(|kind| *kind == plan.meta.kind);
            if let Some(count) = kind.and_then(|kind| stats.rules.get_mut(kind)) {
                *count += 1;
            }
        }
        stats.unguarded = set.plans.iter().filter(|plan| plan.fast.is_none()).count() as u32;
        stats.groups = sets.contexts;
        stats.patterns = sets.patterns;
        stats.matchers = sets.len() as u32;
        stats.backend = compiler.backend_name();
        let grouped = Instant::now();

        let machine = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
        let threads = if options.threads == 0 { machine } else { options.threads };
        set.matchers = sets.compile(&compiler, threads)?;
        set.stats.plan_ms = (planning + (planned - began)).as_secs_f64() * 1e3;
        set.stats.group_ms = (grouped - planned).as_secs_f64() * 1e3;
        set.stats.compile_ms = grouped.elapsed().as_secs_f64() * 1e3;
        Ok((set, problems))
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

    /// A rule by its position, as [`crate::Match::rule`] has it.
    ///
    /// # Panics
    /// Never for a position of this set.
    #[must_use]
    pub fn rule(&self, index: u32) -> &RuleMeta {
        &self.plans[index as usize].meta
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

    /// Some rule keeps bits of single hosts, which many flows share: all packets must go through one detector.
    #[must_use]
    pub const fn uses_host_state(&self) -> bool {
        self.host_state
    }

    /// Do rules look at stream octets in a direction?
    #[must_use]
    pub const fn reads_streams(&self, direction: Direction) -> bool {
        let [to_server, to_client] = self.streams;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// Do rules look at transactions of a protocol in a direction?
    #[must_use]
    pub fn inspects(&self, app: usize, direction: Direction) -> bool {
        self.transactions(app, direction).is_some()
    }

    /// Kinds of frames of a protocol that rules look into in a direction.
    #[must_use]
    pub fn frame_kinds(&self, app: usize, direction: Direction) -> FrameKinds {
        self.frames(app, direction).map_or(FrameKinds::default(), |rules| rules.kinds)
    }

    /// Rules on frames, when there are any.
    pub(crate) fn frames(&self, app: usize, direction: Direction) -> Option<&FrameRules> {
        self.frames.get(app).map(|rules| &rules[direction]).filter(|rules| !rules.kinds.is_empty())
    }

    /// True when a packet of a flow brings nothing that a rule could look at: [`crate::Detector::inspect`] need not be
    /// called. Most packets are like this: they acknowledge, or carry what no rule reads.
    #[must_use]
    pub fn is_idle(&self, glance: &Glance<'_>) -> bool {
        let &Glance { packet, direction, app, app_events, state, .. } = glance;
        if state.passed {
            return true;
        }
        let waits = |rules: &[u32], seen: bool| !rules.is_empty() && !seen;
        if state.generation != self.generation
            || glance.frames
            || state.app_events != app_events
            || waits(&self.events, !glance.stream_events && packet.events.is_empty())
            || waits(&self.addressed, state.addressed[direction])
            || waits(&self.protocol_only, state.protocol_seen[direction])
            || glance.transactions && app.is_some_and(|app| self.inspects(app, direction))
        {
            return false;
        }
        let class = facts::class(Some(packet), Some(glance.protocol));
        let Some(PacketRules { has, .. }) = self.packets(class, direction) else { return true };
        let has_payload = !packet.payload.is_empty();
        !(has.plain
            || has.stream && (glance.stream || has_payload && !glance.packet_in_stream)
            || has.packet && has_payload)
    }

    /// Rules for packets of a class (a bit of [`Classes`]).
    pub(crate) fn packets(&self, class: u8, direction: Direction) -> Option<&PacketRules> {
        self.packets.get(class.trailing_zeros() as usize).map(|rules| &rules[direction])
    }

    /// Rules for transactions, when there are any.
    pub(crate) fn transactions(&self, app: usize, direction: Direction) -> Option<&TxRules> {
        self.transactions.get(app).map(|rules| &rules[direction]).filter(|rules| !rules.is_empty)
    }

    fn group(&mut self, sets: &mut Sets, protocols: &[ProtocolDef]) {
        let plans = &self.plans;
        let of_kind = |wanted: &[RuleType]| {
            let numbered = (0u32..).zip(plans).filter(|(_, plan)| wanted.contains(&plan.meta.kind));
            numbered.map(|(rule, _)| rule).collect::<Vec<_>>()
        };
        self.addressed = of_kind(&[RuleType::IpOnly]);
        self.protocol_only = of_kind(&[RuleType::ProtocolOnly]);
        // Everything else that is not about transactions goes by class; those that wait for an event, apart.
        let mut by_class = Vec::new();
        for (rule, plan) in (0u32..).zip(plans) {
            use RuleType::{AppTx, Frame, IpOnly, ProtocolOnly};
            if matches!(plan.meta.kind, AppTx | Frame | IpOnly | ProtocolOnly) {
                continue;
            }
            let waits_for = |wanted: fn(&Condition) -> bool| plan.conditions.iter().any(|(_, at)| wanted(at));
            if waits_for(|at| {
                matches!(
                    at,
                    Condition::DecodeEvent { negated: false, .. } | Condition::StreamEvent { negated: false, .. }
                )
            }) {
                self.events.push(rule);
            } else if waits_for(|at| matches!(at, Condition::AppEvent { negated: false, .. })) {
                self.app_events.push(rule);
            } else {
                by_class.push((rule, plan));
            }
        }
        for (class, by_direction) in self.packets.iter_mut().enumerate() {
            for direction in Direction::BOTH {
                let here = |(_, plan): &&(u32, &Plan)| plan.classes.0 >> class & 1 == 1 && plan.directions[direction];
                let here = || by_class.iter().filter(here);
                let port = |plan: &Plan| if plan.both_ways { PortId::ANY } else { plan.service_ports(direction) };
                let tcp = 1 << class == Classes::TCP;
                let mut scanned = |stream: bool| {
                    let rules = here().filter(|(_, plan)| {
                        plan.payload_pattern().is_some()
                            && if stream { tcp && plan.on_stream } else { !tcp || plan.on_packet }
                    });
                    Grouped::new(rules.map(|(rule, plan)| (port(plan), *rule)), &self.ports, |rules| {
                        sets.context(rules.iter().filter_map(|&rule| {
                            let fast = plans.get(rule as usize)?.payload_pattern()?;
                            Some((fast.octets.clone(), fast.nocase, rule))
                        }))
                    })
                };
                let (packet, stream) = (scanned(false), scanned(true));
                let plain = here().filter(|(_, plan)| plan.payload_pattern().is_none());
                let plain = plain.map(|(rule, plan)| (port(plan), *rule));
                let plain = Grouped::new(plain, &self.ports, <[u32]>::to_vec);
                let scans = |contexts: &Grouped<Context>| contexts.iter().any(|context| !context.is_empty());
                let plain_rules = plain.iter().any(|rules: &Vec<u32>| !rules.is_empty());
                let has = Has { packet: scans(&packet), stream: scans(&stream), plain: plain_rules };
                by_direction[direction] = PacketRules { packet, stream, plain, has };
            }
        }
        self.transactions = (0..protocols.len())
            .map(|app| Direction::BOTH.map(|direction| tx_rules(plans, app, direction, sets)))
            .collect();
        if plans.iter().any(|plan| plan.frame.is_some()) {
            self.frames = (0..protocols.len())
                .map(|app| Direction::BOTH.map(|direction| FrameRules::new(plans, app, direction, sets)))
                .collect();
        }
    }
}

/// The rules for transactions of one protocol and direction.
fn tx_rules(plans: &[Plan], app: usize, direction: Direction, sets: &mut Sets) -> TxRules {
    let mut rules = TxRules::default();
    type Members<'p> = Vec<(u32, &'p Plan, usize)>;
    // One context for each buffer: row, and what is done to it first.
    let mut contexts: BTreeMap<(usize, String), Members<'_>> = BTreeMap::new();
    for (rule, plan) in (0u32..).zip(plans) {
        let ours = plan.meta.kind == RuleType::AppTx
            && plan.directions[direction]
            && plan.apps.as_ref().is_none_or(|apps| apps.contains(&app));
        if !ours {
            continue;
        }
        if plan.is_plain_on_tx() {
            rules.plain.push(rule);
            continue;
        }
        match plan.fast.as_ref().map(|fast| fast.site) {
            Some(Site::Tx(at)) => {
                let Some(condition) = plan.tx.get(at) else { continue };
                let (Some(row), TxTest::Buffer(look)) = (condition.row(app), &condition.test) else { continue };
                let side = condition.side(direction, plan.whole_tx);
                if side != direction || condition.progress[direction].is_none() {
                    continue;
                }
                let transforms = format!("{:?}", look.transforms);
                contexts.entry((row, transforms)).or_default().push((rule, plan, at));
            }
            _ => rules.events.push(rule),
        }
    }
    for ((row, _), members) in contexts {
        let Some(&(rule, plan, at)) = members.first() else { continue };
        let Some(condition) = plan.tx.get(at) else { continue };
        let TxTest::Buffer(look) = &condition.test else { continue };
        let patterns = members.iter().filter_map(|(rule, plan, _)| {
            let fast = plan.fast.as_ref()?;
            Some((fast.octets.clone(), fast.nocase, *rule))
        });
        let patterns: Vec<_> = patterns.collect();
        rules.contexts.push(TxContext {
            row,
            kind: condition.kind,
            progress: condition.progress[direction].unwrap_or(0),
            again: condition.again,
            transformed: (!look.transforms.is_empty()).then_some((rule, at)),
            overlap: patterns.iter().map(|(octets, ..)| octets.len()).max().unwrap_or(1) - 1,
            context: sets.context(patterns),
        });
    }
    rules.contexts.sort_by_key(|context| context.progress);
    rules.again = rules.contexts.iter().filter_map(|context| context.again).min();
    rules.is_empty = rules.contexts.is_empty() && rules.plain.is_empty() && rules.events.is_empty();
    rules
}

/// Rules that read flowbits and set others run behind those that set what they read.
fn order_by_state(plans: &mut [Plan]) {
    /// A chain of rules longer than this has a circle.
    const ROUNDS: u32 = 16;
    let mut depth_of_bit = HashMap::new();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for plan in plans.iter_mut().filter(|plan| plan.order.flowbits == StateUse::SetsAndReads) {
            let read = plan.conditions.iter().filter_map(|(_, condition)| match condition {
                Condition::FlowBits { names, .. } => Some(names.iter()),
                _ => None,
            });
            let depth = read.flatten().filter_map(|name| depth_of_bit.get(name)).max().copied().unwrap_or(0);
            plan.order.depth = depth;
            let sets = plan.effects.iter().filter_map(|effect| match effect {
                Effect::FlowBits { names, .. } => Some(names.iter()),
                _ => None,
            });
            for name in sets.flatten() {
                let known = depth_of_bit.entry(*name).or_insert(0);
                if *known < depth + 1 && depth < ROUNDS {
                    *known = depth + 1;
                    changed = true;
                }
            }
        }
        if !changed {
            return;
        }
    }
}
