//! Flows that stay beyond their timeout, the one that has been silent longest first.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use crate::handle::FlowHandle;

/// Names a silence of a flow.
pub(crate) type SilenceNumber = NonZeroU64;

/// Silences that ended may stand in line beside twice as many as there may be, before they are sorted out.
const SLACK: usize = 16;

/// Flows that stay beyond their timeout.
#[derive(Debug, Default)]
pub(crate) struct SilentFlows {
    /// As they fell silent; some have gone on since, or ended.
    order: VecDeque<(FlowHandle, SilenceNumber)>,
    /// How many are silent now.
    count: usize,
    /// How many fell silent so far.
    number: u64,
}

impl SilentFlows {
    /// A flow fell silent.
    pub(crate) fn falls(&mut self, handle: FlowHandle) -> SilenceNumber {
        self.count += 1;
        let number = SilenceNumber::MIN.saturating_add(self.number);
        self.number += 1;
        self.order.push_back((handle, number));
        number
    }

    /// A silent flow went on, or ended.
    pub(crate) const fn ends(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// The flow that is to end because more than `limit` are silent. `lasts` says whether a silence is the flow's present one.
    pub(crate) fn excess(
        &mut self,
        limit: u32,
        lasts: impl Fn(FlowHandle, SilenceNumber) -> bool,
    ) -> Option<FlowHandle> {
        let limit = limit as usize;
        if self.order.len() > 2 * limit + SLACK {
            self.order.retain(|&(handle, number)| lasts(handle, number));
        }
        while self.count > limit {
            let (handle, number) = self.order.pop_front()?;
            if lasts(handle, number) {
                return Some(handle);
            }
        }
        None
    }
}
