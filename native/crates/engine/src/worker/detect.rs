//! Rules on a packet and its flow.

use std::sync::Arc;

use sidewire_app_layer::StreamFrames;
use sidewire_base::{Direction, PerDirection, Time};
use sidewire_decode::Packet;
use sidewire_detect::{
    DetectEngine, FlowInput, FlowStats, FramesInput, InspectInput as DetectInput, PrefilterInput, RuleMatch, RuleSet,
    SharedHandle, StreamInput,
};
use sidewire_tcp::{Stream, StreamConsumer, StreamEvents, StreamPiece, TcpSession};

use crate::config::setup::RunSetup;
use crate::worker::conversation::{ConversationFlow, FlowStorage};
use crate::worker::frames::frame_source;
use crate::worker::observer::RuleTracer;
use crate::worker::parse_context::FlowMoment;
use crate::worker::stream::RawReaders;

/// Why rules are applied to a flow: a packet and what it did, or the end of the flow.
pub(crate) struct InspectRequest<'a> {
    /// `None` at the end, and where the flow falls silent.
    pub(crate) packet: Option<&'a Packet<'a>>,
    /// The flow was established before the packet, or with it by the data it carries.
    pub(crate) was_established: bool,
    pub(crate) events: &'a StreamEvents,
    /// The packet's payload was handed to the stream.
    pub(crate) in_stream: bool,
    /// The flow was encrypted before the packet.
    pub(crate) opaque: bool,
    /// The packet is an ICMP error that quotes the flow: it brings nothing of the flow's own, so rules see neither streams
    /// nor transactions with it.
    pub(crate) quotes: bool,
}

impl InspectRequest<'_> {
    /// For no packet: the flow ends, or falls silent.
    pub(crate) const fn at_rest(was_established: bool) -> Self {
        Self {
            packet: None,
            was_established,
            events: &StreamEvents::NONE,
            in_stream: false,
            opaque: false,
            quotes: false,
        }
    }
}

/// Applies rules, and keeps what they need beyond one packet.
pub(crate) struct DetectStage<W: RuleTracer> {
    setup: Arc<RunSetup>,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) detector: DetectEngine,
    pub(crate) watch: W,
    /// What matched on the last packet or end of a flow.
    pub(crate) matches: Vec<RuleMatch>,
}

/// What rules have matched, and when by engine time.
#[derive(Clone, Copy)]
pub(crate) struct FoundMatches<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) matches: &'a [RuleMatch],
    /// Engine time: what thresholds are counted by.
    pub(crate) stamp: Time,
}

impl<W: RuleTracer> DetectStage<W> {
    pub(crate) fn new(setup: &Arc<RunSetup>, rules: &Arc<RuleSet>, watch: W, shared: SharedHandle) -> Self {
        Self {
            detector: DetectEngine::sharing(rules, shared),
            rules: Arc::clone(rules),
            watch,
            matches: Vec::new(),
            setup: Arc::clone(setup),
        }
    }

    /// Goes on with other rules.
    pub(crate) fn swap_rules(&mut self, rules: &Arc<RuleSet>) {
        self.detector.swap(Arc::clone(rules));
        self.rules = Arc::clone(rules);
    }

    /// A fault ended an inspection: what it had found is of no other packet.
    pub(crate) fn abandon(&mut self) {
        self.matches.clear();
        self.detector.abandon();
    }

    /// Forgets everything that was seen.
    pub(crate) fn reset(&mut self) {
        self.detector.reset();
    }

