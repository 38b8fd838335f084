//! A TCP session: both sides, both streams, and what a segment does to them.

use core::net::IpAddr;

use sidewire_base::{Direction, PerDirection, Time};
use sidewire_decode::TcpHeader;

use crate::{
    OverlapPolicy, Stream, StreamConsumer, StreamEvent, StreamEvents, TcpConfig, TcpContext, TcpState, UrgentPolicy,
    flags::SessionFlags,
    handshake::HandshakeOffer,
    segment::{ArrivedSegment, Segment},
    sequence::{ge, lt},
    side::SenderState,
};

/// What a segment did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentOutcome {
    /// Stream events of this segment.
    pub events: StreamEvents,
    /// False when state tracking rejected the segment or there is no session: its payload is not part of a stream.
    pub valid: bool,
    /// The session turned out to run the other way: exchange client and server of the flow (`FlowTable::swap_direction`)
    /// and take this packet to travel the other way. The session has already turned.
    pub swap: bool,
    /// This segment began the session.
    pub began: bool,
    /// The state changed.
    pub changed: bool,
    /// The session became established with this segment.
    pub established: bool,
    /// The handshake's last ACK carries data. To rules on packets the flow is established with it, and with a last ACK that
    /// carries none only afterwards.
    pub confirmed_with_data: bool,
    /// The session closed with this segment.
    pub closed: bool,
    /// Directions (after a swap) in which octets, a gap or the end became visible.
    pub visible: PerDirection<bool>,
    /// Directions that reached their depth with this segment.
    pub depth_reached: PerDirection<bool>,
    /// The payload was handed to the stream; rules on the stream see it there and not in the packet.
    pub in_stream: bool,
    /// The payload (or part of it) was seen before.
    pub retransmission: bool,
    /// The segment is a keep-alive or its answer, and carries no new data.
    pub keep_alive: bool,
    /// Inline only: the segment is to be dropped.
    pub drop: bool,
}

/// What state tracking thinks of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentVerdict {
    Accept,
    /// Not part of the session.
    Reject,
}

/// What handlers need beside the session.
pub(crate) struct SegmentContext<'a> {
    pub(crate) config: &'a TcpConfig,
    pub(crate) shared: &'a mut TcpContext,
    pub(crate) outcome: SegmentOutcome,
}

impl SegmentContext<'_> {
    pub(crate) const fn event(&mut self, event: StreamEvent) {
        self.outcome.events.insert(event);
    }

    /// An event and the verdict that goes with it.
    pub(crate) const fn reject(&mut self, event: StreamEvent) -> SegmentVerdict {
        self.event(event);
        SegmentVerdict::Reject
    }
}

/// A TCP session: both streams and the state that judges segments.
///
/// # When octets become visible
/// - when the peer acknowledges them (what it then has received cannot be replaced any more);
/// - in [`TcpConfig::inline`] mode, at once;
/// - when only one side is seen and [`TcpConfig::async_oneside`] is set, at once;
/// - when more than [`ReassemblyConfig::unacknowledged_limit`](crate::ReassemblyConfig) octets wait for an acknowledgement;
/// - data after a hole, once the peer acknowledged beyond the hole: the hole becomes a gap;
/// - at [`close`](Self::close), everything held.
#[derive(Debug, Default)]
pub struct TcpSession {
    pub(crate) state: TcpState,
    /// The state before the last change.
    pub(crate) previous: TcpState,
    pub(crate) sides: PerDirection<SenderState>,
    pub(crate) streams: PerDirection<Stream>,
    pub(crate) flags: SessionFlags,
    /// Picked up from data of the other side: the window this one has is not known before it speaks.
    pub(crate) windowless: Option<Direction>,
    /// SYNs, later SYN/ACKs, that differ from the one followed.
    pub(crate) offers: Vec<HandshakeOffer>,
    /// Of a session that was picked up: the last SYNs that came after, with their directions. An answer to one shows that
    /// it is the session, and what was picked up was none.
    pub(crate) later_syns: Vec<(Direction, u32)>,
}

