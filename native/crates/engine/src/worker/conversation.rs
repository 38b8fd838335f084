//! What is kept for each flow.

use sidewire_app_layer::{DetectionEvent, DetectionState, ProtocolDef, Session, StreamFrames, TxConsumer};
use sidewire_base::{Direction, PerDirection, ProtocolId};
use sidewire_decode::Packet;
use sidewire_detect::{AppProto, AppProtoState};
use sidewire_flow::{Flow, FlowState};
use sidewire_tcp::TcpState;
use smallvec::SmallVec;

use crate::output::format::eve::mac_set::MacSet;
use crate::output::format::eve::{AppNames, TtlRange};

/// What the engine keeps for each flow, beside the flow table's own part.
#[derive(Default)]
pub(crate) struct FlowStorage {
    pub(crate) tcp: Option<Box<sidewire_tcp::TcpSession>>,
    pub(crate) app: AppLayerState,
    pub(crate) rules: sidewire_detect::DetectFlowState,
    /// An alert was raised on it.
    pub(crate) alerted: bool,
    /// Ethernet addresses, when an output shows them.
    pub(crate) macs: Option<Box<MacSet>>,
    pub(crate) ttl: PerDirection<TtlRange>,
    /// Number of the interface its first packet came by.
    pub(crate) interface: u32,
}

impl FlowStorage {
    /// TCP: the handshake is done, or the session was picked up. Otherwise: `both_seen`, both sides have spoken.
    pub(crate) fn is_established(&self, both_seen: bool) -> bool {
        self.tcp.as_ref().map_or(both_seen, |session| session.is_established())
    }

    /// The TCP connection may go on after a long silence, and its protocol says that what it knows is worth keeping.
    pub(crate) fn outlives_silence(&self) -> bool {
        let (Some(tcp), Some(session)) = (&self.tcp, &self.app.session) else { return false };
        tcp.state() == TcpState::Established && !self.app.stopped && session.outlives_silence()
    }

    /// Keeps what flow events tell of link and network headers.
    pub(crate) fn note_headers(&mut self, packet: &Packet<'_>, direction: Direction, ethernet: bool) {
        if let Some(ip) = &packet.ip {
            self.ttl[direction].add(ip.ttl);
        }
        if ethernet && let Some(header) = &packet.ethernet {
            self.macs.get_or_insert_default().add(direction, header);
        }
    }

    /// Where TCP stands, as the flow table knows it; `None` for other transports.
    pub(crate) fn state(&self) -> Option<FlowState> {
        let state = self.tcp.as_ref()?.state();
        Some(match state {
            TcpState::LastAck | TcpState::TimeWait | TcpState::Closed => FlowState::Closed,
            _ if state >= TcpState::Established => FlowState::Established,
            _ => FlowState::New,
        })
    }
}

/// The flow runs the other way than was thought.
pub(crate) fn swap_direction(flow: &mut ConversationFlow) {
    flow.swap_direction();
    if let Some(macs) = &mut flow.data.macs {
        macs.swap_direction();
    }
    flow.data.ttl.swap();
    if let Some(session) = &mut flow.data.app.session {
        session.transactions_mut().touch_all();
    }
}

