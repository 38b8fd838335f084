//! One direction of a session: reassembly, and what each consumer has seen of it.

mod out_of_order;

use smallvec::SmallVec;

use crate::{
    ReassemblyConfig, StreamEvent, StreamEvents, TcpContext, UrgentPolicy, boundaries::SegmentBoundaries,
    reassembly_buffer::ReassemblyBuffer, segment::Segment, urgent::UrgentOctets,
};

/// Who reads a stream. Each has a progress of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamConsumer {
    /// The protocol session: what it does not consume stays.
    App = 0,
    /// Rule inspection of the stream: sees every octet once, plus the overlap asked for.
    Raw = 1,
}

/// The next piece of a stream for a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPiece<'a> {
    /// Contiguous octets.
    Data {
        /// Stream offset of the first octet; 0 is the first after the SYN.
        offset: u64,
        /// The octets.
        bytes: &'a [u8],
        /// How many of them the consumer has consumed before: the overlap, 0 unless asked for.
        seen: usize,
        /// True when the stream ends with these octets.
        last: bool,
        /// True when a gap follows: whoever waits for more of what these octets begin waits in vain.
        gap: bool,
    },
    /// Octets that were never seen although the peer acknowledged them (or will not be waited for). Consume `length`.
    Gap {
        /// Stream offset of the first missing octet.
        offset: u64,
        /// How many are missing.
        length: u64,
    },
}

/// Where a consumer is.
#[derive(Clone, Copy, Debug, Default)]
struct StreamReader {
    progress: u64,
    disabled: bool,
    /// Goes on counting, but looks at nothing for now.
    idle: bool,
}

/// One direction of a session: what one side sent.
///
/// Octets are addressed by stream offset, the distance from the first octet after the SYN (or, picked up midstream, from
/// the first octet seen). They are held from arrival until both consumers are done with them, and become *visible* when
/// the peer acknowledged them. Visible octets never change. Octets that are held but not visible may be replaced by a
/// retransmission, if the receiver's overlap policy says so.
#[derive(Debug, Default)]
pub struct Stream {
    /// A sequence number and its raw offset (raw: urgent octets still counted).
    anchor: (u32, u64),
    held: ReassemblyBuffer,
    marks: SegmentBoundaries,
    urgent: UrgentOctets,
    readers: [StreamReader; 2],
    /// Offset up to which octets are visible.
    visible: u64,
    /// Offset up to which the peer acknowledged.
    confirmed: u64,
    /// Offset up to which octets are taken as acknowledged: they may be read before they are.
    acknowledged: u64,
    /// Segments below are answers to what is long done.
    base: u64,
    /// Everything below was released; not less than `base`.
    released: u64,
    /// Offset of the FIN.
    fin: Option<u64>,
    /// Octets to follow; `None` is no limit.
    depth: Option<u64>,
    depth_reached: bool,
    closed: bool,
    flush: bool,
    gaps: bool,
    max_regions: u16,
    pub(crate) flags: u8,
}

