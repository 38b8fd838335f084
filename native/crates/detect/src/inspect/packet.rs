//! Rules on packets and streams: which of them are candidates, and what becomes of each.

use crate::compile::fast_pattern::MAX_PATTERN;
use crate::compile::packet_rules::PacketRules;
use crate::compile::plan::RulePlan;
use crate::inspect::evaluator::{DetectThreadContext, MatchOrigin};
use crate::inspect::observer::{FailureStage, InspectObserver, InspectUnit};
use crate::inspect::packet_context::PacketContext;
use crate::keyword::eval::BufferView;
use crate::state::app_proto::AppProto;
use crate::state::scanned_stream::{ScanPiece, ScannedStream};
use crate::{DetectFlowState, RuleSet, RuleType};
use sidewire_base::RuleId;
use sidewire_mpm::MatcherScratch;

impl DetectThreadContext {
    pub(super) fn packet_candidates<O: InspectObserver>(
        &mut self,
        rules: &RuleSet,
        facts: &PacketContext<'_>,
        state: Option<&mut DetectFlowState>,
        observer: &O,
    ) {
        self.begin_candidates();
        self.note_candidates(rules, facts, state, O::ACTIVE);
        // Of a packet that cannot be what it claims, nothing but its addresses and events counts.
        if O::ACTIVE && !facts.is_invalid() {
            let (_, mut note) = self.noting();
            for (rule, plan) in (0..).map(RuleId).zip(&rules.plans) {
                let elsewhere = matches!(
                    plan.meta.kind,
                    RuleType::AppTx | RuleType::Frame | RuleType::IpOnly | RuleType::ProtocolOnly
                );
                if !elsewhere && observer.watches(rule) {
                    note(rule);
                }
            }
        }
        self.candidates.sort_unstable();
    }

    /// Notes the rules that the packet may be for. `all`: those as well whose gates it does not pass.
    fn note_candidates(
        &mut self,
        rules: &RuleSet,
        facts: &PacketContext<'_>,
        mut state: Option<&mut DetectFlowState>,
        all: bool,
    ) {
        let gate = facts.gate(rules);
        let (scratch, mut note) = self.noting();
        let mut note = |rule: RuleId| {
            if all || rules.gates.get(rule.index()).is_some_and(|asked| asked.admits(&gate)) {
                note(rule);
            }
        };
        if !facts.seen.stream_events.is_empty() || facts.seen.packet.is_some_and(|packet| !packet.events.is_empty()) {
            rules.events.iter().for_each(|rule| note(*rule));
        }
        // Once for each direction of a flow, and for each packet that has none: with the first packet of a class they are for.
        if facts.seen.packet.is_some() {
            let before = state.as_deref_mut().map_or(0, |state| {
                let seen = &mut state.addressed[facts.seen.direction];
                core::mem::replace(seen, *seen | facts.class)
            });
            if before & facts.class == 0 {
                let new = |rule: RuleId| rules.plans.get(rule.index()).is_some_and(|plan| plan.classes.0 & before == 0);
                let mut note = |rule| {
                    if new(rule) {
                        note(rule);
                    }
                };
                if all {
                    rules.addressed.iter().for_each(note);
                } else {
                    rules.addressed.at(gate.rows, &rules.addresses, &mut note);
                }
            }
        }
        if facts.is_invalid() {
            return;
        }
        if facts.own
            && facts.seen.taken.sides[facts.seen.direction] != AppProto::Unknown
            && !rules.protocol_only.is_empty()
            && let Some(state) = state.as_deref_mut()
            && !core::mem::replace(&mut state.protocol_seen[facts.seen.direction], true)
        {
            rules.protocol_only.iter().for_each(|rule| note(*rule));
        }
        if let Some(state) = state.as_deref().filter(|_| facts.own)
            && state.app_events < facts.seen.app_events.len()
        {
            rules.app_events.iter().for_each(|rule| note(*rule));
        }
        if let Some(packets) = rules.packets(facts.class, facts.seen.direction) {
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
            let mut unkept = ScannedStream::default();
            let scanned = match state.filter(|_| facts.stream.is_some()) {
                Some(state) => &mut **state.scanned[facts.seen.direction].get_or_insert_default(),
                None => &mut unkept,
            };
            scan_pieces(rules, packets, facts, scanned, scratch, &mut note);
            packets.plain.at(port).for_each(|plain| plain.at(gate.rows, &rules.addresses, &mut note));
        }
    }

