//! Faults of ours that were contained: how many, and what is said of them.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use sidewire_base::fault;
use sidewire_capture::SourceNotice;

use crate::EngineError;

/// Messages of panics that are written in [`INTERVAL`]: whoever can cause one can cause many.
const MESSAGES: u32 = 5;
const INTERVAL: Duration = Duration::from_secs(60);

/// Counts the faults of a run.
#[derive(Debug, Default)]
pub(crate) struct FaultCount(AtomicU64);

impl FaultCount {
    /// Runs a step whose panic costs what it works on, and is counted. `None` when it panicked.
    pub(crate) fn contain<T>(&self, step: impl FnOnce() -> T) -> Option<T> {
        let done = fault::contained(step);
        if done.is_none() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        done
    }

    /// What is said of them at the end of a run.
    pub(crate) fn error(&self) -> Option<EngineError> {
        match self.so_far() {
            0 => None,
            faults => Some(EngineError::Faults(faults)),
        }
    }

    /// Faults so far.
    pub(crate) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tells of faults while a sensor goes on: the first at once, then once in [`INTERVAL`].
#[derive(Debug, Default)]
pub(crate) struct FaultWatch {
    told: u64,
    at: Option<Instant>,
}

impl FaultWatch {
    pub(crate) fn look(&mut self, so_far: u64, now: Instant) -> Option<SourceNotice> {
        if so_far == self.told || self.at.is_some_and(|at| now.duration_since(at) < INTERVAL) {
            return None;
        }
        let new = so_far - core::mem::replace(&mut self.told, so_far);
        self.at = Some(now);
        Some(SourceNotice { code: "engine/fault", message: EngineError::Faults(new).to_string() })
    }
}

/// What is said of faults: the next one tells how many were not told.
struct MessageLimit {
    began: Option<Instant>,
    written: u32,
    held_back: u64,
}

impl MessageLimit {
    /// May a message be written now? If so, how many were held back before it.
    fn admits(&mut self, now: Instant) -> Option<u64> {
        if self.began.is_none_or(|began| now.duration_since(began) >= INTERVAL) {
            (self.began, self.written) = (Some(now), 0);
        }
        if self.written >= MESSAGES {
            self.held_back += 1;
            return None;
        }
        self.written += 1;
        Some(core::mem::take(&mut self.held_back))
    }
}

static LIMIT: Mutex<MessageLimit> = Mutex::new(MessageLimit { began: None, written: 0, held_back: 0 });

/// Limits the messages of panics, of all threads of the process. With debug assertions every one is told.
pub(crate) fn limit_messages() {
    static LIMITED: Once = Once::new();
    if cfg!(debug_assertions) {
        return;
    }
    LIMITED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let admitted = LIMIT.lock().unwrap_or_else(PoisonError::into_inner).admits(Instant::now());
            if let Some(held_back) = admitted {
                if held_back > 0 {
                    eprintln!("{held_back} messages of faults were left out before this one");
                }
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_tells_of_faults_once_an_interval() {
        let (mut watch, start) = (FaultWatch::default(), Instant::now());
        assert_eq!(watch.look(0, start), None);
        assert!(watch.look(2, start).is_some_and(|notice| notice.message.starts_with("2 times")));
        assert_eq!(watch.look(9, start + Duration::from_secs(1)), None);
        assert!(watch.look(9, start + INTERVAL).is_some_and(|notice| notice.message.starts_with("7 times")));
    }

    #[test]
    fn messages_are_limited_and_those_left_out_are_counted() {
        let mut limit = MessageLimit { began: None, written: 0, held_back: 0 };
        let start = Instant::now();
        let told = (0..100).filter(|_| limit.admits(start) == Some(0)).count();
        assert_eq!(told, MESSAGES as usize);
        assert_eq!(limit.admits(start + INTERVAL), Some(100 - u64::from(MESSAGES)));
    }
}
