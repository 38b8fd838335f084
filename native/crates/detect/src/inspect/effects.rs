//! What a rule does when it matches.

use sidewire_ir::{Action, FlowBitAction, PcreScope, XbitScope};

use crate::compile::plan::Plan;
use crate::inspect::evaluator::{Desk, Evaluator, On};
use crate::inspect::packet_context::Facts;
use crate::keyword::condition::{Effect, IntEffect, IntOperand};
use crate::{FlowState, Match};

impl Evaluator {
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
}

impl Desk {
    pub(super) fn apply(&mut self, effect: &Effect, facts: &Facts<'_>, state: Option<&mut FlowState>, tx: Option<u64>) {
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
}
