//! Conditions on packets and flows.

use crate::DetectFlowState;
use crate::compile::plan::Plan;
use crate::inspect::evaluator::EvalContext;
use crate::inspect::observer::Failure;
use crate::inspect::packet_context::PacketContext;
use crate::keyword::condition::PacketCondition;
use crate::keyword::context::ConditionInput;
use crate::keyword::eval::BufferView;
use crate::keyword::fields;

impl EvalContext {
    /// Do the conditions on packet and flow hold?
    pub(crate) fn conditions(
        &mut self,
        plan: &Plan,
        facts: &PacketContext<'_>,
        state: Option<&DetectFlowState>,
        tx: Option<u64>,
        explain: bool,
    ) -> Result<(), Failure> {
        for (position, condition) in &plan.conditions {
            if let PacketCondition::Buffer { buffer, look } = condition {
                let subject = facts.seen.subject();
                let data = fields::BUFFERS.get(*buffer).and_then(|buffer| (buffer.get)(&subject));
                self.inspect_buffer(look, data.map(BufferView::whole), explain)
                    .map_err(|miss| miss.failure(*position))?;
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
