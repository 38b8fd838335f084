//! Merging and writing on a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use sidewire_detect::RuleSet;

use crate::EngineError;
use crate::output::writer::merge::Merger;
use crate::output::writer::record::Batch;

/// Batches that wait to be merged before the worker waits, too.
const LAG: usize = 2;

/// Merging and writing on a thread of its own, so that the worker does not wait for files. Batches come and go in order.
pub(crate) struct Writing<'scope> {
    full: SyncSender<(Batch, Arc<RuleSet>)>,
    empty: Receiver<Batch>,
    thread: ScopedJoinHandle<'scope, Result<(), EngineError>>,
}

impl<'scope> Writing<'scope> {
    pub(crate) fn start<'a: 'scope>(scope: &'scope Scope<'scope, '_>, merger: &'a mut Merger) -> Self {
        let (full, batches) = sync_channel(LAG);
        let (done, empty) = channel();
        let thread = scope.spawn(move || write(merger, &batches, &done));
        Self { full, empty, thread }
    }

    /// Takes what is in `batch` and leaves an empty one.
    pub(crate) fn send(&self, batch: &mut Batch, rules: &Arc<RuleSet>) -> Result<(), EngineError> {
        let full = core::mem::replace(batch, self.empty.try_recv().unwrap_or_default());
        // Why it stopped is told by `finish`.
        self.full.send((full, Arc::clone(rules))).map_err(|_| stopped())
    }

    /// Waits until everything is written.
    pub(crate) fn finish(self) -> Result<(), EngineError> {
        drop(self.full);
        self.thread.join().unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> EngineError {
    EngineError::Config("internal error: the writer stopped".to_owned())
}

fn write(
    merger: &mut Merger,
    batches: &Receiver<(Batch, Arc<RuleSet>)>,
    done: &Sender<Batch>,
) -> Result<(), EngineError> {
    while let Ok((mut batch, rules)) = batches.recv() {
        merger.merge(core::slice::from_ref(&batch), &rules)?;
        batch.clear();
        // At the end nobody wants it back.
        let _over = done.send(batch);
    }
    Ok(())
}
