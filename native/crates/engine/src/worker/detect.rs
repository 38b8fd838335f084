//! Rules on a packet and its flow, and the alerts they raise.
#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use std::sync::Arc;

use sidewire_app_layer::Look;
use sidewire_base::Direction;
use sidewire_decode::Packet;
use sidewire_detect::{FlowInput, FlowStats, FramesInput, Glance, Input as DetectInput, Match, RuleType, StreamInput};
use sidewire_ir::Action;
use sidewire_tcp::{Chunk, Consumer, Session, Stream};

use crate::output::format::eve::{AlertFacts, FrameFacts, Kind, Output, Payload, Transaction};
use crate::output::format::pieces::joined;
use crate::output::writer::record::AlertKey;
use crate::worker::conversation::{App, Conversation, ConversationFlow};
use crate::worker::env::Env;
use crate::worker::envelope::envelope;
use crate::worker::observer::Watch;

/// Stream octets shown of an alert that matched in the stream.
const MAX_STREAM_PAYLOAD: usize = 1 << 20;

/// Why the rules look at a flow: a packet and what it did, or the end of the flow.
pub(crate) struct Occasion<'a> {
    /// `None` at the end.
    pub(crate) packet: Option<&'a Packet<'a>>,
    /// The flow was established before the packet, or with it by the data it carries.
    pub(crate) was_established: bool,
    pub(crate) events: &'a sidewire_tcp::Events,
    /// The packet's payload was handed to the stream.
    pub(crate) in_stream: bool,
}

impl Conversation {
    /// TCP: the handshake is done, or the session was picked up. Otherwise: `both_seen`, both sides have spoken.
    pub(crate) fn is_established(&self, both_seen: bool) -> bool {
        self.tcp.as_ref().map_or(both_seen, |session| session.is_established())
    }
}

/// The rules have seen these stream octets, and gaps between them.
fn consume(tcp: &mut Option<Box<Session>>, direction: Direction, octets: u64) {
    if octets > 0
        && let Some(session) = tcp
    {
        session.stream_mut(direction).consume(Consumer::Raw, octets);
    }
}

/// What is visible of a stream from an offset on, and divided by gaps. `last`: nothing follows.
fn pieces(stream: &Stream, from: u64, last: bool) -> impl Iterator<Item = StreamInput<'_>> {
    let visible = stream.visible();
    stream.within(from, visible).map(move |(offset, data)| {
        let ends = stream.ended() && offset + data.len() as u64 == visible;
        StreamInput { data, offset, fresh: data.len(), flush: true, last: ends || last, behind: &[] }
    })
}