    /// What has matched last, at this engine time.
    pub(crate) fn found(&self, stamp: Time) -> FoundMatches<'_> {
        FoundMatches { rules: &self.rules, matches: &self.matches, stamp }
    }

    /// Which octets of streams rules will look at.
    pub(crate) fn readers(&self) -> RawReaders {
        RawReaders {
            any: !self.rules.is_empty(),
            streams: PerDirection::from_fn(|side| W::ACTIVE || self.rules.reads_streams(side)),
        }
    }

    /// A packet that belongs to no flow: only packet rules and decoder events apply.
    pub(crate) fn inspect_without_flow(&mut self, packet: &Packet<'_>, at: FlowMoment) {
        self.matches.clear();
        let input = DetectInput {
            time: at.time,
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
    }

    /// Applies the rules to a packet (or to the end of a flow) in one direction. Gives how many octets of the stream they
    /// have seen, to be [consumed](consume) once their alerts are written; `None` when there was nothing to look at.
    pub(crate) fn inspect(
        &mut self,
        flow: &mut ConversationFlow,
        direction: Direction,
        request: &InspectRequest<'_>,
        at: FlowMoment,
    ) -> Option<u64> {
        self.matches.clear();
        if self.rules.is_empty() {
            return None;
        }
        let &InspectRequest { packet, was_established, events, in_stream, opaque, quotes } = request;
        let last = packet.is_none();
        let established = flow.data.is_established(flow.both_seen());
        let (source, destination) = flow.endpoints(direction);
        let stats = flow_stats(flow);
        if !quotes {
            self.skip_unreadable(&mut flow.data, direction, last);
        }
        let FlowStorage { tcp, app, rules, .. } = &mut flow.data;
        let mut behind = Vec::new();
        let readable = tcp.as_deref().filter(|_| !quotes);
        let (stream, looked) = self.stream_input(readable, direction, last, &mut behind);
        let stream = stream.map(|first| StreamInput { behind: &behind, ..first });
        if let Some(packet) = packet.filter(|_| !W::ACTIVE) {
            let prefilter = PrefilterInput {
                packet,
                direction,
                protocol: flow.protocol,
                app: app.protocol,
                app_events: app.events.len(),
                state: rules,
                transactions: app.has_due_transactions(direction),
                stream: looked > 0,
                stream_events: !events.is_empty(),
                frames: app.has_frames(direction),
                packet_in_stream: in_stream,
            };
            if self.rules.is_idle(&prefilter) {
                consume(&mut flow.data, direction, looked);
                return None;
            }
        }
        let event_numbers: smallvec::SmallVec<[u16; 4]> = events.iter().map(|event| event as u16).collect();
        let taken = app.taken();
        let frames = frames_input(app.frames.as_deref_mut(), tcp.as_deref(), direction, packet);
        let input = DetectInput {
            time: at.time,
            ordinal: at.ordinal,
            packet,
            source: Some(source),
            destination: Some(destination),
            flow: Some(FlowInput {
                direction,
                established,
                was_established,
                protocol: flow.protocol,
                app: app.protocol,
                taken,
                app_events: &app.events,
                state: rules,
                session: app.session.as_deref_mut(),
                stream,
                frames,
                stream_sizes: tcp.as_ref().map(|session| PerDirection::from_fn(|side| session.sent(side))),
                stats,
                packet_in_stream: in_stream,
                opaque,
            }),
            stream_events: &event_numbers,
            last,
        };
        self.detector.inspect(input, &mut self.watch, &mut self.matches);
        if W::ACTIVE {
            self.watch.inspected(Some(flow), flow.data.app.names(self.setup.protocols).flow);
        }
        Some(looked)
    }

    /// Goes over octets that no rule reads, and over gaps: what follows one is looked at by itself.
    fn skip_unreadable(&self, flow: &mut FlowStorage, direction: Direction, last: bool) {
        let Some(session) = flow.tcp.as_mut() else { return };
        if session.stream(direction).is_raw_idle() && (last || session.raw_ready(direction, &self.setup.tcp)) {
            session.stream_mut(direction).skip_raw();
        }
        let stream = session.stream_mut(direction);
        while let Some(StreamPiece::Gap { length, .. }) = stream.available(StreamConsumer::Raw) {
            stream.consume(StreamConsumer::Raw, length);
        }
    }

    /// The stream octets that rules are to look at now, and how many of them are new. `behind` takes what follows gaps.
    fn stream_input<'a>(
        &self,
        session: Option<&'a TcpSession>,
        direction: Direction,
        last: bool,
        behind: &mut Vec<StreamInput<'a>>,
    ) -> (Option<StreamInput<'a>>, u64) {
        let Some(session) = session else { return (None, 0) };
        if !(last || session.raw_ready(direction, &self.setup.tcp)) {
            return (None, 0);
        }
        let stream = session.stream(direction);
        let chunk = self.setup.tcp.reassembly.chunk_size[direction];
        let Some(StreamPiece::Data { offset, bytes, seen, last: end, gap }) =
            stream.available_with_overlap(StreamConsumer::Raw, chunk as usize)
        else {
            return (None, 0);
        };
        let fresh = bytes.len() - seen;
        let mut looked = fresh as u64;
        if gap {
            let begin = offset + seen as u64;
            behind.extend(pieces(stream, begin + looked, last));
            looked = behind.last().map_or(looked, |piece| piece.offset + piece.data.len() as u64 - begin);
        }
        (Some(StreamInput { data: bytes, offset, fresh, flush: true, last: end || last, behind: &[] }), looked)
    }
}

/// What rules may ask of a flow's size and age.
fn flow_stats(flow: &ConversationFlow) -> FlowStats {
    let age = u64::try_from(flow.last.seconds() - flow.first.seconds()).unwrap_or(0);
    FlowStats { packets: flow.packets, bytes: flow.bytes, age }
}

/// The frames of a direction, and the octets they are parts of; `None` when there are no frames.
fn frames_input<'a>(
    frames: Option<&'a mut PerDirection<StreamFrames>>,
    tcp: Option<&'a TcpSession>,
    direction: Direction,
    packet: Option<&'a Packet<'_>>,
) -> Option<FramesInput<'a>> {
    let frames = &mut frames?[direction];
    let source = frame_source(tcp, direction, packet)?;
    (!frames.is_empty()).then_some(FramesInput { frames, source })
}

/// The rules have seen these stream octets, and gaps between them.
pub(crate) fn consume(flow: &mut FlowStorage, direction: Direction, octets: u64) {
    if octets > 0
        && let Some(session) = &mut flow.tcp
    {
        session.stream_mut(direction).consume(StreamConsumer::Raw, octets);
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

/// Would octets of a direction be new to rules?
pub(crate) fn has_unseen(session: &TcpSession, direction: Direction) -> bool {
    session.stream(direction).available(StreamConsumer::Raw).is_some()
}
