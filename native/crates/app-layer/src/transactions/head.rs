//! What every transaction has, whatever its protocol.

use sidewire_base::{Direction, EventId, PerDirection, RuleId, Time, TxId};
use smallvec::SmallVec;

use super::due::DueFlags;

/// Different events that one transaction may have; a protocol has fewer that one transaction can raise.
const MAX_EVENTS: usize = 64;

/// What every transaction has, whatever its protocol: the engine and the rules work on this.
#[derive(Debug, Default)]
pub struct TxHead {
    /// Number of the transaction in its flow, from 0.
    pub id: TxId,
    /// Progress reached, per direction; the protocol's stages name the values.
    pub progress: PerDirection<u8>,
    /// The application-layer events raised on it, in order.
    pub events: SmallVec<[EventId; 4]>,
    /// How far rules have been applied, per direction.
    pub inspection: PerDirection<InspectionState>,
    /// Which loggers have written it, a bit each.
    pub logged: u32,
    /// How many of `events` have been logged as anomalies.
    pub events_logged: u8,
    /// Time of the first octet.
    pub started: Time,
    /// Time of the last octet.
    pub updated: Time,
    /// True while nobody needs the transaction's data any more, per direction, whatever its progress.
    pub skip_inspection: PerDirection<bool>,
    /// Who has not looked since it may have changed.
    pub(crate) due: DueFlags,
    /// Alerts that told it without having matched on it.
    pub guessed: u8,
    /// What a direction carries was stored: see [`ProtocolInfo::documents`](crate::ProtocolInfo::documents).
    pub stored: PerDirection<bool>,
    /// Files of it wait for a packet of their direction to be told.
    pub files_waiting: bool,
}

/// How far rules have been applied to one direction of a transaction.
#[derive(Debug, Default)]
pub struct InspectionState {
    /// Progress value up to which prefilters have run, plus one.
    pub prefiltered: u8,
    /// Rules that are candidates, with what already held.
    pub stored: Vec<StoredRule>,
    /// Rule set generation `stored` belongs to.
    pub generation: u32,
    /// True when every rule has been decided on.
    pub done: bool,
    /// Per growing buffer (its place among those that rules search, and item of those that have several): octets that have been scanned.
    pub scanned: SmallVec<[((u16, u32), u64); 2]>,
    /// Files that rules have met.
    pub files: u16,
    /// Events already offered to rules.
    pub events_seen: u8,
}

/// A rule that is not decided on yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRule {
    /// Index in the rule set of this generation.
    pub rule: RuleId,
    /// Bits of conditions that held for good.
    pub held: u64,
    /// True when it has matched, or never can.
    pub decided: bool,
    /// What it misses so far.
    pub awaited: AwaitedContent,
}

/// Contents that only what is new of a growing buffer can bring, because a rule looked through the rest in vain. The default is
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AwaitedContent {
    /// Position of the rule's condition.
    pub condition: u8,
    /// Position of the check that failed among those of the condition.
    pub check: u16,
    /// Its content is missed alone; else that of any check up to it may bring what is missed.
    pub alone: bool,
    /// The buffer's item.
    pub item: u32,
    /// Octets of the buffer that were looked through, those included that are gone; 0: none.
    pub until: u64,
}

/// A transaction with its head.
#[derive(Debug)]
pub struct TxSlot<T> {
    /// The common part.
    pub head: TxHead,
    /// The protocol's part.
    pub tx: T,
}

impl<T> TxSlot<T> {
    /// Raises a protocol event on this transaction; twice is once.
    pub fn raise(&mut self, event: impl Into<EventId>) {
        let event = event.into();
        if !self.head.events.contains(&event) && self.head.events.len() < MAX_EVENTS {
            self.head.events.push(event);
        }
    }

    /// Moves one direction forward; never back.
    pub fn advance(&mut self, direction: Direction, progress: u8, now: Time) {
        let at = &mut self.head.progress[direction];
        *at = (*at).max(progress);
        self.head.updated = now;
    }
}
