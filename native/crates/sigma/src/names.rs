//! Names of fields that rules ask for.

use hashbrown::HashMap;

use crate::fold::name_to;

/// Number of a name that some rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u32);

impl NameId {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every value of the event, in no field: what keywords are looked for in.
pub(crate) const KEYWORDS: NameId = NameId(0);

/// The names, and which the caller's spellings of them are.
#[derive(Debug)]
pub(crate) struct WantedNames {
    ids: HashMap<Box<[u8]>, NameId>,
    /// As the first rule writes it.
    shown: Vec<String>,
}

impl Default for WantedNames {
    fn default() -> Self {
        // No field has an empty name.
        Self { ids: HashMap::from_iter([(Box::default(), KEYWORDS)]), shown: vec![String::new()] }
    }
}

impl WantedNames {
    /// The number of a name, a new one if need be.
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        let mut key = Vec::with_capacity(name.len());
        name_to(name.as_bytes(), &mut key);
        let next = NameId(u32::try_from(self.shown.len()).unwrap_or(u32::MAX));
        let id = *self.ids.entry(key.into_boxed_slice()).or_insert(next);
        if id == next {
            self.shown.push(name.to_owned());
        }
        id
    }

    /// The number of a name that an event has, if any rule asks for it. `scratch` is overwritten.
    pub(crate) fn find(&self, name: &[u8], scratch: &mut Vec<u8>) -> Option<NameId> {
        scratch.clear();
        name_to(name, scratch);
        if scratch.is_empty() { None } else { self.ids.get(scratch.as_slice()).copied() }
    }

    pub(crate) fn shown(&self, id: NameId) -> &str {
        self.shown.get(id.index()).map_or("", String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }
}