impl<W: Watch> Env<W> {
    /// A packet that belongs to no flow: only packet rules and decoder events apply.
    pub(crate) fn without_flow(&mut self, packet: &Packet<'_>) {
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
            self.alert(None, Some(packet), found, &matches);
        }
        self.log_variables(None, Some(packet), &matches);
        self.matches = matches;
        self.decode_anomalies(None, packet);
        self.log_arp(packet);
    }

    /// Applies the rules to a packet (or to the end of a flow) in one direction, and raises alerts. False when there was
    /// nothing for them to look at.
    pub(crate) fn inspect(
        &mut self,
        flow: &mut ConversationFlow,
        direction: Direction,
        occasion: &Occasion<'_>,
    ) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let &Occasion { packet, was_established, events, in_stream } = occasion;
        let last = packet.is_none();
        let established = flow.data.is_established(flow.both_seen());
        let (source, destination) = flow.endpoints(direction);
        let Conversation { tcp, app, rules, .. } = &mut flow.data;
        let chunk = self.setup.tcp.reassembly.chunk_size[direction];
        if let Some(session) = tcp.as_mut() {
            if session.stream(direction).is_raw_idle() && (last || session.raw_ready(direction, &self.setup.tcp)) {
                session.stream_mut(direction).skip_raw();
            }
            // Nobody can look into what is missing; what follows a gap is looked at by itself.
            let stream = session.stream_mut(direction);
            while let Some(Chunk::Gap { length, .. }) = stream.available(Consumer::Raw) {
                stream.consume(Consumer::Raw, length);
            }
        }
        let mut looked = 0;
        let mut behind = Vec::new();
        let stream = tcp.as_ref().and_then(|session| {
            let stream = session.stream(direction);
            if !(last || session.raw_ready(direction, &self.setup.tcp)) {
                return None;
            }
            let Some(Chunk::Data { offset, bytes, seen, last: end, gap }) =
                stream.available_with_overlap(Consumer::Raw, chunk as usize)
            else {
                return None;
            };
            let fresh = bytes.len() - seen;
            looked = fresh as u64;
            if gap {
                let begin = offset + seen as u64;
                behind.extend(pieces(stream, begin + looked, last));
                looked = behind.last().map_or(looked, |piece| piece.offset + piece.data.len() as u64 - begin);
            }
            Some(StreamInput { data: bytes, offset, fresh, flush: true, last: end || last, behind: &[] })
        });
        let stream = stream.map(|first| StreamInput { behind: &behind, ..first });
        let app_number = app.protocol.map(usize::from);
        if let Some(packet) = packet.filter(|_| !W::ACTIVE) {
            let glance = Glance {
                packet,
                direction,
                protocol: flow.protocol,
                app: app_number,
                app_events: app.events.len(),
                state: rules,
                transactions: app.session.as_ref().is_some_and(|session| session.is_due(Look::Rules(direction))),
                stream: looked > 0,
                stream_events: !events.is_empty(),
                frames: app.has_frames(direction),
                packet_in_stream: in_stream,
            };
            if self.rules.is_idle(&glance) {
                consume(tcp, direction, looked);
                return false;
            }
        }
        let stats = FlowStats {
            packets: flow.packets,
            bytes: flow.bytes,
            age: u64::try_from(flow.last.seconds() - flow.first.seconds()).unwrap_or(0),
        };
        let event_numbers: smallvec::SmallVec<[u16; 4]> = events.iter().map(|event| event as u16).collect();
        self.matches.clear();
        let taken = app.taken();
        let frames = app.frames.as_deref_mut().and_then(|frames| {
            let frames = &mut frames[direction];
            let stream = tcp.as_ref()?.stream(direction);
            (!frames.is_empty()).then_some(FramesInput { frames, stream })
        });
        let input = DetectInput {
            time: self.now,
            ordinal: packet.map_or(self.writer.place.ordinal, |packet| packet.ordinal),
            packet,
            source: Some(source),
            destination: Some(destination),
            flow: Some(FlowInput {
                direction,
                established,
                was_established,
                protocol: flow.protocol,
                app: app_number,
                taken,
                app_events: &app.events,
                state: rules,
                session: app.session.as_deref_mut(),
                stream,
                frames,
                stream_sizes: tcp.as_ref().map(|session| Direction::BOTH.map(|side| session.sent(side))),
                stats,
                packet_in_stream: in_stream,
            }),
            stream_events: &event_numbers,
            last,
        };
        self.detector.inspect(input, &mut self.watch, &mut self.matches);
        if W::ACTIVE {
            self.watch.inspected(Some(flow), flow.data.app.names(self.setup.protocols).flow);
        }
        if !self.matches.is_empty() {
            let matches = core::mem::take(&mut self.matches);
            for found in &matches {
                self.alert(Some(flow), packet, found, &matches);
            }
            self.log_variables(Some(flow), packet, &matches);
            self.matches = matches;
        }
        consume(&mut flow.data.tcp, direction, looked);
        true
    }

    /// Where the run asks for it: position and id of the transaction that an alert tells although its rule looks at none. It
    /// is the only one that packets of the direction have not passed, or none is.
    fn guess(&self, app: &mut App, found: &Match, kind: RuleType) -> Option<(usize, u64)> {
        let detect = &self.setup.config.detect;
        if !detect.guess_transaction || found.tx.is_some() || found.frame.is_some() || kind == RuleType::IpOnly {
            return None;
        }
        let session = app.session.as_deref_mut()?;
        let position = session.only_live(found.direction)?;
        let head = session.head_mut(position).filter(|head| head.guessed < detect.guesses_per_transaction)?;
        head.guessed += 1;
        Some((position, head.id))
    }

    /// Raises the alert of one of a packet's `matches`.
    fn alert(
        &mut self,
        flow: Option<&mut ConversationFlow>,
        packet: Option<&Packet<'_>>,
        found: &Match,
        matches: &[Match],
    ) {
        let rules = Arc::clone(&self.rules);
        let rule = rules.rule(found.rule);
        if rule.noalert || matches!(rule.action, Action::Pass | Action::Config) {
            return;
        }
        let mut flow = flow;
        if let Some(flow) = &mut flow {
            flow.data.alerted = true;
        }
        self.counters.alerts += 1;
        if !self.writer.wants(Kind::ALERT) {
            return;
        }
        let guessed = flow.as_mut().and_then(|flow| self.guess(&mut flow.data.app, found, rule.kind));
        let tx = found.tx.or(guessed);
        let flow = flow.map(|flow| &*flow);
        let endpoints = match (packet, flow) {
            (Some(packet), _) => (packet.source(), packet.destination()),
            (None, Some(flow)) => {
                let (source, destination) = flow.endpoints(found.direction);
                (Some(source), Some(destination))
            }
            (None, None) => (None, None),
        };
        // What matched in a stream, or on a transaction that came in one, is shown with what is held of it.
        let session = flow.and_then(|flow| flow.data.tcp.as_ref()).filter(|_| found.stream || found.tx.is_some());
        let held = session.filter(|_| self.setup.outputs.payloads).map(|session| {
            let stream = session.stream(found.direction);
            joined(stream.pieces(), stream.released(), MAX_STREAM_PAYLOAD).0
        });
        let payload = Payload {
            octets: match &held {
                Some(held) if !held.is_empty() => held,
                _ => packet.map_or(&[], |packet| packet.payload),
            },
            stream: session.is_some(),
        };
        let setup = Arc::clone(&self.setup);
        let transaction = tx.and_then(|(position, _)| {
            let app = &flow?.data.app;
            let number = usize::from(app.protocol?);
            let session = app.session.as_deref()?;
            Some(Transaction { session, protocol: setup.protocols.get(number)?, number, position })
        });
        let frame = found.frame.and_then(|id| {
            let flow = flow?;
            let frame = flow.data.app.frames.as_deref()?[found.direction].by_id(id)?;
            let stream = flow.data.tcp.as_ref()?.stream(found.direction);
            let extent = frame.extent(stream.settled(), packet.is_none() || stream.is_over());
            Some(FrameFacts { frame, extent, stream, direction: found.direction, name: self.frame_name(flow, frame) })
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
            guessed: guessed.is_some(),
            frame,
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
        envelope.variables.matches = matches;
        envelope.tx = tx.map(|(_, id)| id);
        let client = |output: &Output| facts.forwarded_for(output, true);
        envelope.forwarded = Some((found.direction, &client));
        if flow.is_some() {
            envelope.community = Some(&community);
        }
        self.writer.alert(&envelope, key, (rule, packet), |output, out| facts.write(&setup.outputs, output, out));
    }
}
