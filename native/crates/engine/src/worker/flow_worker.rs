//! Packets to completion: the steps of a packet, and of a flow's end, in the order in which they run.

use std::sync::Arc;

use sidewire_base::fault::{FaultPlace, point};
use sidewire_base::{Direction, PerDirection, Time, ip_protocol};
use sidewire_decode::{FrameDecoder, LinkFrame, Packet, TransportLayer};
use sidewire_detect::{RuleSet, SharedHandle};
use sidewire_flow::{EndReason, Expiry, FlowHandle, FlowLookup, FlowState, FlowTable, FlowTuple, PacketStamp};
use sidewire_tcp::{StreamConsumer, StreamEvents, TcpSession};

use crate::config::setup::RunSetup;
use crate::output::writer::record::{OutputBatch, OutputOrder};
use crate::source::clock::TimeUpdate;
use crate::source::overload::ShedDegree;
use crate::source::packet_sink::{SourceStart, SourceTick};
use crate::worker::app_layer::AppLayerStage;
use crate::worker::conversation::{ConversationFlow, FlowStorage};
use crate::worker::detect::{self, DetectStage, InspectRequest};
use crate::worker::files::follow_files;
use crate::worker::frames;
use crate::worker::log::LogStage;
use crate::worker::observer::RuleTracer;
use crate::worker::parse_context::FlowMoment;
use crate::worker::retire::retire;
use crate::worker::seed::seed;
use crate::worker::stream::StreamStage;

/// Flows that give way to one new session, at most, where the memory for sessions is used up. Flows of other protocols may
/// stand among them, which free none.
const MAX_GIVING_WAY: usize = 16;

/// Octets of an encrypted flow beyond which it is given up when packets come too fast: what can be read of it came before.
const LONG_ENCRYPTED: u64 = 256 << 10;
/// The same of any other flow: what has gone on for so long is bulk.
const LONG_BULK: u64 = 16 << 20;

/// Runs packets to completion: decode, flow, stream, application layer, detect, log, retire.
pub(crate) struct FlowWorker<W: RuleTracer> {
    setup: Arc<RunSetup>,
    pub(super) decoder: FrameDecoder,
    pub(super) tracked: TrackedFlows<W>,
}

/// The flow table with the stages that work on its flows.
pub(super) struct TrackedFlows<W: RuleTracer> {
    pub(super) table: FlowTable<FlowStorage>,
    /// Flows that ended when a packet was looked up.
    ended: Vec<(ConversationFlow, EndReason)>,
    /// The flow being worked on, to be given up should a bug surface.
    current: Option<FlowHandle>,
    pub(super) stages: PacketStages<W>,
}

/// What is done with a packet once its flow is known. Apart from the flow table, so that a flow can be worked on while it
/// stays in its table.
pub(super) struct PacketStages<W: RuleTracer> {
    pub(super) setup: Arc<RunSetup>,
    pub(super) stream: StreamStage,
    pub(super) app_layer: AppLayerStage,
    pub(super) detect: DetectStage<W>,
    pub(super) log: LogStage,
    /// Engine time.
    time: TimeUpdate,
    ignore_checksums: bool,
    /// The checksums of this frame say nothing.
    checksums_pending: bool,
    pub(super) invalid_checksum: u64,
    /// Greatest memory pressure so far, in percent.
    pub(super) pressure_max: u64,
    /// Flows that were given up because packets came too fast.
    pub(super) flows_shed: u64,
}

impl<W: RuleTracer> FlowWorker<W> {
    pub(crate) fn new(setup: &Arc<RunSetup>, rules: &Arc<RuleSet>, watch: W, shared: SharedHandle) -> Self {
        Self {
            setup: Arc::clone(setup),
            decoder: FrameDecoder::new(setup.decode.clone()),
            tracked: TrackedFlows {
                table: FlowTable::new(setup.flow.clone(), seed()),
                ended: Vec::new(),
                current: None,
                stages: PacketStages {
                    stream: StreamStage::new(setup),
                    app_layer: AppLayerStage::new(setup, rules),
                    detect: DetectStage::new(setup, rules, watch, shared),
                    log: LogStage::new(setup),
                    time: TimeUpdate { now: Time::default(), stamp: Time::default(), tick: false },
                    ignore_checksums: false,
                    checksums_pending: false,
                    invalid_checksum: 0,
                    pressure_max: 0,
                    flows_shed: 0,
                    setup: Arc::clone(setup),
                },
            },
        }
    }

