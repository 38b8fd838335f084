//! Application layer of a flow: which protocol it speaks, and what that protocol makes of its octets.

use std::sync::Arc;

use sidewire_app_layer::{AppLayerResult, DetectionOutcome, DetectionState, ParseFailed, ParseInput, Transport};
use sidewire_base::fault::{FaultPlace, point};
use sidewire_base::{Direction, PerDirection, ProtocolId};
use sidewire_decode::Packet;
use sidewire_detect::RuleSet;
use sidewire_tcp::{StreamConsumer, StreamPiece, TcpSession, TcpState};

use crate::config::setup::RunSetup;
use crate::worker::app_counters::AppCounters;
use crate::worker::conversation::{AppLayerState, ConversationFlow, FlowStorage, swap_direction};
use crate::worker::expectations::ExpectationTable;
use crate::worker::files::FilePolicies;
use crate::worker::parse_context::{FlowEnds, FlowMoment, ParserTables};
use crate::worker::wanted_frames::WantedFrames;

/// Did protocol detection find that a flow runs the other way?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FlowReversal {
    Straight,
    Reversed,
}

/// Result of protocol detection on one direction.
enum FlowDetection {
    /// The protocol is known.
    Session,
    /// It is known, and the flow runs the other way.
    Reversed,
    /// More octets are needed.
    Wait,
    /// Nobody knows.
    Failed,
}

/// Where feeding a direction stands after one of its chunks.
enum FeedOutcome {
    /// There may be more to feed.
    More,
    /// A chunk was parsed; there may be more.
    Parsed,
    /// Nothing more for now.
    Done,
    /// The flow runs the other way.
    Reversed,
}

/// Parses what streams and datagrams bring, and keeps what parsers share beyond one flow.
pub(crate) struct AppLayerStage {
    setup: Arc<RunSetup>,
    frames: WantedFrames,
    tables: ParserTables,
    files: FilePolicies,
    pub(crate) expectations: ExpectationTable,
    pub(crate) counters: AppCounters,
}

impl AppLayerStage {
    pub(crate) fn new(setup: &Arc<RunSetup>, rules: &RuleSet) -> Self {
        let files = FilePolicies::new(rules, setup);
        let mut tables = ParserTables::new(setup, rules);
        tables.magic = files.open_magic(setup);
        Self {
            frames: WantedFrames::new(rules, &setup.outputs, setup.protocols),
            tables,
            files,
            expectations: ExpectationTable::default(),
            counters: AppCounters::new(setup.protocols.len()),
            setup: Arc::clone(setup),
        }
    }

    /// Goes on with other rules.
    pub(crate) fn swap_rules(&mut self, rules: &RuleSet) {
        self.tables.swap_rules(&self.setup, rules);
        self.frames = WantedFrames::new(rules, &self.setup.outputs, self.setup.protocols);
        self.files = FilePolicies::new(rules, &self.setup);
        if self.tables.magic.is_none() {
            self.tables.magic = self.files.open_magic(&self.setup);
        }
    }

    /// Forgets everything that was seen. What rules and outputs want stays: finding it out takes longer than a small capture.
    pub(crate) fn reset(&mut self) {
        self.tables.reset(&self.setup);
        self.expectations = ExpectationTable::default();
        self.counters = AppCounters::new(self.setup.protocols.len());
    }

    /// Tells what parsers count beyond one flow, and how many flows were announced.
    pub(crate) fn table_counters(&self, mut tell: impl FnMut(&str, u64)) {
        self.tables.extensions.counters(&mut tell);
        tell("files.parts_given_up", self.tables.file_parts.given_up());
        tell("app_layer.expectations", self.expectations.len() as u64);
        tell("app_layer.expectations_evicted", self.expectations.evicted());
    }

    /// Takes what became visible of a flow's streams with a packet. `direction` is the packet's, which turns with the flow.
    pub(crate) fn follow_streams(
        &mut self,
        flow: &mut ConversationFlow,
        visible: PerDirection<bool>,
        direction: &mut Direction,
        at: FlowMoment,
    ) {
        // Data that became visible travels against the acknowledgement: the other direction first.
        for seen in [direction.flip(), *direction] {
            if visible[seen] && self.feed_stream(flow, seen, at) == FlowReversal::Reversed {
                turn_flow(flow, direction);
                for seen in Direction::BOTH {
                    self.feed_stream(flow, seen, at);
                }
            }
        }
        self.feed_waiting(flow, at);
        self.close_after_reset(flow, at);
    }

