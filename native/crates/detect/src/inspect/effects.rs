//! What a rule does when it matches.

use sidewire_base::RuleId;
use sidewire_ir::Action;

use crate::compile::plan::RulePlan;
use crate::inspect::evaluator::{DetectThreadContext, MatchOrigin};
use crate::inspect::packet_context::PacketContext;
use crate::keyword::context::EffectOutput;
use crate::state::unfinished::CaptureName;
use crate::{DetectFlowState, RuleMatch};

impl DetectThreadContext {
    /// Applies what a rule does on a match and notes the match.
    pub(crate) fn matched(
        &mut self,
        rule: RuleId,
        plan: &RulePlan,
        on: MatchOrigin,
        facts: &PacketContext<'_>,
        mut state: Option<&mut DetectFlowState>,
    ) {
        let (tx, frame, stream) = match on {
            MatchOrigin::Packet => (None, None, false),
            MatchOrigin::Stream => (None, None, true),
            MatchOrigin::Transaction(position, id) => (Some((position, id)), None, false),
            MatchOrigin::Frame(id, tx) => (tx, Some(id), true),
        };
        for effect in &plan.effects {
            let (state, subject, bits) = (state.as_deref_mut(), self.eval.subject, &mut self.eval.bits);
            effect.apply(EffectOutput { facts: &facts.seen, state, bits, tx: tx.map(|(_, id)| id), subject });
        }
        let (mut packet_variables, mut alert_variables) = (Vec::new(), Vec::new());
        for capture in self.eval.work.captures.drain(..) {
            match capture.name {
                CaptureName::Flow(name) => {
                    if let Some(state) = state.as_deref_mut() {
                        state.set_variable(name, capture.value);
                    }
                }
                CaptureName::Packet(name) => packet_variables.push((name.into(), capture.value)),
                CaptureName::Alert(name) => alert_variables.push((name.into(), capture.value)),
            }
        }
        // What a silent rule caught for the packet is still told.
        if plan.meta.noalert && plan.meta.action != Action::Pass && packet_variables.is_empty() {
            return;
        }
        let direction = facts.seen.direction;
        self.matches.push(RuleMatch { rule, tx, frame, stream, direction, packet_variables, alert_variables });
    }
}
