use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use sidewire_base::{Direction, Endpoint, Time};
use sidewire_decode::{Decoder, Packet, Transport};
use sidewire_detect::{Detector, FlowInput, FlowStats, Input as DetectInput, Match, Observer, RuleSet, StreamInput};
use sidewire_flow::{EndReason, FlowState, FlowTable, Handle, Stamp, Tuple};
use sidewire_ir::Action;
use sidewire_msrpc::ObjectTable;
use sidewire_proto::{Context, DetectionState, Expectation, Input, Outcome};
use sidewire_tcp::{Chunk, Consumer, Session};

use crate::conversation::{App, Conversation, ConversationFlow};
use crate::eve::{AlertFacts, Anomaly, Envelope, FlowFacts, Kind, Payload, Transaction, Writer};
use crate::record::{AlertKey, Batch, Place};
use crate::setup::Setup;
use crate::summary::accumulate;

/// Open transactions of one flow; beyond it the oldest are finished early and counted.
const MAX_TRANSACTIONS: usize = 4096;
/// Announced flows that are remembered, oldest forgotten first.
const MAX_EXPECTATIONS: usize = 16_384;
/// Stream octets shown of an alert that matched in the stream.
const MAX_STREAM_PAYLOAD: usize = 1 << 20;

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
    env: Env<W>,
}

/// Everything but the flow table, so that a flow can be worked on while it stays in its table.
struct Env<W: Watch> {
    setup: Arc<Setup>,
    tcp: sidewire_tcp::Shared,
    rules: Arc<RuleSet>,
    detector: Detector,
    watch: W,
    matches: Vec<Match>,
    objects: ObjectTable,
    announced: Vec<Expectation>,
    expectations: Expectations,
    writer: Writer,
    file: Option<Arc<str>>,
    ignore_checksums: bool,
    now: Time,
    counters: AppCounters,
    packets: u64,
    bytes: u64,
    invalid_checksum: u64,
}

/// Counters of the application layer, by protocol.
#[derive(Debug, Default)]
struct AppCounters {
    flows: Vec<u64>,
    transactions: Vec<u64>,
    gap_errors: Vec<u64>,
    parser_errors: Vec<u64>,
    failed_tcp: u64,
    failed_udp: u64,
    transactions_evicted: u64,
    alerts: u64,
}

impl AppCounters {
    fn new(protocols: usize) -> Self {
        Self {
            flows: vec![0; protocols],
            transactions: vec![0; protocols],
            gap_errors: vec![0; protocols],
            parser_errors: vec![0; protocols],
            ..Self::default()
        }
    }
}

/// Flows that others announced, by where they will go.
#[derive(Debug, Default)]
struct Expectations {
    by_server: HashMap<Endpoint, &'static str>,
    order: VecDeque<Endpoint>,
}

impl Expectations {
    fn add(&mut self, expectation: &Expectation) {
        if self.by_server.insert(expectation.server, expectation.protocol).is_none() {
            self.order.push_back(expectation.server);
            if self.order.len() > MAX_EXPECTATIONS {
                if let Some(oldest) = self.order.pop_front() {
                    self.by_server.remove(&oldest);
                }
            }
        }
    }
}

