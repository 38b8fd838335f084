//! What detection keeps for a flow.

use sidewire_base::{Direction, PerDirection, RuleId, Time, TxId};

use crate::state::file_wishes::FileWishes;
use crate::state::flow_tags::FlowTags;
use crate::state::names::StateName;
use crate::state::scanned_stream::ScannedStream;
use crate::state::unfinished::UnfinishedRule;

/// Variables a flow keeps at most; rules name far fewer.
const VARIABLES: usize = 64;

/// Unfinished rules for which a flow keeps what they took from a transaction, at most.
const UNFINISHED: usize = 256;

/// What detection keeps for a flow.
#[derive(Debug, Default)]
pub struct DetectFlowState {
    pub(crate) bits: Vec<StateName>,
    /// What few flows have: a flow is held for long, and there are many.
    rare: Option<Box<ExtraFlowState>>,
    /// The rule set `streamed` counts by.
    pub(crate) generation: u32,
    pub(crate) passed: bool,
    /// Classes of packets that address-only rules were applied to, per direction.
    pub(crate) addressed: PerDirection<u8>,
    /// Protocol-only rules were applied, per direction.
    pub(crate) protocol_seen: PerDirection<bool>,
    /// How far prefilters have come, per direction.
    pub(crate) scanned: PerDirection<Option<Box<ScannedStream>>>,
    /// Detection events that rules have seen.
    pub(crate) app_events: usize,
    pub(crate) files: FileWishes,
    /// Documents of a direction are to be stored.
    pub(crate) documents: PerDirection<bool>,
}

/// What rules keep for a flow beside bits.
#[derive(Debug, Default)]
struct ExtraFlowState {
    ints: Vec<(StateName, u32)>,
    /// Bits of the flow or one of its transactions, until a time.
    expiring: Vec<ExpiringBit>,
    variables: Vec<(StateName, Vec<u8>)>,
    /// The last entropy of each buffer that rules asked for.
    entropies: Vec<(StateName, f64)>,
    /// What `tag` asks for.
    tags: FlowTags,
    /// Stream rules that matched, per direction, and the stream offset up to which the match looked.
    streamed: PerDirection<Vec<(RuleId, u64)>>,
    /// What rules have taken from transactions they wait for more of: by transaction and rule.
    unfinished: Vec<(TxId, RuleId, UnfinishedRule)>,
}

/// A bit of a flow, or of one of its transactions, until a time.
pub(crate) type ExpiringBit = (StateName, Option<TxId>, Time);

impl DetectFlowState {
    /// A `pass` rule let the rest of the flow through.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }

    /// What rules want of files of the rest of the flow.
    #[must_use]
    pub const fn file_wishes(&self) -> FileWishes {
        self.files
    }

    /// A packet of the flow goes by, with this many octets: does `tag` ask for it? Call it once for each.
    pub fn is_tagged(&mut self, octets: usize, now: Time) -> bool {
        self.rare.as_deref_mut().is_some_and(|rare| rare.tags.count(octets, now))
    }

    pub(crate) fn tags_mut(&mut self) -> &mut FlowTags {
        &mut self.rare_mut().tags
    }

    /// In which directions rules want what transactions carry stored (`tls.store`).
    #[must_use]
    pub const fn wanted_documents(&self) -> PerDirection<bool> {
        self.documents
    }

    /// Flowbits that are set, in the order they were.
    pub fn flowbits(&self) -> impl Iterator<Item = &str> {
        self.bits.iter().map(|name| name.text())
    }

    /// Flow integers by name, in the order they were set first.
    pub fn flowints(&self) -> impl Iterator<Item = (&str, u32)> {
        self.rare().flat_map(|rare| &rare.ints).map(|(name, value)| (name.text(), *value))
    }

