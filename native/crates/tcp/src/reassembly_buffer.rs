//! Octets of one direction that were received and are not released yet: contiguous data and out-of-order segments.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::TcpContext;

/// What a piece out of order costs beside its octets: its entry in the map and its allocation.
const STRAY_OVERHEAD: u64 = 96;
/// Up to here a buffer that is full is exchanged for a larger one of the pool, beyond it is grown in place.
const EXCHANGE_LIMIT: usize = 64 << 10;
/// Pieces farther apart than this are counted as regions of their own.
const REGION_DISTANCE: u64 = 256 << 10;

/// Contiguous octets.
#[derive(Debug, Default)]
pub(crate) struct ContiguousData {
    /// Offset of `data[0]`.
    origin: u64,
    /// How much of `data` was released.
    head: usize,
    data: Vec<u8>,
}

impl ContiguousData {
    pub(crate) const fn start(&self) -> u64 {
        self.origin + self.head as u64
    }

    pub(crate) const fn end(&self) -> u64 {
        self.origin + self.data.len() as u64
    }

    /// Makes room for `more` octets. False when the budget refuses.
    fn make_room(&mut self, more: usize, shared: &mut TcpContext) -> bool {
        let kept = self.data.len() - self.head;
        // Rather move what is kept than grow, as long as not much more is moved than was freed.
        if kept + more <= self.data.capacity() && self.head >= kept / 2 {
            self.data.drain(..self.head);
        } else if self.data.len() + more <= EXCHANGE_LIMIT {
            let Some(mut data) = shared.buffer(kept + more) else { return false };
            data.extend_from_slice(self.data.get(self.head..).unwrap_or_default());
            shared.recycle(core::mem::replace(&mut self.data, data));
        } else {
            let capacity = (self.data.len() + more).next_power_of_two();
            if !shared.charge((capacity - self.data.capacity()) as u64) {
                return false;
            }
            self.data.reserve_exact(capacity - self.data.len());
            return true;
        }
        self.origin += self.head as u64;
        self.head = 0;
        true
    }

    /// Octets from offset to offset.
    pub(crate) fn slice(&self, from: u64, to: u64) -> Option<&[u8]> {
        self.data.get(
            usize::try_from(from.checked_sub(self.origin)?).ok()?
                ..usize::try_from(to.checked_sub(self.origin)?).ok()?,
        )
    }
}

/// Runs, oldest first. There is one, unless a gap lies before a consumer.
pub(crate) type ContiguousPieces = SmallVec<[ContiguousData; 1]>;

/// Pieces after a hole, by offset. They do not overlap; they may touch.
#[derive(Debug, Default)]
pub(crate) struct OutOfOrderSegments(BTreeMap<u64, Vec<u8>>);

impl OutOfOrderSegments {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn first_start(&self) -> Option<u64> {
        self.0.first_key_value().map(|(&start, _)| start)
    }

    pub(crate) fn last_start(&self) -> Option<u64> {
        self.0.last_key_value().map(|(&start, _)| start)
    }
}

/// Whether new octets meet held ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentOverlap {
    pub(crate) any: bool,
    pub(crate) different: bool,
}

/// The octets of one direction: runs in order, strays after holes. All memory is charged to the shared budget.
#[derive(Debug, Default)]
pub(crate) struct ReassemblyBuffer {
    pub(crate) runs: ContiguousPieces,
    pub(crate) strays: OutOfOrderSegments,
    /// Offset after the last octet in order.
    end: u64,
}

