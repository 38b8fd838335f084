//! Merging and writing on a thread of its own, so that workers do not wait for outputs.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use sidewire_detect::RuleSet;

use crate::EngineError;
use crate::counters::Counters;
use crate::output::writer::merge::OutputMerger;
use crate::output::writer::record::OutputBatch;
use crate::source::packet_sink::StatsDue;

/// Batches that wait to be merged before a worker waits, too.
const LAG: usize = 2;

/// The counters of a worker, when statistics are due.
pub(crate) struct StatsReport {
    pub(crate) due: StatsDue,
    pub(crate) counters: Counters,
}

/// What a worker hands over.
struct HandOver {
    batch: OutputBatch,
    rules: Arc<RuleSet>,
    worker: usize,
    /// To be seen outside at once.
    flush: bool,
    stats: Option<StatsReport>,
    /// Where the batch goes once it is written, for its memory.
    back: Sender<OutputBatch>,
}

/// The thread that merges and writes. Batches of one worker stay in order.
pub(crate) struct WriterThread<'scope> {
    full: SyncSender<HandOver>,
    thread: ScopedJoinHandle<'scope, Result<(), EngineError>>,
}

impl<'scope> WriterThread<'scope> {
    pub(crate) fn start<'a: 'scope>(scope: &'scope Scope<'scope, '_>, merger: &'a mut OutputMerger) -> Self {
        let (full, batches) = sync_channel(LAG);
        let thread = scope.spawn(move || write(merger, &batches));
        Self { full, thread }
    }

    /// What a worker hands its lines over by.
    pub(crate) fn handle(&self, worker: usize) -> WriterHandle {
        let (back, empty) = channel();
        WriterHandle { full: self.full.clone(), back, empty, worker }
    }

    /// Waits until everything is written; every handle is to be gone.
    pub(crate) fn finish(self) -> Result<(), EngineError> {
        drop(self.full);
        self.thread.join().unwrap_or_else(|_| Err(stopped()))
    }
}

/// A worker's way to the [`WriterThread`].
pub(crate) struct WriterHandle {
    full: SyncSender<HandOver>,
    back: Sender<OutputBatch>,
    empty: Receiver<OutputBatch>,
    worker: usize,
}

impl WriterHandle {
    /// Takes what is in `batch` and leaves an empty one.
    pub(crate) fn send(
        &mut self,
        batch: &mut OutputBatch,
        rules: &Arc<RuleSet>,
        flush: bool,
        stats: Option<StatsReport>,
    ) -> Result<(), EngineError> {
        let batch = core::mem::replace(batch, self.empty.try_recv().unwrap_or_default());
        let (rules, back) = (Arc::clone(rules), self.back.clone());
        let full = HandOver { batch, rules, worker: self.worker, flush, stats, back };
        // Why it stopped is told by `finish`.
        self.full.send(full).map_err(|_| stopped())
    }
}

fn stopped() -> EngineError {
    EngineError::internal("the writer stopped")
}

fn write(merger: &mut OutputMerger, batches: &Receiver<HandOver>) -> Result<(), EngineError> {
    for HandOver { mut batch, rules, worker, flush, stats, back } in batches {
        merger.merge(core::slice::from_ref(&batch), &rules)?;
        batch.clear();
        // At the end nobody wants it back.
        let _over = back.send(batch);
        if let Some(StatsReport { due, counters }) = stats {
            merger.note_counters(worker, counters);
            // One worker asks for all.
            if worker == 0 {
                merger.tell_stats(due)?;
            }
        }
        if flush {
            merger.flush()?;
        }
    }
    Ok(())
}
