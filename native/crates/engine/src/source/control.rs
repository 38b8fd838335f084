//! What the outside may ask of a run, and see of it.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use sidewire_detect::RuleSet;

/// What the outside may ask of a run, and see of it.
#[derive(Default)]
pub(crate) struct Control {
    pub(crate) stop: AtomicBool,
    pub(crate) rules: Mutex<Option<Arc<RuleSet>>>,
    pub(crate) packets: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) file_done: AtomicU64,
    pub(crate) file_total: AtomicU64,
    pub(crate) file: Mutex<String>,
}

/// Locks; what a panic left behind is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
