#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use sidewire_base::{Direction, Time};
use sidewire_decode::{Decoder, Packet, Transport};
use sidewire_detect::{Observer, RuleSet};
use sidewire_flow::{EndReason, FlowState, FlowTable, Handle, Stamp, Tuple};
use sidewire_tcp::{Consumer, Session};

use crate::conversation::{Conversation, ConversationFlow};
use crate::env::Env;
use crate::feed::Turn;
use crate::frames;
use crate::inspect::Occasion;
use crate::record::{Batch, Place};
use crate::setup::Setup;
use crate::summary::accumulate;

/// A captured frame as the worker takes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameIn<'a> {
    pub(crate) time: Time,
    /// Engine time.
    pub(crate) now: Time,
    pub(crate) ordinal: u64,
    pub(crate) data: &'a [u8],
    pub(crate) wire_length: u32,
    pub(crate) link_type: u32,
}

/// An observer that is told when a packet was inspected, so that it can tell flows apart.
pub(crate) trait Watch: Observer {
    /// Rules were applied to a packet of this flow (or of none), which speaks this protocol.
    fn inspected(&mut self, flow: Option<&ConversationFlow>, app: Option<&'static str>);
}

/// Runs packets to completion: decode, flow, stream, protocol, rules, events.
pub(crate) struct Worker<W: Watch> {
    decoder: Decoder,
    core: Core<W>,
}

struct Core<W: Watch> {
    flows: FlowTable<Conversation>,
    ended: Vec<(ConversationFlow, EndReason)>,
    /// The flow being worked on, to be given up should a bug surface.
    current: Option<Handle>,
    env: Env<W>,
}

impl<W: Watch> Worker<W> {
    pub(crate) fn new(setup: &Arc<Setup>, rules: &Arc<RuleSet>, watch: W, seed: u64) -> Self {
        Self {
            decoder: Decoder::new(setup.decode.clone()),
            core: Core {
                flows: FlowTable::new(setup.flow.clone(), seed),
                ended: Vec::new(),
                current: None,
                env: Env::new(setup, rules, watch),
            },
        }
    }

    /// A file begins; a fresh one finds no flows, objects or fragments of those before it.
    pub(crate) fn begin_file(&mut self, path: &Arc<str>, fresh: bool, ignore_checksums: bool) {
        if fresh {
            self.reset();
        }
        self.core.env.file = Some(Arc::clone(path));
        self.core.env.ignore_checksums = ignore_checksums;
    }

    fn reset(&mut self) {
        let Core { flows, env, .. } = &mut self.core;
        let setup = Arc::clone(&env.setup);
        self.decoder = Decoder::new(setup.decode.clone());
        *flows = FlowTable::new(setup.flow.clone(), crate::run::seed());
        env.reset();
    }

    pub(crate) fn swap_rules(&mut self, rules: &Arc<RuleSet>) {
        self.core.env.swap_rules(rules);
    }

    /// Ends the flows whose time has come. `ordinal` is that of the packet that moved engine time.
    pub(crate) fn tick(&mut self, now: Time, ordinal: u64) {
        self.core.env.now = now;
        self.core.env.pressure_max = self.core.pressure_max();
        self.core.expire(now, ordinal);
    }

    pub(crate) fn frame(&mut self, frame: &FrameIn<'_>) {
        let core = &mut self.core;
        core.env.now = frame.now;
        core.env.packets += 1;
        core.env.bytes += frame.data.len() as u64;
        core.env.writer.place = Place { ordinal: frame.ordinal, class: 1, flow: 0 };
        let input = sidewire_decode::Frame {
            time: frame.time,
            ordinal: frame.ordinal,
            data: frame.data,
            wire_length: frame.wire_length,
            link_type: frame.link_type,
        };
        let decoder = &mut self.decoder;
        if !contained(|| decoder.decode(&input, &mut |packet| core.packet(packet))) {
            core.quarantine();
        }
    }

    /// Ends every flow: the capture is over. `written` gets to take what was written so far, which is in order.
    pub(crate) fn finish(&mut self, now: Time, mut written: impl FnMut(&mut Batch)) {
        let core = &mut self.core;
        core.env.now = now;
        core.env.pressure_max = core.pressure_max();
        let env = &mut core.env;
        core.flows.drain(|flow, reason| {
            env.end(flow, reason, u64::MAX);
            if env.writer.batch.is_large() {
                written(&mut env.writer.batch);
            }
        });
    }

    /// What was written since the last call.
    pub(crate) const fn batch(&mut self) -> &mut Batch {
        &mut self.core.env.writer.batch
    }

