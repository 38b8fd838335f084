//! Seeds of hash tables.

use std::sync::atomic::{AtomicU64, Ordering};

/// Seed of table hashes: collisions cannot be prepared without knowing it, and it never shows in output.
static SEED: AtomicU64 = AtomicU64::new(0);

/// A new seed for the tables of a worker.
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(SEED.fetch_add(1, Ordering::Relaxed));
    random | 1
}
