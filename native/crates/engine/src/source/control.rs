//! What the outside may ask of a run, and see of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sidewire_detect::RuleSet;

use crate::output::sink::SinkSignals;

/// What the outside may ask of a run, and see of it.
#[derive(Default)]
pub(crate) struct Control {
    /// What the threads of outputs are told, and when to stop.
    pub(crate) signals: Arc<SinkSignals>,
    pub(crate) packets: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) file_done: AtomicU64,
    pub(crate) file_total: AtomicU64,
    pub(crate) file: Mutex<String>,
    rules: Mutex<Option<Arc<RuleSet>>>,
    /// How often the rules were changed.
    generation: AtomicU64,
}

impl Control {
    /// Puts another rule set in place, between two packets of each source.
    pub(crate) fn swap(&self, rules: Arc<RuleSet>) {
        *lock(&self.rules) = Some(rules);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The rules that came after those of this generation, if there are any.
    pub(crate) fn rules_after(&self, generation: &mut u64) -> Option<Arc<RuleSet>> {
        let current = self.generation.load(Ordering::Acquire);
        if current == *generation {
            return None;
        }
        *generation = current;
        lock(&self.rules).clone()
    }
}

/// Locks; what a panic left behind is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
