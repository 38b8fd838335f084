#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use std::sync::Arc;

use sidewire_base::Time;
use sidewire_ir::{Action, FlowBitAction, PcreScope, StreamSide, XbitScope};
use sidewire_mpm::Scratch;

use crate::condition::{Absence, Condition, Effect, IntEffect, IntOperand, Look, Xbit};
use crate::facts::Facts;
use crate::fields;
use crate::host_bits::{HostBits, Owner};
use crate::inspect::{self, Reach, View, Work};
use crate::observer::{Failure, Observer, Unit};
use crate::plan::Plan;
use crate::{FlowState, Input, Match, RuleSet, RuleType, StreamInput, Taken};

/// Runs a rule set over packets. One for each worker.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<RuleSet>,
    evaluator: Evaluator,
}

/// What changes while a rule set runs.
#[derive(Debug)]
pub(crate) struct Evaluator {
    scratch: Scratch,
    pub(crate) desk: Desk,
    /// For each rule, the last packet (or transaction) it became a candidate for.
    stamps: Vec<u32>,
    tick: u32,
    pub(crate) candidates: Vec<u32>,
    /// Those among the candidates that are asked anew, because a buffer is there a second time.
    pub(crate) anew: Vec<u32>,
    matches: Vec<Match>,
    /// Matches beyond the alerts a packet may have.
    overflow: u64,
}

/// What evaluation works with, apart from the rules.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) work: Work,
    pub(crate) hosts: HostBits,
    /// A transform reads one and fills the other.
    pub(crate) buffers: [Vec<u8>; 2],
    recursion_limit: u32,
}

/// What a rule held on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Packet,
    Stream,
    /// Position and id.
    Transaction(usize, u64),
    /// Id, and the transaction the frame belongs to.
    Frame(u64, Option<(usize, u64)>),
}

/// Why a buffer did not satisfy a rule.
#[derive(Debug)]
pub(crate) enum Miss {
    /// Not there.
    Absent,
    /// One check failed, looking at some octets.
    Check { reach: Reach, found: Vec<u8> },
}

impl Miss {
    pub(crate) fn failure(self, condition: usize) -> Failure {
        match self {
            Self::Absent => Failure::Condition { condition },
            Self::Check { reach, found } => {
                Failure::Check { condition, check: reach.check, offset: reach.offset, found }
            }
        }
    }
}

impl Detector {
    /// Ready to run `rules`.
    #[must_use]
    pub fn new(rules: &Arc<RuleSet>) -> Self {
        let desk = Desk {
            work: Work::new(rules.variables),
            hosts: HostBits::new(rules.host_bits),
            buffers: [Vec::new(), Vec::new()],
            recursion_limit: rules.recursion_limit,
        };
        let evaluator = Evaluator {
            scratch: Scratch::new(),
            desk,
            stamps: vec![0; rules.len()],
            tick: 0,
            candidates: Vec::new(),
            anew: Vec::new(),
            matches: Vec::new(),
            overflow: 0,
        };
        Self { rules: Arc::clone(rules), evaluator }
    }

    /// Matches that no alert told, because their packets had as many as they may have.
    #[must_use]
    pub const fn overflow(&self) -> u64 {
        self.evaluator.overflow
    }

    /// Goes on with other rules; call it between packets. Bits of hosts and flows stay as they are.
    pub fn swap(&mut self, rules: Arc<RuleSet>) {
        let evaluator = &mut self.evaluator;
        evaluator.desk.work = Work::new(rules.variables);
        evaluator.desk.recursion_limit = rules.recursion_limit;
        evaluator.stamps = vec![0; rules.len()];
        evaluator.tick = 0;
        self.rules = rules;
    }

    /// Inspects a packet with what it did to its flow. Matches are appended in order; those of `noalert` and `pass` rules
    /// are not among them, their effects are.
    pub fn inspect<O: Observer>(&mut self, mut input: Input<'_>, observer: &mut O, matches: &mut Vec<Match>) {
        if self.rules.is_empty() || input.flow.as_ref().is_some_and(|flow| flow.state.passed) {
            return;
        }
        self.evaluator.inspect(&self.rules, &mut input, observer, matches);
    }
}

