//! Segments that do not come at the end of what is in order.

use super::Stream;
use crate::{OverlapPolicy, ReassemblyConfig, StreamEvent, StreamEvents, TcpContext};

impl Stream {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn place_out_of_order(
        &mut self,
        start: u64,
        end: u64,
        octets: &[u8],
        policy: OverlapPolicy,
        config: &ReassemblyConfig,
        shared: &mut TcpContext,
        events: &mut StreamEvents,
    ) {
        let limit = config.max_segments as usize;
        if start > self.held.end() && !self.make_room_behind_hole(start, limit, shared, events) {
            return;
        }
        let unmarked = self.marks.others() >= 2 * limit;
        if unmarked {
            shared.counters.insert_data_normal_fail += 1;
            events.insert(StreamEvent::ReassemblyInsertLimit);
        }
        let mut merged = core::mem::take(&mut shared.scratch);
        merged.clear();
        merged.extend_from_slice(octets);
        let overlap = self.held.compare(start, octets);
        if overlap.any {
            shared.counters.overlap += 1;
            if overlap.different {
                shared.counters.overlap_diff_data += 1;
                if config.check_overlap {
                    events.insert(StreamEvent::ReassemblyOverlapDifferentData);
                }
                // The new octets are written over the old; where the old ones win, they are put into the new first. So do
                // all where no more boundaries are kept.
                let settled = if unmarked { end } else { self.visible.min(end) };
                self.held.restore(start, &mut merged, start, settled);
                let held = &self.held;
                self.marks.overlapping(start, end, |from, to| {
                    if !policy.prefers_new((start, end), (from, to)) {
                        held.restore(start, &mut merged, from.max(start), to.min(end));
                    }
                });
            }
        }
        if self.held.write(start, &merged, shared) {
            if end > self.visible && !unmarked {
                self.marks.insert(start, octets.len());
            }
        } else {
            shared.counters.segment_memcap_drop += 1;
            events.insert(StreamEvent::ReassemblyInsertMemcap);
        }
        shared.scratch = merged;
        self.held.absorb(shared);
        self.move_anchor();
        self.max_regions = self.max_regions.max(self.held.regions());
    }

    /// Sees to it that one more segment may wait after a hole: at the limit the farthest gives way, or this one, if it
    /// lies farther. What comes next in order never waits, so no number of strays ends a direction.
    fn make_room_behind_hole(
        &mut self,
        start: u64,
        limit: usize,
        shared: &mut TcpContext,
        events: &mut StreamEvents,
    ) -> bool {
        while self.held.strays.len() >= limit {
            shared.counters.insert_data_normal_fail += 1;
            events.insert(StreamEvent::ReassemblyInsertLimit);
            match self.held.strays.last_start() {
                Some(farthest) if farthest > start => {
                    self.held.drop_last_stray(shared);
                    self.marks.forget_from(farthest);
                }
                _ => return false,
            }
        }
        true
    }

    /// Sequence numbers are measured from the end of what is in order, which strays must not hold back.
    fn move_anchor(&mut self) {
        let raw = self.urgent.raw(self.held.end());
        let (sequence, from) = self.anchor;
        if raw > from {
            self.anchor = (sequence.wrapping_add(raw.wrapping_sub(from) as u32), raw);
        }
    }
}
