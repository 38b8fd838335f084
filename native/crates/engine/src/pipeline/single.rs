//! One worker, on the thread that reads.

use std::sync::Arc;

use sidewire_detect::{RuleSet, SharedHandle, SharedState, SilentObserver};

use crate::EngineError;
use crate::config::setup::RunSetup;
use crate::counters::Counters;
use crate::output::writer::merge::OutputMerger;
use crate::output::writer::thread::{StatsReport, WriterHandle, WriterThread};
use crate::pipeline::{EPOCH, SourceFeed};
use crate::source::block::SourceBlock;
use crate::source::packet_sink::{FlushRequest, PacketSink, SourceStart, SourceTick};
use crate::worker::flow_worker::FlowWorker;
use crate::worker::observer::RuleTracer;

/// Feeds one worker on this thread.
pub(crate) fn run(
    setup: &Arc<RunSetup>,
    rules: Arc<RuleSet>,
    merger: &mut OutputMerger,
    feed: SourceFeed<'_>,
) -> Result<Counters, EngineError> {
    std::thread::scope(|scope| {
        let writer = WriterThread::start(scope, merger);
        let mut single = SingleWorker::alone(setup, rules, SilentObserver, Some(writer.handle(0)));
        let outcome = feed(&mut single);
        let counters = single.end();
        // What the writer says comes first: it is why the worker could not go on.
        writer.finish().and(outcome).map(|()| counters)
    })
}

/// The only worker of a source, with where its lines go.
pub(crate) struct SingleWorker<W: RuleTracer> {
    pub(crate) worker: FlowWorker<W>,
    rules: Arc<RuleSet>,
    /// `None` when nobody wants its lines.
    writer: Option<WriterHandle>,
    /// Of the sources that are finished.
    counters: Counters,
    /// A source is being read whose counters are still the worker's.
    counting: bool,
    /// Frames since lines were handed over.
    since: usize,
}

impl<W: RuleTracer> SingleWorker<W> {
    /// The only worker of a run.
    pub(crate) fn alone(setup: &Arc<RunSetup>, rules: Arc<RuleSet>, watch: W, writer: Option<WriterHandle>) -> Self {
        let shared = SharedState::ordered(1, rules.host_bits()).worker(0);
        Self::new(setup, rules, watch, shared, writer)
    }

    /// One of several, each with a source of its own.
    pub(crate) fn new(
        setup: &Arc<RunSetup>,
        rules: Arc<RuleSet>,
        watch: W,
        shared: SharedHandle,
        writer: Option<WriterHandle>,
    ) -> Self {
        let worker = FlowWorker::new(setup, &rules, watch, shared);
        Self { worker, rules, writer, counters: Counters::new(), counting: false, since: 0 }
    }

    /// The counters; lets go of the writer.
    pub(crate) fn end(self) -> Counters {
        self.counters
    }

    fn counters_now(&self) -> Counters {
        let mut counters = self.counters.clone();
        if self.counting {
            self.worker.count(&mut counters);
        }
        counters
    }
}

impl<W: RuleTracer> PacketSink for SingleWorker<W> {
    fn begin_source(&mut self, start: &SourceStart) {
        self.worker.begin_source(start);
        self.counting = true;
    }

    fn block(&mut self, block: SourceBlock) -> Result<SourceBlock, EngineError> {
        for (update, frame) in block.frames() {
            if update.tick {
                self.worker.tick(SourceTick { now: update.now, shown: frame.time, ordinal: frame.ordinal });
            }
            self.worker.frame(update, &frame);
            self.since += 1;
            if self.since >= EPOCH || self.worker.batch().is_large() {
                self.hand_over(FlushRequest::default())?;
            }
        }
        Ok(block)
    }

    fn tick(&mut self, tick: SourceTick) -> Result<(), EngineError> {
        self.worker.tick(tick);
        Ok(())
    }

    fn hand_over(&mut self, due: FlushRequest) -> Result<(), EngineError> {
        self.since = 0;
        let stats = due.stats.map(|due| StatsReport { due, counters: self.counters_now() });
        match &mut self.writer {
            Some(writer) => writer.send(self.worker.batch(), &self.rules, due.flush, stats),
            None => {
                self.worker.batch().clear();
                Ok(())
            }
        }
    }

    fn finish(&mut self, end: SourceTick) -> Result<(), EngineError> {
        self.hand_over(FlushRequest::default())?;
        let Self { worker, writer, rules, .. } = self;
        // Were it to fail, what follows fails as well.
        worker.finish(end, |batch| match writer {
            Some(writer) => drop(writer.send(batch, rules, false, None)),
            None => batch.clear(),
        });
        self.hand_over(FlushRequest::default())?;
        self.worker.count(&mut self.counters);
        self.counting = false;
        Ok(())
    }

    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError> {
        self.hand_over(FlushRequest::default())?;
        self.worker.swap_rules(&rules);
        self.rules = rules;
        Ok(())
    }
}
