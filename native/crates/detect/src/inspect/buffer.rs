//! Checks held against one buffer, or against the payload.

use crate::StreamInput;
use crate::compile::plan::RulePlan;
use crate::inspect::evaluator::{EvalContext, InspectFailure};
use crate::inspect::observer::FailureStage;
use crate::keyword::buffer_test::{Absence, BufferInspection};
use crate::keyword::eval::{self, BufferView, RuleScratch};

impl EvalContext {
    /// Do the payload conditions hold on stream octets? As in Suricata, the new ones are looked at by themselves: places count
    /// from the first of them. What begins in those before them is found as well, when its rule leaves open where it stands and
    /// has not matched there yet (`seen`: the stream offset up to which it has).
    pub(crate) fn stream_payload(
        &mut self,
        plan: &RulePlan,
        stream: &StreamInput<'_>,
        seen: u64,
        explain: bool,
    ) -> Result<(), FailureStage> {
        let before = stream.data.len().saturating_sub(stream.fresh);
        let (old, new) = stream.data.split_at_checked(before).unwrap_or_default();
        if new.is_empty() && !stream.last {
            return Err(FailureStage::NoData);
        }
        let captures = self.work.captures.len();
        let failure = match self.payload(plan, BufferView::whole(new), explain) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let skip = usize::try_from(seen.saturating_sub(stream.offset)).unwrap_or(usize::MAX);
        let (Some(old), Some(all)) = (old.get(skip..), stream.data.get(skip..)) else { return Err(failure) };
        if !plan.spans || old.is_empty() || self.payload(plan, BufferView::whole(old), false).is_ok() {
            self.work.captures.truncate(captures);
            return Err(failure);
        }
        self.payload(plan, BufferView::whole(all), explain)
    }

    /// Do the payload conditions hold on these octets?
    pub(crate) fn payload(&mut self, plan: &RulePlan, view: BufferView<'_>, explain: bool) -> Result<(), FailureStage> {
        for (position, look) in &plan.payload {
            self.inspect_buffer(look, Some(view), explain).map_err(|miss| miss.failure(*position))?;
        }
        Ok(())
    }

    /// Does a buffer satisfy the checks on it?
    pub(crate) fn inspect_buffer(
        &mut self,
        look: &BufferInspection,
        view: Option<BufferView<'_>>,
        explain: bool,
    ) -> Result<(), InspectFailure> {
        let Some(view) = view else {
            return if look.absence == Absence::No { Err(InspectFailure::Absent) } else { Ok(()) };
        };
        if look.absence == Absence::Must {
            return Err(InspectFailure::Absent);
        }
        let limit = self.recursion_limit;
        let run = |view: BufferView<'_>, work: &mut RuleScratch| {
            eval::all_hold(&look.checks, view, work, limit).map_err(|reach| {
                let found = if explain { view.data.get(reach.offset..).unwrap_or_default() } else { &[] };
                InspectFailure::Check { reach, found: found.get(..FailureStage::OCTETS).unwrap_or(found).to_vec() }
            })
        };
        if look.transforms.is_empty() {
            return run(view, &mut self.work);
        }
        transform(look, view.data, &mut self.buffers);
        let [data, _] = &self.buffers;
        run(BufferView { data, base: 0, ..view }, &mut self.work)
    }

    /// The octets a look's transforms make of a buffer.
    pub(crate) fn transformed(&mut self, look: &BufferInspection, data: &[u8]) -> &[u8] {
        transform(look, data, &mut self.buffers);
        let [data, _] = &self.buffers;
        data
    }
}

/// Applies all transforms; the result is in the first buffer.
fn transform(look: &BufferInspection, data: &[u8], [from, to]: &mut [Vec<u8>; 2]) {
    from.clear();
    from.extend_from_slice(data);
    for transform in look.transforms.steps.iter() {
        transform.apply(from, to);
        core::mem::swap(from, to);
    }
}
