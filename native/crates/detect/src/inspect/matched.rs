//! A match.

use sidewire_base::{Direction, RuleId, TxId};

/// A rule that matched. Those of one packet come in Suricata's order: action, then rule order, then transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMatch {
    /// Position in the rule set.
    pub rule: RuleId,
    /// Position and id of the transaction it matched on.
    pub tx: Option<(usize, TxId)>,
    /// Id of the frame it matched in.
    pub frame: Option<u64>,
    /// It matched in stream octets, not in the packet's payload.
    pub stream: bool,
    /// Which way the octets travelled; towards the server without a flow.
    pub direction: Direction,
    /// Groups a `pcre` of the rule caught for the packet (`pkt:`), by name.
    pub packet_variables: Vec<(String, Vec<u8>)>,
    /// Groups a `pcre` of the rule caught for the alert (`alert:`), by name.
    pub alert_variables: Vec<(String, Vec<u8>)>,
}
