//! One worker, with a reader that reads and decompresses ahead.

use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use sidewire_detect::{RuleSet, SilentObserver};

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::RunSetup;
use crate::counters::Counters;
use crate::output::writer::merge::OutputMerger;
use crate::output::writer::thread::{WriterHandle, WriterThread};
use crate::pipeline::SourceFeed;
use crate::pipeline::single::SingleWorker;
use crate::source::block::SourceBlock;
use crate::source::packet_sink::{FlushRequest, PacketSink, SourceStart, SourceTick};

/// Blocks read before they are needed.
const AHEAD: usize = 3;
/// Captures smaller than this are not worth a thread. Octets.
const WORTH: u64 = 4 << 20;

/// True when a capture is large enough for [`run`]. Anything but a file may leave a thread waiting for ever.
pub(crate) fn is_worth_it(config: &RunConfig) -> bool {
    config.inputs.iter().any(|path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() >= WORTH))
}

/// Feeds one worker on a thread of its own, while this one reads and decompresses ahead.
pub(crate) fn run(
    setup: &Arc<RunSetup>,
    rules: Arc<RuleSet>,
    merger: &mut OutputMerger,
    feed: SourceFeed<'_>,
) -> Result<Counters, EngineError> {
    std::thread::scope(|scope| {
        let writer = WriterThread::start(scope, merger);
        let handle = writer.handle(0);
        let (tasks, work) = sync_channel(AHEAD);
        let (done, used) = channel();
        let worker = scope.spawn(move || work_through(setup, rules, handle, &work, &done));
        let mut ahead = ReadAhead { tasks, used };
        let outcome = feed(&mut ahead);
        // Nothing more comes: the worker ends. Why it stopped before that is its own answer.
        drop(ahead);
        let counters = worker.join().unwrap_or_else(|_| Err(stopped()));
        writer.finish()?;
        let counters = counters?;
        outcome.map(|()| counters)
    })
}

fn stopped() -> EngineError {
    EngineError::internal("the worker stopped")
}

/// What the worker is sent, in order.
enum WorkerTask {
    Source(SourceStart),
    Block(SourceBlock),
    Tick(SourceTick),
    HandOver(FlushRequest),
    Finish(SourceTick),
    Swap(Arc<RuleSet>),
}

/// The reader's side.
struct ReadAhead {
    tasks: SyncSender<WorkerTask>,
    used: Receiver<SourceBlock>,
}

impl ReadAhead {
    fn tell(&self, task: WorkerTask) -> Result<(), EngineError> {
        self.tasks.send(task).map_err(|_| stopped())
    }
}

impl PacketSink for ReadAhead {
    fn begin_source(&mut self, start: &SourceStart) {
        // Were the worker to have stopped, the first block tells.
        let _stopped = self.tell(WorkerTask::Source(start.clone()));
    }

    fn block(&mut self, block: SourceBlock) -> Result<SourceBlock, EngineError> {
        self.tell(WorkerTask::Block(block))?;
        Ok(self.used.try_recv().unwrap_or_default())
    }

    fn tick(&mut self, tick: SourceTick) -> Result<(), EngineError> {
        self.tell(WorkerTask::Tick(tick))
    }

    fn hand_over(&mut self, due: FlushRequest) -> Result<(), EngineError> {
        self.tell(WorkerTask::HandOver(due))
    }

    fn finish(&mut self, end: SourceTick) -> Result<(), EngineError> {
        self.tell(WorkerTask::Finish(end))
    }

    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError> {
        self.tell(WorkerTask::Swap(rules))
    }
}

/// The worker's side.
fn work_through(
    setup: &Arc<RunSetup>,
    rules: Arc<RuleSet>,
    writer: WriterHandle,
    work: &Receiver<WorkerTask>,
    done: &Sender<SourceBlock>,
) -> Result<Counters, EngineError> {
    let mut single = SingleWorker::alone(setup, rules, SilentObserver, Some(writer));
    work.iter().try_for_each(|task| {
        match task {
            WorkerTask::Source(start) => single.begin_source(&start),
            // At the end nobody wants it back.
            WorkerTask::Block(block) => drop(done.send(single.block(block)?)),
            WorkerTask::Tick(tick) => single.tick(tick)?,
            WorkerTask::HandOver(due) => single.hand_over(due)?,
            WorkerTask::Finish(end) => single.finish(end)?,
            WorkerTask::Swap(rules) => single.swap(rules)?,
        }
        Ok(())
    })?;
    Ok(single.end())
}
