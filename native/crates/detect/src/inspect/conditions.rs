//! Conditions on packets and flows.

use crate::DetectFlowState;
use crate::compile::plan::RulePlan;
use crate::inspect::evaluator::EvalContext;
use crate::inspect::observer::FailureStage;
use crate::inspect::packet_context::PacketContext;
use crate::keyword::condition::PacketCondition;
use crate::keyword::context::ConditionInput;
use crate::keyword::eval::BufferView;
use crate::keyword::fields;
use sidewire_base::TxId;

impl EvalContext {
    /// Do the conditions on packet and flow hold?
    pub(crate) fn conditions(
        &mut self,
        plan: &RulePlan,
        facts: &PacketContext<'_>,
        state: Option<&DetectFlowState>,
        tx: Option<TxId>,
        explain: bool,
    ) -> Result<(), FailureStage> {
        for (position, condition) in &plan.conditions {
            if let PacketCondition::Buffer { buffer, look } = condition {
                let subject = facts.seen.subject();
                let data = fields::BUFFERS.get(*buffer).and_then(|buffer| (buffer.get)(&subject));
                self.inspect_buffer(look, data.map(BufferView::whole), explain)
                    .map_err(|miss| miss.failure(*position))?;
                continue;
            }
            let (facts, bits, subject) = (&facts.seen, &self.bits, self.subject);
            let on = ConditionInput { facts, state, bits, tx, subject, kind: plan.meta.kind };
            if !condition.holds(&on) {
                return Err(FailureStage::Condition { condition: *position });
            }
        }
        Ok(())
    }
}