impl<W: Watch> Worker<W> {
    pub(crate) fn new(setup: &Arc<Setup>, rules: &Arc<RuleSet>, watch: W, seed: u64) -> Self {
        Self {
            decoder: Decoder::new(setup.decode.clone()),
            core: Core {
                flows: FlowTable::new(setup.flow.clone(), seed),
                ended: Vec::new(),
                env: Env {
                    tcp: sidewire_tcp::Shared::default(),
                    detector: Detector::new(rules),
                    rules: Arc::clone(rules),
                    watch,
                    matches: Vec::new(),
                    objects: ObjectTable::default(),
                    announced: Vec::new(),
                    expectations: Expectations::default(),
                    writer: Writer::new(Arc::clone(&setup.outputs)),
                    file: None,
                    ignore_checksums: false,
                    now: Time::default(),
                    counters: AppCounters::new(setup.protocols.len()),
                    packets: 0,
                    bytes: 0,
                    invalid_checksum: 0,
                    setup: Arc::clone(setup),
                },
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
        env.tcp = sidewire_tcp::Shared::default();
        env.detector = Detector::new(&env.rules);
        env.objects = ObjectTable::default();
        env.expectations = Expectations::default();
        env.counters = AppCounters::new(setup.protocols.len());
        env.packets = 0;
        env.bytes = 0;
        env.invalid_checksum = 0;
    }

    pub(crate) fn swap_rules(&mut self, rules: &Arc<RuleSet>) {
        self.core.env.detector.swap(Arc::clone(rules));
        self.core.env.rules = Arc::clone(rules);
    }

    /// Ends the flows whose time has come. `ordinal` is that of the packet that moved engine time.
    pub(crate) fn tick(&mut self, now: Time, ordinal: u64) {
        self.core.env.now = now;
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
        self.decoder.decode(&input, &mut |packet| core.packet(packet));
    }

    /// Ends every flow: the capture is over.
    pub(crate) fn finish(&mut self) {
        let core = &mut self.core;
        let ended = &mut core.ended;
        core.flows.drain(|flow, reason| ended.push((flow, reason)));
        core.finish_ended(u64::MAX);
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
        add("app_layer.expectations", env.expectations.order.len() as u64);
        add("detect.alert", env.counters.alerts);
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

impl<W: Watch> Core<W> {
    fn expire(&mut self, now: Time, ordinal: u64) {
        let ended = &mut self.ended;
        self.flows.expire(now, |flow, reason| ended.push((flow, reason)));
        if !self.ended.is_empty() {
            self.finish_ended(ordinal);
        }
    }

    fn finish_ended(&mut self, ordinal: u64) {
        let place = self.env.writer.place;
        for (mut flow, reason) in core::mem::take(&mut self.ended) {
            self.env.writer.place = Place { ordinal, class: 0, flow: flow.first_ordinal };
            self.env.finish(&mut flow, reason);
        }
        self.env.writer.place = place;
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
        let mut direction = lookup.direction;
        let mut events = sidewire_tcp::Events::default();
        let mut in_stream = false;
        if let Transport::Tcp(tcp) = &packet.transport {
            let Some(flow) = self.flows.get_mut(handle) else { return };
            let setup = Arc::clone(&self.env.setup);
            let session = flow
                .data
                .tcp
                .get_or_insert_with(|| Box::new(Session::new(&setup.tcp, flow.client.address, flow.server.address)));
            if self.env.rules.is_empty() {
                // Nobody will look at stream octets: they need not be kept.
                for side in Direction::BOTH {
                    session.stream_mut(side).disable(Consumer::Raw);
                }
            }
            let outcome = session.packet(tcp, packet.payload, direction, packet.time, &setup.tcp, &mut self.env.tcp);
            events = outcome.events;
            in_stream = outcome.valid && !packet.payload.is_empty();
            if outcome.swap {
                self.flows.swap_direction(handle);
                direction = direction.flip();
            }
            // Data that became visible travels against the acknowledgement: the other direction first.
            for seen in [direction.flip(), direction] {
                if outcome.visible[seen] {
                    self.feed_stream(handle, seen, packet.ordinal, &mut direction);
                }
            }
            self.feed_waiting(handle, packet.ordinal);
        } else if let Transport::Udp(_) = &packet.transport {
            self.feed_datagram(handle, packet, &mut direction);
        }
        self.update_state(handle);
        let Some(flow) = self.flows.get_mut(handle) else { return };
        self.env.inspect(flow, Some(packet), direction, &events, in_stream, false);
        self.env.log_packet(flow, packet, direction, &events);
        self.env.log_transactions(flow, Some(packet), false);
        self.env.retire(flow, false);
        if let Some(next) = flow.data.app.switch.take() {
            self.env.switch(flow, next, packet.ordinal);
        }
        if let Some(session) = &mut flow.data.tcp {
            session.release(&self.env.setup.tcp, &mut self.env.tcp);
        }
        if !self.ended.is_empty() {
            self.finish_ended(packet.ordinal);
        }
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
        if let Some(lookup) = lookup.filter(|lookup| lookup.is_new) {
            if let Some(flow) = self.flows.get_mut(lookup.handle) {
                if let Some(name) = self.env.expectations.by_server.get(&flow.server) {
                    flow.data.app.expected = self.env.setup.detection.position(name);
                }
            }
        }
        lookup
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

    /// Hands what is visible of a stream to its protocol. `direction` is the packet's, which turns with the flow.
    fn feed_stream(&mut self, handle: Handle, seen: Direction, ordinal: u64, direction: &mut Direction) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        if self.env.feed_stream(flow, seen, ordinal) == Turn::Reversed {
            self.flows.swap_direction(handle);
            *direction = direction.flip();
            let Some(flow) = self.flows.get_mut(handle) else { return };
            if let Some(session) = &mut flow.data.tcp {
                session.swap_direction();
            }
            flow.data.app.closed.swap(0, 1);
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

    fn feed_datagram(&mut self, handle: Handle, packet: &Packet<'_>, direction: &mut Direction) {
        let Some(flow) = self.flows.get_mut(handle) else { return };
        if self.env.feed_datagram(flow, packet, *direction) == Turn::Reversed {
            self.flows.swap_direction(handle);
            *direction = direction.flip();
            let Some(flow) = self.flows.get_mut(handle) else { return };
            self.env.feed_datagram(flow, packet, *direction);
        }
    }
}

/// Did protocol detection find that a flow runs the other way?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Straight,
    Reversed,
}

impl<W: Watch> Env<W> {
    /// A packet that belongs to no flow: only packet rules and decoder events apply.
    fn without_flow(&mut self, packet: &Packet<'_>) {
        self.matches.clear();
        let input = DetectInput {
            time: self.now,
            ordinal: packet.ordinal,
            packet: Some(packet),
            source: packet.source(),
            destination: packet.destination(),
            flow: None,
            stream_events: &[],
            last: false,
        };
        self.detector.inspect(input, &mut self.watch, &mut self.matches);
        self.watch.inspected(None, None);
        let matches = core::mem::take(&mut self.matches);
        for found in &matches {
            self.alert(None, Some(packet), found);
        }
        self.matches = matches;
        self.decode_anomalies(None, packet);
    }

    fn feed_stream(&mut self, flow: &mut ConversationFlow, direction: Direction, ordinal: u64) -> Turn {
        let Conversation { tcp: Some(tcp), app, .. } = &mut flow.data else { return Turn::Straight };
        let (client, server) = (flow.client, flow.server);
        let mut known = app.session.is_some();
        loop {
            if app.switch.is_some() {
                return Turn::Straight;
            }
            if app.stopped {
                tcp.stream_mut(direction).disable(Consumer::App);
                return Turn::Straight;
            }
            let (offset, bytes, last) = match tcp.stream(direction).available(Consumer::App) {
                None => return Turn::Straight,
                Some(Chunk::Gap { length, .. }) => {
                    self.gap(app, direction, length, ordinal, (client, server), tcp.midstream());
                    tcp.stream_mut(direction).consume(Consumer::App, length);
                    continue;
                }
                Some(Chunk::Data { offset, bytes, last, .. }) => (offset, bytes, last),
            };
            if app.closed[direction] {
                return Turn::Straight;
            }
            if !app.detection.is_decided(direction) && !app.failed {
                match self.identify(
                    app,
                    sidewire_proto::Transport::Tcp,
                    direction,
                    bytes,
                    (client, server),
                    tcp.midstream(),
                    last,
                ) {
                    Found::Session => {}
                    Found::Reversed => return Turn::Reversed,
                    Found::Wait if app.session.is_none() => return Turn::Straight,
                    Found::Wait => {}
                    Found::Failed => continue,
                }
            }
            let Some(session) = &mut app.session else {
                // Known but not parsed, or given up.
                app.stopped = true;
                continue;
            };
            if bytes.len() < app.need[direction] && !last {
                return Turn::Straight;
            }
            app.dirty = true;
            let opened = session.opened();
            let mut context = Context {
                time: self.now,
                ordinal,
                client,
                server,
                transport: sidewire_proto::Transport::Tcp,
                midstream: tcp.midstream(),
                objects: &mut self.objects,
                expectations: &mut self.announced,
            };
            let total = bytes.len();
            let step = if total == 0 {
                Ok(sidewire_proto::Step::default())
            } else {
                session.parse(direction, Input { data: bytes, offset, last }, &mut context)
            };
            if let (Ok(step), true) = (&step, last) {
                if step.switch.is_none() {
                    session.close(direction, &mut context);
                    app.closed[direction] = true;
                }
            }
            let new = session.opened() - opened;
            self.count_transactions(app.protocol, new);
            self.note_expectations();
            match step {
                Ok(step) => {
                    let consumed = step.consumed.min(total);
                    let everything = consumed == total;
                    app.need[direction] = step.need;
                    let stream = tcp.stream_mut(direction);
                    stream.consume(Consumer::App, consumed as u64);
                    if everything {
                        // A message ends here: rules on the stream need not wait for more.
                        stream.flush_raw();
                    }
                    if let Some(next) = step.switch {
                        app.switch = Some(next);
                    } else if step.finished {
                        app.stopped = true;
                    }
                    if last && step.switch.is_none() {
                        stream_done(tcp, direction);
                        return Turn::Straight;
                    }
                    if consumed == 0 && step.switch.is_none() {
                        return Turn::Straight;
                    }
                }
                Err(_) => {
                    self.parser_error(app);
                    app.stopped = true;
                }
            }
            // The first direction that told makes the other one's octets readable as well.
            if !known && app.session.is_some() {
                known = true;
                let other = direction.flip();
                if tcp.stream(other).available(Consumer::App).is_some() {
                    let turn = self.feed_stream(flow, other, ordinal);
                    debug_assert!(turn == Turn::Straight, "the flow's direction is settled");
                    return self.feed_stream(flow, direction, ordinal);
                }
            }
        }
    }

    fn gap(
        &mut self,
        app: &mut App,
        direction: Direction,
        length: u64,
        ordinal: u64,
        (client, server): (Endpoint, Endpoint),
        midstream: bool,
    ) {
        let Some(session) = &mut app.session else {
            // Protocol detection needs the beginning: midstream it may find one behind the gap.
            if !midstream {
                app.detection_gave_up(&mut self.counters);
            }
            return;
        };
        app.dirty = true;
        app.need[direction] = 0;
        let opened = session.opened();
        let mut context = Context {
            time: self.now,
            ordinal,
            client,
            server,
            transport: sidewire_proto::Transport::Tcp,
            midstream,
            objects: &mut self.objects,
            expectations: &mut self.announced,
        };
        let outcome = session.gap(direction, length, &mut context);
        let new = session.opened() - opened;
        if outcome.is_err() {
            app.stopped = true;
            if let Some(count) = app.protocol.and_then(|n| self.counters.gap_errors.get_mut(usize::from(n))) {
                *count += 1;
            }
        }
        self.count_transactions(app.protocol, new);
        self.note_expectations();
    }

    #[expect(clippy::too_many_arguments, reason = "one call site per transport; the parts belong to different owners")]
    fn identify(
        &mut self,
        app: &mut App,
        transport: sidewire_proto::Transport,
        direction: Direction,
        bytes: &[u8],
        (client, server): (Endpoint, Endpoint),
        midstream: bool,
        last: bool,
    ) -> Found {
        if !app.begun {
            app.begun = true;
            app.detection = DetectionState::new(midstream);
        }
        let setup = Arc::clone(&self.setup);
        let outcome =
            setup.detection.identify(&mut app.detection, transport, direction, bytes, (client.port, server.port), last);
        app.take_detection_events();
        match outcome {
            Outcome::More => Found::Wait,
            Outcome::Failed => {
                let other = app.detection.is_decided(direction.flip());
                if other && app.session.is_none() {
                    app.failed = true;
                    app.stopped = true;
                    match transport {
                        sidewire_proto::Transport::Tcp => self.counters.failed_tcp += 1,
                        sidewire_proto::Transport::Udp => self.counters.failed_udp += 1,
                    }
                    return Found::Failed;
                }
                Found::Wait
            }
            Outcome::Found { protocol, reversed } => {
                if app.session.is_none() {
                    app.protocol = Some(protocol);
                    if let Some(count) = self.counters.flows.get_mut(usize::from(protocol)) {
                        *count += 1;
                    }
                    if setup.detection.parses(protocol) {
                        let settings = setup.settings.get(usize::from(protocol)).cloned().unwrap_or_default();
                        app.session = setup.protocols.get(usize::from(protocol)).map(|def| (def.begin)(&settings));
                    }
                }
                if reversed { Found::Reversed } else { Found::Session }
            }
        }
    }

    /// The flow speaks another protocol from here on: the session so far ends, and detection begins anew.
    fn switch(&mut self, flow: &mut ConversationFlow, next: &str, ordinal: u64) {
        self.finish_session(flow, ordinal);
        let expected = (!next.is_empty()).then(|| self.setup.detection.position(next)).flatten();
        let app = &mut flow.data.app;
        app.original = app.original.or(app.protocol);
        app.expected = expected;
        app.detection.restart(expected);
        app.protocol = None;
        app.session = None;
        app.need = [0; 2];
        app.closed = [false; 2];
        for direction in Direction::BOTH {
            self.feed_stream(flow, direction, ordinal);
        }
    }

    fn feed_datagram(&mut self, flow: &mut ConversationFlow, packet: &Packet<'_>, direction: Direction) -> Turn {
        let (client, server) = (flow.client, flow.server);
        let app = &mut flow.data.app;
        if app.stopped || packet.payload.is_empty() {
            return Turn::Straight;
        }
        if !app.detection.is_decided(direction) {
            match self.identify(
                app,
                sidewire_proto::Transport::Udp,
                direction,
                packet.payload,
                (client, server),
                false,
                true,
            ) {
                Found::Session => {}
                Found::Reversed => return Turn::Reversed,
                Found::Wait if app.session.is_none() => return Turn::Straight,
                Found::Wait => {}
                Found::Failed => return Turn::Straight,
            }
        }
        let Some(session) = &mut app.session else { return Turn::Straight };
        app.dirty = true;
        let opened = session.opened();
        let mut context = Context {
            time: self.now,
            ordinal: packet.ordinal,
            client,
            server,
            transport: sidewire_proto::Transport::Udp,
            midstream: false,
            objects: &mut self.objects,
            expectations: &mut self.announced,
        };
        let step = session.parse(direction, Input { data: packet.payload, offset: 0, last: true }, &mut context);
        let new = session.opened() - opened;
        self.count_transactions(app.protocol, new);
        self.note_expectations();
        if step.is_err() {
            // A datagram stands for itself: the next one may be sound again.
            self.parser_error(app);
        }
        Turn::Straight
    }

    fn count_transactions(&mut self, protocol: Option<u16>, new: u64) {
        if let Some(count) = protocol.and_then(|n| self.counters.transactions.get_mut(usize::from(n))) {
            *count += new;
        }
    }

    fn parser_error(&mut self, app: &App) {
        if let Some(count) = app.protocol.and_then(|n| self.counters.parser_errors.get_mut(usize::from(n))) {
            *count += 1;
        }
    }

    fn note_expectations(&mut self) {
        for expectation in self.announced.drain(..) {
            self.expectations.add(&expectation);
        }
    }

    /// Applies the rules to a packet (or, without one, to the end of a flow) in one direction, and raises alerts.
    fn inspect(
        &mut self,
        flow: &mut ConversationFlow,
        packet: Option<&Packet<'_>>,
        direction: Direction,
        events: &sidewire_tcp::Events,
        in_stream: bool,
        last: bool,
    ) {
        if self.rules.len() == 0 {
            return;
        }
        let (source, destination) = flow.endpoints(direction);
        let stats = FlowStats {
            packets: flow.packets,
            bytes: flow.bytes,
            age: u64::try_from(flow.last.seconds() - flow.first.seconds()).unwrap_or(0),
        };
        let both_seen = flow.both_seen();
        let event_numbers: smallvec::SmallVec<[u16; 4]> = events.iter().map(|event| event as u16).collect();
        self.matches.clear();
        let Conversation { tcp, app, rules, .. } = &mut flow.data;
        let chunk = self.setup.tcp.reassembly.chunk_size[direction];
        let mut fresh = 0;
        let stream = tcp.as_ref().and_then(|session| {
            let stream = session.stream(direction);
            if !(last || stream.raw_ready(chunk)) {
                return None;
            }
            match stream.available_with_overlap(Consumer::Raw, chunk as usize)? {
                Chunk::Data { offset, bytes, seen, last: end } => {
                    fresh = bytes.len() - seen;
                    Some(StreamInput { data: bytes, offset, fresh, flush: true, last: end || last })
                }
                Chunk::Gap { length, .. } => {
                    fresh = usize::try_from(length).unwrap_or(usize::MAX);
                    None
                }
            }
        });
        let input = DetectInput {
            time: self.now,
            ordinal: packet.map_or(self.writer.place.ordinal, |packet| packet.ordinal),
            packet,
            source: Some(source),
            destination: Some(destination),
            flow: Some(FlowInput {
                direction,
                established: tcp.as_ref().map_or(both_seen, |session| session.is_established()),
                protocol: flow.protocol,
                app: app.protocol.map(usize::from),
                app_failed: app.failed,
                app_events: &app.events,
                state: rules,
                session: app.session.as_deref_mut(),
                stream,
                stream_sizes: tcp.as_ref().map_or([0; 2], |s| Direction::BOTH.map(|d| s.stream(d).visible())),
                stats,
                packet_in_stream: in_stream,
            }),
            stream_events: &event_numbers,
            last,
        };
        self.detector.inspect(input, &mut self.watch, &mut self.matches);
        self.watch.inspected(Some(flow), flow.data.app.names(self.setup.protocols).flow);
        let matches = core::mem::take(&mut self.matches);
        for found in &matches {
            self.alert(Some(flow), packet, found);
        }
        self.matches = matches;
        if fresh > 0 {
            if let Some(session) = &mut flow.data.tcp {
                session.stream_mut(direction).consume(Consumer::Raw, fresh as u64);
            }
        }
    }

    fn alert(&mut self, flow: Option<&mut ConversationFlow>, packet: Option<&Packet<'_>>, found: &Match) {
        let rules = Arc::clone(&self.rules);
        let rule = rules.rule(found.rule);
        if rule.noalert || matches!(rule.action, Action::Pass | Action::Config) {
            return;
        }
        let flow = flow.map(|flow| {
            flow.data.alerted = true;
            &*flow
        });
        self.counters.alerts += 1;
        if !self.writer.wants(Kind::ALERT) {
            return;
        }
        let endpoints = match (packet, flow) {
            (Some(packet), _) => (packet.source(), packet.destination()),
            (None, Some(flow)) => {
                let (source, destination) = flow.endpoints(found.direction);
                (Some(source), Some(destination))
            }
            (None, None) => (None, None),
        };
        let mut held = Vec::new();
        let payload = match (found.stream, flow.and_then(|flow| flow.data.tcp.as_ref())) {
            (true, Some(session)) => {
                for (_, piece) in session.stream(found.direction).pieces() {
                    let room = MAX_STREAM_PAYLOAD.saturating_sub(held.len());
                    held.extend_from_slice(piece.get(..room).unwrap_or(piece));
                }
                Payload::Stream(&held)
            }
            _ => Payload::Packet(packet.map_or(&[], |packet| packet.payload)),
        };
        let setup = Arc::clone(&self.setup);
        let transaction = found.tx.and_then(|(position, _)| {
            let app = &flow?.data.app;
            let number = usize::from(app.protocol?);
            let session = app.session.as_deref()?;
            Some(Transaction { session, protocol: setup.protocols.get(number)?, number, position })
        });
        let facts = AlertFacts {
            rule,
            source: endpoints.0,
            destination: endpoints.1,
            direction: found.direction,
            packet,
            payload,
            flow,
            app: flow.map(|flow| flow.data.app.names(setup.protocols)).unwrap_or_default(),
            transaction,
            state: flow.map(|flow| &flow.data.rules),
            found,
        };
        let key = AlertKey {
            rule: found.rule,
            source: endpoints.0,
            destination: endpoints.1,
            flow: flow.map_or(0, |flow| flow.id),
            time: self.now,
            first: true,
        };
        let community = |seed| flow.map(|flow| sidewire_flow::community_id(flow, seed)).unwrap_or_default();
        let file = self.file.clone();
        let mut envelope = envelope(packet, flow, self.now, endpoints, file.as_deref());
        envelope.tx = found.tx.map(|(_, id)| id);
        let mut overwriting = setup.outputs.list.iter().filter(|output| output.overwrites_addresses());
        envelope.forwarded = overwriting.find_map(|output| Some((found.direction, facts.forwarded_for(output)?)));
        if flow.is_some() {
            envelope.community = Some(&community);
        }
        self.writer.event(Kind::ALERT, &envelope, Some(key), |output, out| facts.write(&setup.outputs, output, out));
    }

    /// Anomalies of a packet with a flow: decoder, stream, protocol detection.
    fn log_packet(
        &mut self,
        flow: &mut ConversationFlow,
        packet: &Packet<'_>,
        direction: Direction,
        events: &sidewire_tcp::Events,
    ) {
        if !packet.events.is_empty() {
            self.decode_anomalies(Some(flow), packet);
        }
        if !self.writer.wants(Kind::ANOMALY) {
            return;
        }
        for event in events.iter() {
            self.anomaly(Some(flow), Some(packet), direction, None, Anomaly::Stream(event.name()));
        }
        let app = &mut flow.data.app;
        if app.events_logged < app.events.len() {
            let protocol = app.names(self.setup.protocols).flow.unwrap_or("unknown");
            let new: smallvec::SmallVec<[&'static str; 2]> =
                app.events.iter().skip(app.events_logged).copied().collect();
            app.events_logged = app.events.len();
            for event in new {
                self.anomaly(Some(flow), Some(packet), direction, None, Anomaly::Detection { protocol, event });
            }
        }
    }

    fn decode_anomalies(&mut self, flow: Option<&ConversationFlow>, packet: &Packet<'_>) {
        for event in &packet.events {
            self.anomaly(flow, Some(packet), Direction::ToServer, None, Anomaly::Decode(event.name()));
        }
    }

    fn anomaly(
        &mut self,
        flow: Option<&ConversationFlow>,
        packet: Option<&Packet<'_>>,
        direction: Direction,
        tx: Option<u64>,
        anomaly: Anomaly,
    ) {
        if !self.setup.outputs.list.iter().any(|output| output.wants(Kind::ANOMALY) && anomaly.wanted(output.anomaly)) {
            return;
        }
        let endpoints = match (packet, flow) {
            (Some(packet), _) => (packet.source(), packet.destination()),
            (None, Some(flow)) => {
                let (source, destination) = flow.endpoints(direction);
                (Some(source), Some(destination))
            }
            (None, None) => (None, None),
        };
        let file = self.file.clone();
        let mut envelope = envelope(packet, flow, self.now, endpoints, file.as_deref());
        envelope.tx = tx;
        let community = |seed| flow.map(|flow| sidewire_flow::community_id(flow, seed)).unwrap_or_default();
        if flow.is_some() {
            envelope.community = Some(&community);
        }
        self.writer.event_if(
            Kind::ANOMALY,
            &envelope,
            |output| anomaly.wanted(output.anomaly),
            |_, out| anomaly.write(out),
        );
    }

    /// Writes what transactions have to say by now.
    fn log_transactions(&mut self, flow: &mut ConversationFlow, packet: Option<&Packet<'_>>, last: bool) {
        if !(flow.data.app.dirty || last) {
            return;
        }
        let setup = Arc::clone(&self.setup);
        let Some(number) = flow.data.app.protocol.map(usize::from) else { return };
        let Some(protocol) = setup.protocols.get(number) else { return };
        let file = self.file.clone();
        let loggers = setup.outputs.logger_count(number);
        let mut anomalies: Vec<(u64, &'static str)> = Vec::new();
        let anomalies_wanted = self.writer.wants(Kind::ANOMALY);
        let Some(count) = flow.data.app.session.as_ref().map(|session| session.len()) else { return };
        for position in 0..count {
            for logger in 0..loggers {
                let Some(session) = flow.data.app.session.as_deref() else { return };
                let Some(head) = session.head(position) else { continue };
                let bit = 1_u32 << logger.min(31);
                if head.logged & bit != 0 || !session.log_ready(position, logger, last) {
                    continue;
                }
                let Some(kind) = setup.outputs.logger(number, logger) else { continue };
                let (source, destination) = flow.endpoints(session.log_from(position, logger));
                let community = |seed| sidewire_flow::community_id(flow, seed);
                let mut envelope =
                    envelope(packet, Some(flow), self.now, (Some(source), Some(destination)), file.as_deref());
                envelope.tx = Some(head.id);
                envelope.community = Some(&community);
                let key = (protocol.loggers)(logger).map_or("", |info| info.event_type);
                let names = flow.data.app.names(setup.protocols);
                self.writer.event(kind, &envelope, None, |output, out| {
                    if key == "fileinfo" {
                        // A file is told together with the transaction that carried it.
                        out.object_unless_empty(protocol.info.name, |o| session.log(position, 0, false, o));
                        names.write(out);
                    }
                    out.object(key, |o| session.log(position, logger, output.extended(kind), o));
                });
                if let Some(head) = flow.data.app.session.as_deref_mut().and_then(|session| session.head_mut(position))
                {
                    head.logged |= bit;
                }
            }
            let Some(head) = flow.data.app.session.as_deref_mut().and_then(|session| session.head_mut(position)) else {
                continue;
            };
            let logged = usize::from(head.events_logged);
            if logged < head.events.len() {
                if anomalies_wanted {
                    let names = head.events.iter().skip(logged);
                    anomalies.extend(names.filter_map(|n| Some((head.id, protocol.events.get(usize::from(*n))?.name))));
                }
                head.events_logged = u8::try_from(head.events.len()).unwrap_or(u8::MAX);
            }
        }
        for (tx, event) in anomalies {
            let anomaly = Anomaly::Parser { protocol: protocol.info.name, event };
            self.anomaly(Some(flow), packet, Direction::ToServer, Some(tx), anomaly);
        }
    }

    /// Drops transactions nobody needs any more.
    fn retire(&mut self, flow: &mut ConversationFlow, last: bool) {
        let app = &mut flow.data.app;
        app.dirty = false;
        let Some(session) = &mut app.session else { return };
        let count = session.len();
        if count == 0 {
            return;
        }
        let Some(number) = app.protocol.map(usize::from) else { return };
        let info = session.info();
        let watched = Direction::BOTH.map(|direction| self.rules.inspects(number, direction));
        let logged = (1_u32 << self.setup.outputs.logger_count(number).min(31)) - 1;
        let mut excess = count.saturating_sub(MAX_TRANSACTIONS);
        self.counters.transactions_evicted += excess as u64;
        session.retain(&mut |head| {
            if excess > 0 {
                excess -= 1;
                return false;
            }
            let complete = |direction: Direction| head.progress[direction] >= info.complete(direction);
            let inspected = |direction: Direction| {
                !watched[direction] || head.inspection[direction].done || head.skip_inspection[direction]
            };
            let done = Direction::BOTH.into_iter().all(|direction| complete(direction) && inspected(direction));
            !(last || done && head.logged & logged == logged)
        });
    }

    /// A flow ended: what is held becomes visible, every open transaction is inspected and logged once.
    fn finish(&mut self, flow: &mut ConversationFlow, reason: EndReason) {
        let ordinal = self.writer.place.ordinal;
        if let Some(session) = &mut flow.data.tcp {
            let visible = session.close(&mut self.tcp);
            for direction in Direction::BOTH {
                if visible[direction] {
                    self.feed_stream(flow, direction, ordinal);
                }
            }
        }
        if let Some(next) = flow.data.app.switch.take() {
            self.switch(flow, next, ordinal);
        }
        self.finish_session(flow, ordinal);
        self.log_flow(flow, reason);
        if let Some(mut session) = flow.data.tcp.take() {
            self.tcp.ended(session.state());
            session.discard(&mut self.tcp);
        }
    }

    /// Ends the application session: every open transaction is inspected and logged once.
    fn finish_session(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        self.close_session(flow, ordinal);
        let nothing = sidewire_tcp::Events::default();
        let pending = flow.data.app.session.as_ref().is_some_and(|session| !session.is_empty());
        let raw = |flow: &ConversationFlow, direction| {
            flow.data.tcp.as_ref().is_some_and(|s| s.stream(direction).available(Consumer::Raw).is_some())
        };
        for direction in Direction::BOTH {
            if pending || raw(flow, direction) {
                self.inspect(flow, None, direction, &nothing, false, true);
            }
        }
        self.log_transactions(flow, None, true);
        self.retire(flow, true);
    }

    fn close_session(&mut self, flow: &mut ConversationFlow, ordinal: u64) {
        let (client, server) = (flow.client, flow.server);
        let transport =
            if flow.data.tcp.is_some() { sidewire_proto::Transport::Tcp } else { sidewire_proto::Transport::Udp };
        let midstream = flow.data.tcp.as_ref().is_some_and(|session| session.midstream());
        let app = &mut flow.data.app;
        let Some(session) = &mut app.session else { return };
        for direction in Direction::BOTH {
            if !app.closed[direction] {
                app.closed[direction] = true;
                let mut context = Context {
                    time: self.now,
                    ordinal,
                    client,
                    server,
                    transport,
                    midstream,
                    objects: &mut self.objects,
                    expectations: &mut self.announced,
                };
                session.close(direction, &mut context);
            }
        }
        self.note_expectations();
    }

    fn log_flow(&mut self, flow: &ConversationFlow, reason: EndReason) {
        if !(self.writer.wants(Kind::FLOW) || self.writer.wants(Kind::NETFLOW)) {
            return;
        }
        let file = self.file.clone();
        let endpoints = (Some(flow.client), Some(flow.server));
        let community = |seed| sidewire_flow::community_id(flow, seed);
        let mut envelope = envelope(None, Some(flow), self.now, endpoints, file.as_deref());
        envelope.packet_source = None;
        envelope.icmp_response = flow.icmp.map(|icmp| icmp.response).filter(|_| flow.packets[Direction::ToClient] > 0);
        envelope.community = Some(&community);
        let facts = FlowFacts {
            flow,
            reason,
            alerted: flow.data.alerted,
            transactions: flow.data.app.session.as_ref().map(|session| session.opened()),
            tcp: flow.data.tcp.as_deref(),
            app: flow.data.app.names(self.setup.protocols),
            state: &flow.data.rules,
        };
        self.writer.event(Kind::FLOW, &envelope, None, |output, out| facts.write(output, out));
        if self.writer.wants(Kind::NETFLOW) {
            for direction in Direction::BOTH {
                let (source, destination) = flow.endpoints(direction);
                envelope.source = Some(source);
                envelope.destination = Some(destination);
                self.writer.event(Kind::NETFLOW, &envelope, None, |_, out| facts.write_netflow(direction, out));
            }
        }
    }
}

/// What became of a look at a direction's first octets.
enum Found {
    /// The protocol is known.
    Session,
    /// It is known, and the flow runs the other way.
    Reversed,
    /// More octets are needed.
    Wait,
    /// Nobody knows.
    Failed,
}

fn stream_done(tcp: &mut Session, direction: Direction) {
    tcp.stream_mut(direction).disable(Consumer::App);
}

impl App {
    fn detection_gave_up(&mut self, counters: &mut AppCounters) {
        if !self.failed && self.session.is_none() {
            self.failed = true;
            self.stopped = true;
            counters.failed_tcp += 1;
        }
    }
}

/// The beginning of an event about a packet, or about a flow without one.
fn envelope<'a>(
    packet: Option<&'a Packet<'_>>,
    flow: Option<&'a ConversationFlow>,
    now: Time,
    (source, destination): (Option<Endpoint>, Option<Endpoint>),
    file: Option<&'a str>,
) -> Envelope<'a> {
    let icmp = match packet.map(|packet| &packet.transport) {
        Some(Transport::Icmp(icmp)) => Some((icmp.kind, icmp.code)),
        Some(_) => None,
        None => flow.and_then(|flow| flow.icmp).map(|icmp| icmp.request),
    };
    Envelope {
        time: packet.map_or(now, |packet| packet.time),
        flow_id: flow.map(|flow| flow.id),
        ordinal: packet.map(|packet| packet.ordinal),
        source,
        destination,
        protocol: match packet {
            Some(packet) => packet.ip.as_ref().map(|ip| ip.protocol),
            None => flow.map(|flow| flow.protocol),
        },
        vlans: packet.map_or_else(|| flow.map_or(&[][..], |flow| &flow.vlans), |packet| &packet.vlans),
        icmp,
        icmp_response: None,
        packet_source: Some(packet.map_or("stream (flow timeout)", packet_source)),
        ethernet: packet.and_then(|packet| packet.ethernet).map(|ethernet| (ethernet.source, ethernet.destination)),
        tx: None,
        file,
        forwarded: None,
        community: None,
    }
}

/// EVE's `pkt_src`.
fn packet_source(packet: &Packet<'_>) -> &'static str {
    use sidewire_decode::Tunnel;
    if packet.reassembled {
        return "defrag";
    }
    match packet.tunnel {
        None => "wire/pcap",
        Some(Tunnel::Gre | Tunnel::Erspan) => "gre tunnel",
        Some(Tunnel::IpInIp) if packet.ip.as_ref().is_some_and(|ip| ip.version == 6) => "ipv6 tunnel",
        Some(Tunnel::IpInIp) => "ipv4 tunnel",
        Some(Tunnel::Vxlan) => "vxlan encapsulation",
        Some(Tunnel::Geneve) => "geneve encapsulation",
        Some(Tunnel::Teredo) => "teredo tunnel",
    }
}
