//! What is known of a rule once it is compiled.

use sidewire_ir::{Action, HeaderProtocol, Metadata, Reference, RuleTarget, Threshold, Track};

use crate::table::address::AddressList;

/// What is known of a rule once it is compiled: what alerts show and thresholds need.
#[derive(Clone, Debug)]
pub struct RuleMeta {
    /// Generator id.
    pub gid: u32,
    /// Signature id.
    pub sid: u32,
    /// Revision.
    pub rev: u32,
    /// What happens on a match.
    pub action: Action,
    /// Message.
    pub msg: String,
    /// Description of the class; empty without one.
    pub class: String,
    /// 1 (highest) to 255.
    pub priority: u8,
    /// Protocol of the rule header.
    pub protocol: HeaderProtocol,
    /// References in rule order.
    pub references: Vec<Reference>,
    /// Metadata in rule order.
    pub metadata: Vec<Metadata>,
    /// Which side an alert is about.
    pub target: Option<RuleTarget>,
    /// Matches but raises no alert.
    pub noalert: bool,
    /// The `tag` keyword's text; empty without.
    pub tag: String,
    /// Rule text.
    pub text: String,
    /// `threshold`.
    pub threshold: Option<Threshold>,
    /// `detection_filter`.
    pub detection_filter: Option<Threshold>,
    /// `suppress` lines.
    pub suppressions: Vec<Suppress>,
    /// When and how often it is inspected.
    pub kind: RuleType,
}

/// A `suppress` line that names the rule.
#[derive(Clone, Debug)]
pub struct Suppress {
    /// Which address is looked at.
    pub track: Track,
    /// Addresses that raise no alert.
    pub addresses: AddressList,
}

/// When and how often a rule is inspected: Suricata's rule types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleType {
    /// Addresses only: once per flow and direction.
    IpOnly,
    /// Addresses only, with negation: every packet.
    LikeIpOnly,
    /// Protocol detection only: once per flow and direction, when the protocol is known.
    ProtocolOnly,
    /// Decoder events only.
    DecoderEvent,
    /// Packets.
    Packet,
    /// Packets and stream.
    PacketStream,
    /// Stream.
    Stream,
    /// Application protocol named, nothing of its transactions tested.
    AppLayer,
    /// Transactions.
    AppTx,
    /// Frames; Suricata's reports count them among those on transactions.
    Frame,
}

impl RuleType {
    /// All, in order.
    pub const ALL: [Self; 10] = [
        Self::IpOnly,
        Self::LikeIpOnly,
        Self::ProtocolOnly,
        Self::DecoderEvent,
        Self::Packet,
        Self::PacketStream,
        Self::Stream,
        Self::AppLayer,
        Self::AppTx,
        Self::Frame,
    ];

    /// The name reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IpOnly => "ip_only",
            Self::LikeIpOnly => "like_ip_only",
            Self::ProtocolOnly => "pd_only",
            Self::DecoderEvent => "de_only",
            Self::Packet => "pkt",
            Self::PacketStream => "pkt_stream",
            Self::Stream => "stream",
            Self::AppLayer => "app_layer",
            Self::AppTx => "app_tx",
            Self::Frame => "frame",
        }
    }
}