impl TcpSession {
    /// Octets a session takes, for the memory cap.
    pub const SIZE: u64 = core::mem::size_of::<Self>() as u64;

    /// Before the first segment. The addresses choose the policies: each stream is judged as its receiver would.
    #[must_use]
    pub fn new(config: &TcpConfig, client: IpAddr, server: IpAddr) -> Self {
        let mut session = Self::default();
        session.sides[Direction::ToServer].policy = config.policies.of(server);
        session.sides[Direction::ToClient].policy = config.policies.of(client);
        session.streams.iter_mut().for_each(|stream| stream.configure(&config.reassembly));
        session
    }

    /// Takes a segment. Call for every TCP packet of the flow whose checksum is not known to be wrong, in capture order.
    pub fn packet(
        &mut self,
        tcp: &TcpHeader<'_>,
        payload: &[u8],
        direction: Direction,
        time: Time,
        config: &TcpConfig,
        shared: &mut TcpContext,
    ) -> SegmentOutcome {
        let mut arrival = ArrivedSegment::new(tcp, payload, direction, time);
        let mut scope =
            SegmentContext { config, shared, outcome: SegmentOutcome { valid: true, ..SegmentOutcome::default() } };
        count(&arrival, scope.shared);
        let before = self.state;
        let depth_before = self.streams.as_mut().map(|stream| stream.depth_reached());
        if before != TcpState::None {
            self.see_flags(&arrival);
        }
        if !arrival.has(TcpHeader::ACK) && arrival.acknowledgement != 0 {
            scope.event(StreamEvent::PacketBrokenAck);
        }
        if config.inline && config.reassembly.urgent == UrgentPolicy::Drop && arrival.has(TcpHeader::URG) {
            scope.outcome.valid = false;
            scope.outcome.drop = true;
            return scope.outcome;
        }
        let verdict = if before == TcpState::None {
            let verdict = self.open(&arrival, &mut scope);
            if scope.outcome.swap {
                arrival.direction = arrival.direction.flip();
            }
            if self.state != TcpState::None {
                self.see_flags(&arrival);
            }
            verdict
        } else {
            let verdict = self.follow(&arrival, &mut scope);
            if verdict == SegmentVerdict::Accept {
                self.check_after_reset(&arrival, &mut scope);
            }
            verdict
        };
        if verdict == SegmentVerdict::Reject {
            scope.outcome.valid = false;
            scope.outcome.drop = config.inline;
        }
        if self.state == TcpState::None {
            scope.outcome.valid = false;
        } else {
            self.reveal(arrival.direction, &mut scope);
        }
        let outcome = &mut scope.outcome;
        outcome.depth_reached =
            PerDirection::from_fn(|direction| self.streams[direction].depth_reached() && !depth_before[direction]);
        outcome.changed = self.state != before;
        outcome.established = before < TcpState::Established && self.state >= TcpState::Established;
        outcome.closed = outcome.changed && self.state == TcpState::Closed;
        scope.outcome
    }

    fn see_flags(&mut self, arrival: &ArrivedSegment<'_>) {
        self.streams[arrival.direction].flags |= arrival.tcp.flags;
        if self.flags.has(SessionFlags::ONE_SIDED)
            && self.streams.to_server.flags != 0
            && self.streams.to_client.flags != 0
        {
            self.flags.remove(SessionFlags::ONE_SIDED);
        }
    }

    /// What acknowledgements (or their absence) make visible.
    fn reveal(&mut self, direction: Direction, scope: &mut SegmentContext<'_>) {
        let limit = u64::from(scope.config.reassembly.unacknowledged_limit);
        scope.outcome.visible = PerDirection::from_fn(|of| {
            let (side, stream) = (&self.sides[of], &mut self.streams[of]);
            let events = &mut scope.outcome.events;
            // Octets that come after their acknowledgement wait for the next packet of the other side, as in Suricata.
            let mut new = (of != direction || self.flags.has(SessionFlags::ONE_SIDED))
                && side.acknowledged
                && stream.acknowledge(side.last_ack, scope.shared, events);
            if of == direction && (scope.config.inline || stream.unacknowledged() > limit) {
                new |= stream.reveal_all(scope.shared, events);
            }
            new
        });
        self.flags.add_if(
            SessionFlags::LOSSY,
            scope.outcome.events.contains(StreamEvent::ReassemblySequenceGap)
                || self.streams.to_server.lost_octets()
                || self.streams.to_client.lost_octets(),
        );
    }

