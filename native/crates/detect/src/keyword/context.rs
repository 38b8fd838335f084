//! What conditions on packets and flows are evaluated against.

use sidewire_base::{Direction, Endpoint, PerDirection, Time, TxId};
use sidewire_decode::Packet;

use crate::keyword::fields::FieldSubject;
use crate::rule::RuleType;
use crate::state::app_proto::{AppProtoState, FlowStats};
use crate::state::flow_state::DetectFlowState;
use crate::state::worker_bits::WorkerBits;

/// A packet and its flow, or the end of a flow: everything that stays the same while rules are evaluated.
pub(crate) struct PacketFacts<'a> {
    pub(crate) time: Time,
    pub(crate) packet: Option<&'a Packet<'a>>,
    pub(crate) source: Option<Endpoint>,
    pub(crate) destination: Option<Endpoint>,
    /// Towards the server without a flow.
    pub(crate) direction: Direction,
    pub(crate) has_flow: bool,
    pub(crate) taken: AppProtoState,
    /// Detection events of the flow, all so far.
    pub(crate) app_events: &'a [&'static str],
    /// Stream events of the packet, by position.
    pub(crate) stream_events: &'a [u16],
    pub(crate) stream_sizes: Option<PerDirection<u32>>,
    pub(crate) stats: Option<FlowStats>,
}

impl<'a> PacketFacts<'a> {
    /// What fields are read from.
    pub(crate) const fn subject(&self) -> FieldSubject<'a> {
        FieldSubject { packet: self.packet, stats: self.stats }
    }
}

/// What one rule's conditions are evaluated against.
#[derive(Clone, Copy)]
pub(crate) struct ConditionInput<'a> {
    pub(crate) facts: &'a PacketFacts<'a>,
    pub(crate) state: Option<&'a DetectFlowState>,
    pub(crate) bits: &'a WorkerBits,
    /// The transaction the rule is evaluated on, by its id.
    pub(crate) tx: Option<TxId>,
    /// What that is about: see [`Protocol::subject`](sidewire_app_layer::Protocol::subject).
    pub(crate) subject: Option<u64>,
    /// Type of the rule.
    pub(crate) kind: RuleType,
}

/// What the effects of a rule that matched change.
pub(crate) struct EffectOutput<'a> {
    pub(crate) facts: &'a PacketFacts<'a>,
    pub(crate) state: Option<&'a mut DetectFlowState>,
    pub(crate) bits: &'a mut WorkerBits,
    /// The transaction the rule matched on, by its id.
    pub(crate) tx: Option<TxId>,
    /// What that is about.
    pub(crate) subject: Option<u64>,
}