/// The application layer of a flow: which protocol, and its session.
#[derive(Default)]
pub(crate) struct AppLayerState {
    /// Something of it was looked at.
    pub(crate) begun: bool,
    pub(crate) detection: DetectionState,
    /// Position in the protocol list, once it is known.
    pub(crate) protocol: Option<ProtocolId>,
    /// The protocol before a change.
    pub(crate) original: Option<ProtocolId>,
    /// The protocol another flow announced.
    pub(crate) expected: Option<ProtocolId>,
    pub(crate) session: Option<Box<dyn Session>>,
    /// Transactions of a session that was let go of.
    opened: Option<u64>,
    /// Open frames per direction, where somebody wants frames.
    pub(crate) frames: Option<Box<PerDirection<StreamFrames>>>,
    /// Nothing more is parsed: unrecognised, given up by the protocol, or finished.
    pub(crate) stopped: bool,
    /// Nobody is to look at the flow any more.
    pub(crate) bypassed: bool,
    /// What follows is encrypted, and nothing for rules on payload and stream.
    pub(crate) opaque: bool,
    /// What was looked at could not be recognised; of datagrams the other direction may still tell.
    pub(crate) failed: bool,
    /// Some of its octets could not be parsed.
    pub(crate) malformed: bool,
    /// Octets that must be there before the session is called again, per direction.
    pub(crate) need: PerDirection<usize>,
    /// The direction was closed towards the session.
    pub(crate) closed: PerDirection<bool>,
    /// Events of protocol detection, in order.
    pub(crate) events: SmallVec<[&'static str; 2]>,
    /// How many of them were written as anomalies.
    pub(crate) events_logged: usize,
    /// The session asked for another protocol: its name, or the empty name for "detect again".
    pub(crate) switch: Option<&'static str>,
    /// Something happened in the session since transactions were looked at.
    pub(crate) dirty: bool,
    /// Files wait for a packet of their direction to be told.
    pub(crate) files_waiting: bool,
    /// A rule wants all files of the flow stored, by direction.
    pub(crate) store_files: PerDirection<bool>,
}

impl AppLayerState {
    /// The flow runs the other way than was thought.
    pub(crate) fn swap_direction(&mut self) {
        self.closed.swap();
        if let Some(frames) = &mut self.frames {
            frames.swap();
        }
    }

    /// The flow speaks another protocol from here on, perhaps the one that is `expected`.
    pub(crate) fn restart(&mut self, expected: Option<ProtocolId>) {
        self.original = self.original.or(self.protocol);
        self.expected = expected;
        self.detection.restart(expected);
        self.protocol = None;
        self.session = None;
        self.frames = None;
        self.need = PerDirection::default();
        self.closed = PerDirection::default();
    }

    /// Frames of a direction are open.
    pub(crate) fn has_frames(&self, direction: Direction) -> bool {
        self.frames.as_deref().is_some_and(|frames| !frames[direction].is_empty())
    }

    pub(crate) fn take_detection_events(&mut self) {
        self.events.extend(self.detection.take_events().into_iter().map(DetectionEvent::name));
    }

    /// Transactions so far; `None` where there never was a session.
    pub(crate) fn opened(&self) -> Option<u64> {
        self.session.as_ref().map(|session| session.transactions().opened()).or(self.opened)
    }

    /// Lets go of the session once it was closed and all its transactions are told: a closed flow stays for a while, and
    /// there may be many.
    pub(crate) fn let_go(&mut self) {
        if self.closed == PerDirection::both(true)
            && self.session.as_ref().is_some_and(|session| session.transactions().is_empty())
        {
            self.opened = self.opened();
            self.session = None;
            self.stopped = true;
        }
    }

    /// Rules have transactions of a direction to look at.
    pub(crate) fn has_due_transactions(&self, direction: Direction) -> bool {
        self.session.as_ref().is_some_and(|session| session.transactions().is_due(TxConsumer::Rules(direction)))
    }

    /// What detection took the flow and its sides for.
    pub(crate) fn taken(&self) -> AppProtoState {
        let known = |number: Option<ProtocolId>| number.map_or(AppProto::Unknown, AppProto::For);
        let rest = if self.failed { AppProto::Failed } else { AppProto::Unknown };
        let side = |direction| match self.detection.protocol_of(direction) {
            None if self.detection.has_failed(direction) => AppProto::Failed,
            None => rest,
            found => known(found),
        };
        let flow = if self.failed { AppProto::Failed } else { known(self.protocol) };
        AppProtoState { flow, sides: PerDirection::from_fn(side), original: known(self.original) }
    }

    pub(crate) fn names(&self, protocols: &[ProtocolDef]) -> AppNames {
        let name = |number: Option<ProtocolId>| number.and_then(|n| protocols.get(n.index())).map(|def| def.info.name);
        AppNames {
            flow: if self.failed { Some("failed") } else { name(self.protocol) },
            sides: if self.protocol.is_some() {
                PerDirection::from_fn(|direction| {
                    let failed = self.detection.has_failed(direction).then_some("failed");
                    failed.or_else(|| name(self.detection.protocol_of(direction)))
                })
            } else {
                PerDirection::default()
            },
            original: name(self.original),
            expected: name(self.expected),
        }
    }
}

/// A flow with its conversation.
pub(crate) type ConversationFlow = Flow<FlowStorage>;