    /// Takes a UDP packet. `direction` is the packet's, which turns with the flow.
    pub(crate) fn take_datagram(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: &mut Direction,
        at: FlowMoment,
    ) {
        if self.feed_datagram(flow, packet, *direction, at) == FlowReversal::Reversed {
            swap_direction(flow);
            *direction = direction.flip();
            self.feed_datagram(flow, packet, *direction, at);
        }
    }

    /// Takes what the end of a flow made `visible` of a direction, and what a parser held back for want of more: it is all
    /// there will be.
    pub(crate) fn take_rest(
        &mut self,
        flow: &mut ConversationFlow,
        direction: Direction,
        visible: bool,
        at: FlowMoment,
    ) {
        let waits = |session: &TcpSession| session.stream(direction).available(StreamConsumer::App).is_some();
        if visible || flow.data.tcp.as_deref().is_some_and(waits) {
            self.feed_stream(flow, direction, at);
        }
    }

    /// The flow speaks another protocol from here on: its session has ended, and detection begins again.
    pub(crate) fn restart(&mut self, flow: &mut ConversationFlow, next: &str, at: FlowMoment) {
        let expected = (!next.is_empty()).then(|| self.setup.detection.position(next)).flatten();
        flow.data.app.restart(expected);
        for direction in Direction::BOTH {
            self.feed_stream(flow, direction, at);
        }
    }

    /// Tells the session that nothing follows in either direction.
    pub(crate) fn close_session(&mut self, flow: &mut ConversationFlow, at: FlowMoment) {
        for direction in Direction::BOTH {
            self.close_direction(flow, direction, at);
        }
    }

    /// Tells the session that nothing follows in a direction.
    pub(crate) fn close_direction(&mut self, flow: &mut ConversationFlow, direction: Direction, at: FlowMoment) {
        let ends = FlowEnds::of(flow);
        let app = &mut flow.data.app;
        let files = self.files.of(app);
        let Some(session) = &mut app.session else { return };
        if !core::mem::replace(&mut app.closed[direction], true) {
            app.dirty = true;
            session.close(direction, &mut self.tables.context(ends, at, files, None));
        }
        self.note_expectations();
    }

    /// A request may have waited for its answer (`CONNECT`): once that is there, what was held back is offered again.
    fn feed_waiting(&mut self, flow: &mut ConversationFlow, at: FlowMoment) {
        let FlowStorage { tcp: Some(tcp), app, .. } = &flow.data else { return };
        let waits = app.session.is_some() && !app.stopped && app.need.to_server == 0;
        if waits && tcp.stream(Direction::ToServer).available(StreamConsumer::App).is_some() {
            self.feed_stream(flow, Direction::ToServer, at);
        }
    }

    /// Once the connection is closed, nothing will follow: messages that end with it are complete.
    fn close_after_reset(&mut self, flow: &mut ConversationFlow, at: FlowMoment) {
        let FlowStorage { tcp: Some(tcp), app, .. } = &flow.data else { return };
        let over = tcp.state() == TcpState::Closed && app.session.is_some() && app.closed != PerDirection::both(true);
        // What a reset left unacknowledged becomes visible when the flow ends, and belongs to the messages too.
        let all_seen = |side| {
            let stream = tcp.stream(side);
            let held = stream.pieces().map(|(offset, piece)| offset + piece.len() as u64).max();
            stream.available(StreamConsumer::App).is_none() && held.is_none_or(|end| end <= stream.visible())
        };
        if over && Direction::BOTH.into_iter().all(all_seen) {
            self.close_session(flow, at);
        }
    }

    /// Hands what is visible of a direction to its protocol.
    fn feed_stream(&mut self, flow: &mut ConversationFlow, direction: Direction, at: FlowMoment) -> FlowReversal {
        let ends = FlowEnds::of(flow);
        let FlowStorage { tcp: Some(tcp), app, .. } = &mut flow.data else { return FlowReversal::Straight };
        let mut fed = self.feed_direction(tcp, app, direction, ends, at);
        if matches!(fed, FeedOutcome::Parsed) {
            let other = self.feed_direction(tcp, app, direction.flip(), ends, at);
            debug_assert!(!matches!(other, FeedOutcome::Reversed), "the flow's direction is settled");
            fed = self.feed_direction(tcp, app, direction, ends, at);
        }
        if matches!(fed, FeedOutcome::Reversed) { FlowReversal::Reversed } else { FlowReversal::Straight }
    }

