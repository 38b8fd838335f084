//! What a rule says beside its conditions, and the sets it names.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Address and port sets of a batch; most rules share a few.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct BatchSets {
    /// Address sets.
    pub addresses: Vec<AddressSet>,
    /// Port sets.
    pub ports: Vec<PortSet>,
}

/// Addresses: in one of `include` and in none of `exclude`. Variables, groups and negation are resolved already; of a list
/// that negates, `exclude` tells what it leaves out, which makes a rule one on packets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct AddressSet {
    /// Ranges inside. Any address is `0.0.0.0-255.255.255.255` and `::-ffff:...`.
    pub include: Vec<AddressRange>,
    /// Ranges outside.
    pub exclude: Vec<AddressRange>,
}

/// An address range, both ends included, of one family.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct AddressRange {
    /// First address, text form.
    pub from: String,
    /// Last address, text form.
    pub to: String,
}

/// Ports: in one of these ranges. Negation is resolved already.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct PortSet {
    /// Sorted, disjoint. Any port is 0-65535.
    pub ranges: Vec<PortRange>,
}

/// A port range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct PortRange {
    /// First port.
    pub from: u16,
    /// Last port.
    pub to: u16,
}

/// Rule actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "ir.ts")]
pub enum Action {
    /// Raise an alert.
    Alert,
    /// Let it pass, no further rules.
    Pass,
    /// Drop (an alert in a passive engine, action `allowed`, as Suricata does).
    Drop,
    /// Reject, both forms.
    Reject,
    /// Reject towards the source.
    RejectSrc,
    /// Reject towards the destination.
    RejectDst,
    /// Reject towards both.
    RejectBoth,
    /// Configure (`config` keyword).
    Config,
}

/// Protocol of a rule header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum HeaderProtocol {
    /// `ip`: every packet with an IP header (and for decoder events, without).
    Ip,
    /// `ipv4`/`ip4`.
    Ipv4,
    /// `ipv6`/`ip6`.
    Ipv6,
    /// `tcp`: stream and packets.
    Tcp,
    /// `tcp-pkt`: packets only.
    TcpPacket,
    /// `tcp-stream`: stream only.
    TcpStream,
    /// `udp`.
    Udp,
    /// `icmp`: both versions.
    Icmp,
    /// `icmpv4`.
    Icmpv4,
    /// `icmpv6`.
    Icmpv6,
    /// `sctp`.
    Sctp,
    /// `ether`: frames.
    Ethernet,
    /// `arp`.
    Arp,
    /// `pkthdr`: every packet, decoded or not.
    Pkthdr,
    /// An application-layer protocol, by its catalog name.
    Application(String),
}

/// A rule hook.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct RuleHook {
    /// Stage name.
    pub stage: String,
}

/// Between the two halves of a rule header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum RuleDirection {
    /// `->`.
    OneWay,
    /// `<>`.
    Both,
    /// `=>`: both halves of a transaction.
    Transaction,
}

/// The `flow` keyword, spelled out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct FlowRequirement {
    /// `established`.
    pub established: bool,
    /// `not_established`.
    pub not_established: bool,
    /// `to_server` / `from_client`.
    pub to_server: bool,
    /// `to_client` / `from_server`.
    pub to_client: bool,
    /// `only_stream`.
    pub only_stream: bool,
    /// `no_stream`.
    pub no_stream: bool,
    /// `only_frag`.
    pub only_fragment: bool,
    /// `no_frag`.
    pub no_fragment: bool,
}

impl FlowRequirement {
    /// Nothing is asked for but a direction, if that.
    #[must_use]
    pub fn is_direction_only(&self) -> bool {
        *self == Self { to_server: self.to_server, to_client: self.to_client, ..Self::default() }
    }
}

/// A reference: kind and value, with the prefix its kind has in reference.config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Reference {
    /// `url`, `cve`, ...
    pub kind: String,
    /// As written.
    pub value: String,
    /// As EVE shows it: prefix and value.
    pub shown: String,
}

/// A metadata pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Metadata {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// Which side an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum RuleTarget {
    /// The source is the target.
    SourceIp,
    /// The destination is the target.
    DestinationIp,
}

/// `threshold`, `detection_filter`, and threshold.config entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Threshold {
    /// How it counts.
    pub kind: ThresholdKind,
    /// By what it counts.
    pub track: Track,
    /// Matches.
    pub count: u32,
    /// Seconds.
    pub seconds: u32,
    /// Exponential backoff multiplier (`type backoff`), 0 otherwise.
    pub multiplier: u32,
}

/// A `suppress` line of threshold.config: no alert when the tracked address is in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "ir.ts")]
pub struct Suppression {
    /// Which address; by rule: always.
    pub track: Track,
    /// Position in [`BatchSets::addresses`].
    pub addresses: u32,
}

/// How a threshold counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum ThresholdKind {
    /// At most `count` alerts in `seconds`.
    Limit,
    /// Every `count`th match.
    Threshold,
    /// One alert per `seconds` after `count` matches.
    Both,
    /// Alerts once the rate is exceeded.
    DetectionFilter,
    /// Doubling distances.
    Backoff,
}

/// By what a threshold counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum Track {
    /// Source address.
    BySource,
    /// Destination address.
    ByDestination,
    /// Both addresses.
    ByBoth,
    /// Rule.
    ByRule,
    /// Flow.
    ByFlow,
}