impl Stream {
    /// The next visible piece that this consumer has not consumed; `None` when there is nothing, or the consumer is
    /// disabled.
    #[must_use]
    pub fn available(&self, consumer: StreamConsumer) -> Option<StreamPiece<'_>> {
        self.available_with_overlap(consumer, 0)
    }

    /// Like [`available`](Self::available), with up to `overlap` octets before the progress in front: as many as are held
    /// and no gap lies between.
    #[must_use]
    pub fn available_with_overlap(&self, consumer: StreamConsumer, overlap: usize) -> Option<StreamPiece<'_>> {
        let reader = self.reader(consumer);
        if reader.disabled || reader.progress >= self.visible {
            return None;
        }
        let progress = reader.progress;
        let mut runs = self.held.runs.iter().skip_while(|run| run.end() <= progress);
        let run = runs.next()?;
        if run.start() > progress {
            return Some(StreamPiece::Gap { offset: progress, length: run.start() - progress });
        }
        let from = progress.saturating_sub(overlap as u64).max(run.start());
        let to = run.end().min(self.visible);
        let bytes = run.slice(from, to)?;
        let seen = usize::try_from(progress - from).ok()?;
        let gap = to < self.visible && runs.next().is_some_and(|next| next.start() > to);
        Some(StreamPiece::Data { offset: from, bytes, seen, last: self.ended() && to == self.visible, gap })
    }

    /// Moves a consumer's progress over `n` octets of data or gap; `n` does not count the overlap.
    pub fn consume(&mut self, consumer: StreamConsumer, n: u64) {
        let visible = self.visible;
        let reader = self.reader_mut(consumer);
        reader.progress = reader.progress.saturating_add(n).min(visible);
        if consumer == StreamConsumer::Raw && reader.progress == visible {
            self.flush = false;
        }
    }

    /// Stream offset up to which a consumer has consumed.
    #[must_use]
    pub fn progress(&self, consumer: StreamConsumer) -> u64 {
        self.reader(consumer).progress
    }

    /// Stream offset up to which octets (or gaps) are visible.
    #[must_use]
    pub const fn visible(&self) -> u64 {
        self.visible
    }

    /// Stream offset up to which octets are visible or will never come: the peer acknowledged what is missing, and what
    /// follows it is here, to be revealed with the next acknowledgement.
    #[must_use]
    pub fn settled(&self) -> u64 {
        let behind_hole = self.held.strays.first_start().filter(|next| *next <= self.acknowledged);
        self.visible.max(behind_hole.unwrap_or(0))
    }

    /// True when raw inspection should run: something waits, and it is `chunk_size` octets, or [`flush_raw`](Self::flush_raw)
    /// was called since it last consumed, or the stream was closed. A FIN alone does not suffice, as in Suricata.
    pub(crate) fn raw_ready(&self, chunk_size: u32) -> bool {
        let reader = self.reader(StreamConsumer::Raw);
        let waiting = self.visible.saturating_sub(reader.progress);
        let now = self.flush || self.depth_reached || waiting >= u64::from(chunk_size) || self.closed;
        !reader.disabled && waiting > 0 && now
    }

    /// Lets raw inspection run with whatever is visible: a protocol completed a message.
    pub const fn flush_raw(&mut self) {
        self.flush = true;
    }

    /// Stops a consumer for good. What only it needed is freed at the next release.
    pub fn disable(&mut self, consumer: StreamConsumer) {
        self.reader_mut(consumer).disabled = true;
    }

    /// Says whether raw inspection looks at this stream. While it does not, its octets are not kept for it.
    pub const fn want_raw(&mut self, wanted: bool) {
        self.reader_mut(StreamConsumer::Raw).idle = !wanted;
    }

    /// True when nobody wants to look at the octets for raw inspection.
    #[must_use]
    pub const fn is_raw_idle(&self) -> bool {
        self.reader(StreamConsumer::Raw).idle
    }

    /// Moves raw inspection over everything visible, unseen.
    pub const fn skip_raw(&mut self) {
        self.reader_mut(StreamConsumer::Raw).progress = self.visible;
        self.flush = false;
    }

    /// True when a consumer was disabled.
    #[must_use]
    pub fn is_disabled(&self, consumer: StreamConsumer) -> bool {
        self.reader(consumer).disabled
    }

    /// True when nothing will follow what is visible: the FIN was acknowledged, or the session was closed.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.closed || self.fin.is_some_and(|fin| self.visible >= fin)
    }

    /// True when nothing will become visible any more: the stream ended, or its depth was reached.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended() || self.depth_reached && self.depth.is_none_or(|depth| self.visible >= depth)
    }

    /// True when the configured depth was reached: nothing after it becomes visible.
    #[must_use]
    pub const fn depth_reached(&self) -> bool {
        self.depth_reached
    }

    /// Overrides the depth for this stream (a protocol's own, such as SMB's `stream-depth`), in octets; 0 is no limit.
    /// A depth that was reached stays reached.
    pub fn set_depth(&mut self, depth: u64) {
        self.depth = (depth > 0).then_some(depth);
    }

    /// Follows at least this many octets; 0: without end.
    pub fn raise_depth(&mut self, depth: u64) {
        self.depth = self.depth.filter(|_| depth > 0).map(|now| now.max(depth));
    }

    /// True when octets were missing somewhere before the visible end. EVE's `tcp.ts_gap`, `tcp.tc_gap`.
    #[must_use]
    pub const fn has_gaps(&self) -> bool {
        self.gaps
    }

    /// The greatest number of far-apart regions that were held at once, at least 1. EVE's `tcp.ts_max_regions`,
    /// `tcp.tc_max_regions`.
    #[must_use]
    pub const fn max_regions(&self) -> u16 {
        if self.max_regions == 0 { 1 } else { self.max_regions }
    }

    /// Every TCP flag seen from this side. EVE's `tcp.tcp_flags_ts`, `tcp.tcp_flags_tc`.
    #[must_use]
    pub const fn tcp_flags(&self) -> u8 {
        self.flags
    }

    /// All octets held, visible or not, as contiguous pieces with their stream offsets, in order.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.held.pieces()
    }

    /// What is held of a range, as contiguous pieces with their stream offsets, in order.
    pub fn within(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let behind = move |&(start, piece): &(u64, &[u8])| start.saturating_add(piece.len() as u64) <= from;
        let pieces = self.pieces().skip_while(behind).take_while(move |&(start, _)| start < to);
        pieces.filter_map(move |(start, piece)| {
            let index = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(piece.len());
            Some((start.max(from), piece.get(index(from)..index(to))?))
        })
    }

    /// Stream offset below which everything was released.
    #[must_use]
    pub const fn released(&self) -> u64 {
        self.released
    }

    /// Number of urgent octets taken out of this stream.
    #[must_use]
    pub const fn urgent_octets(&self) -> u64 {
        self.urgent.count()
    }

    const fn reader(&self, consumer: StreamConsumer) -> &StreamReader {
        let [app, raw] = &self.readers;
        match consumer {
            StreamConsumer::App => app,
            StreamConsumer::Raw => raw,
        }
    }

    const fn reader_mut(&mut self, consumer: StreamConsumer) -> &mut StreamReader {
        let [app, raw] = &mut self.readers;
        match consumer {
            StreamConsumer::App => app,
            StreamConsumer::Raw => raw,
        }
    }

    /// True when no consumer is left.
    pub(crate) fn is_unread(&self) -> bool {
        self.readers.iter().all(|reader| reader.disabled)
    }

    /// Configures a stream that has no octets yet.
    pub(crate) fn configure(&mut self, config: &ReassemblyConfig) {
        self.set_depth(config.depth);
        self.reader_mut(StreamConsumer::Raw).disabled = !config.raw;
    }

    /// The sequence number of offset 0. Only while nothing is held.
    pub(crate) fn begin(&mut self, sequence: u32) {
        if self.held.is_empty() && self.base == 0 && self.visible == 0 {
            self.anchor = (sequence, 0);
        }
    }

    /// The sequence number of the first octet that was not both released and acknowledged.
    pub(crate) fn base_sequence(&self) -> u32 {
        // What was read early is not done: its acknowledgement is still to come.
        let raw = self.urgent.raw(self.base.min(self.confirmed));
        self.anchor.0.wrapping_sub(self.anchor.1.wrapping_sub(raw) as u32)
    }

    /// Raw offset of a sequence number; negative before the beginning. Exact within 2 GiB of the last octet in order.
    fn raw_offset(&self, sequence: u32) -> i64 {
        let (anchor, offset) = self.anchor;
        (offset as i64).saturating_add(i64::from(sequence.wrapping_sub(anchor) as i32))
    }

    /// Takes the payload of a segment.
    pub(crate) fn insert(
        &mut self,
        segment: &Segment<'_>,
        config: &ReassemblyConfig,
        shared: &mut TcpContext,
    ) -> StreamEvents {
        let mut events = StreamEvents::default();
        let raw = self.raw_offset(segment.sequence);
        let mut payload = segment.payload;
        if let Some(at) = segment.urgent
            && config.urgent == UrgentPolicy::Oob
            && let Ok(position) = u64::try_from(raw.saturating_add(at as i64))
        {
            if self.urgent.insert(position) {
                shared.counters.urgent_oob_data += 1;
            } else {
                events.insert(StreamEvent::ReassemblyUrgentOobLimitReached);
                if config.urgent_limit == UrgentPolicy::Drop {
                    return events;
                }
            }
        }
        if self.is_unread() || self.closed {
            return events;
        }
        let (mut start, done) = (raw, self.urgent.done() as i64);
        if start < done {
            let skip = usize::try_from(done.saturating_sub(start)).unwrap_or(usize::MAX);
            match payload.get(skip..) {
                Some(rest) if !rest.is_empty() => payload = rest,
                _ => {
                    events.insert(StreamEvent::ReassemblySegmentBeforeBase);
                    return events;
                }
            }
            start = done;
        }
        let mut start = start.unsigned_abs();
        if let (Some(at), UrgentPolicy::Gap) = (segment.urgent, config.urgent)
            && let Some((before, after)) = payload.split_at_checked(at)
        {
            // The octet stays in the numbering, but nobody sees it.
            self.place(start, before, segment, config, shared, &mut events);
            let after = after.get(1..).unwrap_or_default();
            self.place(start + at as u64 + 1, after, segment, config, shared, &mut events);
        } else if self.urgent.is_empty() {
            self.place(start, payload, segment, config, shared, &mut events);
        } else {
            // Urgent octets are cut out, also of a retransmission that no longer marks them.
            let cuts: SmallVec<[u64; 8]> = self.urgent.within(start, start + payload.len() as u64).collect();
            for cut in cuts {
                let Some((before, after)) = payload.split_at_checked((cut - start) as usize) else { break };
                self.place(self.urgent.offset(start), before, segment, config, shared, &mut events);
                payload = after.get(1..).unwrap_or_default();
                start = cut + 1;
            }
            self.place(self.urgent.offset(start), payload, segment, config, shared, &mut events);
        }
        events
    }

    /// Places octets at an offset: cut to what is still wanted, then held.
    fn place(
        &mut self,
        mut start: u64,
        mut octets: &[u8],
        segment: &Segment<'_>,
        config: &ReassemblyConfig,
        shared: &mut TcpContext,
        events: &mut StreamEvents,
    ) {
        if octets.is_empty() {
            return;
        }
        if let Some(depth) = self.depth {
            let room = depth.saturating_sub(start);
            if room < octets.len() as u64 {
                if !self.depth_reached {
                    self.depth_reached = true;
                    shared.counters.stream_depth_reached += 1;
                    events.insert(StreamEvent::ReassemblyDepthReached);
                }
                octets = octets.get(..room as usize).unwrap_or_default();
                if octets.is_empty() {
                    return;
                }
            }
        }
        if start + octets.len() as u64 <= self.base {
            events.insert(StreamEvent::ReassemblySegmentBeforeBase);
            return;
        }
        if start < self.base {
            octets = octets.get((self.base - start) as usize..).unwrap_or_default();
            start = self.base;
        }
        if start < self.released {
            // Sent again, and nothing is left to compare it with.
            shared.counters.overlap += 1;
            octets = octets.get((self.released - start) as usize..).unwrap_or_default();
            start = self.released;
            if octets.is_empty() {
                return;
            }
        }
        let end = start + octets.len() as u64;
        if start == self.held.end() && self.held.strays.is_empty() {
            if self.held.append(start, octets, shared) {
                self.marks.push_in_order(start, octets.len(), config.max_segments as usize);
                self.anchor = (segment.sequence.wrapping_add(segment.payload.len() as u32), self.raw_end(segment));
            } else {
                shared.counters.segment_memcap_drop += 1;
                events.insert(StreamEvent::ReassemblyInsertMemcap);
            }
            return;
        }
        self.place_out_of_order(start, end, octets, segment.policy, config, shared, events);
    }

    fn raw_end(&self, segment: &Segment<'_>) -> u64 {
        self.raw_offset(segment.sequence.wrapping_add(segment.payload.len() as u32)).max(0).unsigned_abs()
    }

    /// The sequence number after the last octet, of the FIN.
    pub(crate) fn set_fin(&mut self, sequence: u32) {
        let raw = self.raw_offset(sequence).max(0).unsigned_abs();
        self.fin.get_or_insert(self.urgent.offset(raw));
    }

    /// The peer acknowledged everything before this sequence number. True when something became visible.
    pub(crate) fn acknowledge(&mut self, sequence: u32, shared: &mut TcpContext, events: &mut StreamEvents) -> bool {
        let raw = self.raw_offset(sequence).max(0).unsigned_abs();
        let mut offset = self.urgent.offset(raw);
        if let Some(fin) = self.fin {
            offset = offset.min(fin);
        }
        self.confirmed = self.confirmed.max(offset);
        self.acknowledged = self.acknowledged.max(offset);
        self.reveal(shared, events)
    }

    /// True when the peer acknowledged octets that were not seen, and later ones were.
    pub(crate) fn lost_octets(&self) -> bool {
        self.acknowledged > self.held.end() && !self.held.strays.is_empty()
    }

    /// Everything held in order is visible: nobody will acknowledge.
    pub(crate) fn reveal_all(&mut self, shared: &mut TcpContext, events: &mut StreamEvents) -> bool {
        self.acknowledged = self.acknowledged.max(self.held.end());
        self.reveal(shared, events)
    }

    /// Unacknowledged octets in order.
    pub(crate) fn unacknowledged(&self) -> u64 {
        self.held.end().saturating_sub(self.visible)
    }

    fn reveal(&mut self, shared: &mut TcpContext, events: &mut StreamEvents) -> bool {
        let before = (self.visible, self.ended());
        // Data after a hole that the peer acknowledged: what is missing will not come.
        while let Some(next) = self.held.strays.first_start()
            && next <= self.acknowledged
            && self.held.end() < next
        {
            self.skip_hole(shared);
            // Octets that no protocol would have read are no loss to anybody.
            if !self.reader(StreamConsumer::App).disabled {
                self.gaps = true;
                shared.counters.reassembly_gap += 1;
                events.insert(StreamEvent::ReassemblySequenceGap);
            }
        }
        self.visible = self.visible.max(self.held.end().min(self.acknowledged));
        self.marks.forget_before(self.visible);
        before != (self.visible, self.ended())
    }

    /// The next run begins after the hole.
    fn skip_hole(&mut self, shared: &mut TcpContext) {
        self.held.skip_hole(shared);
    }

    /// Nothing will follow: everything held becomes visible. True when something is new.
    pub(crate) fn close(&mut self, shared: &mut TcpContext) -> bool {
        let was = (self.visible, self.ended());
        while self.held.strays.first_start().is_some() {
            self.skip_hole(shared);
            self.gaps = true;
        }
        self.visible = self.visible.max(self.held.end());
        self.marks.clear();
        self.closed = true;
        was != (self.visible, self.ended())
    }

    /// Frees what both consumers are done with, but for octets from `pin` on.
    pub(crate) fn release(&mut self, raw_overlap: u32, pin: u64, shared: &mut TcpContext) {
        if self.is_unread() && pin >= self.held.end() {
            self.base = self.base.max(self.held.end());
            self.released = self.base;
            self.visible = self.visible.max(self.base);
            self.held.clear(shared);
            self.marks.clear();
            self.urgent.forget_before(self.base.min(self.confirmed));
            return;
        }
        let [app, raw] = &self.readers;
        let parsed = if app.disabled { self.visible } else { app.progress };
        let overlap = raw.progress.saturating_sub(u64::from(raw_overlap));
        // Nothing follows the end of a stream that an overlap could be for.
        let finished = raw.progress >= self.visible && self.ended();
        let kept = if raw.disabled || raw.idle || finished { self.visible } else { overlap };
        let base = if raw.disabled { parsed } else { parsed.min(overlap) };
        self.base = self.base.max(base);
        self.urgent.forget_before(self.base.min(self.confirmed));
        let released = parsed.min(kept).min(pin);
        if released > self.released {
            self.released = released;
            self.held.release(released, shared);
        }
    }

    /// Gives everything back.
    pub(crate) fn discard(&mut self, shared: &mut TcpContext) {
        self.held.clear(shared);
        self.marks.clear();
        for reader in &mut self.readers {
            reader.disabled = true;
        }
    }
}
