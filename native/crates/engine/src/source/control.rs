//! What the outside may ask of a run, and see of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sidewire_base::Time;
use sidewire_capture::{CaptureCount, SourceNotice};
use sidewire_detect::RuleSet;

use crate::config::RuleCounts;
use crate::output::sink::SinkSignals;
use crate::run_rules::{RunRules, SigmaPlace};
use crate::stats::RunStats;

/// What the outside may ask of a run, and see of it.
#[derive(Default)]
pub(crate) struct RunControl {
    /// What the threads of outputs are sent, and when to stop.
    pub(crate) signals: Arc<SinkSignals>,
    pub(crate) packets: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Turns of the threads that read.
    pub(crate) turns: AtomicU64,
    pub(crate) file_done: AtomicU64,
    pub(crate) file_total: AtomicU64,
    pub(crate) file: Mutex<String>,
    /// What live sources count, and what happened to them.
    pub(crate) capture: Arc<CaptureState>,
    pub(crate) stats: Arc<StatsBoard>,
    pub(crate) sigma: Arc<SigmaPlace>,
    rules: Mutex<Option<Arc<RuleSet>>>,
    /// How often the rules were changed.
    generation: AtomicU64,
}

impl RunControl {
    /// Puts another rule set in place, between two packets of each source. `counts`: what became of its rules.
    pub(crate) fn swap(&self, rules: RunRules, counts: RuleCounts) {
        self.stats.set_rules(LoadedRules { counts, at: Some(wall_time()) });
        self.sigma.put(rules.sigma);
        *lock(&self.rules) = Some(rules.network);
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

/// Notices that wait to be shown.
const MAX_SHOWN: usize = 64;

/// What live sources count, and what happened to them: put here by whoever reads them, taken by who writes and who shows.
#[derive(Default)]
pub(crate) struct CaptureState {
    counts: Mutex<BTreeMap<Arc<str>, Vec<CaptureCount>>>,
    /// To be written, each with its time.
    unwritten: Mutex<Vec<(Time, SourceNotice)>>,
    /// To be shown.
    unshown: Mutex<Vec<SourceNotice>>,
}

impl CaptureState {
    /// What a source counted so far, in place of what it told before.
    pub(crate) fn set_counts(&self, source: &Arc<str>, counts: Vec<CaptureCount>) {
        lock(&self.counts).insert(Arc::clone(source), counts);
    }

    /// What all sources counted.
    pub(crate) fn counts(&self) -> Vec<CaptureCount> {
        lock(&self.counts).values().flatten().cloned().collect()
    }

    /// Something is to be reported.
    pub(crate) fn tell(&self, time: Time, notice: SourceNotice) {
        let mut shown = lock(&self.unshown);
        if shown.len() < MAX_SHOWN {
            shown.push(notice.clone());
        }
        lock(&self.unwritten).push((time, notice));
    }

    /// What is to be written, once.
    pub(crate) fn take_unwritten(&self) -> Vec<(Time, SourceNotice)> {
        core::mem::take(&mut *lock(&self.unwritten))
    }

    /// What is to be shown, once.
    pub(crate) fn take_unshown(&self) -> Vec<SourceNotice> {
        core::mem::take(&mut *lock(&self.unshown))
    }
}

/// What is written where workers' output is merged, and read from outside.
#[derive(Default)]
pub(crate) struct StatsBoard {
    latest: Mutex<RunStats>,
    rules: Mutex<LoadedRules>,
}

/// What became of the rules that are in place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LoadedRules {
    pub(crate) counts: RuleCounts,
    /// When they were put in place, by the clock on the wall; not told of those that a replay began with, which says the same
    /// whenever it is repeated.
    pub(crate) at: Option<Time>,
}

/// The time of the clock on the wall.
pub(crate) fn wall_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos().into())
}

impl StatsBoard {
    /// The counters as they last stood; nothing before the first second is over.
    pub(crate) fn latest(&self) -> RunStats {
        lock(&self.latest).clone()
    }

    pub(crate) fn publish(&self, stats: RunStats) {
        *lock(&self.latest) = stats;
    }

    /// What became of the rules that are in place.
    pub(crate) fn rules(&self) -> LoadedRules {
        *lock(&self.rules)
    }

    pub(crate) fn set_rules(&self, rules: LoadedRules) {
        *lock(&self.rules) = rules;
    }
}

/// Locks; what a panic left behind is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
