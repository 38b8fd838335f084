//! A timer wheel of flows.

/// End of a list.
pub(crate) const NONE: u32 = u32::MAX;

/// Seconds the wheel spans. A flow due later waits in the last bucket and is filed again from there.
const SPAN: i64 = 1024;

/// One bucket for each second: a doubly linked list through the slots of the table.
#[derive(Clone, Copy)]
struct WheelBucket {
    head: u32,
    tail: u32,
}

const EMPTY: WheelBucket = WheelBucket { head: NONE, tail: NONE };

/// A slot's place in the wheel.
#[derive(Clone, Copy)]
pub(crate) struct WheelLinks {
    prev: u32,
    next: u32,
    /// The second it is filed under.
    pub(crate) second: i64,
}

impl WheelLinks {
    pub(crate) const UNFILED: Self = Self { prev: NONE, next: NONE, second: i64::MIN };
}

/// Access to the links of slots.
pub(crate) trait LinkedSlots {
    fn links(&mut self, index: u32) -> Option<&mut WheelLinks>;
}

/// A timer wheel that files each flow under the second in which it could expire. A packet does not move its flow: when
/// the bucket is due, the flow is filed again by its last packet. So a flow costs one step per timeout, not per packet.
pub(crate) struct TimerWheel {
    buckets: Box<[WheelBucket]>,
    /// The next second to look at.
    next: i64,
    started: bool,
}

impl TimerWheel {
    pub(crate) fn new() -> Self {
        Self { buckets: vec![EMPTY; SPAN as usize].into_boxed_slice(), next: 0, started: false }
    }

    /// The first second to look at is this one.
    #[inline]
    pub(crate) const fn start(&mut self, second: i64) {
        if !self.started {
            self.started = true;
            self.next = second;
        }
    }

    /// The second under which something due at `second` is filed.
    #[inline]
    pub(crate) fn clamp(&self, second: i64) -> i64 {
        second.clamp(self.next, self.next.saturating_add(SPAN - 1))
    }

    fn bucket(&mut self, second: i64) -> Option<&mut WheelBucket> {
        self.buckets.get_mut(second.rem_euclid(SPAN) as usize)
    }

    /// Files a slot that is not filed.
    pub(crate) fn insert(&mut self, index: u32, second: i64, slots: &mut impl LinkedSlots) {
        let second = self.clamp(second);
        let Some(bucket) = self.bucket(second) else { return };
        let prev = core::mem::replace(&mut bucket.tail, index);
        if prev == NONE {
            bucket.head = index;
        }
        if let Some(links) = slots.links(prev) {
            links.next = index;
        }
        if let Some(links) = slots.links(index) {
            *links = WheelLinks { prev, next: NONE, second };
        }
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, index: u32, slots: &mut impl LinkedSlots) {
        let Some(links) = slots.links(index) else { return };
        let WheelLinks { prev, next, second } = core::mem::replace(links, WheelLinks::UNFILED);
        if second == i64::MIN {
            return;
        }
        let Some(bucket) = self.bucket(second) else { return };
        if prev == NONE {
            bucket.head = next;
        }
        if next == NONE {
            bucket.tail = prev;
        }
        if let Some(links) = slots.links(prev) {
            links.next = next;
        }
        if let Some(links) = slots.links(next) {
            links.prev = prev;
        }
    }

    /// Advances to `now` (in seconds) and takes out what was filed until then, appended to `due`.
    pub(crate) fn advance(&mut self, now: i64, slots: &mut impl LinkedSlots, due: &mut Vec<u32>) {
        if !self.started || now < self.next {
            return;
        }
        let first = self.next.max(now.saturating_sub(SPAN - 1));
        self.next = now.saturating_add(1);
        for second in first..=now {
            self.take(second, slots, due);
        }
    }

    /// Takes everything out.
    pub(crate) fn take_all(&mut self, slots: &mut impl LinkedSlots, due: &mut Vec<u32>) {
        for second in 0..SPAN {
            self.take(self.next.saturating_add(second), slots, due);
        }
    }

    fn take(&mut self, second: i64, slots: &mut impl LinkedSlots, due: &mut Vec<u32>) {
        let Some(bucket) = self.bucket(second) else { return };
        let mut at = core::mem::replace(bucket, EMPTY).head;
        while let Some(links) = slots.links(at) {
            due.push(at);
            at = core::mem::replace(links, WheelLinks::UNFILED).next;
        }
    }

    /// The slot filed under the earliest second, the first filed there.
    pub(crate) fn first(&mut self) -> Option<u32> {
        (0..SPAN).find_map(|ahead| {
            let head = self.bucket(self.next.saturating_add(ahead))?.head;
            (head != NONE).then_some(head)
        })
    }
}
