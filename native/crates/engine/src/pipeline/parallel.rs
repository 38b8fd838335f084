//! Several sources side by side, each with a worker of its own: what a capture method gives that spreads packets by flow
//! over rings.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sidewire_detect::{RuleSet, SharedState, SilentObserver};

use crate::EngineError;
use crate::config::setup::RunSetup;
use crate::counters::{Counters, accumulate};
use crate::output::writer::merge::OutputMerger;
use crate::output::writer::thread::WriterThread;
use crate::pipeline::single::SingleWorker;
use crate::source::control::RunControl;
use crate::source::driver::{NamedSource, SourceDriver};
use crate::summary::Summary;

/// A thread that ends in a panic stops the run: a sensor that sees one of its interfaces no longer is not to look as if it
/// did.
struct StopOthers<'a>(&'a RunControl);

impl Drop for StopOthers<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.signals.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Follows every source to its end, each on a thread of its own. Lines are written as they are handed over: between sources
/// there is no order but that of time. Statistics are the first source's to ask for, and of all.
pub(crate) fn run(
    setup: &Arc<RunSetup>,
    rules: &Arc<RuleSet>,
    merger: &mut OutputMerger,
    sources: Vec<NamedSource>,
    control: &RunControl,
) -> (Summary, Result<Counters, EngineError>) {
    merger.name_sources(sources.iter().map(|source| Arc::clone(&source.name)));
    std::thread::scope(|scope| {
        let writer = WriterThread::start(scope, merger);
        let state = SharedState::unordered(rules.host_bits());
        let threads: Vec<_> = (0..)
            .zip(sources)
            .map(|(number, source)| {
                let (handle, shared) = (writer.handle(number), state.worker(number));
                scope.spawn(move || {
                    let _other = StopOthers(control);
                    let mut driver = SourceDriver::new(setup, control);
                    let mut single = SingleWorker::new(setup, Arc::clone(rules), SilentObserver, shared, Some(handle));
                    let outcome = driver.follow(source, &mut single);
                    if outcome.is_err() {
                        control.signals.stop.store(true, Ordering::Relaxed);
                    }
                    (driver.summary, outcome.map(|()| single.end()))
                })
            })
            .collect();
        let mut summary = Summary::default();
        let mut counters = Counters::new();
        let mut failed = None;
        for thread in threads {
            match thread.join() {
                Ok((of_source, outcome)) => {
                    summary.join(of_source);
                    match outcome {
                        Ok(counted) => counted.iter().for_each(|(name, value)| accumulate(&mut counters, name, *value)),
                        Err(error) => failed = Some(error),
                    }
                }
                Err(_) => failed = Some(EngineError::internal("a worker panicked")),
            }
        }
        let outcome = writer.finish().and_then(|()| failed.map_or(Ok(counters), Err));
        (summary, outcome)
    })
}