    /// Hands the payload to the stream.
    pub(crate) fn data(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        self.data_at(arrival, arrival.sequence, scope);
    }

    /// Hands the payload to the stream, from a sequence number on.
    pub(crate) fn data_at(&mut self, arrival: &ArrivedSegment<'_>, sequence: u32, scope: &mut SegmentContext<'_>) {
        if arrival.payload.is_empty() {
            return;
        }
        let policy = if scope.config.inline { OverlapPolicy::First } else { self.sides[arrival.direction].policy };
        let segment = Segment { sequence, payload: arrival.payload, urgent: arrival.urgent(), policy };
        let stream = &mut self.streams[arrival.direction];
        scope.outcome.in_stream |= !stream.is_unread();
        let events = stream.insert(&segment, &scope.config.reassembly, scope.shared);
        scope.outcome.events = scope.outcome.events.union(events);
    }

    pub(crate) const fn enter(&mut self, state: TcpState) {
        if !matches!((self.state, state), (TcpState::Closed, TcpState::Closed)) {
            self.previous = self.state;
            self.state = state;
        }
    }

    /// Does this segment begin a new session although this one exists? For the `replace` question of the flow table.
    #[must_use]
    pub fn reused_by(&self, tcp: &TcpHeader<'_>, direction: Direction, config: &TcpConfig) -> bool {
        if tcp.flags & (TcpHeader::RST | TcpHeader::FIN) != 0 || tcp.flags & TcpHeader::SYN == 0 {
            return false;
        }
        let answers = tcp.flags & TcpHeader::ACK != 0;
        if answers && !config.midstream && !config.async_oneside {
            return false;
        }
        if answers && self.answers_later_syn(tcp, direction) {
            return true;
        }
        let from_opener = direction == if answers { Direction::ToClient } else { Direction::ToServer };
        if self.state == TcpState::None {
            return !(answers && from_opener);
        }
        if from_opener {
            if !answers && self.flags.has(SessionFlags::FAST_OPEN_IGNORED) {
                return true;
            }
            if self.sides[direction].isn == tcp.sequence {
                return false;
            }
        }
        self.state >= TcpState::LastAck
    }

    /// Does a segment go on where the session stands, as the first one after a long silence does? It carries the sequence
    /// number that is expected, or is a keep-alive (RFC 9293, 3.8.4), and the peer has sent nothing it does not acknowledge.
    #[must_use]
    pub fn is_continued_by(&self, tcp: &TcpHeader<'_>, payload: &[u8], direction: Direction) -> bool {
        let (own, peer) = (&self.sides[direction], &self.sides[direction.flip()]);
        let keeps_alive = tcp.sequence == own.next.wrapping_sub(1) && payload.len() <= 1;
        tcp.flags & TcpHeader::SYN == 0
            && (tcp.sequence == own.next || keeps_alive)
            && (tcp.acknowledgement == peer.next || self.flags.has(SessionFlags::ONE_SIDED))
    }

