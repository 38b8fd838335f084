//! One rule, ready to run.

use crate::ir;
use crate::keyword::file::{FileStoring, MAY_STORE};
use sidewire_base::{Direction, PerDirection, ProtocolId};
use sidewire_files::FilePolicy;

use crate::compile::fast_pattern::{PatternSite, PrefilterPattern};
use crate::keyword::buffer_test::{BufferInspection, FrameTest};
use crate::keyword::condition::{MatchEffect, PacketCondition};
use crate::keyword::tx_condition::TxCondition;
use crate::rule::{RuleMeta, RuleType};
use crate::table::address_table::AddressId;
use crate::table::port_table::PortId;

/// Buffer of the packet's or stream's payload.
pub(crate) const PAYLOAD: &str = "payload";
/// Buffer of what `base64_decode` decoded.
pub(crate) const BASE64_DATA: &str = "base64_data";
/// Conditions a rule may have on transactions: what held is kept in the bits of one word, the last is the payload's.
pub(crate) const TX_CONDITIONS: usize = 63;

/// Classes of packets, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PacketClasses(pub(crate) u8);

impl PacketClasses {
    pub(crate) const TCP: u8 = 1;
    pub(crate) const UDP: u8 = 2;
    pub(crate) const ICMP: u8 = 4;
    pub(crate) const SCTP: u8 = 8;
    /// Any other IP packet.
    pub(crate) const IP: u8 = 16;
    /// No IP packet.
    pub(crate) const NONE: u8 = 32;
}

/// A rule, ready to run.
#[derive(Debug)]
pub(crate) struct RulePlan {
    pub(crate) meta: RuleMeta,
    pub(crate) classes: PacketClasses,
    /// 4, 6, or 0 for both.
    pub(crate) ip_version: u8,
    /// Only packets that are no IP packets are looked at by `arp` and `ether` rules with this type; 0: any.
    pub(crate) ether_type: u16,
    /// Application protocols it is for, by position; `None`: whatever the flow speaks.
    pub(crate) apps: Option<Box<[ProtocolId]>>,
    pub(crate) source: AddressId,
    pub(crate) destination: AddressId,
    pub(crate) source_port: PortId,
    pub(crate) destination_port: PortId,
    /// `<>`: the header may hold either way.
    pub(crate) both_ways: bool,
    pub(crate) flow: ir::FlowRequirement,
    /// Directions it is inspected in, of whatever protocol.
    pub(crate) directions: PerDirection<bool>,
    /// How transactions of each protocol are inspected; empty for rules on anything else.
    pub(crate) scopes: Vec<TxScope>,
    /// It looks at packets.
    pub(crate) on_packet: bool,
    /// It looks at the stream.
    pub(crate) on_stream: bool,
    /// It needs a payload.
    pub(crate) has_payload: bool,
    /// Its payload conditions leave open where in the stream they hold.
    pub(crate) spans: bool,
    pub(crate) conditions: Vec<(usize, PacketCondition)>,
    pub(crate) payload: Vec<(usize, BufferInspection)>,
    pub(crate) tx: Vec<TxCondition>,
    pub(crate) frame: Option<FrameTest>,
    pub(crate) effects: Vec<MatchEffect>,
    pub(crate) variables: usize,
    pub(crate) fast: Option<PrefilterPattern>,
    /// `pass`, `drop`, `reject`, `alert`: smaller runs first.
    pub(crate) order: RuleOrder,
    /// Keeps bits of single hosts.
    pub(crate) host_state: bool,
    /// It waits for an event of a transaction.
    pub(crate) asks_event: bool,
    /// Files that it has stored.
    pub(crate) storing: Option<FileStoring>,
}

/// How a rule inspects transactions of one protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TxScope {
    /// The protocol, by position.
    pub(crate) app: ProtocolId,
    pub(crate) directions: PerDirection<bool>,
    /// `=>`, or conditions on either half: it looks at both halves of a transaction.
    pub(crate) whole: bool,
}

/// Where a rule stands among the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleOrder {
    pub(crate) action: u8,
    pub(crate) flowbits: StateUse,
    /// Among rules that both read and set bits: those whose bits others read come first.
    pub(crate) depth: u32,
    pub(crate) flowints: StateUse,
    pub(crate) xbits: StateUse,
    pub(crate) priority: u8,
    pub(crate) gid: u32,
    pub(crate) sid: u32,
}

/// What a rule does with some kind of state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StateUse {
    Sets,
    SetsAndReads,
    Reads,
    #[default]
    None,
}

impl StateUse {
    pub(in crate::compile) const fn new(sets: bool, reads: bool) -> Self {
        match (sets, reads) {
            (true, false) => Self::Sets,
            (true, true) => Self::SetsAndReads,
            (false, true) => Self::Reads,
            (false, false) => Self::None,
        }
    }
}

impl RulePlan {
    /// Does it look at files, so that it is evaluated again for each that a transaction brings?
    pub(crate) fn looks_at_files(&self) -> bool {
        self.tx.iter().any(|condition| condition.files.is_some())
    }

    /// What it wants of the files of a protocol, by direction.
    pub(crate) fn file_policy(&self, app: ProtocolId) -> PerDirection<FilePolicy> {
        let Some(scope) = self.tx_scope(app).filter(|_| self.looks_at_files()) else { return PerDirection::default() };
        let wanted =
            self.tx.iter().filter_map(|condition| condition.files).fold(FilePolicy::default(), FilePolicy::and);
        let stores = self.storing.map(|storing| storing.may_store(scope.directions)).unwrap_or_default();
        PerDirection::from_fn(|direction| {
            let wanted = if scope.directions[direction] { wanted } else { FilePolicy::default() };
            if stores[direction] { wanted.and(MAY_STORE) } else { wanted }
        })
    }

    /// The set of ports of the side that offers the service, seen by packets of one direction.
    pub(crate) const fn service_ports(&self, direction: Direction) -> PortId {
        match direction {
            Direction::ToServer => self.destination_port,
            Direction::ToClient => self.source_port,
        }
    }

    /// How it inspects transactions of a protocol; `None`: not at all.
    pub(crate) fn tx_scope(&self, app: ProtocolId) -> Option<&TxScope> {
        self.scopes.iter().find(|scope| scope.app == app)
    }

    /// Does it have something to look at when a flow ends, where there is no packet? The rest of the stream, an event, or what
    /// the flow turned out to speak; what it asks of a packet or of the flow at a packet holds nowhere then, as in Suricata.
    pub(crate) fn outlives_packets(&self) -> bool {
        self.has_payload
            || self.meta.kind == RuleType::AppLayer
            || self.conditions.iter().any(|(_, condition)| matches!(condition, PacketCondition::AppEvent(_)))
    }

    /// A rule on transactions that neither a pattern in them nor an event makes a candidate: it is one for each look.
    pub(crate) fn is_plain_on_tx(&self) -> bool {
        !self.asks_event && !self.fast.as_ref().is_some_and(|fast| matches!(fast.site, PatternSite::Tx(_)))
    }

    /// The fast pattern, when it is looked for in the payload.
    pub(crate) fn payload_pattern(&self) -> Option<&PrefilterPattern> {
        self.fast.as_ref().filter(|fast| fast.site == PatternSite::Payload)
    }
}
