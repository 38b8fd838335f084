//! What one call of the detector looks at.

use sidewire_app_layer::{Session, StreamFrames};
use sidewire_base::{Direction, Endpoint, PerDirection, ProtocolId, Time};
use sidewire_decode::Packet;

use crate::inspect::frame_source::FrameSource;
use crate::state::app_proto::{AppProtoState, FlowStats};
use crate::state::flow_state::DetectFlowState;

/// Everything one call of [`crate::DetectEngine::inspect`] looks at: a packet with what it did to its flow, or (without a
/// packet) the end of a flow.
pub struct InspectInput<'a> {
    /// Engine time.
    pub time: Time,
    /// Ordinal of the packet, or of the last one at flow end.
    pub ordinal: u64,
    /// The packet; `None` for a pseudo packet at flow end.
    pub packet: Option<&'a Packet<'a>>,
    /// Where it comes from; `None` without an IP header.
    pub source: Option<Endpoint>,
    /// Where it goes to.
    pub destination: Option<Endpoint>,
    /// Its flow.
    pub flow: Option<FlowInput<'a>>,
    /// Stream events of this packet: positions in [`crate::CompileOptions::stream_events`].
    pub stream_events: &'a [u16],
    /// Nothing follows on this flow: every open transaction is inspected as it is.
    pub last: bool,
}

/// The flow a packet belongs to, after the packet was added to it.
pub struct FlowInput<'a> {
    /// Which way the packet travels.
    pub direction: Direction,
    /// Both sides have spoken (UDP), the handshake is done or the session was picked up (TCP).
    pub established: bool,
    /// It was so before this packet, or this packet completed the handshake with data: what rules on packets mean by
    /// `established`, as Suricata does.
    pub was_established: bool,
    /// IP protocol number of the flow.
    pub protocol: u8,
    /// Application protocol: position in the protocol list the rule set was compiled with.
    pub app: Option<ProtocolId>,
    /// What protocol detection says.
    pub taken: AppProtoState,
    /// Detection events of the flow, all so far, in order (`applayer_mismatch_protocol_both_directions`, ...).
    pub app_events: &'a [&'static str],
    /// What detection keeps for the flow.
    pub state: &'a mut DetectFlowState,
    /// The application protocol's session.
    pub session: Option<&'a mut (dyn Session + 'static)>,
    /// Stream octets that became visible in the packet's direction.
    pub stream: Option<StreamInput<'a>>,
    /// Open frames of the packet's direction, and where their octets are.
    pub frames: Option<FramesInput<'a>>,
    /// Sequence numbers used so far, by sender's direction, as `stream_size` counts them: a SYN is one.
    pub stream_sizes: Option<PerDirection<u32>>,
    /// Counters of the flow.
    pub stats: FlowStats,
    /// The packet's payload was added to the stream, so payload rules see it there.
    pub packet_in_stream: bool,
    /// The flow is encrypted: the packet's payload is nothing for rules.
    pub opaque: bool,
}

/// Frames of one direction.
pub struct FramesInput<'a> {
    /// Those that are open.
    pub frames: &'a mut StreamFrames,
    /// Where their octets are.
    pub source: FrameSource<'a>,
}

/// What tells whether a packet of a flow is worth an [`InspectInput`]; see [`crate::RuleSet::is_idle`].
pub struct PrefilterInput<'a> {
    /// The packet.
    pub packet: &'a Packet<'a>,
    /// Which way it travels.
    pub direction: Direction,
    /// As in [`FlowInput`].
    pub protocol: u8,
    /// As in [`FlowInput`].
    pub app: Option<ProtocolId>,
    /// How many detection events the flow had so far.
    pub app_events: usize,
    /// What detection keeps for the flow.
    pub state: &'a DetectFlowState,
    /// The session has transactions that rules are to look at in its direction.
    pub transactions: bool,
    /// New stream octets are to be looked at.
    pub stream: bool,
    /// The packet has stream events.
    pub stream_events: bool,
    /// Frames of its direction are open.
    pub frames: bool,
    /// As in [`FlowInput`].
    pub packet_in_stream: bool,
}

/// Stream octets of one direction: some that were offered before, then those that are new.
#[derive(Clone, Copy, Debug)]
pub struct StreamInput<'a> {
    /// The octets, contiguous.
    pub data: &'a [u8],
    /// Stream offset of the first of them.
    pub offset: u64,
    /// How many at the end were never offered before.
    pub fresh: usize,
    /// Inspect now, even if few.
    pub flush: bool,
    /// The stream ends with them.
    pub last: bool,
    /// What is looked at with them after gaps: each piece by itself.
    pub behind: &'a [Self],
}