    /// Feeds one direction as far as it goes. [`FeedOutcome::Parsed`]: the first that told which protocol it is makes the octets of
    /// the other direction readable as well, and those are to be read first.
    fn feed_direction(
        &mut self,
        tcp: &mut TcpSession,
        app: &mut AppLayerState,
        direction: Direction,
        ends: FlowEnds,
        at: FlowMoment,
    ) -> FeedOutcome {
        let mut known = app.session.is_some();
        loop {
            match self.feed_chunk(tcp, app, direction, ends, at) {
                FeedOutcome::More => {}
                FeedOutcome::Parsed => {
                    if !known && tcp.stream(direction.flip()).available(StreamConsumer::App).is_some() {
                        return FeedOutcome::Parsed;
                    }
                    known = true;
                }
                fed => return fed,
            }
        }
    }

    /// Takes the next chunk of a direction: a gap, or octets for detection and the parser.
    fn feed_chunk(
        &mut self,
        tcp: &mut TcpSession,
        app: &mut AppLayerState,
        direction: Direction,
        ends: FlowEnds,
        at: FlowMoment,
    ) -> FeedOutcome {
        if app.switch.is_some() {
            return FeedOutcome::Done;
        }
        if app.stopped {
            tcp.stream_mut(direction).disable(StreamConsumer::App);
            return FeedOutcome::Done;
        }
        let chunk = match tcp.stream(direction).available(StreamConsumer::App) {
            None => return FeedOutcome::Done,
            Some(StreamPiece::Gap { length, .. }) => {
                let completed = self.gap(app, direction, length, ends, at);
                let stream = tcp.stream_mut(direction);
                stream.consume(StreamConsumer::App, length);
                if completed {
                    stream.flush_raw();
                }
                return FeedOutcome::More;
            }
            Some(StreamPiece::Data { offset, bytes, last, gap, .. }) => StreamChunk { offset, bytes, last, gap },
        };
        if app.closed[direction] {
            return FeedOutcome::Done;
        }
        let StreamChunk { bytes, last, gap, .. } = chunk;
        if !app.detection.is_decided(direction) && !app.failed {
            let begins = app.session.is_none();
            match self.identify(app, direction, bytes, ends, last, at) {
                FlowDetection::Session if begins && app.session.is_some() => {
                    let depth = app.protocol.and_then(|number| self.setup.stream_depth(number));
                    if let Some(depth) = depth {
                        for side in Direction::BOTH {
                            tcp.stream_mut(side).set_depth(depth);
                        }
                        return FeedOutcome::More;
                    }
                }
                FlowDetection::Session => {}
                FlowDetection::Reversed => return FeedOutcome::Reversed,
                // What was waited for is missing: detection has its word on the gap.
                FlowDetection::Wait if app.session.is_none() && gap => {
                    let length = bytes.len() as u64;
                    tcp.stream_mut(direction).consume(StreamConsumer::App, length);
                    return FeedOutcome::More;
                }
                FlowDetection::Wait if app.session.is_none() => return FeedOutcome::Done,
                FlowDetection::Wait => {}
                FlowDetection::Failed => return FeedOutcome::More,
            }
        }
        if app.session.is_none() {
            // Known but not parsed, or given up.
            app.stopped = true;
            return FeedOutcome::More;
        }
        if bytes.len() < app.need[direction] && !last && !gap {
            return FeedOutcome::Done;
        }
        let octets = ChunkFacts { length: bytes.len(), last, gap };
        let step = self.parse(app, direction, chunk, ends, at);
        self.settle(tcp, app, direction, octets, step)
    }

    /// Calls the parser with a chunk, and closes the direction after its last one.
    fn parse(
        &mut self,
        app: &mut AppLayerState,
        direction: Direction,
        chunk: StreamChunk<'_>,
        ends: FlowEnds,
        at: FlowMoment,
    ) -> Result<AppLayerResult, ParseFailed> {
        point(FaultPlace::Parse);
        let StreamChunk { offset, bytes, last, .. } = chunk;
        let files = self.files.of(app);
        let Some(session) = &mut app.session else { return Ok(AppLayerResult::default()) };
        app.dirty = true;
        let opened = session.transactions().opened();
        session.transactions_mut().begin_step();
        let mut frames = self.frames.of(app.protocol, &mut app.frames, direction);
        if let Some(frames) = &mut frames {
            frames.begin_stream(offset);
        }
        let mut context = self.tables.context(ends, at, files, frames);
        let step = if bytes.is_empty() {
            Ok(AppLayerResult::default())
        } else {
            session.parse(direction, ParseInput { data: bytes, offset, last }, &mut context)
        };
        if let (Ok(step), true) = (&step, last)
            && step.switch.is_none()
        {
            session.close(direction, &mut context);
            app.closed[direction] = true;
        }
        let new = session.transactions().opened() - opened;
        self.count_transactions(app.protocol, Transport::Tcp, new);
        self.note_expectations();
        step
    }