impl Evaluator {
    fn inspect<O: Observer>(
        &mut self,
        rules: &RuleSet,
        input: &mut Input<'_>,
        observer: &mut O,
        matches: &mut Vec<Match>,
    ) {
        let facts = Facts::new(input);
        // Borrowed, not moved: the input is large.
        let (mut state, mut session, frames) = match &mut input.flow {
            Some(flow) => (Some(&mut *flow.state), flow.session.as_deref_mut(), flow.frames.take()),
            None => (None, None, None),
        };
        if let Some(state) = state.as_deref_mut()
            && state.generation != rules.generation()
        {
            state.generation = rules.generation();
            state.forget_rules();
            if let Some(session) = &mut session {
                session.touch_all();
            }
        }
        self.packet_candidates(rules, &facts, state.as_deref_mut(), observer);
        self.run_packet(rules, &facts, state.as_deref_mut(), observer);
        if let (Some(frames), Some(state), Some(app)) = (frames, state.as_deref_mut(), facts.app) {
            self.run_frames(rules, &facts, state, frames, session.as_deref(), app, observer);
        }
        if let (Some(session), Some(state), Some(app)) = (session, state.as_deref_mut(), facts.app) {
            self.run_transactions(rules, &facts, state, session, app, observer);
        }
        for (of, entropy) in self.desk.work.entropies.drain(..) {
            if let Some(state) = state.as_deref_mut() {
                state.set_entropy(of, entropy);
            }
        }
        self.finish(rules, state, matches);
    }

    /// Begins a new round of candidates.
    pub(crate) fn begin_candidates(&mut self) {
        self.candidates.clear();
        self.tick = self.tick.wrapping_add(1);
        if self.tick == 0 {
            self.stamps.fill(0);
            self.tick = 1;
        }
    }

    /// Splits borrows: how candidates are noted while a matcher runs.
    pub(crate) fn noting(&mut self) -> (&mut Scratch, impl FnMut(u32) + '_) {
        let (stamps, candidates, tick) = (&mut self.stamps, &mut self.candidates, self.tick);
        (&mut self.scratch, move |rule: u32| {
            if let Some(stamp) = stamps.get_mut(rule as usize)
                && *stamp != tick
            {
                *stamp = tick;
                candidates.push(rule);
            }
        })
    }

    fn packet_candidates<O: Observer>(
        &mut self,
        rules: &RuleSet,
        facts: &Facts<'_>,
        mut state: Option<&mut FlowState>,
        observer: &O,
    ) {
        self.begin_candidates();
        let (scratch, mut note) = self.noting();
        if !facts.stream_events.is_empty() || facts.packet.is_some_and(|packet| !packet.events.is_empty()) {
            rules.events.iter().for_each(|rule| note(*rule));
        }
        // Once for each direction of a flow, and for each packet that has none.
        if facts.packet.is_some()
            && state.as_deref_mut().is_none_or(|state| !core::mem::replace(&mut state.addressed[facts.direction], true))
        {
            rules.addressed.iter().for_each(|rule| note(*rule));
        }
        // Of a packet that cannot be what it claims, nothing but its addresses and events counts.
        if facts.is_invalid() {
            drop(note);
            self.candidates.sort_unstable();
            return;
        }
        if facts.taken.sides[facts.direction] != Taken::Unknown
            && !rules.protocol_only.is_empty()
            && let Some(state) = state.as_deref_mut()
            && !core::mem::replace(&mut state.protocol_seen[facts.direction], true)
        {
            rules.protocol_only.iter().for_each(|rule| note(*rule));
        }
        if let Some(state) = state
            && state.app_events < facts.app_events.len()
        {
            rules.app_events.iter().for_each(|rule| note(*rule));
        }
        if let Some(packets) = rules.packets(facts.class, facts.direction) {
            let port = facts.service_port();
            let payload = facts.payload();
            if !payload.is_empty() {
                for context in packets.packet.at(port).filter(|context| !context.is_empty()) {
                    context.scan(&rules.matchers, scratch, payload, &mut note);
                }
                if !facts.in_stream {
                    for context in packets.stream.at(port).filter(|context| !context.is_empty()) {
                        context.scan(&rules.matchers, scratch, payload, &mut note);
                    }
                }
            }
            for stream in facts.pieces().filter(|stream| !stream.data.is_empty()) {
                for context in packets.stream.at(port).filter(|context| !context.is_empty()) {
                    context.scan(&rules.matchers, scratch, stream.data, &mut note);
                }
            }
            packets.plain.at(port).flatten().for_each(|rule| note(*rule));
        }
        if O::ACTIVE {
            for (rule, plan) in (0..).zip(&rules.plans) {
                let elsewhere = matches!(
                    plan.meta.kind,
                    RuleType::AppTx | RuleType::Frame | RuleType::IpOnly | RuleType::ProtocolOnly
                );
                if !elsewhere && observer.watches(rule) {
                    note(rule);
                }
            }
        }
        drop(note);
        self.candidates.sort_unstable();
    }

