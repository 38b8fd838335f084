//! Conditions on packets and flows.

use crate::FlowState;
use crate::compile::plan::Plan;
use crate::inspect::evaluator::Desk;
use crate::inspect::observer::Failure;
use crate::inspect::packet_context::Facts;
use crate::keyword::condition::Condition;
use crate::keyword::context::ConditionInput;
use crate::keyword::eval::View;
use crate::keyword::fields;

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
                let subject = facts.seen.subject();
                let data = fields::BUFFERS.get(*buffer).and_then(|buffer| (buffer.get)(&subject));
                self.look(look, data.map(View::whole), explain).map_err(|miss| miss.failure(*position))?;
                continue;
            }
            let on = ConditionInput { facts: &facts.seen, state, bits: &self.bits, tx, kind: plan.meta.kind };
            if !condition.holds(&on) {
                return Err(Failure::Condition { condition: *position });
            }
        }
        Ok(())
    }
}