    pub(crate) fn into_watch(self) -> W {
        self.core.env.watch
    }

    /// Adds this worker's counters, named as in Suricata's stats.
    pub(crate) fn count(&self, into: &mut BTreeMap<String, u64>) {
        let env = &self.core.env;
        let mut add = |name: &str, value: u64| accumulate(into, name, value);
        self.decoder.stats().values().for_each(|(name, value)| add(name, value));
        self.core.flows.counters().rows().for_each(|(name, value)| add(name, value));
        env.tcp.counters.rows().for_each(|(name, value)| add(name, value));
        add("tcp.invalid_checksum", env.invalid_checksum);
        add("engine.bugs", env.bugs);
        let rows = |values: &[u64]| env.setup.protocols.iter().zip(values.to_vec()).collect::<Vec<_>>();
        for (table, values) in [("flow", &env.counters.flows), ("tx", &env.counters.transactions)] {
            for (protocol, value) in rows(values) {
                add(&format!("app_layer.{table}.{}", counter_name(protocol)), value);
            }
        }
        for (kind, values) in [("gap", &env.counters.gap_errors), ("parser", &env.counters.parser_errors)] {
            for (protocol, value) in rows(values) {
                add(&format!("app_layer.error.{}.{kind}", counter_name(protocol)), value);
            }
        }
        add("app_layer.flow.failed_tcp", env.counters.failed_tcp);
        add("app_layer.flow.failed_udp", env.counters.failed_udp);
        add("app_layer.transactions_evicted", env.counters.transactions_evicted);
        add("app_layer.frames_refused", env.counters.frames_refused);
        add("app_layer.msrpc.memuse", env.objects.octets_unfinished() as u64);
        add("app_layer.msrpc.objects_evicted", env.objects.evicted());
        add("app_layer.expectations", env.expectations.order.len() as u64);
        add("detect.alert", env.counters.alerts);
        add("detect.alert_queue_overflow", env.detector.overflow());
        add("memcap.pressure", self.core.pressure());
        add("memcap.pressure_max", self.core.pressure_max());
    }
}

/// Suricata tells a protocol's transports apart in its counters only when it has both.
fn counter_name(protocol: &sidewire_proto::ProtocolDef) -> String {
    use sidewire_proto::Transport as Over;
    match protocol.info.transports {
        [Over::Udp] if protocol.info.name == "dcerpc" => "dcerpc_udp".to_owned(),
        [Over::Tcp] if protocol.info.name == "dcerpc" => "dcerpc_tcp".to_owned(),
        _ => protocol.info.name.to_owned(),
    }
}

/// Runs a step in which a panic, that is a bug of ours, costs one packet and its flow instead of the sensor. With debug
/// assertions it goes on to abort, so that tests and fuzzing see it. False when it panicked.
fn contained(step: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(()) => true,
        Err(bug) if cfg!(debug_assertions) => resume_unwind(bug),
        Err(_) => false,
    }
}

impl<W: Watch> Env<W> {
    /// A flow ended before the packet with this ordinal.
    fn end(&mut self, mut flow: ConversationFlow, reason: EndReason, ordinal: u64) {
        let place = self.writer.place;
        self.writer.place = Place { ordinal, class: 0, flow: flow.first_ordinal };
        if !contained(|| self.finish(&mut flow, reason)) {
            self.abandon_line();
        }
        self.writer.place = place;
    }
}

impl<W: Watch> Core<W> {
    /// A bug surfaced in the middle of a packet: its flow goes without another look, and what was half written.
    fn quarantine(&mut self) {
        self.env.abandon_line();
        if let Some(handle) = self.current.take() {
            self.flows.remove(handle, EndReason::Forced);
        }
    }

    /// How full the fullest of the memory caps is, of what this worker has of them. Percent.
    fn pressure(&self) -> u64 {
        let (setup, tcp) = (&self.env.setup, &self.env.tcp.counters);
        let share = |cap: u64| cap / setup.workers().max(1);
        [
            (self.flows.counters().memuse, self.flows.config().memcap),
            (tcp.memuse, share(setup.tcp.memcap)),
            (tcp.reassembly_memuse, share(setup.tcp.reassembly.memcap)),
        ]
        .into_iter()
        .filter_map(|(used, cap)| used.saturating_mul(100).checked_div(cap))
        .max()
        .unwrap_or(0)
    }

    fn pressure_max(&self) -> u64 {
        self.pressure().max(self.env.pressure_max)
    }

    fn expire(&mut self, now: Time, ordinal: u64) {
        let env = &mut self.env;
        self.flows.expire(now, |flow, reason| env.end(flow, reason, ordinal));
    }