    fn run_packet<O: Observer>(
        &mut self,
        rules: &RuleSet,
        facts: &Facts<'_>,
        mut state: Option<&mut FlowState>,
        observer: &mut O,
    ) {
        for at in 0..self.candidates.len() {
            let Some(&rule) = self.candidates.get(at) else { return };
            let Some(plan) = rules.plans.get(rule as usize) else { continue };
            let outcome =
                self.packet_rule(rules, rule, plan, facts, state.as_deref_mut(), O::ACTIVE && observer.watches(rule));
            match outcome {
                Ok(stream) => {
                    if O::ACTIVE && observer.watches(rule) {
                        observer.matched(rule, Unit::Packet);
                    }
                    let on = if stream { On::Stream } else { On::Packet };
                    self.matched(rule, plan, on, facts, state.as_deref_mut());
                }
                Err(failure) => {
                    if O::ACTIVE && observer.watches(rule) {
                        observer.failed(rule, Unit::Packet, failure);
                    }
                }
            }
        }
        if let Some(state) = state {
            state.app_events = facts.app_events.len();
        }
    }

    /// Does a rule hold on the packet and the stream? Tells whether it did on the stream.
    fn packet_rule(
        &mut self,
        rules: &RuleSet,
        rule: u32,
        plan: &Plan,
        facts: &Facts<'_>,
        state: Option<&mut FlowState>,
        explain: bool,
    ) -> Result<bool, Failure> {
        if facts.packet.is_none() && !plan.outlives_packets() {
            return Err(Failure::NoData);
        }
        let streamed = facts.stream.is_some() && plan.has_payload && plan.on_stream;
        let established = if streamed { facts.established } else { facts.was_established };
        facts.header(plan, &rules.addresses, &rules.ports, established)?;
        if plan.has_payload && facts.payload().is_empty() && facts.stream.is_none() {
            return Err(Failure::NoData);
        }
        self.desk.work.captures.clear();
        self.desk.conditions(plan, facts, state.as_deref(), None, explain)?;
        if !plan.has_payload {
            return Ok(false);
        }
        let mut failure = Failure::NoData;
        if streamed {
            let seen = state.as_deref().map_or(0, |state| state.streamed(facts.direction, rule));
            for stream in facts.pieces() {
                match self.desk.stream_payload(plan, &stream, seen, explain) {
                    Ok(()) => {
                        if let Some(state) = state {
                            state.set_streamed(facts.direction, rule, stream.offset + stream.data.len() as u64);
                        }
                        return Ok(true);
                    }
                    Err(why) => failure = failure.max(why),
                }
            }
        }
        // A stream rule looks at packets too, those that are not part of the stream.
        if plan.flow.only_stream || !plan.on_packet && facts.in_stream || facts.payload().is_empty() {
            return Err(failure);
        }
        if streamed {
            facts.flow(plan, facts.was_established)?;
        }
        self.desk.work.captures.clear();
        match self.desk.payload(plan, View::whole(facts.payload()), explain) {
            Ok(()) => Ok(false),
            Err(why) => Err(why.max(failure)),
        }
    }

