//! Faults of ours: panics that are contained where they would cost more than a flow, and faults on purpose, by which tests hold
//! that they are.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Places at which tests may let a fault happen. Each stage of a run has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPlace {
    /// Reading and decompressing a source.
    Read,
    /// Looking at the first packets of a capture for the checksum mode.
    Sample,
    /// Finding the worker of a packet.
    Shard,
    /// Decoding a frame.
    Decode,
    /// Following a stream.
    Stream,
    /// Parsing application data.
    Parse,
    /// Holding rules against a packet.
    Inspect,
    /// Writing what a packet brought.
    Log,
    /// Ending a flow.
    FlowEnd,
    /// A tick of engine time.
    Tick,
    /// Merging what workers wrote.
    Merge,
    /// Handing lines to a sink.
    Write,
}

/// Runs a step in which a panic, that is a bug of ours, costs what the step works on instead of the sensor. `None` when it
/// panicked. With debug assertions it goes on to abort, so that tests and fuzzing see it, unless it was on purpose.
pub fn contained<T>(step: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(done) => Some(done),
        #[cfg(debug_assertions)]
        Err(bug) if !bug.is::<purpose::FaultOnPurpose>() => resume_unwind(bug),
        Err(_) => None,
    }
}

/// Runs a step that must not unwind into what calls it, a C library; what came of a panic is kept for [`Unwound::go_on`].
pub fn held<T>(step: impl FnOnce() -> T) -> Result<T, Unwound> {
    catch_unwind(AssertUnwindSafe(step)).map_err(Unwound)
}

/// A panic that was stopped on its way.
pub struct Unwound(Box<dyn core::any::Any + Send>);

impl Unwound {
    /// Goes on with it.
    pub fn go_on(self) -> ! {
        resume_unwind(self.0)
    }
}

#[cfg(debug_assertions)]
pub use purpose::{arm, point};

/// A place at which tests may let a fault happen: nothing in builds without debug assertions, so a release has no such way in.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub const fn point(_: FaultPlace) {}

#[cfg(debug_assertions)]
mod purpose {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, PoisonError};

    use super::FaultPlace;

    /// What a fault on purpose unwinds with.
    pub(super) struct FaultOnPurpose;

    /// Faults that are still to happen.
    struct FaultPlan {
        place: FaultPlace,
        /// Passes before the first.
        wait: u64,
        left: u64,
    }

    static ARMED: AtomicBool = AtomicBool::new(false);
    static PLAN: Mutex<Option<FaultPlan>> = Mutex::new(None);

    /// Lets `times` faults happen at a place, once it was passed `wait` times.
    pub fn arm(place: FaultPlace, wait: u64, times: u64) {
        *PLAN.lock().unwrap_or_else(PoisonError::into_inner) = Some(FaultPlan { place, wait, left: times });
        ARMED.store(true, Ordering::SeqCst);
    }

    /// A place at which tests may let a fault happen.
    pub fn point(place: FaultPlace) {
        if ARMED.load(Ordering::Relaxed) && is_due(place) {
            std::panic::resume_unwind(Box::new(FaultOnPurpose));
        }
    }

    fn is_due(place: FaultPlace) -> bool {
        let mut armed = PLAN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(plan) = armed.as_mut().filter(|plan| plan.place == place && plan.left > 0) else { return false };
        if let Some(less) = plan.wait.checked_sub(1) {
            plan.wait = less;
            return false;
        }
        plan.left -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(debug_assertions)]
    fn a_fault_on_purpose_is_contained_after_its_wait() {
        assert_eq!(contained(|| point(FaultPlace::Tick)), Some(()));
        arm(FaultPlace::Tick, 1, 1);
        let passes: Vec<_> = (0..3).map(|_| contained(|| point(FaultPlace::Tick)).is_some()).collect();
        assert_eq!(passes, [true, false, true]);
        arm(FaultPlace::Tick, 0, 1);
        assert_eq!(contained(|| point(FaultPlace::Merge)), Some(()), "another place");
        let held = held(|| point(FaultPlace::Tick));
        assert!(held.is_err_and(|unwound| contained(|| unwound.go_on()).is_none()));
    }
}
