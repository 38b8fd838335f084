#![allow(clippy::indexing_slicing, reason = "only arrays of two by `Direction` are indexed, which cannot fail")]

use sidewire_base::{Direction, Time};
use smallvec::SmallVec;

use crate::names::Name;

/// Variables a flow keeps at most; rules name far fewer.
const VARIABLES: usize = 64;

/// What detection keeps for a flow.
#[derive(Debug, Default)]
pub struct FlowState {
    pub(crate) bits: SmallVec<[Name; 4]>,
    pub(crate) ints: SmallVec<[(Name, u32); 1]>,
    /// Bits of the flow or one of its transactions, until a time.
    pub(crate) expiring: SmallVec<[(Name, Option<u64>, Time); 1]>,
    variables: Vec<(Name, Vec<u8>)>,
    /// Stream rules that matched, per direction, and the stream offset up to which the match looked.
    pub(crate) streamed: [SmallVec<[(u32, u64); 2]>; 2],
    /// The rule set `streamed` counts by.
    pub(crate) generation: u32,
    pub(crate) passed: bool,
    /// Address-only rules were applied, per direction.
    pub(crate) addressed: [bool; 2],
    /// Protocol-only rules were applied, per direction.
    pub(crate) protocol_seen: [bool; 2],
    /// Detection events that rules have seen.
    pub(crate) app_events: usize,
}

impl FlowState {
    /// A `pass` rule let the rest of the flow through.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }

    /// Flowbits that are set, in the order they were.
    pub fn flowbits(&self) -> impl Iterator<Item = &'static str> {
        self.bits.iter().map(|name| name.text())
    }

    /// Flow integers by name, in the order they were set first.
    pub fn flowints(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.ints.iter().map(|(name, value)| (name.text(), *value))
    }

    /// Flow variables by name.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.variables.iter().map(|(name, value)| (name.text(), value.as_slice()))
    }

    pub(crate) fn set_variable(&mut self, name: &str, value: Vec<u8>) {
        let name = Name::new(name);
        if let Some(slot) = self.variables.iter_mut().find(|(known, _)| *known == name) {
            slot.1 = value;
        } else if self.variables.len() < VARIABLES {
            self.variables.push((name, value));
        }
    }

    pub(crate) fn has_bit(&self, name: Name) -> bool {
        self.bits.contains(&name)
    }

    pub(crate) fn set_bit(&mut self, name: Name) {
        if !self.has_bit(name) {
            self.bits.push(name);
        }
    }

    pub(crate) fn unset_bit(&mut self, name: Name) {
        self.bits.retain(|known| *known != name);
    }

    pub(crate) fn int(&self, name: Name) -> Option<u32> {
        self.ints.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    pub(crate) fn set_int(&mut self, name: Name, value: u32) {
        match self.ints.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.ints.push((name, value)),
        }
    }

    /// The stream offset up to which a rule has matched already.
    pub(crate) fn streamed(&self, direction: Direction, rule: u32) -> u64 {
        self.streamed[direction].iter().find(|(known, _)| *known == rule).map_or(0, |(_, until)| *until)
    }

    /// A rule matched in stream octets that end at `until`.
    pub(crate) fn set_streamed(&mut self, direction: Direction, rule: u32, until: u64) {
        let streamed = &mut self.streamed[direction];
        match streamed.iter_mut().find(|(known, _)| *known == rule) {
            Some(slot) => slot.1 = until,
            None => streamed.push((rule, until)),
        }
    }
}