    /// Flow variables by name.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.rare().flat_map(|rare| &rare.variables).map(|(name, value)| (name.text(), value.as_slice()))
    }

    /// Entropies by what they are of, in bits an octet.
    pub fn entropies(&self) -> impl Iterator<Item = (&str, f64)> {
        self.rare().flat_map(|rare| &rare.entropies).map(|(of, entropy)| (of.text(), *entropy))
    }

    pub(crate) fn set_entropy(&mut self, of: StateName, entropy: f64) {
        let ExtraFlowState { entropies, .. } = self.rare_mut();
        match entropies.iter_mut().find(|(known, _)| *known == of) {
            Some(slot) => slot.1 = entropy,
            None => entropies.push((of, entropy)),
        }
    }

    pub(crate) fn set_variable(&mut self, name: StateName, value: Vec<u8>) {
        let ExtraFlowState { variables, .. } = self.rare_mut();
        if let Some(slot) = variables.iter_mut().find(|(known, _)| *known == name) {
            slot.1 = value;
        } else if variables.len() < VARIABLES {
            variables.push((name, value));
        }
    }

    fn rare(&self) -> impl Iterator<Item = &ExtraFlowState> {
        self.rare.as_deref().into_iter()
    }

    fn rare_mut(&mut self) -> &mut ExtraFlowState {
        self.rare.get_or_insert_default()
    }

    /// Forgets how far rules have come: another rule set is in place.
    pub(crate) fn forget_rules(&mut self) {
        self.scanned = PerDirection::default();
        if let Some(rare) = &mut self.rare {
            rare.streamed = Default::default();
            rare.unfinished = Vec::new();
        }
    }

    /// Keeps what a rule has taken from a transaction that it waits for more of. With too many of them the oldest is lost.
    pub(crate) fn set_unfinished(&mut self, transaction: TxId, rule: RuleId, left: UnfinishedRule) {
        let ExtraFlowState { unfinished, .. } = self.rare_mut();
        if unfinished.len() >= UNFINISHED {
            unfinished.remove(0);
        }
        unfinished.push((transaction, rule, left));
    }

    /// What a rule has taken from a transaction before; it is not kept any longer.
    pub(crate) fn take_unfinished(&mut self, transaction: TxId, rule: RuleId) -> Option<UnfinishedRule> {
        let ExtraFlowState { unfinished, .. } = self.rare.as_deref_mut()?;
        let at = unfinished.iter().position(|(of, by, _)| (*of, *by) == (transaction, rule))?;
        Some(unfinished.remove(at).2)
    }

    /// Bits that expire.
    pub(crate) fn expiring(&self) -> impl Iterator<Item = &ExpiringBit> {
        self.rare().flat_map(|rare| &rare.expiring)
    }

    /// Bits that expire, to change.
    pub(crate) fn expiring_mut(&mut self) -> &mut Vec<ExpiringBit> {
        &mut self.rare_mut().expiring
    }

    pub(crate) fn has_bit(&self, name: &StateName) -> bool {
        self.bits.contains(name)
    }

    pub(crate) fn set_bit(&mut self, name: &StateName) {
        if !self.has_bit(name) {
            self.bits.push(name.clone());
        }
    }

    pub(crate) fn unset_bit(&mut self, name: &StateName) {
        self.bits.retain(|known| known != name);
    }

    pub(crate) fn int(&self, name: &StateName) -> Option<u32> {
        self.rare().flat_map(|rare| &rare.ints).find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    pub(crate) fn set_int(&mut self, name: &StateName, value: u32) {
        let ExtraFlowState { ints, .. } = self.rare_mut();
        match ints.iter_mut().find(|(known, _)| known == name) {
            Some(slot) => slot.1 = value,
            None => ints.push((name.clone(), value)),
        }
    }

    /// The stream offset up to which a rule has matched already.
    pub(crate) fn streamed(&self, direction: Direction, rule: RuleId) -> u64 {
        self.rare()
            .flat_map(|rare| &rare.streamed[direction])
            .find(|(known, _)| *known == rule)
            .map_or(0, |(_, until)| *until)
    }

    /// A rule matched in stream octets that end at `until`.
    pub(crate) fn set_streamed(&mut self, direction: Direction, rule: RuleId, until: u64) {
        let streamed = &mut self.rare_mut().streamed[direction];
        match streamed.iter_mut().find(|(known, _)| *known == rule) {
            Some(slot) => slot.1 = until,
            None => streamed.push((rule, until)),
        }
    }
}
