//! The fields of one event that rules ask for, folded once into one text that the matcher scans.

use core::ops::Range;

use crate::fold::fold_to;
use crate::names::NameId;

/// Values of one event; beyond, they are left out.
const MAX_VALUES: usize = 8192;

/// Where a value is from: what names the event itself has goes before what was made of other things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ValueRank {
    /// A field of the event's data.
    Data,
    /// Another exporter's name for it.
    Translated,
    /// A field of the event's header, or beside the event.
    Header,
    /// From another event (completion).
    Completed,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) struct ViewValue {
    raw: Range<usize>,
    folded: Range<usize>,
    /// There is a field and no value.
    pub(crate) is_null: bool,
}

#[derive(Clone, Copy, Debug)]
struct FieldSlot {
    /// The event that filled it.
    event: u32,
    rank: ValueRank,
    first: u32,
    last: u32,
}

const NONE: u32 = u32::MAX;
const EMPTY: FieldSlot = FieldSlot { event: 0, rank: ValueRank::Data, first: NONE, last: NONE };

/// How rules of a log source name fields: as the event does, or by the source's other names first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldNaming {
    Own,
    Aliased,
}

/// The view. Made once, filled for each event.
#[derive(Debug)]
pub(crate) struct EventView {
    raw: Vec<u8>,
    folded: Vec<u8>,
    values: Vec<ViewValue>,
    /// Lists of values: a value, and the entry after this one.
    entries: Vec<(u32, u32)>,
    own: Vec<FieldSlot>,
    aliased: Vec<FieldSlot>,
    /// For each name, whether some event had it.
    seen: Vec<bool>,
    event: u32,
}

impl EventView {
    pub(crate) fn new(names: usize) -> Self {
        let slots = vec![EMPTY; names];
        let (values, entries) = (Vec::new(), Vec::new());
        Self {
            raw: Vec::new(),
            folded: vec![0],
            values,
            entries,
            own: slots.clone(),
            aliased: slots,
            seen: vec![false; names],
            event: 0,
        }
    }

    /// Forgets the event.
    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        self.folded.clear();
        self.folded.push(0);
        self.values.clear();
        self.entries.clear();
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.own.fill(EMPTY);
            self.aliased.fill(EMPTY);
            self.event = 1;
        }
    }

    /// Takes a value in; `write` appends it. The place of the value.
    pub(crate) fn value(&mut self, is_null: bool, write: impl FnOnce(&mut Vec<u8>)) -> Option<u32> {
        if self.values.len() >= MAX_VALUES {
            return None;
        }
        let start = self.raw.len();
        write(&mut self.raw);
        let at = self.folded.len();
        fold_to(self.raw.get(start..).unwrap_or_default(), &mut self.folded);
        let folded = at..self.folded.len();
        self.folded.push(0);
        self.values.push(ViewValue { raw: start..self.raw.len(), folded, is_null });
        u32::try_from(self.values.len() - 1).ok()
    }

    /// Gives a field a value, unless it has one of a better rank. A value may be that of several fields.
    pub(crate) fn assign(&mut self, naming: FieldNaming, name: NameId, rank: ValueRank, value: u32) {
        if let Some(seen) = self.seen.get_mut(name.index()) {
            *seen = true;
        }
        let event = self.event;
        let slots = match naming {
            FieldNaming::Own => &mut self.own,
            FieldNaming::Aliased => &mut self.aliased,
        };
        let Some(slot) = slots.get_mut(name.index()) else { return };
        let entry = u32::try_from(self.entries.len()).unwrap_or(NONE);
        if slot.event != event || rank < slot.rank {
            *slot = FieldSlot { event, rank, first: entry, last: entry };
        } else if rank == slot.rank && self.entries.len() < MAX_VALUES * 4 {
            let last = core::mem::replace(&mut slot.last, entry);
            if let Some(before) = self.entries.get_mut(last as usize) {
                before.1 = entry;
            }
        } else {
            return;
        }
        self.entries.push((value, NONE));
    }

    /// Some event had a field of the name.
    pub(crate) fn has_seen(&self, name: NameId) -> bool {
        self.seen.get(name.index()) == Some(&true)
    }

    /// What is scanned: the folded values, NUL before, between and behind them.
    pub(crate) fn text(&self) -> &[u8] {
        &self.folded
    }

    /// The values of a field.
    pub(crate) fn values(&self, naming: FieldNaming, name: NameId) -> ValuesOf<'_> {
        let slot = |slots: &[FieldSlot]| slots.get(name.index()).copied().filter(|slot| slot.event == self.event);
        let aliased = if naming == FieldNaming::Aliased { slot(&self.aliased) } else { None };
        let slot = aliased.or_else(|| slot(&self.own)).unwrap_or(EMPTY);
        ValuesOf { view: self, next: slot.first, is_completed: slot.rank == ValueRank::Completed }
    }

    pub(crate) fn raw(&self, value: &ViewValue) -> &[u8] {
        self.raw.get(value.raw.clone()).unwrap_or_default()
    }

    pub(crate) fn folded(&self, value: &ViewValue) -> &[u8] {
        self.folded.get(value.folded.clone()).unwrap_or_default()
    }
}

/// The values of a field, one after another.
#[derive(Clone, Debug)]
pub(crate) struct ValuesOf<'v> {
    view: &'v EventView,
    next: u32,
    /// They are from another event.
    pub(crate) is_completed: bool,
}

impl<'v> Iterator for ValuesOf<'v> {
    type Item = &'v ViewValue;

    fn next(&mut self) -> Option<&'v ViewValue> {
        let (value, next) = *self.view.entries.get(self.next as usize)?;
        self.next = next;
        self.view.values.get(value as usize)
    }
}