    /// A source begins; a fresh one finds no flows, objects or fragments of those before it.
    pub(crate) fn begin_source(&mut self, start: &SourceStart) {
        let SourceStart { names, fresh, ignore_checksums } = start.clone();
        let TrackedFlows { table, stages, .. } = &mut self.tracked;
        stages.detect.detector.shared().begin_source(fresh);
        if fresh {
            let setup = Arc::clone(&stages.setup);
            self.decoder = FrameDecoder::new(setup.decode.clone());
            *table = FlowTable::new(setup.flow.clone(), seed());
            stages.reset();
        }
        stages.log.source = Some(names);
        stages.ignore_checksums = ignore_checksums;
    }

    pub(crate) fn swap_rules(&mut self, rules: &Arc<RuleSet>) {
        let stages = &mut self.tracked.stages;
        stages.app_layer.swap_rules(rules);
        stages.detect.swap_rules(rules);
    }

    /// Ends the flows whose time has come.
    pub(crate) fn tick(&mut self, SourceTick { now, shown, ordinal }: SourceTick) {
        self.tracked.note_time(now, shown);
        let TrackedFlows { table, stages, .. } = &mut self.tracked;
        stages.detect.detector.shared().begin_tick(ordinal);
        let setup = Arc::clone(&stages.setup);
        let done = setup.faults.contain(|| {
            point(FaultPlace::Tick);
            table.expire(now, &mut FlowExpiry { stages, ordinal });
        });
        if done.is_none() {
            self.tracked.stages.abandon();
        }
    }

    /// Takes a frame: decodes it, and takes each of its packets (a layer of a tunnel is one).
    pub(crate) fn frame(&mut self, update: TimeUpdate, frame: &LinkFrame<'_>) {
        let Self { decoder, tracked, setup } = self;
        tracked.stages.time = update;
        tracked.stages.checksums_pending = frame.checksums_pending;
        tracked.stages.log.interface = frame.interface;
        tracked.stages.detect.detector.shared().begin_packet(frame.ordinal);
        tracked.stages.log.begin(frame.time, frame.ordinal);
        let done = setup.faults.contain(|| {
            point(FaultPlace::Decode);
            decoder.decode(frame, &mut |packet| tracked.packet(packet));
        });
        if done.is_none() {
            tracked.quarantine();
        }
    }

    /// Ends every flow: the capture is over. `written` gets to take what was written so far, which is in order.
    pub(crate) fn finish(&mut self, end: SourceTick, mut written: impl FnMut(&mut OutputBatch)) {
        self.tracked.note_time(end.now, end.shown);
        let TrackedFlows { table, stages, .. } = &mut self.tracked;
        stages.detect.detector.shared().begin_tick(end.ordinal);
        table.drain(|flow, reason| {
            stages.end_flow(flow, reason, end.ordinal);
            if stages.log.writer.batch.is_large() {
                written(&mut stages.log.writer.batch);
            }
        });
    }

    /// Every packet before this one has been taken, by whichever worker.
    pub(crate) fn passed(&mut self, ordinal: u64) {
        self.tracked.stages.detect.detector.shared().begin_tick(ordinal);
    }

    /// What was written since the last call.
    pub(crate) const fn batch(&mut self) -> &mut OutputBatch {
        &mut self.tracked.stages.log.writer.batch
    }

    pub(crate) fn into_watch(self) -> W {
        self.tracked.stages.detect.watch
    }
}