    /// Applies what a rule does on a match and notes the match.
    pub(crate) fn matched(
        &mut self,
        rule: u32,
        plan: &Plan,
        on: On,
        facts: &Facts<'_>,
        mut state: Option<&mut FlowState>,
    ) {
        let (tx, frame, stream) = match on {
            On::Packet => (None, None, false),
            On::Stream => (None, None, true),
            On::Transaction(position, id) => (Some((position, id)), None, false),
            On::Frame(id, tx) => (tx, Some(id), true),
        };
        for effect in &plan.effects {
            self.desk.apply(effect, facts, state.as_deref_mut(), tx.map(|(_, id)| id));
        }
        let (mut packet_variables, mut alert_variables) = (Vec::new(), Vec::new());
        for capture in self.desk.work.captures.drain(..) {
            match capture.scope {
                PcreScope::Flow => {
                    if let Some(state) = state.as_deref_mut() {
                        state.set_variable(&capture.name, capture.value);
                    }
                }
                PcreScope::Packet => packet_variables.push((capture.name, capture.value)),
                PcreScope::Alert => alert_variables.push((capture.name, capture.value)),
            }
        }
        // What a silent rule caught for the packet is still told.
        if plan.meta.noalert && plan.meta.action != Action::Pass && packet_variables.is_empty() {
            return;
        }
        let direction = facts.direction;
        self.matches.push(Match { rule, tx, frame, stream, direction, packet_variables, alert_variables });
    }

    /// Puts the matches of the packet in order, lets `pass` cut them, and hands them over.
    fn finish(&mut self, rules: &RuleSet, state: Option<&mut FlowState>, out: &mut Vec<Match>) {
        if self.matches.is_empty() {
            return;
        }
        self.matches.sort_by_key(|found| (found.rule, found.tx.map(|(_, id)| id), found.frame));
        let mut counted = 0;
        for found in self.matches.drain(..) {
            let meta = rules.rule(found.rule);
            if meta.action == Action::Pass {
                let whole_flow = match meta.kind {
                    RuleType::Packet | RuleType::DecoderEvent => false,
                    RuleType::PacketStream | RuleType::Stream => found.stream,
                    _ => true,
                };
                if let Some(state) = state {
                    state.passed |= whole_flow;
                }
                break;
            }
            // What a threshold may still hold back does not count yet.
            if meta.threshold.is_none() && meta.detection_filter.is_none() && meta.suppressions.is_empty() {
                if counted == rules.alerts_per_packet {
                    self.overflow += 1;
                    continue;
                }
                counted += 1;
            }
            out.push(found);
        }
        self.matches.clear();
    }
}

impl Desk {
    /// Do the conditions on packet and flow hold?
    pub(crate) fn conditions(
        &mut self,
        plan: &Plan,
        facts: &Facts<'_>,
        state: Option<&FlowState>,
        tx: Option<u64>,
        explain: bool,
    ) -> Result<(), Failure> {
        for (position, condition) in &plan.conditions {
            if let Condition::Buffer { buffer, look } = condition {
                let subject = facts.subject();
                let data = fields::BUFFERS.get(*buffer).and_then(|buffer| (buffer.get)(&subject));
                self.look(look, data.map(View::whole), explain).map_err(|miss| miss.failure(*position))?;
            } else if !self.condition(condition, plan, facts, state, tx) {
                return Err(Failure::Condition { condition: *position });
            }
        }
        Ok(())
    }