    fn finish_ended(&mut self, ordinal: u64) {
        for (flow, reason) in self.ended.drain(..) {
            self.env.end(flow, reason, ordinal);
        }
    }

    /// One decoded packet (a layer of a tunnel is one), all the way.
    fn packet(&mut self, packet: &Packet<'_>) {
        let checksum_bad = packet.bad_checksum.network || packet.bad_checksum.transport;
        if checksum_bad && matches!(packet.transport, Transport::Tcp(_)) {
            self.env.invalid_checksum += 1;
        }
        let tuple =
            if packet.invalid || checksum_bad && !self.env.ignore_checksums { None } else { Tuple::of(packet, 0) };
        let Some(lookup) = tuple.and_then(|tuple| self.track(packet, &tuple)) else {
            self.env.without_flow(packet);
            return;
        };
        let handle = lookup.handle;
        self.current = Some(handle);
        let mut direction = lookup.direction;
        self.note_headers(handle, packet, direction);
        let mut events = sidewire_tcp::Events::default();
        let mut in_stream = false;
        let Some(flow) = self.flows.get(handle) else { return };
        let was_established = flow.data.is_established(flow.both_seen());
        if let Transport::Tcp(tcp) = &packet.transport {
            let Some(flow) = self.flows.get_mut(handle) else { return };
            let setup = &self.env.setup;
            let session = flow
                .data
                .tcp
                .get_or_insert_with(|| Box::new(Session::new(&setup.tcp, flow.client.address, flow.server.address)));
            for side in Direction::BOTH {
                let stream = session.stream_mut(side);
                if self.env.rules.is_empty() {
                    // Nobody will look at stream octets: they need not be kept.
                    stream.disable(Consumer::Raw);
                } else {
                    stream.want_raw(W::ACTIVE || self.env.rules.reads_streams(side));
                }
            }
            let mut outcome =
                session.packet(tcp, packet.payload, direction, packet.time, &setup.tcp, &mut self.env.tcp);
            events = outcome.events;
            in_stream = outcome.in_stream;
            if outcome.swap {
                self.swap_direction(handle);
                direction = direction.flip();
            }
            self.reveal_early(handle, direction, &mut outcome.visible);
            // Data that became visible travels against the acknowledgement: the other direction first.
            for seen in [direction.flip(), direction] {
                if outcome.visible[seen] {
                    self.feed_stream(handle, seen, packet.ordinal, &mut direction);
                }
            }
            self.feed_waiting(handle, packet.ordinal);
            self.end_streams(handle, packet.ordinal);
        } else if let Transport::Udp(_) = &packet.transport {
            self.feed_datagram(handle, packet, &mut direction);
        }
        self.update_state(handle);
        let Some(flow) = self.flows.get_mut(handle) else { return };
        let occasion = Occasion { packet: Some(packet), was_established, events: &events, in_stream };
        self.env.inspect(flow, direction, &occasion);
        self.env.settle_frames(flow, direction, Some(packet));
        self.env.log_packet(flow, packet, direction, &events);
        self.env.log_transactions(flow, Some(packet), false);
        self.env.retire(flow, false);
        if let Some(next) = flow.data.app.switch.take() {
            self.env.switch(flow, next, packet.ordinal);
        }
        if let Some(session) = &mut flow.data.tcp {
            let pins = frames::pins(&flow.data.app, session);
            session.release(&self.env.setup.tcp, pins, &mut self.env.tcp);
        }
        if !self.ended.is_empty() {
            self.finish_ended(packet.ordinal);
        }
        self.current = None;
    }

    fn track(&mut self, packet: &Packet<'_>, tuple: &Tuple) -> Option<sidewire_flow::Lookup> {
        let ended = &mut self.ended;
        let env = &self.env;
        let bytes = u32::try_from(packet.frame.len()).unwrap_or(u32::MAX);
        let stamp = Stamp { time: env.now, ordinal: packet.ordinal, bytes };
        let lookup = self.flows.track(
            tuple,
            stamp,
            |_| Conversation::default(),
            |flow, direction| match (&flow.data.tcp, &packet.transport) {
                (Some(session), Transport::Tcp(tcp)) => session.reused_by(tcp, direction, &env.setup.tcp),
                _ => false,
            },
            |flow, reason| ended.push((flow, reason)),
        );
        if !self.ended.is_empty() {
            self.finish_ended(packet.ordinal);
        }
        if let Some(lookup) = lookup.filter(|lookup| lookup.is_new)
            && let Some(flow) = self.flows.get_mut(lookup.handle)
            && let Some(name) = self.env.expectations.of(flow.client, flow.server)
        {
            flow.data.app.expected = self.env.setup.detection.position(name);
        }
        lookup
    }