impl<W: RuleTracer> TrackedFlows<W> {
    /// One decoded packet, all the way.
    fn packet(&mut self, packet: &Packet<'_>) {
        let Some(FlowLookup { handle, mut direction, .. }) = self.flow_of(packet) else {
            self.stages.packet_without_flow(packet);
            return;
        };
        let Self { table, stages, current, .. } = self;
        *current = Some(handle);
        let Some(flow) = table.get_mut(handle) else { return };
        if flow.state() == FlowState::LocalBypassed {
            // The table has counted the packet; nobody looks at it.
            *current = None;
            return;
        }
        let followed = stages.follow(flow, packet, &mut direction);
        let state = flow.data.state().unwrap_or(flow.state());
        if state != flow.state() {
            table.set_state(handle, state);
        }
        let Some(flow) = table.get_mut(handle) else { return };
        let looked = stages.inspect(flow, direction, &followed.request(packet));
        if followed.quotes {
            stages.log.log_packet(flow, packet, direction, &followed.events);
        } else {
            stages.log(flow, packet, direction, &followed.events, looked);
            stages.release(flow, packet, direction);
        }
        if flow.data.app.bypassed || stages.is_past_depth(flow) || stages.sheds(flow) {
            table.set_state(handle, FlowState::LocalBypassed);
        }
        *current = None;
    }

    /// The flow of a packet that has one and is fit for it; ends the flows that gave way to it.
    fn flow_of(&mut self, packet: &Packet<'_>) -> Option<FlowLookup> {
        let Self { table, ended, stages, .. } = self;
        if !stages.is_sound(packet) {
            return None;
        }
        let interface = stages.log.interface;
        let device = if stages.setup.config.decode.interface_tracking { interface } else { 0 };
        let tuple = FlowTuple::of(packet, u16::try_from(device).unwrap_or(u16::MAX))?;
        let bytes = u32::try_from(packet.frame.len()).unwrap_or(u32::MAX);
        let TimeUpdate { now, stamp: engine, .. } = stages.time;
        let stamp = PacketStamp { time: packet.time, engine, now, ordinal: packet.ordinal, bytes };
        let setup = &stages.setup;
        let lookup = table.track(
            &tuple,
            stamp,
            |_| FlowStorage { interface, ..FlowStorage::default() },
            |flow, direction, overdue| match (&flow.data.tcp, &packet.transport) {
                (Some(session), TransportLayer::Tcp(tcp)) if overdue => {
                    !(session.is_continued_by(tcp, packet.payload, direction) && flow.data.outlives_silence())
                }
                (Some(session), TransportLayer::Tcp(tcp)) => session.reused_by(tcp, direction, &setup.tcp),
                _ => overdue,
            },
            |flow, reason| ended.push((flow, reason)),
        );
        for (flow, reason) in ended.drain(..) {
            stages.end_flow(flow, reason, packet.ordinal);
        }
        if lookup.is_some_and(|lookup| lookup.is_new) && matches!(packet.transport, TransportLayer::Tcp(_)) {
            for _ in 0..MAX_GIVING_WAY {
                if stages.stream.shared.has_room_for_session(TcpSession::SIZE)
                    || !table.end_soonest(|flow, reason| stages.end_flow(flow, reason, packet.ordinal))
                {
                    break;
                }
            }
        }
        lookup
    }

    /// A bug surfaced in the middle of a packet: its flow goes without another look, and what was half written.
    fn quarantine(&mut self) {
        self.stages.abandon();
        if let Some(mut flow) = self.current.take().and_then(|handle| self.table.remove(handle, EndReason::Forced)) {
            self.stages.stream.discard(&mut flow);
        }
    }

    fn note_time(&mut self, now: Time, shown: Time) {
        self.stages.time = TimeUpdate { now, stamp: now, tick: true };
        self.stages.log.now = shown;
        self.stages.pressure_max = self.pressure_max();
    }
}

/// What a packet did to its flow, before rules are applied.
struct FollowedPacket {
    /// The flow was established before the packet, or with it by the data it carries.
    was_established: bool,
    events: StreamEvents,
    in_stream: bool,
    /// The flow was encrypted before.
    opaque: bool,
    /// See [`InspectRequest::quotes`].
    quotes: bool,
}

impl FollowedPacket {
    const fn request<'a>(&'a self, packet: &'a Packet<'a>) -> InspectRequest<'a> {
        InspectRequest {
            packet: Some(packet),
            was_established: self.was_established,
            events: &self.events,
            in_stream: self.in_stream,
            opaque: self.opaque,
            quotes: self.quotes,
        }
    }
}