    fn condition(
        &self,
        condition: &Condition,
        plan: &Plan,
        facts: &Facts<'_>,
        state: Option<&FlowState>,
        tx: Option<u64>,
    ) -> bool {
        match condition {
            Condition::Field { field, test } => test.holds_of(field, &facts.subject()),
            // Looked at by the caller, who may change the transform buffers.
            Condition::Buffer { .. } => false,
            Condition::DecodeEvent { event, negated } => {
                facts.packet.is_some_and(|packet| packet.events.contains(event)) != *negated
            }
            Condition::StreamEvent { event, negated } => facts.stream_events.contains(event) != *negated,
            Condition::AppEvent { event, negated } => {
                let seen = state.map_or(0, |state| state.app_events);
                facts.app_events.iter().skip(seen).any(|known| **known == **event) != *negated
            }
            Condition::AppProtocol(wanted) => {
                facts.has_flow
                    && (plan.meta.kind != RuleType::ProtocolOnly || facts.taken.flow != Taken::Unknown)
                    && wanted.holds(&facts.taken, facts.direction)
            }
            Condition::SameIp { negated } => match (facts.source, facts.destination) {
                (Some(source), Some(destination)) => (source.address == destination.address) != *negated,
                _ => false,
            },
            Condition::IpOption { kind, negated } => {
                let Some(field) = fields::field("ipopts") else { return false };
                let subject = facts.subject();
                let mut kinds = (0..).map_while(|nth| (field.get)(&subject, nth));
                kinds.any(|found| kind.is_none_or(|wanted| found == wanted)) != *negated
            }
            Condition::StreamSize { side, test } => {
                let Some(sizes) = facts.stream_sizes else { return false };
                let [client, server] = sizes.map(|size| test.holds(size.into()));
                match side {
                    StreamSide::Server => server,
                    StreamSide::Client => client,
                    StreamSide::Both => server && client,
                    StreamSide::Either => server || client,
                }
            }
            Condition::FlowBits { set, names } => {
                state.is_some_and(|state| names.iter().any(|name| state.has_bit(*name)) == *set)
            }
            Condition::FlowInt { name, compare, operand } => state.is_some_and(|state| {
                let right = match operand {
                    IntOperand::Number(number) => Some(*number),
                    IntOperand::Variable(name) => state.int(*name),
                };
                matches!((state.int(*name), right), (Some(left), Some(right)) if compare.holds(left, right))
            }),
            Condition::FlowIntSet { name, set } => state.is_some_and(|state| state.int(*name).is_some() == *set),
            Condition::XBit { set, xbit } => self.has_xbit(xbit, facts, state, tx).is_some_and(|there| there == *set),
        }
    }

    /// Whose bit it is; `None` for flow and transaction, or without addresses.
    fn owner(xbit: &Xbit, facts: &Facts<'_>) -> Option<Owner> {
        let (source, destination) = (facts.source?.address, facts.destination?.address);
        match xbit.scope {
            XbitScope::Source => Some(Owner::Host(source)),
            XbitScope::Destination => Some(Owner::Host(destination)),
            XbitScope::Pair => Some(Owner::Pair(source.min(destination), source.max(destination))),
            XbitScope::Path => Some(Owner::Path(source, destination)),
            XbitScope::PathBack => Some(Owner::Path(destination, source)),
            XbitScope::Flow | XbitScope::Transaction => None,
        }
    }

    fn has_xbit(&self, xbit: &Xbit, facts: &Facts<'_>, state: Option<&FlowState>, tx: Option<u64>) -> Option<bool> {
        match xbit.scope {
            XbitScope::Source | XbitScope::Destination | XbitScope::Pair | XbitScope::Path | XbitScope::PathBack => {
                Some(self.hosts.is_set(Self::owner(xbit, facts)?, xbit.name, facts.time))
            }
            XbitScope::Flow | XbitScope::Transaction => {
                let tx = if xbit.scope == XbitScope::Transaction { Some(tx?) } else { None };
                let held = |(name, of, until): &(_, _, Time)| *name == xbit.name && *of == tx && *until > facts.time;
                Some(state?.expiring().any(held))
            }
        }
    }

    fn apply(&mut self, effect: &Effect, facts: &Facts<'_>, state: Option<&mut FlowState>, tx: Option<u64>) {
        match effect {
            Effect::FlowBits { action, names } => {
                let Some(state) = state else { return };
                for &name in names {
                    match action {
                        FlowBitAction::Unset => state.unset_bit(name),
                        FlowBitAction::Toggle if state.has_bit(name) => state.unset_bit(name),
                        _ => state.set_bit(name),
                    }
                }
            }
            Effect::FlowInt { name, effect, operand } => {
                let Some(state) = state else { return };
                let value = match operand {
                    IntOperand::Number(number) => *number,
                    IntOperand::Variable(name) => match state.int(*name) {
                        Some(value) => value,
                        None => return,
                    },
                };
                let old = state.int(*name).unwrap_or(0);
                state.set_int(
                    *name,
                    match effect {
                        IntEffect::Set => value,
                        IntEffect::Add => old.wrapping_add(value),
                        IntEffect::Subtract => old.wrapping_sub(value),
                    },
                );
            }
            Effect::XBit { action, xbit } => {
                let there = self.has_xbit(xbit, facts, state.as_deref(), tx).unwrap_or(false);
                let set = match action {
                    FlowBitAction::Unset => false,
                    FlowBitAction::Toggle => !there,
                    _ => true,
                };
                let until = facts.time.plus_seconds(xbit.expire.into());
                if let Some(owner) = Self::owner(xbit, facts) {
                    if set {
                        self.hosts.set(owner, xbit.name, facts.time, until);
                    } else {
                        self.hosts.unset(owner, xbit.name);
                    }
                } else if let Some(state) = state
                    && matches!(xbit.scope, XbitScope::Flow | XbitScope::Transaction)
                {
                    let tx = tx.filter(|_| xbit.scope == XbitScope::Transaction);
                    let expiring = state.expiring_mut();
                    expiring.retain(|(name, of, until)| *until > facts.time && !(*name == xbit.name && *of == tx));
                    if set {
                        expiring.push((xbit.name, tx, until));
                    }
                }
            }
        }
    }