    /// True when everything that came is in order, acknowledged or read early, and the session has read it.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.streams.iter().all(|stream| {
            let held = stream.pieces().last().map_or(0, |(offset, piece)| offset + piece.len() as u64);
            held <= stream.visible() && stream.available(StreamConsumer::App).is_none()
        })
    }

    /// Makes everything held visible and ends both streams: the flow timed out, was evicted, or the capture ended. Holes
    /// before what is held become gaps. Returns the directions with something new.
    pub fn close(&mut self, shared: &mut TcpContext) -> PerDirection<bool> {
        self.streams.as_mut().map(|stream| stream.close(shared))
    }

    /// Makes octets of a direction visible as far as they are held in order, before they are acknowledged. True when
    /// something is new.
    pub fn reveal_unacknowledged(&mut self, direction: Direction, shared: &mut TcpContext) -> bool {
        let mut events = StreamEvents::default();
        let stream = &mut self.streams[direction];
        stream.unacknowledged() > 0 && stream.reveal_all(shared, &mut events)
    }

    /// Nobody asks for octets that both consumers are done with.
    pub const NO_PINS: PerDirection<u64> = PerDirection::new(u64::MAX, u64::MAX);

    /// Frees what both consumers are done with. Call after they ran. `pins` are the stream offsets, per direction, from
    /// which octets stay nevertheless.
    pub fn release(&mut self, config: &TcpConfig, pins: PerDirection<u64>, shared: &mut TcpContext) {
        let overlap = config.reassembly.raw_overlap;
        self.streams.to_server.release(overlap, pins.to_server, shared);
        self.streams.to_client.release(overlap, pins.to_client, shared);
    }

    /// Counts how the session ended and returns all memory to the budget. Must be called once, before the session is
    /// dropped.
    pub fn discard(&mut self, shared: &mut TcpContext) {
        shared.ended(self.state);
        shared.counters.end_liberal += u64::from(self.flags.has(SessionFlags::LOSSY));
        self.streams.iter_mut().for_each(|stream| stream.discard(shared));
        if self.flags.take(SessionFlags::CHARGED) {
            shared.uncharge_session(Self::SIZE);
            shared.counters.active_sessions = shared.counters.active_sessions.saturating_sub(1);
        }
    }

    /// Exchanges client and server: the protocol showed that the session runs the other way.
    pub fn swap_direction(&mut self) {
        self.sides.swap();
        self.streams.swap();
        self.later_syns.iter_mut().for_each(|(direction, _)| *direction = direction.flip());
        if let Some(side) = self.windowless {
            self.windowless = Some(side.flip());
        }
    }

    /// One direction.
    #[must_use]
    pub fn stream(&self, direction: Direction) -> &Stream {
        &self.streams[direction]
    }

    /// One direction, to change.
    #[must_use]
    pub fn stream_mut(&mut self, direction: Direction) -> &mut Stream {
        &mut self.streams[direction]
    }

    /// True when raw inspection of a direction should run: something waits, and it is a chunk (`toserver-chunk-size`,
    /// `toclient-chunk-size`), or [`Stream::flush_raw`] was called since it last ran, or little or nothing will follow.
    #[must_use]
    pub fn raw_ready(&self, direction: Direction, config: &TcpConfig) -> bool {
        let chunk = config.reassembly.chunk_size[direction];
        let closes = self.state > TcpState::TimeWait;
        self.streams[direction].raw_ready(if closes { 0 } else { chunk })
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> TcpState {
        self.state
    }

    /// Complete handshake or picked up, whatever came after.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.state >= TcpState::Established
    }

    /// Sequence numbers a side has used so far, its SYN's included, modulo 2^32.
    #[must_use]
    pub fn sent(&self, direction: Direction) -> u32 {
        let side = &self.sides[direction];
        side.next.wrapping_sub(side.isn)
    }

    /// Picked up without its handshake.
    #[must_use]
    pub const fn midstream(&self) -> bool {
        self.flags.has(SessionFlags::MIDSTREAM)
    }

    /// Only one side is seen.
    #[must_use]
    pub const fn one_sided(&self) -> bool {
        self.flags.has(SessionFlags::ONE_SIDED)
    }

    /// Every TCP flag seen in either direction. EVE's `tcp.tcp_flags`.
    #[must_use]
    pub fn tcp_flags(&self) -> u8 {
        self.streams.to_server.flags | self.streams.to_client.flags
    }

    /// A segment of a session that exists.
    fn follow(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        self.note_later_syn(arrival);
        let verdict = self.classify(arrival, scope);
        // Whatever the peer says next, it is no answer to this probe any more.
        self.sides[arrival.direction.flip()].probed = false;
        verdict
    }

    /// Recognises segments that need no state, and asks the handler of the state about the others.
    fn classify(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        if self.is_keep_alive(arrival) {
            self.sides[arrival.direction].keep_alive = true;
            scope.outcome.keep_alive = true;
            return SegmentVerdict::Accept;
        }
        let answers_keep_alive = self.is_keep_alive_answer(arrival);
        self.sides[arrival.direction].keep_alive = false;
        if answers_keep_alive {
            self.sides[arrival.direction.flip()].keep_alive = false;
            scope.outcome.keep_alive = true;
            return SegmentVerdict::Accept;
        }
        if self.is_probe_answer(arrival) {
            return SegmentVerdict::Accept;
        }
        if !self.is_last_ack(arrival) && !self.is_window_update(arrival) {
            if self.is_bad_window_update(arrival, scope.config) {
                scope.event(StreamEvent::PacketBadWindowUpdate);
                return SegmentVerdict::Accept;
            }
            if self.is_outdated_ack(arrival) {
                return SegmentVerdict::Accept;
            }
        }
        if self.is_spurious(arrival) {
            scope.event(StreamEvent::PacketSpuriousRetransmission);
            scope.outcome.retransmission = true;
            if self.is_released(arrival) {
                return SegmentVerdict::Accept;
            }
        }
        self.dispatch(self.state, arrival, scope)
    }

    pub(crate) fn dispatch(
        &mut self,
        state: TcpState,
        arrival: &ArrivedSegment<'_>,
        scope: &mut SegmentContext<'_>,
    ) -> SegmentVerdict {
        match state {
            TcpState::None | TcpState::Listen => SegmentVerdict::Accept,
            TcpState::SynSent => self.syn_sent(arrival, scope),
            TcpState::SynRecv => self.syn_received(arrival, scope),
            TcpState::Established => self.established(arrival, scope),
            TcpState::FinWait1 => self.fin_wait_1(arrival, scope),
            TcpState::FinWait2 => self.fin_wait_2(arrival, scope),
            TcpState::CloseWait => self.close_wait(arrival, scope),
            TcpState::Closing => self.closing(arrival, scope),
            TcpState::LastAck => self.last_ack(arrival, scope),
            TcpState::TimeWait => self.time_wait(arrival, scope),
            TcpState::Closed => self.after_close(arrival, scope),
        }
    }

    /// A segment after the session closed. If its sender is the one that sent an RST the session may survive, the RST was
    /// not its own: the session goes on where it was.
    fn after_close(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) -> SegmentVerdict {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        if arrival.has(TcpHeader::RST) || peer.reset_sent || !own.reset_sent || self.previous == TcpState::Closed {
            return SegmentVerdict::Accept;
        }
        let verdict = self.dispatch(self.previous, arrival, scope);
        if verdict == SegmentVerdict::Accept && self.state == TcpState::Closed {
            self.state = self.previous;
        }
        verdict
    }

    /// A side that goes on after its RST did not send it.
    fn check_after_reset(&mut self, arrival: &ArrivedSegment<'_>, scope: &mut SegmentContext<'_>) {
        let own = &mut self.sides[arrival.direction];
        if !arrival.has(TcpHeader::RST) && own.reset_sent {
            own.reset_sent = false;
            scope.event(StreamEvent::SuspectedRstInject);
        }
    }

    /// RFC 9293, 3.8.4: a segment just before what is expected, without data or with one octet.
    fn is_keep_alive(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        arrival.payload.len() <= 1
            && arrival.is_plain()
            && arrival.acknowledgement == peer.last_ack
            && arrival.sequence == own.next.wrapping_sub(1)
    }

    fn is_keep_alive_answer(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        arrival.payload.is_empty()
            && arrival.is_plain()
            && arrival.tcp.window != 0
            && peer.scaled(arrival.tcp.window) == peer.window
            && peer.keep_alive
            && arrival.acknowledgement == peer.last_ack
            && arrival.sequence == own.next
    }

    /// The answer to a zero window probe: the window stays closed.
    fn is_probe_answer(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        self.state >= TcpState::Established
            && arrival.is_pure_ack()
            && peer.probed
            && arrival.tcp.window == 0
            && peer.window == 0
            && arrival.sequence == own.next
            && arrival.acknowledgement == peer.last_ack
    }

    /// The last acknowledgement of an orderly shutdown.
    fn is_last_ack(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        matches!(self.state, TcpState::TimeWait | TcpState::CloseWait | TcpState::LastAck)
            && arrival.tcp.flags == TcpHeader::ACK
            && arrival.payload.is_empty()
            && arrival.sequence == own.next.wrapping_add(1)
            && arrival.acknowledgement == peer.next.wrapping_add(1)
    }

    fn is_window_update(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        self.state >= TcpState::Established
            && arrival.payload.is_empty()
            && arrival.is_plain()
            && arrival.tcp.window != 0
            && peer.scaled(arrival.tcp.window) != peer.window
            && arrival.acknowledgement == peer.last_ack
            && arrival.sequence == own.next
    }

    /// A segment from the future that shrinks the window by more than it carries or acknowledges: it would make the
    /// segments that are expected look like they lie beyond the window.
    fn is_bad_window_update(&self, arrival: &ArrivedSegment<'_>, config: &TcpConfig) -> bool {
        // Up to so much more is seen in practice, with windows that are not tiny.
        const TOLERANCE: u32 = 32;
        const TINY_WINDOW: u32 = 1024;
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        if self.state < TcpState::Established || self.state == TcpState::Closed || !arrival.is_plain() {
            return false;
        }
        if config.liberal_windows && self.flags.has(SessionFlags::MIDSTREAM) {
            return false; // windows of an unknown scale cannot be compared with octets
        }
        let window = peer.scaled(arrival.tcp.window);
        let Some(shrunk) = peer.window.checked_sub(window).filter(|&shrunk| shrunk > 0) else { return false };
        let from_the_future = shrunk > arrival.payload.len() as u32
            && !ge(peer.next, arrival.acknowledgement)
            && !ge(own.next, arrival.sequence);
        let acknowledged = arrival.acknowledgement.wrapping_sub(peer.last_ack);
        let tolerance = if window > TINY_WINDOW { TOLERANCE } else { 0 };
        from_the_future && shrunk > acknowledged.saturating_add(tolerance)
    }

    /// An acknowledgement that a later one made meaningless.
    fn is_outdated_ack(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let (own, peer) = (&self.sides[arrival.direction], &self.sides[arrival.direction.flip()]);
        self.state >= TcpState::Established
            && arrival.is_pure_ack()
            && arrival.sequence == own.next
            && lt(arrival.acknowledgement, peer.last_ack)
            && arrival.sacks().all(|(left, right)| peer.is_sacked(left, right))
    }

    /// All of the payload was acknowledged before.
    fn is_spurious(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let own = &self.sides[arrival.direction];
        !arrival.payload.is_empty() && (own.acknowledged && ge(own.last_ack, arrival.end) || self.is_released(arrival))
    }

    /// All of the payload lies before what is still held.
    fn is_released(&self, arrival: &ArrivedSegment<'_>) -> bool {
        let stream = &self.streams[arrival.direction];
        !stream.is_unread() && ge(stream.base_sequence(), arrival.end)
    }
}

/// Counts a segment by its flags.
fn count(arrival: &ArrivedSegment<'_>, shared: &mut TcpContext) {
    let counters = &mut shared.counters;
    if arrival.is_syn_ack() {
        counters.synack += 1;
    } else if arrival.has(TcpHeader::SYN) {
        counters.syn += 1;
    }
    counters.rst += u64::from(arrival.has(TcpHeader::RST));
    counters.urg += u64::from(arrival.has(TcpHeader::URG));
}