    /// Keeps what flow events tell of link and network headers.
    fn note_headers(&mut self, handle: Handle, packet: &Packet<'_>, direction: Direction) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        if let Some(ip) = &packet.ip {
            flow.data.ttl[direction].add(ip.ttl);
        }
        if self.env.setup.outputs.ethernet
            && let Some(header) = &packet.ethernet
        {
            flow.data.macs.get_or_insert_default().add(direction, header);
        }
    }

    fn swap_direction(&mut self, handle: Handle) {
        self.flows.swap_direction(handle);
        if let Some(flow) = self.flows.get_mut(handle) {
            flow.data.swap_direction();
        }
    }

    fn update_state(&mut self, handle: Handle) {
        let Some(flow) = self.flows.get(handle) else { return };
        use sidewire_tcp::State;
        let state = match flow.data.tcp.as_ref().map(|session| session.state()) {
            None => return,
            Some(State::LastAck | State::TimeWait | State::Closed) => FlowState::Closed,
            Some(state) if state >= State::Established => FlowState::Established,
            Some(_) => FlowState::New,
        };
        if state != flow.state() {
            self.flows.set_state(handle, state);
        }
    }

    /// Where the run reads calls early, a flow whose answers are needed on other flows waits for no acknowledgement.
    fn reveal_early(&mut self, handle: Handle, direction: Direction, visible: &mut [bool; 2]) {
        let setup = &self.env.setup;
        if !setup.config.stream.early_calls {
            return;
        }
        let Some(flow) = self.flows.get_mut(handle) else { return };
        let Conversation { tcp: Some(tcp), app, .. } = &mut flow.data else { return };
        let protocol = app.protocol.filter(|_| app.session.is_some());
        if protocol.and_then(|at| setup.protocols.get(usize::from(at))).is_some_and(|protocol| protocol.early) {
            visible[direction] |= tcp.reveal_unacknowledged(direction, &mut self.env.tcp);
        }
    }

    /// Hands what is visible of a stream to its protocol. `direction` is the packet's, which turns with the flow.
    fn feed_stream(&mut self, handle: Handle, seen: Direction, ordinal: u64, direction: &mut Direction) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        if self.env.feed_stream(flow, seen, ordinal) == Turn::Reversed {
            self.swap_direction(handle);
            *direction = direction.flip();
            let Some(flow) = self.flows.get_mut(handle) else { return };
            if let Some(session) = &mut flow.data.tcp {
                session.swap_direction();
            }
            flow.data.app.swap_direction();
            for seen in Direction::BOTH {
                self.env.feed_stream(flow, seen, ordinal);
            }
        }
    }

    /// A request may have waited for its answer (`CONNECT`): once that is there, what was held back is offered again.
    fn feed_waiting(&mut self, handle: Handle, ordinal: u64) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        let Conversation { tcp: Some(tcp), app, .. } = &flow.data else { return };
        let waits = app.session.is_some() && !app.stopped && app.need[Direction::ToServer] == 0;
        if waits && tcp.stream(Direction::ToServer).available(Consumer::App).is_some() {
            self.env.feed_stream(flow, Direction::ToServer, ordinal);
        }
    }

    /// Once the connection is closed, nothing will follow: messages that end with it are complete.
    fn end_streams(&mut self, handle: Handle, ordinal: u64) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        let Conversation { tcp: Some(tcp), app, .. } = &flow.data else { return };
        let over = tcp.state() == sidewire_tcp::State::Closed && app.session.is_some() && app.closed != [true; 2];
        // What a reset left unacknowledged becomes visible when the flow ends, and belongs to the messages too.
        let all_seen = |side| {
            let stream = tcp.stream(side);
            let held = stream.pieces().map(|(offset, piece)| offset + piece.len() as u64).max();
            stream.available(Consumer::App).is_none() && held.is_none_or(|end| end <= stream.visible())
        };
        if over && Direction::BOTH.into_iter().all(all_seen) {
            self.env.close_session(flow, ordinal);
        }
    }

    fn feed_datagram(&mut self, handle: Handle, packet: &Packet<'_>, direction: &mut Direction) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        if self.env.feed_datagram(flow, packet, *direction) == Turn::Reversed {
            self.swap_direction(handle);
            *direction = direction.flip();
            let Some(flow) = self.flows.get_mut(handle) else { return };
            self.env.feed_datagram(flow, packet, *direction);
        }
    }
}