    /// Do the payload conditions hold on stream octets? As in Suricata, the new ones are looked at by themselves: places count
    /// from the first of them. What begins in those before them is found as well, when its rule leaves open where it stands and
    /// has not matched there yet (`seen`: the stream offset up to which it has).
    pub(crate) fn stream_payload(
        &mut self,
        plan: &Plan,
        stream: &StreamInput<'_>,
        seen: u64,
        explain: bool,
    ) -> Result<(), Failure> {
        let before = stream.data.len().saturating_sub(stream.fresh);
        let (old, new) = stream.data.split_at_checked(before).unwrap_or_default();
        if new.is_empty() && !stream.last {
            return Err(Failure::NoData);
        }
        let captures = self.work.captures.len();
        let failure = match self.payload(plan, View::whole(new), explain) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let skip = usize::try_from(seen.saturating_sub(stream.offset)).unwrap_or(usize::MAX);
        let (Some(old), Some(all)) = (old.get(skip..), stream.data.get(skip..)) else { return Err(failure) };
        if !plan.spans || old.is_empty() || self.payload(plan, View::whole(old), false).is_ok() {
            self.work.captures.truncate(captures);
            return Err(failure);
        }
        self.payload(plan, View::whole(all), explain)
    }

    /// Do the payload conditions hold on these octets?
    pub(crate) fn payload(&mut self, plan: &Plan, view: View<'_>, explain: bool) -> Result<(), Failure> {
        for (position, look) in &plan.payload {
            self.look(look, Some(view), explain).map_err(|miss| miss.failure(*position))?;
        }
        Ok(())
    }

    /// Does a buffer satisfy the checks on it?
    pub(crate) fn look(&mut self, look: &Look, view: Option<View<'_>>, explain: bool) -> Result<(), Miss> {
        let Some(view) = view else {
            return if look.absence == Absence::No { Err(Miss::Absent) } else { Ok(()) };
        };
        if look.absence == Absence::Must {
            return Err(Miss::Absent);
        }
        let limit = self.recursion_limit;
        let run = |view: View<'_>, work: &mut Work| {
            inspect::all_hold(&look.checks, view, work, limit).map_err(|reach| {
                let found = if explain { view.data.get(reach.offset..).unwrap_or_default() } else { &[] };
                Miss::Check { reach, found: found.get(..Failure::OCTETS).unwrap_or(found).to_vec() }
            })
        };
        if look.transforms.is_empty() {
            return run(view, &mut self.work);
        }
        transform(look, view.data, &mut self.buffers);
        let [data, _] = &self.buffers;
        run(View { data, base: 0, ..view }, &mut self.work)
    }

    /// The octets a look's transforms make of a buffer.
    pub(crate) fn transformed(&mut self, look: &Look, data: &[u8]) -> &[u8] {
        transform(look, data, &mut self.buffers);
        let [data, _] = &self.buffers;
        data
    }
}

/// Applies all transforms; the result is in the first buffer.
fn transform(look: &Look, data: &[u8], [from, to]: &mut [Vec<u8>; 2]) {
    from.clear();
    from.extend_from_slice(data);
    for transform in &look.transforms {
        transform.apply(from, to);
        core::mem::swap(from, to);
    }
}