/// The steps of a packet.
impl<W: RuleTracer> PacketStages<W> {
    /// May the packet reach its flow? Where checksums are verified, one with a wrong one may not.
    fn is_sound(&mut self, packet: &Packet<'_>) -> bool {
        let checksum_bad = packet.bad_checksum.any() && !self.checksums_pending;
        if checksum_bad && matches!(packet.transport, TransportLayer::Tcp(_)) {
            self.invalid_checksum += 1;
        }
        !packet.invalid && (!checksum_bad || self.ignore_checksums)
    }

    /// Both directions were followed to their depth, and what is beyond it is nobody's business.
    fn is_past_depth(&self, flow: &ConversationFlow) -> bool {
        let reached = |session: &TcpSession| {
            Direction::BOTH.into_iter().all(|direction| session.stream(direction).depth_reached())
        };
        self.setup.config.stream.bypass && flow.data.tcp.as_deref().is_some_and(reached)
    }

    /// Packets come faster than they are inspected, and this flow is among what is given up first: it is long, nothing was
    /// found on it, and most of it cannot be read or is bulk.
    fn sheds(&mut self, flow: &ConversationFlow) -> bool {
        if self.setup.shed.degree() < ShedDegree::Flows || flow.data.alerted {
            return false;
        }
        let most = if flow.data.app.opaque { LONG_ENCRYPTED } else { LONG_BULK };
        let is_long = flow.bytes.to_server.saturating_add(flow.bytes.to_client) > most;
        self.flows_shed += u64::from(is_long);
        is_long
    }

    /// A packet without a flow: rules on packets, decoder events, ARP.
    fn packet_without_flow(&mut self, packet: &Packet<'_>) {
        let Self { detect, log, .. } = self;
        detect.inspect_without_flow(packet, FlowMoment { time: self.time.stamp, ordinal: packet.ordinal });
        log.log_matches(None, Some(packet), detect.found(self.time.stamp));
        log.log_decoder_events(None, packet);
        log.log_arp(packet);
    }

    /// Stream and application layer. `direction` is the packet's, which turns with the flow.
    fn follow(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: &mut Direction,
    ) -> FollowedPacket {
        flow.data.note_headers(packet, *direction, self.setup.outputs.ethernet);
        point(FaultPlace::Stream);
        let at = FlowMoment { time: packet.time, ordinal: packet.ordinal };
        let mut was_established = flow.data.is_established(flow.both_seen());
        let opaque = flow.data.app.opaque;
        match &packet.transport {
            TransportLayer::Tcp(tcp) => {
                let followed = self.stream.follow(flow, tcp, packet, direction, self.detect.readers());
                self.app_layer.follow_streams(flow, followed.visible, direction, at);
                was_established |= followed.confirmed_with_data;
                let (events, in_stream) = (followed.events, followed.in_stream);
                return FollowedPacket { was_established, events, in_stream, opaque, quotes: false };
            }
            TransportLayer::Udp(_) => self.app_layer.take_datagram(flow, packet, direction, at),
            _ => {}
        }
        let quotes = matches!(packet.transport, TransportLayer::Icmp(_))
            && !matches!(flow.protocol, ip_protocol::ICMP | ip_protocol::ICMPV6);
        FollowedPacket { was_established, events: StreamEvents::default(), in_stream: false, opaque, quotes }
    }

    /// Applies rules, and raises the alerts of those that match. False when there was nothing for them to look at.
    fn inspect(&mut self, flow: &mut ConversationFlow, direction: Direction, request: &InspectRequest<'_>) -> bool {
        let Self { detect, log, .. } = self;
        let ordinal = request.packet.map_or(log.writer.place.ordinal, |packet| packet.ordinal);
        point(FaultPlace::Inspect);
        let looked = detect.inspect(flow, direction, request, FlowMoment { time: self.time.stamp, ordinal });
        if looked.is_some() && !detect.matches.is_empty() {
            log.log_matches(Some(flow), request.packet, detect.found(self.time.stamp));
        }
        if let Some(packet) = request.packet {
            log.log_tagged(flow, packet, direction, self.time.stamp);
        }
        let Some(octets) = looked else { return false };
        if let Some(depth) = self.setup.files.store.as_ref().map(|_| self.setup.files.depth) {
            follow_files(&mut flow.data, depth);
        }
        detect::consume(&mut flow.data, direction, octets);
        true
    }

