//! Conditions on packets and flows.

use sidewire_base::Time;
use sidewire_ir::{StreamSide, XbitScope};

use crate::compile::plan::Plan;
use crate::inspect::evaluator::Desk;
use crate::inspect::observer::Failure;
use crate::inspect::packet_context::Facts;
use crate::keyword::condition::{Condition, IntOperand, Xbit};
use crate::keyword::eval::View;
use crate::keyword::fields;
use crate::state::app_proto::Taken;
use crate::state::host_bits::Owner;
use crate::{FlowState, RuleType};

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
    pub(super) fn owner(xbit: &Xbit, facts: &Facts<'_>) -> Option<Owner> {
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

    pub(super) fn has_xbit(
        &self,
        xbit: &Xbit,
        facts: &Facts<'_>,
        state: Option<&FlowState>,
        tx: Option<u64>,
    ) -> Option<bool> {
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
}
