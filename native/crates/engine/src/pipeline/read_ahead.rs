//! One worker, with a reader that reads and decompresses ahead.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use sidewire_base::Time;
use sidewire_detect::{RuleSet, Silent};

use crate::EngineError;
use crate::config::RunConfig;
use crate::config::setup::Setup;
use crate::output::writer::merge::Merger;
use crate::output::writer::thread::Writing;
use crate::pipeline::single::Alone;
use crate::source::block::Block;
use crate::source::driver::Reading;
use crate::source::intake::Intake;

/// Blocks read before they are needed.
const AHEAD: usize = 3;
/// Captures smaller than this are not worth a thread. Octets.
const WORTH: u64 = 4 << 20;

/// True when a capture is large enough for [`replay`]. Anything but a file may leave a thread waiting for ever.
pub(crate) fn is_worth_it(config: &RunConfig) -> bool {
    config.inputs.iter().any(|path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() >= WORTH))
}

/// Replays with one worker on a thread of its own, while this one reads and decompresses ahead.
pub(crate) fn replay(
    setup: &Arc<Setup>,
    rules: Arc<RuleSet>,
    merger: &mut Merger,
    reading: &mut Reading<'_>,
) -> Result<BTreeMap<String, u64>, EngineError> {
    std::thread::scope(|scope| {
        let writing = Writing::start(scope, merger);
        let (tasks, work) = sync_channel(AHEAD);
        let (done, used) = channel();
        let worker = scope.spawn(move || run(setup, rules, writing, &work, &done));
        let mut ahead = Ahead { tasks, used };
        let outcome = reading.replay(&mut ahead);
        // Nothing more comes: the worker ends. Why it stopped before that is its own answer.
        drop(ahead);
        let counters = worker.join().unwrap_or_else(|_| Err(stopped()))?;
        outcome.map(|()| counters)
    })
}

fn stopped() -> EngineError {
    EngineError::Config("internal error: the worker stopped".to_owned())
}

/// What the worker is told, in order.
enum Task {
    File { path: Arc<str>, fresh: bool, ignore_checksums: bool },
    Block(Block),
    Finish { now: Time },
    Swap(Arc<RuleSet>),
}

/// The reader's side.
struct Ahead {
    tasks: SyncSender<Task>,
    used: Receiver<Block>,
}

impl Ahead {
    fn tell(&self, task: Task) -> Result<(), EngineError> {
        self.tasks.send(task).map_err(|_| stopped())
    }
}

impl Intake for Ahead {
    fn begin_file(&mut self, path: &Arc<str>, fresh: bool, ignore_checksums: bool) {
        // Were the worker to have stopped, the first block tells.
        let _stopped = self.tell(Task::File { path: Arc::clone(path), fresh, ignore_checksums });
    }

    fn block(&mut self, block: Block) -> Result<Block, EngineError> {
        self.tell(Task::Block(block))?;
        Ok(self.used.try_recv().unwrap_or_default())
    }

    fn finish(&mut self, now: Time) -> Result<(), EngineError> {
        self.tell(Task::Finish { now })
    }

    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError> {
        self.tell(Task::Swap(rules))
    }
}

/// The worker's side.
fn run(
    setup: &Arc<Setup>,
    rules: Arc<RuleSet>,
    writing: Writing<'_>,
    work: &Receiver<Task>,
    done: &Sender<Block>,
) -> Result<BTreeMap<String, u64>, EngineError> {
    let mut alone = Alone::new(setup, rules, Silent, Some(writing));
    let mut take = |task| {
        match task {
            Task::File { path, fresh, ignore_checksums } => alone.begin_file(&path, fresh, ignore_checksums),
            // At the end nobody wants it back.
            Task::Block(block) => drop(done.send(alone.block(block)?)),
            Task::Finish { now } => alone.finish(now)?,
            Task::Swap(rules) => alone.swap(rules)?,
        }
        Ok(())
    };
    let outcome: Result<(), EngineError> = work.iter().try_for_each(&mut take);
    // What the writer says comes first: it is why the worker could not go on.
    alone.end().and_then(|counters| outcome.map(|()| counters))
}