    /// Writes what the packet has brought beside alerts, and retires transactions that are done with.
    fn log(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: Direction,
        events: &StreamEvents,
        looked: bool,
    ) {
        if self.guesses_transactions()
            && let Some(session) = &mut flow.data.app.session
        {
            session.transactions_mut().pass(direction);
        }
        point(FaultPlace::Log);
        self.log.settle_frames(flow, direction, Some(packet), &self.detect.rules);
        self.log.log_packet(flow, packet, direction, events);
        let app = &flow.data.app;
        if app.session.is_some() && (looked || app.dirty || app.frames.is_some() || app.files_waiting) {
            self.log.log_transactions(flow, Some((packet, direction)));
            self.retire(flow, false);
            flow.data.app.let_go();
        }
    }

    /// The flow may speak another protocol from here on; what nobody needs any more of its stream is let go.
    fn release(&mut self, flow: &mut ConversationFlow, packet: &Packet<'_>, direction: Direction) {
        if let Some(next) = flow.data.app.switch.take() {
            self.switch_protocol(flow, next, packet.ordinal);
        }
        if let Some(session) = &mut flow.data.tcp {
            if flow.data.app.opaque {
                // Rules have looked at what came of this direction before it was encrypted.
                session.stream_mut(direction).disable(StreamConsumer::Raw);
            }
            let pins = frames::pins(&flow.data.app, session);
            self.stream.release(session, pins);
        }
    }

    fn retire(&mut self, flow: &mut ConversationFlow, last: bool) {
        let guesses = self.guesses_transactions();
        self.app_layer.counters.transactions_evicted += retire(flow, &self.detect.rules, guesses, last);
    }

    fn guesses_transactions(&self) -> bool {
        self.setup.config.detect.guess_transaction
    }
}

/// What becomes of flows whose timeout passed before the packet with this ordinal.
struct FlowExpiry<'a, W: RuleTracer> {
    stages: &'a mut PacketStages<W>,
    ordinal: u64,
}

impl<W: RuleTracer> Expiry<FlowStorage> for FlowExpiry<'_, W> {
    fn outlives(&mut self, flow: &mut ConversationFlow) -> bool {
        let Self { stages, ordinal } = self;
        let mut stays = false;
        if flow.data.outlives_silence() {
            stages.at(flow.first_ordinal, *ordinal, |stages| stays = stages.fall_silent(flow, *ordinal));
        }
        stays
    }

    fn ended(&mut self, flow: ConversationFlow, reason: EndReason) {
        self.stages.end_flow(flow, reason, self.ordinal);
    }
}

/// The steps of a flow's end.
impl<W: RuleTracer> PacketStages<W> {
    /// A flow ended before the packet with this ordinal.
    fn end_flow(&mut self, mut flow: ConversationFlow, reason: EndReason, ordinal: u64) {
        if !self.at(flow.first_ordinal, ordinal, |stages| stages.finish_flow(&mut flow, reason, ordinal)) {
            self.stream.discard(&mut flow);
        }
    }

    /// Does something with a flow between packets, before the one with this ordinal. False when a bug surfaced.
    fn at(&mut self, flow: u64, ordinal: u64, step: impl FnOnce(&mut Self)) -> bool {
        let place = self.log.writer.place;
        self.log.writer.place = OutputOrder { ordinal, class: 0, flow };
        let setup = Arc::clone(&self.setup);
        let sound = setup.faults.contain(|| step(self)).is_some();
        if !sound {
            self.abandon();
        }
        self.log.writer.place = place;
        sound
    }

