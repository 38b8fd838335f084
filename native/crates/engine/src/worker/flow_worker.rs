//! Packets to completion.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use sidewire_base::Time;
use sidewire_decode::{Decoder, Frame, Packet, Transport};
use sidewire_detect::RuleSet;
use sidewire_flow::{EndReason, FlowTable, Handle, Lookup, Stamp, Tuple};

use crate::config::setup::Setup;
use crate::output::writer::record::{Batch, Place};
use crate::summary::accumulate;
use crate::worker::conversation::{Conversation, ConversationFlow};
use crate::worker::detect::Occasion;
use crate::worker::env::Env;
use crate::worker::frames;
use crate::worker::observer::Watch;

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
        *flows = FlowTable::new(setup.flow.clone(), crate::worker::seed::seed());
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

    /// Takes a frame; `now` is engine time.
    pub(crate) fn frame(&mut self, now: Time, frame: &Frame<'_>) {
        let Self { decoder, core } = self;
        core.begin(now, frame.ordinal);
        if !contained(|| decoder.decode(frame, &mut |packet| core.packet(packet))) {
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
        env.parse.extensions.counters(&mut add);
        add("app_layer.expectations", env.expectations.order.len() as u64);
        add("detect.alert", env.counters.alerts);
        add("detect.alert_queue_overflow", env.detector.overflow());
        add("memcap.pressure", self.core.pressure());
        add("memcap.pressure_max", self.core.pressure_max());
    }
}

/// Suricata tells a protocol's transports apart in its counters only when it has both.
fn counter_name(protocol: &sidewire_app_layer::ProtocolDef) -> String {
    use sidewire_app_layer::Transport as Over;
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
    fn begin(&mut self, now: Time, ordinal: u64) {
        self.env.now = now;
        self.env.writer.place = Place { ordinal, class: 1, flow: 0 };
    }

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
        let checksum_bad = packet.bad_checksum.any();
        if checksum_bad && matches!(packet.transport, Transport::Tcp(_)) {
            self.env.invalid_checksum += 1;
        }
        let tuple =
            if packet.invalid || checksum_bad && !self.env.ignore_checksums { None } else { Tuple::of(packet, 0) };
        let Some(lookup) = tuple.and_then(|tuple| self.track(packet, &tuple)) else {
            self.env.without_flow(packet);
            return;
        };
        let Lookup { handle, mut direction, .. } = lookup;
        let Self { flows, env, current, .. } = self;
        *current = Some(handle);
        let Some(flow) = flows.get_mut(handle) else { return };
        env.note_headers(flow, packet, direction);
        let mut was_established = flow.data.is_established(flow.both_seen());
        let mut events = sidewire_tcp::Events::default();
        let mut in_stream = false;
        match &packet.transport {
            Transport::Tcp(tcp) => {
                let outcome = env.follow(flow, tcp, packet, &mut direction);
                (events, in_stream) = (outcome.events, outcome.in_stream);
                was_established |= outcome.confirmed_with_data;
            }
            Transport::Udp(_) => env.take_datagram(flow, packet, &mut direction),
            _ => {}
        }
        let state = flow.data.state().unwrap_or(flow.state());
        let flow = if state == flow.state() {
            flow
        } else {
            flows.set_state(handle, state);
            let Some(flow) = flows.get_mut(handle) else { return };
            flow
        };
        let occasion = Occasion { packet: Some(packet), was_established, events: &events, in_stream };
        let looked = env.inspect(flow, direction, &occasion);
        if env.setup.config.detect.guess_transaction
            && let Some(session) = &mut flow.data.app.session
        {
            session.pass(direction);
        }
        env.settle_frames(flow, direction, Some(packet));
        env.log_packet(flow, packet, direction, &events);
        let app = &flow.data.app;
        if app.session.is_some() && (looked || app.dirty || app.frames.is_some()) {
            env.log_transactions(flow, Some(packet), false);
            env.retire(flow, false);
            flow.data.app.let_go();
        }
        if let Some(next) = flow.data.app.switch.take() {
            env.switch(flow, next, packet.ordinal);
        }
        if let Some(session) = &mut flow.data.tcp {
            let pins = frames::pins(&flow.data.app, session);
            session.release(&env.setup.tcp, pins, &mut env.tcp);
        }
        *current = None;
    }

    fn track(&mut self, packet: &Packet<'_>, tuple: &Tuple) -> Option<Lookup> {
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
}