    /// Does with the stream what the parser made of a chunk.
    fn settle(
        &mut self,
        tcp: &mut TcpSession,
        app: &mut AppLayerState,
        direction: Direction,
        chunk: ChunkFacts,
        step: Result<AppLayerResult, ParseFailed>,
    ) -> FeedOutcome {
        let ChunkFacts { length, last, gap } = chunk;
        let Ok(step) = step else {
            self.parser_error(app, Transport::Tcp);
            app.stopped = true;
            return FeedOutcome::Parsed;
        };
        let consumed = step.consumed.min(length);
        let completed = app.session.as_ref().is_some_and(|session| session.transactions().completed(direction));
        let flushes = step.flush || completed && self.flushes_stream(app.protocol);
        app.need[direction] = step.need;
        let stream = tcp.stream_mut(direction);
        // What a gap follows will not be completed: it goes with the gap, which is told next.
        let lost = gap && consumed == 0 && step.switch.is_none();
        stream.consume(StreamConsumer::App, if lost { length } else { consumed } as u64);
        if flushes {
            // Rules on the stream need not wait for more.
            stream.flush_raw();
        }
        app.bypassed |= step.bypass;
        if step.opaque && !core::mem::replace(&mut app.opaque, true) {
            Direction::BOTH.into_iter().for_each(|side| tcp.stream_mut(side).flush_raw());
        }
        if let Some(next) = step.switch {
            app.switch = Some(next);
            return FeedOutcome::Parsed;
        }
        if step.finished {
            app.stopped = true;
        }
        if last {
            tcp.stream_mut(direction).disable(StreamConsumer::App);
            return FeedOutcome::Done;
        }
        if consumed == 0 && !gap { FeedOutcome::Done } else { FeedOutcome::Parsed }
    }

    /// Tells the session of missing octets. True when that completed a message, and rules on the stream need not wait.
    fn gap(
        &mut self,
        app: &mut AppLayerState,
        direction: Direction,
        length: u64,
        ends: FlowEnds,
        at: FlowMoment,
    ) -> bool {
        let files = self.files.of(app);
        let Some(session) = &mut app.session else {
            // Protocol detection needs the beginning; where flows are picked up in the middle, it may find one after the gap.
            if ends.midstream || self.setup.config.stream.midstream {
                begin_detection(app, ends);
                app.detection.reopen(direction);
            } else if !app.failed {
                app.failed = true;
                app.stopped = true;
                self.counters.failed_tcp += 1;
            }
            return false;
        };
        app.dirty = true;
        app.need[direction] = 0;
        let opened = session.transactions().opened();
        session.transactions_mut().begin_step();
        let mut context = self.tables.context(ends, at, files, None);
        let outcome = session.gap(direction, length, &mut context);
        let new = session.transactions().opened() - opened;
        let completed = session.transactions().completed(direction);
        if outcome.is_err() {
            app.stopped = true;
            self.counters.gap_errors.add(app.protocol, Transport::Tcp, 1);
        }
        self.count_transactions(app.protocol, Transport::Tcp, new);
        self.note_expectations();
        completed && self.flushes_stream(app.protocol)
    }

    /// Asks protocol detection about the first octets of a direction, and begins the session it finds.
    fn identify(
        &mut self,
        app: &mut AppLayerState,
        direction: Direction,
        bytes: &[u8],
        ends: FlowEnds,
        last: bool,
        at: FlowMoment,
    ) -> FlowDetection {
        begin_detection(app, ends);
        // Looked for as long as nobody knows: an announcement may be acknowledged after the connection it is about has begun.
        if app.expected.is_none()
            && app.protocol.is_none()
            && let Some(name) = self.expectations.take(ends.client, ends.server, ends.transport, at.time)
        {
            app.expected = self.setup.detection.position(name);
            app.detection.announce(app.expected);
        }
        let setup = Arc::clone(&self.setup);
        let ports = (ends.client.port, ends.server.port);
        let outcome = setup.detection.identify(&mut app.detection, ends.transport, direction, bytes, ports, last);
        app.take_detection_events();
        match outcome {
            DetectionOutcome::More => FlowDetection::Wait,
            DetectionOutcome::Failed => {
                let other = app.detection.is_decided(direction.flip());
                // A datagram is all there is of its message: nothing that follows makes more of it.
                let datagram = ends.transport == Transport::Udp;
                if app.session.is_some() || !(other || datagram) {
                    return FlowDetection::Wait;
                }
                app.stopped = other;
                if !app.failed {
                    app.failed = true;
                    match ends.transport {
                        Transport::Tcp => self.counters.failed_tcp += 1,
                        Transport::Udp => self.counters.failed_udp += 1,
                    }
                }
                FlowDetection::Failed
            }
            DetectionOutcome::Found { protocol, reversed } => {
                if app.session.is_none() {
                    app.protocol = Some(protocol);
                    // A flow is counted once; of datagrams the first side may have told nothing.
                    let counted = core::mem::take(&mut app.failed);
                    self.counters.flows.add(Some(protocol), ends.transport, u64::from(!counted));
                    if setup.detection.parses(protocol) {
                        app.session = self.tables.begin(&setup, protocol);
                    }
                }
                if reversed { FlowDetection::Reversed } else { FlowDetection::Session }
            }
        }
    }

