//! What a flow's detection remembers from octets to octets.

use sidewire_base::{Direction, PerDirection, ProtocolId};
use smallvec::SmallVec;

use super::DetectionEvent;

/// How far a flow's detection has come.
#[derive(Clone, Debug, Default)]
pub struct DetectionState {
    pub(super) midstream: bool,
    pub(super) first: Option<Direction>,
    /// The protocol another flow said this one would speak.
    pub(super) announced: Option<ProtocolId>,
    pub(super) expected: Option<ProtocolId>,
    pub(super) protocol: Option<ProtocolId>,
    pub(super) sides: PerDirection<SideState>,
    pub(super) events: SmallVec<[DetectionEvent; 2]>,
}

/// How far detection has come in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SideState {
    pub(super) status: SideStatus,
    /// Looks that said no, by their number in the table.
    pub(super) ruled_out: u128,
    /// What is looked at now came after a gap.
    pub(super) holed: bool,
}

/// What one direction told by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SideStatus {
    #[default]
    Open,
    Found(ProtocolId),
    Failed,
}

impl DetectionState {
    /// The state of a flow nothing was seen of yet; `midstream` when its beginning was missed.
    #[must_use]
    pub fn new(midstream: bool) -> Self {
        Self { midstream, ..Self::default() }
    }

    /// Another flow said what this one will speak: the looks of that protocol are tried whatever the ports are.
    pub const fn announce(&mut self, protocol: Option<ProtocolId>) {
        self.announced = protocol;
    }

    /// Starts over for a flow that changes its protocol; `expected` is the protocol that was announced, if one was.
    pub fn restart(&mut self, expected: Option<ProtocolId>) {
        *self = Self { midstream: self.midstream, expected, ..Self::default() };
    }

    /// What a direction sent so far, or began with, is missing or told nothing: it may tell after the gap.
    pub fn reopen(&mut self, direction: Direction) {
        if self.protocol_of(direction).is_none() {
            self.sides[direction] = SideState { holed: true, ..SideState::default() };
        }
    }

    /// The protocol of the flow, once one direction told.
    #[must_use]
    pub const fn protocol(&self) -> Option<ProtocolId> {
        self.protocol
    }

    /// The protocol this direction told by itself.
    #[must_use]
    pub fn protocol_of(&self, direction: Direction) -> Option<ProtocolId> {
        match self.sides[direction].status {
            SideStatus::Found(protocol) => Some(protocol),
            SideStatus::Open | SideStatus::Failed => None,
        }
    }

    /// True when this direction told nothing, and will not.
    #[must_use]
    pub fn has_failed(&self, direction: Direction) -> bool {
        self.sides[direction].status == SideStatus::Failed
    }

    /// True when nothing more is to be learnt from this direction.
    #[must_use]
    pub fn is_decided(&self, direction: Direction) -> bool {
        self.sides[direction].status != SideStatus::Open
    }

    /// Takes what was odd since the last call.
    pub fn take_events(&mut self) -> SmallVec<[DetectionEvent; 2]> {
        core::mem::take(&mut self.events)
    }

    pub(super) fn raise(&mut self, event: DetectionEvent) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }
}