impl ReassemblyBuffer {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.strays.is_empty()
    }

    /// Offset after the last octet in order.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    /// Everything, in order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let runs = self.runs.iter().map(|run| (run.start(), run.data.get(run.head..).unwrap_or_default()));
        runs.filter(|(_, data)| !data.is_empty())
            .chain(self.strays.0.iter().map(|(&start, data)| (start, data.as_slice())))
    }

    /// Pieces that meet a range.
    fn meeting(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let first = self.strays.0.range(..=start).next_back().map_or(start, |(&at, _)| at);
        let runs = self.runs.iter().map(|run| (run.start(), run.data.get(run.head..).unwrap_or_default()));
        runs.chain(self.strays.0.range(first..end.max(first)).map(|(&at, data)| (at, data.as_slice())))
            .filter(move |&(at, data)| at < end && at + data.len() as u64 > start)
    }

    /// Appends octets at the end of the last run. False when the budget refuses.
    pub(crate) fn append(&mut self, start: u64, octets: &[u8], shared: &mut TcpContext) -> bool {
        if self.runs.is_empty() {
            self.runs.push(ContiguousData { origin: start, head: 0, data: Vec::new() });
        }
        let Some(run) = self.runs.last_mut() else { return false };
        if run.data.len() + octets.len() > run.data.capacity() && !run.make_room(octets.len(), shared) {
            if run.data.is_empty() {
                self.drop_last_run(shared);
            }
            return false;
        }
        run.data.extend_from_slice(octets);
        self.end = run.end();
        true
    }

    fn drop_last_run(&mut self, shared: &mut TcpContext) {
        if let Some(run) = self.runs.pop() {
            shared.recycle(run.data);
        }
    }

    /// Does a range meet held octets, and do they differ?
    pub(crate) fn compare(&self, start: u64, octets: &[u8]) -> SegmentOverlap {
        let end = start + octets.len() as u64;
        let mut overlap = SegmentOverlap::default();
        for (at, data) in self.meeting(start, end) {
            overlap.any = true;
            let (from, to) = (at.max(start), (at + data.len() as u64).min(end));
            let old = data.get((from - at) as usize..(to - at) as usize);
            let new = octets.get((from - start) as usize..(to - start) as usize);
            overlap.different |= old != new;
        }
        overlap
    }

    /// Copies what is held between two offsets into `octets`, which begin at `start`.
    pub(crate) fn restore(&self, start: u64, octets: &mut [u8], from: u64, to: u64) {
        if from >= to {
            return;
        }
        for (at, data) in self.meeting(from, to) {
            let (from, to) = (at.max(from), (at + data.len() as u64).min(to));
            let old = data.get((from - at) as usize..(to - at) as usize);
            let new = octets.get_mut((from - start) as usize..(to - start) as usize);
            if let (Some(old), Some(new)) = (old, new) {
                new.copy_from_slice(old);
            }
        }
    }

    /// Writes octets over what is held, and holds them where nothing was. False when the budget refuses.
    pub(crate) fn write(&mut self, start: u64, octets: &[u8], shared: &mut TcpContext) -> bool {
        let end = start + octets.len() as u64;
        let mut at = start;
        let mut complete = true;
        for run in &mut self.runs {
            let (from, to) = (run.start().max(start), run.end().min(end));
            if from < to {
                let origin = run.origin;
                let target = run.data.get_mut((from - origin) as usize..(to - origin) as usize);
                let source = octets.get((from - start) as usize..(to - start) as usize);
                if let (Some(target), Some(source)) = (target, source) {
                    target.copy_from_slice(source);
                }
            }
            at = at.max(run.end().min(end));
        }
        while at < end {
            // The piece at `at`, or the hole up to the next one.
            let part =
                |from: u64, to: u64| octets.get((from - start) as usize..(to - start) as usize).unwrap_or_default();
            if let Some((&piece, data)) = self.strays.0.range_mut(..=at).next_back()
                && piece + data.len() as u64 > at
            {
                let to = end.min(piece + data.len() as u64);
                if let Some(target) = data.get_mut((at - piece) as usize..(to - piece) as usize) {
                    target.copy_from_slice(part(at, to));
                }
                at = to;
                continue;
            }
            let to = self.strays.0.range(at..end).next().map_or(end, |(&next, _)| next);
            let hole = part(at, to);
            if shared.charge(hole.len() as u64 + STRAY_OVERHEAD) {
                self.strays.0.insert(at, hole.to_vec());
            } else {
                complete = false;
            }
            at = to;
        }
        complete
    }

    /// Moves strays that now touch the end into the last run.
    pub(crate) fn absorb(&mut self, shared: &mut TcpContext) {
        loop {
            let Some(entry) = self.strays.0.first_entry() else { return };
            let start = *entry.key();
            if start != self.end {
                return;
            }
            let data = entry.remove();
            shared.uncharge(data.len() as u64 + STRAY_OVERHEAD);
            if !self.append(start, &data, shared) {
                shared.counters.segment_memcap_drop += 1;
                return;
            }
        }
    }

    /// Lets the stray farthest ahead go.
    pub(crate) fn drop_last_stray(&mut self, shared: &mut TcpContext) {
        if let Some((_, data)) = self.strays.0.pop_last() {
            shared.uncharge(data.len() as u64 + STRAY_OVERHEAD);
        }
    }

    /// Begins a new run with the first stray.
    pub(crate) fn skip_hole(&mut self, shared: &mut TcpContext) {
        let Some((start, data)) = self.strays.0.pop_first() else { return };
        shared.uncharge(data.len() as u64 + STRAY_OVERHEAD);
        shared.charge_always(data.capacity() as u64);
        // A run without octets (all released) makes room for the new one.
        if self.runs.last().is_some_and(|run| run.start() == run.end()) {
            self.drop_last_run(shared);
        }
        self.end = start + data.len() as u64;
        self.runs.push(ContiguousData { origin: start, head: 0, data });
        self.absorb(shared);
    }

    /// Far-apart regions.
    pub(crate) fn regions(&self) -> u16 {
        let mut last = self.end;
        let mut regions = 1u16;
        for (&start, data) in self.strays.0.range(last.saturating_add(REGION_DISTANCE)..) {
            if start.saturating_sub(last) > REGION_DISTANCE {
                regions = regions.saturating_add(1);
            }
            last = start + data.len() as u64;
        }
        regions
    }

    /// Frees octets before an offset.
    pub(crate) fn release(&mut self, before: u64, shared: &mut TcpContext) {
        while self.runs.len() > 1 && self.runs.first().is_some_and(|run| run.end() <= before) {
            shared.recycle(self.runs.remove(0).data);
        }
        if let Some(run) = self.runs.first_mut() {
            let head = before.saturating_sub(run.origin).min(run.data.len() as u64) as usize;
            run.head = run.head.max(head);
            // A stream that holds nothing has no buffer either: most streams are idle.
            if run.head == run.data.len() && self.runs.len() == 1 {
                self.drop_last_run(shared);
            }
        }
    }

    /// Frees everything.
    pub(crate) fn clear(&mut self, shared: &mut TcpContext) {
        for run in self.runs.drain(..) {
            shared.recycle(run.data);
        }
        while let Some((_, data)) = self.strays.0.pop_first() {
            shared.uncharge(data.len() as u64 + STRAY_OVERHEAD);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::TcpConfig;

    fn shared() -> TcpContext {
        TcpContext::new(&TcpConfig::default(), 1)
    }

    fn octets(held: &ReassemblyBuffer) -> BTreeMap<u64, u8> {
        held.pieces().flat_map(|(start, data)| (start..).zip(data.iter().copied())).collect()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(Vec<u8>),
        Write(u64, Vec<u8>),
        SkipHole,
        Release(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let data = || prop::collection::vec(any::<u8>(), 1..40);
        prop_oneof![
            data().prop_map(Step::Append),
            (0_u64..120, data()).prop_map(|(distance, data)| Step::Write(distance, data)),
            Just(Step::SkipHole),
            (0_u64..80).prop_map(Step::Release),
        ]
    }

    proptest! {
        /// Octet by octet, it holds what a map of offsets holds; and of all that it charged nothing is left at the end.
        #[test]
        fn it_holds_what_a_map_holds(steps in prop::collection::vec(step(), 0..60)) {
            let (mut held, mut shared, mut model) = (ReassemblyBuffer::default(), shared(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Append(data) => {
                        let start = held.end();
                        let room = held.strays.first_start().map_or(data.len(), |next| (next - start) as usize);
                        let data = &data[..data.len().min(room)];
                        prop_assert!(held.append(start, data, &mut shared));
                        model.extend((start..).zip(data.iter().copied()));
                        held.absorb(&mut shared);
                    }
                    Step::Write(distance, data) => {
                        let start = held.end() + distance;
                        let met = (start..).zip(&data).filter(|(at, _)| model.contains_key(at)).collect::<Vec<_>>();
                        let overlap = held.compare(start, &data);
                        prop_assert_eq!(overlap.any, !met.is_empty());
                        prop_assert_eq!(overlap.different, met.iter().any(|(at, octet)| model[at] != **octet));
                        prop_assert!(held.write(start, &data, &mut shared));
                        model.extend((start..).zip(data.iter().copied()));
                        held.absorb(&mut shared);
                    }
                    Step::SkipHole => held.skip_hole(&mut shared),
                    Step::Release(distance) => {
                        let before = held.end().saturating_sub(distance);
                        held.release(before, &mut shared);
                        model = model.split_off(&before);
                    }
                }
                let kept = octets(&held);
                prop_assert!(model.iter().all(|(at, octet)| kept.get(at) == Some(octet)));
                let mut restored = vec![0; 200];
                let from = held.end().saturating_sub(20);
                held.restore(from, &mut restored, from, from + 200);
                for (at, octet) in (from..).zip(restored) {
                    prop_assert_eq!(octet, kept.get(&at).copied().unwrap_or(0));
                }
            }
            held.clear(&mut shared);
            prop_assert_eq!(shared.counters.reassembly_memuse, 0);
        }
    }

    #[test]
    fn a_budget_that_is_spent_refuses_and_breaks_nothing() {
        let mut config = TcpConfig::default();
        config.reassembly.memcap = 1024;
        let (mut held, mut shared) = (ReassemblyBuffer::default(), TcpContext::new(&config, 1));
        assert!(held.append(0, &[1; 500], &mut shared));
        assert!(!held.append(500, &[2; 4000], &mut shared));
        assert!(!held.write(10_000, &[3; 2000], &mut shared));
        assert_eq!((held.end(), octets(&held).len()), (500, 500));
        held.clear(&mut shared);
        assert_eq!(shared.counters.reassembly_memuse, 0);
    }

    #[test]
    fn regions_are_far_apart() {
        let (mut held, mut shared) = (ReassemblyBuffer::default(), shared());
        assert!(held.append(0, &[1], &mut shared));
        for start in [10, REGION_DISTANCE + 100, REGION_DISTANCE + 200, 3 * REGION_DISTANCE] {
            assert!(held.write(start, &[1], &mut shared));
        }
        assert_eq!(held.regions(), 3);
    }
}
