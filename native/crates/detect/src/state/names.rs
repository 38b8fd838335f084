//! Names of the rules as numbers.

use std::sync::{Mutex, PoisonError};

use hashbrown::HashMap;

/// A name of the rules (flowbit, flowint, xbit, variable) as a number. Names are the process's: they stay the same over a
/// reload, so what was set under one rule set is found under the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(u32);

#[derive(Default)]
struct Names {
    numbers: HashMap<&'static str, u32>,
    texts: Vec<&'static str>,
}

static NAMES: Mutex<Option<Names>> = Mutex::new(None);

impl Name {
    /// The number of a name. Names are never given back: there are as many as rules ever had.
    pub(crate) fn new(text: &str) -> Self {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.get_or_insert_default();
        if let Some(&number) = names.numbers.get(text) {
            return Self(number);
        }
        let number = u32::try_from(names.texts.len()).unwrap_or(u32::MAX);
        let text: &'static str = Box::leak(text.into());
        names.numbers.insert(text, number);
        names.texts.push(text);
        Self(number)
    }

    /// Its text.
    pub(crate) fn text(self) -> &'static str {
        let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        names.as_ref().and_then(|names| names.texts.get(self.0 as usize)).copied().unwrap_or_default()
    }
}