    /// The flow may stay for hours: what was not acknowledged is read now, and rules on its streams wait no longer for more
    /// octets. False when something is left that cannot be read, which the end of the flow brings to light.
    fn fall_silent(&mut self, flow: &mut ConversationFlow, ordinal: u64) -> bool {
        for direction in Direction::BOTH {
            let revealed = self.stream.reveal(flow, direction);
            self.app_layer.take_rest(flow, direction, revealed, FlowMoment { time: self.log.now, ordinal });
        }
        if !flow.data.outlives_silence() || !flow.data.tcp.as_deref().is_some_and(TcpSession::is_drained) {
            return false;
        }
        for direction in Direction::BOTH {
            let Some(tcp) = &mut flow.data.tcp else { return false };
            tcp.stream_mut(direction).flush_raw();
            if detect::has_unseen(tcp, direction) || flow.data.app.has_due_transactions(direction) {
                let was_established = flow.data.is_established(flow.both_seen());
                self.inspect(flow, direction, &InspectRequest::at_rest(was_established));
            }
        }
        true
    }

    /// What is held becomes visible, and is parsed and inspected one direction after the other, as in Suricata: what the
    /// second raises is told with the second alone. Then every open transaction is logged once, and the flow itself.
    fn finish_flow(&mut self, flow: &mut ConversationFlow, reason: EndReason, ordinal: u64) {
        point(FaultPlace::FlowEnd);
        let visible = if flow.data.tcp.is_some() { self.stream.close(flow) } else { PerDirection::default() };
        for direction in Direction::BOTH {
            let mut begins = flow.data.app.session.is_none();
            self.app_layer.take_rest(flow, direction, visible[direction], FlowMoment { time: self.log.now, ordinal });
            if let Some(next) = flow.data.app.switch.take() {
                self.switch_protocol(flow, next, ordinal);
                begins = true;
            }
            if begins && flow.data.app.session.is_some() {
                // A protocol that begins here reads both.
                self.finish_direction(flow, direction.flip(), ordinal);
            }
            self.finish_direction(flow, direction, ordinal);
        }
        self.log.log_transactions(flow, None);
        self.retire(flow, true);
        self.log.log_flow(flow, reason);
        self.stream.discard(flow);
    }

    /// Ends the application session: every open transaction is inspected and logged once.
    fn finish_session(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        self.app_layer.close_session(flow, FlowMoment { time: self.log.now, ordinal });
        for direction in Direction::BOTH {
            self.finish_direction(flow, direction, ordinal);
        }
        self.log.log_transactions(flow, None);
        self.retire(flow, true);
    }

    /// Nothing follows in a direction: every open transaction is inspected once more.
    fn finish_direction(&mut self, flow: &mut ConversationFlow, direction: Direction, ordinal: u64) {
        self.app_layer.close_direction(flow, direction, FlowMoment { time: self.log.now, ordinal });
        if let Some(session) = &mut flow.data.app.session {
            session.transactions_mut().touch_all();
        }
        let was_established = flow.data.is_established(flow.both_seen());
        let end = InspectRequest::at_rest(was_established);
        let pending = flow.data.app.session.as_ref().is_some_and(|session| !session.transactions().is_empty());
        let raw = |tcp| detect::has_unseen(tcp, direction);
        if pending || flow.data.app.has_frames(direction) || flow.data.tcp.as_deref().is_some_and(raw) {
            self.inspect(flow, direction, &end);
        }
        self.log.settle_frames(flow, direction, None, &self.detect.rules);
    }

    /// The flow speaks another protocol from here on: the session so far ends, and detection begins again.
    fn switch_protocol(&mut self, flow: &mut ConversationFlow, next: &str, ordinal: u64) {
        self.finish_session(flow, ordinal);
        self.app_layer.restart(flow, next, FlowMoment { time: self.log.now, ordinal });
    }

    /// Forgets everything that was seen.
    fn reset(&mut self) {
        self.stream = StreamStage::new(&self.setup);
        self.app_layer.reset();
        self.detect.reset();
        self.log.counters = Default::default();
        self.invalid_checksum = 0;
        self.pressure_max = 0;
    }

    /// A fault ended a step: what the step had half done is of no other flow.
    fn abandon(&mut self) {
        self.log.abandon_line();
        self.detect.abandon();
    }
}