    fn feed_datagram(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: Direction,
        at: FlowMoment,
    ) -> FlowReversal {
        let ends = FlowEnds::of(flow);
        let app = &mut flow.data.app;
        if app.stopped || packet.payload.is_empty() {
            return FlowReversal::Straight;
        }
        if !app.detection.is_decided(direction) {
            match self.identify(app, direction, packet.payload, ends, true, at) {
                FlowDetection::Session => {}
                FlowDetection::Reversed => return FlowReversal::Reversed,
                FlowDetection::Wait if app.session.is_none() => return FlowReversal::Straight,
                FlowDetection::Wait => {}
                FlowDetection::Failed => return FlowReversal::Straight,
            }
        }
        let files = self.files.of(app);
        let Some(session) = &mut app.session else { return FlowReversal::Straight };
        app.dirty = true;
        let opened = session.transactions().opened();
        let frames = self.frames.of(app.protocol, &mut app.frames, direction);
        let mut context = self.tables.context(ends, at, files, frames);
        let step = session.parse(direction, ParseInput { data: packet.payload, offset: 0, last: true }, &mut context);
        let new = session.transactions().opened() - opened;
        self.count_transactions(app.protocol, Transport::Udp, new);
        self.note_expectations();
        if step.is_err() {
            // A datagram stands for itself: the next one may be sound again.
            self.parser_error(app, Transport::Udp);
        }
        FlowReversal::Straight
    }

    fn count_transactions(&mut self, protocol: Option<ProtocolId>, transport: Transport, new: u64) {
        let counted = |number: &ProtocolId| {
            let def = self.setup.protocols.get(number.index());
            def.is_some_and(|def| def.info.counts_transactions)
        };
        self.counters.transactions.add(protocol.filter(counted), transport, new);
    }

    fn parser_error(&mut self, app: &mut AppLayerState, transport: Transport) {
        app.malformed = true;
        self.counters.parser_errors.add(app.protocol, transport, 1);
    }

    fn note_expectations(&mut self) {
        for expectation in self.tables.announced.drain(..) {
            self.expectations.add(&expectation);
        }
    }

    /// Does a complete message of this protocol let rules look at the stream so far?
    fn flushes_stream(&self, protocol: Option<ProtocolId>) -> bool {
        protocol
            .and_then(|number| self.setup.protocols.get(number.index()))
            .is_some_and(|protocol| protocol.info.flushes_stream)
    }
}

/// Octets of a stream that were not parsed yet.
#[derive(Clone, Copy)]
struct StreamChunk<'a> {
    offset: u64,
    bytes: &'a [u8],
    /// Nothing follows.
    last: bool,
    /// A gap follows.
    gap: bool,
}

/// What stays of a [`StreamChunk`] once it was parsed.
#[derive(Clone, Copy)]
struct ChunkFacts {
    length: usize,
    last: bool,
    gap: bool,
}

/// The flow runs the other way than was thought, its TCP session and application layer with it.
fn turn_flow(flow: &mut ConversationFlow, direction: &mut Direction) {
    swap_direction(flow);
    *direction = direction.flip();
    if let Some(session) = &mut flow.data.tcp {
        session.swap_direction();
    }
    flow.data.app.swap_direction();
}

/// Detection begins with the first octets, or the first gap.
fn begin_detection(app: &mut AppLayerState, ends: FlowEnds) {
    if !core::mem::replace(&mut app.begun, true) {
        app.detection = DetectionState::new(ends.midstream);
    }
}
