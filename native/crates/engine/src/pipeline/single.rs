//! One worker, on the thread that reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use sidewire_base::Time;
use sidewire_detect::{RuleSet, Silent};

use crate::EngineError;
use crate::config::setup::Setup;
use crate::output::writer::merge::Merger;
use crate::output::writer::record::Batch;
use crate::output::writer::thread::Writing;
use crate::pipeline::EPOCH;
use crate::source::block::Block;
use crate::source::driver::Reading;
use crate::source::intake::Intake;
use crate::worker::{flow_worker::FlowWorker, observer::Watch};

/// Replays with one worker on this thread.
pub(crate) fn replay(
    setup: &Arc<Setup>,
    rules: Arc<RuleSet>,
    merger: &mut Merger,
    reading: &mut Reading<'_>,
) -> Result<BTreeMap<String, u64>, EngineError> {
    std::thread::scope(|scope| {
        let mut alone = Alone::new(setup, rules, Silent, Some(Writing::start(scope, merger)));
        let outcome = reading.replay(&mut alone);
        alone.end().and_then(|counters| outcome.map(|()| counters))
    })
}

/// The only worker of a run, with where its lines go.
pub(crate) struct Alone<'scope, W: Watch> {
    pub(crate) worker: FlowWorker<W>,
    rules: Arc<RuleSet>,
    /// `None` when nobody wants its lines.
    writing: Option<Writing<'scope>>,
    pub(crate) counters: BTreeMap<String, u64>,
    /// Frames since lines were handed over.
    since: usize,
}

impl<'scope, W: Watch> Alone<'scope, W> {
    pub(crate) fn new(setup: &Arc<Setup>, rules: Arc<RuleSet>, watch: W, writing: Option<Writing<'scope>>) -> Self {
        let worker = FlowWorker::new(setup, &rules, watch);
        Self { worker, rules, writing, counters: BTreeMap::new(), since: 0 }
    }

    fn hand_over(&mut self) -> Result<(), EngineError> {
        self.since = 0;
        send(self.writing.as_ref(), self.worker.batch(), &self.rules)
    }

    /// Waits until everything is written, and gives the counters.
    pub(crate) fn end(mut self) -> Result<BTreeMap<String, u64>, EngineError> {
        self.writing.take().map_or(Ok(()), Writing::finish)?;
        Ok(self.counters)
    }
}

impl<W: Watch> Intake for Alone<'_, W> {
    fn begin_file(&mut self, path: &Arc<str>, fresh: bool, ignore_checksums: bool) {
        self.worker.begin_file(path, fresh, ignore_checksums);
    }

    fn block(&mut self, block: Block) -> Result<Block, EngineError> {
        for (reading, frame) in block.frames() {
            if reading.tick {
                self.worker.tick(reading.now, frame.ordinal);
            }
            self.worker.frame(reading.now, &frame);
            self.since += 1;
            if self.since >= EPOCH || self.worker.batch().is_large() {
                self.hand_over()?;
            }
        }
        Ok(block)
    }

    fn finish(&mut self, now: Time) -> Result<(), EngineError> {
        self.hand_over()?;
        let Self { worker, writing, rules, .. } = self;
        // Were it to fail, what follows fails as well.
        worker.finish(now, |batch| drop(send(writing.as_ref(), batch, rules)));
        self.hand_over()?;
        self.worker.count(&mut self.counters);
        Ok(())
    }

    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError> {
        self.hand_over()?;
        self.worker.swap_rules(&rules);
        self.rules = rules;
        Ok(())
    }
}

fn send(writing: Option<&Writing<'_>>, batch: &mut Batch, rules: &Arc<RuleSet>) -> Result<(), EngineError> {
    match writing {
        Some(writing) => writing.send(batch, rules),
        None => {
            batch.clear();
            Ok(())
        }
    }
}