    pub(super) fn run_packet<O: InspectObserver>(
        &mut self,
        rules: &RuleSet,
        facts: &PacketContext<'_>,
        mut state: Option<&mut DetectFlowState>,
        observer: &mut O,
    ) {
        for at in 0..self.candidates.len() {
            let Some(&rule) = self.candidates.get(at) else { return };
            let Some(plan) = rules.plans.get(rule.index()) else { continue };
            observer.begins(rule);
            let outcome =
                self.packet_rule(rules, rule, plan, facts, state.as_deref_mut(), O::ACTIVE && observer.watches(rule));
            observer.ends(rule, outcome.is_ok());
            match outcome {
                Ok(stream) => {
                    if O::ACTIVE && observer.watches(rule) {
                        observer.matched(rule, InspectUnit::Packet);
                    }
                    let on = if stream { MatchOrigin::Stream } else { MatchOrigin::Packet };
                    self.matched(rule, plan, on, facts, state.as_deref_mut());
                }
                Err(failure) => {
                    if O::ACTIVE && observer.watches(rule) {
                        observer.failed(rule, InspectUnit::Packet, failure);
                    }
                }
            }
        }
        if let Some(state) = state.filter(|_| facts.own) {
            state.app_events = facts.seen.app_events.len();
        }
    }

    /// Does a rule hold on the packet and the stream? Tells whether it did on the stream.
    fn packet_rule(
        &mut self,
        rules: &RuleSet,
        rule: RuleId,
        plan: &RulePlan,
        facts: &PacketContext<'_>,
        state: Option<&mut DetectFlowState>,
        explain: bool,
    ) -> Result<bool, FailureStage> {
        if facts.seen.packet.is_none() && !plan.outlives_packets() {
            return Err(FailureStage::NoData);
        }
        let streamed = facts.stream.is_some() && plan.has_payload && plan.on_stream;
        let established = if streamed { facts.established } else { facts.was_established };
        facts.header(plan, &rules.addresses, &rules.ports, established)?;
        if plan.has_payload && facts.payload().is_empty() && facts.stream.is_none() {
            return Err(FailureStage::NoData);
        }
        self.eval.work.captures.clear();
        self.eval.conditions(plan, facts, state.as_deref(), None, explain)?;
        if !plan.has_payload {
            return Ok(false);
        }
        let mut failure = FailureStage::NoData;
        if streamed {
            let seen = state.as_deref().map_or(0, |state| state.streamed(facts.seen.direction, rule));
            for stream in facts.pieces() {
                match self.eval.stream_payload(plan, &stream, seen, explain) {
                    Ok(()) => {
                        if let Some(state) = state {
                            state.set_streamed(facts.seen.direction, rule, stream.offset + stream.data.len() as u64);
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
        self.eval.work.captures.clear();
        match self.eval.payload(plan, BufferView::whole(facts.payload()), explain) {
            Ok(()) => Ok(false),
            Err(why) => Err(why.max(failure)),
        }
    }
}

/// Notes the rules whose pattern is in the pieces of the stream that are looked at.
fn scan_pieces(
    rules: &RuleSet,
    packets: &PacketRules,
    facts: &PacketContext<'_>,
    scanned: &mut ScannedStream,
    scratch: &mut MatcherScratch,
    mut note: impl FnMut(RuleId),
) {
    let port = facts.service_port();
    for stream in facts.pieces().filter(|stream| !stream.data.is_empty()) {
        let (offset, length, fresh) = (stream.offset, stream.data.len(), stream.fresh);
        let from = scanned.begin(ScanPiece { offset, length, fresh, port, longest: MAX_PATTERN });
        let unseen = stream.data.get(from..).unwrap_or_default();
        scanned.hits().for_each(&mut note);
        for context in packets.stream.at(port).filter(|context| !context.is_empty()) {
            context.scan(&rules.matchers, scratch, unseen, |rule| {
                scanned.note(rule);
                note(rule);
            });
        }
    }
}
