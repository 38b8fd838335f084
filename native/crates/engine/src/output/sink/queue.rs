//! The queue between what writes lines and the thread of a sink.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sidewire_base::fault::{FaultPlace, point};

use super::{LineSink, OpenSink, SinkDef, SinkOrders, SinkSignals};
use crate::EngineError;
use crate::config::setup::RunSetup;
use crate::config::{SinkConfig, WhenFull};
use crate::faults::FaultCount;

/// Octets gathered before they are handed to the sink.
const CHUNK: usize = 256 << 10;
/// Chunks that wait for the sink.
const QUEUE: usize = 8;

/// How long the last lines of a run are given where lines may be dropped.
const GRACE: Duration = Duration::from_secs(1);

/// What a sink gets.
pub(crate) enum SinkItem {
    /// Whole lines.
    Lines(Vec<u8>),
    /// What was written is to be seen outside.
    Flush,
}

/// What the thread of a sink tells.
#[derive(Default)]
struct SinkState {
    orders: Arc<SinkOrders>,
    /// Lines that could not be delivered.
    lost: AtomicU64,
    /// Why it ended before its time.
    error: Mutex<Option<io::Error>>,
}

/// An output's lines on their way to its sink. Bounded: when it is full, it waits or drops lines and counts them, as the
/// output says.
pub(crate) struct OutputQueue {
    name: String,
    queue: SyncSender<SinkItem>,
    /// Chunks that are done with, for their memory.
    empty: Receiver<Vec<u8>>,
    gathered: Vec<u8>,
    gathered_lines: u64,
    when_full: WhenFull,
    state: Arc<SinkState>,
    /// `None`: the subscriber takes from the queue itself.
    thread: Option<JoinHandle<()>>,
    /// Lines handed over so far.
    lines: u64,
    /// Lines dropped because the queue was full.
    dropped: u64,
}

/// What became of the lines of an output.
#[derive(Clone, Debug)]
pub(crate) struct OutputCount {
    pub(crate) output: String,
    pub(crate) lines: u64,
    /// Of these, lines that nobody got: the queue was full, or the reader away.
    pub(crate) dropped: u64,
    /// What its sink could not do last.
    pub(crate) trouble: Option<String>,
}

impl OutputQueue {
    /// Opens an output's sink with a thread of its own.
    pub(crate) fn open(
        config: &SinkConfig,
        when_full: WhenFull,
        signals: &Arc<SinkSignals>,
        setup: &Arc<RunSetup>,
    ) -> Result<Self, EngineError> {
        let drops = when_full == WhenFull::Drop;
        let orders = Arc::new(SinkOrders { run: Arc::clone(signals), drops, ..SinkOrders::default() });
        let OpenSink { name, sink } = SinkDef::open(config, &orders)?;
        let (queue, items) = sync_channel(QUEUE);
        let (done, empty) = channel();
        let state = Arc::new(SinkState { orders, ..SinkState::default() });
        let shared = Arc::clone(&state);
        let setup = Arc::clone(setup);
        let thread = std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                if let Err(error) = write(sink, &items, &done, (&shared, &setup.faults)) {
                    *shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            })
            .map_err(EngineError::Thread)?;
        Ok(Self { thread: Some(thread), ..Self::new(name, queue, empty, when_full, state) })
    }

    /// An output whose lines the caller takes.
    pub(crate) fn subscriber() -> (Self, Receiver<SinkItem>) {
        let (queue, items) = sync_channel(QUEUE);
        let (_, empty) = channel();
        (Self::new("subscriber".to_owned(), queue, empty, WhenFull::Wait, Arc::default()), items)
    }

    fn new(
        name: String,
        queue: SyncSender<SinkItem>,
        empty: Receiver<Vec<u8>>,
        when_full: WhenFull,
        state: Arc<SinkState>,
    ) -> Self {
        let (gathered, thread) = (Vec::new(), None);
        Self { name, queue, empty, gathered, gathered_lines: 0, when_full, state, thread, lines: 0, dropped: 0 }
    }

    /// Takes a line.
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<(), EngineError> {
        self.gathered.extend_from_slice(line);
        self.gathered_lines += 1;
        self.lines += 1;
        if self.gathered.len() >= CHUNK { self.push() } else { Ok(()) }
    }

    /// Hands over what was gathered, to be seen outside at once.
    pub(crate) fn flush(&mut self) -> Result<(), EngineError> {
        self.push()?;
        match self.when_full {
            WhenFull::Wait => self.queue.send(SinkItem::Flush).or_else(|_| self.gone()),
            // What is in a full queue is flushed with what follows.
            WhenFull::Drop => match self.queue.try_send(SinkItem::Flush) {
                Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
                Err(TrySendError::Disconnected(_)) => self.gone(),
            },
        }
    }

    /// Waits until everything is written.
    pub(crate) fn finish(mut self) -> Result<OutputCount, EngineError> {
        let flushed = self.flush();
        let Self { name, queue, thread, state, lines, dropped, when_full, .. } = self;
        drop(queue);
        if let Some(thread) = thread.as_ref().filter(|_| when_full == WhenFull::Drop) {
            wait(thread);
            state.orders.abandoned.store(true, Ordering::Relaxed);
        }
        if thread.is_some_and(|thread| thread.join().is_err()) {
            return Err(EngineError::internal("the thread of an output panicked"));
        }
        if let Some(source) = take_error(&state) {
            return Err(EngineError::Output { output: name, source });
        }
        flushed?;
        let trouble = state.orders.trouble();
        Ok(OutputCount { output: name, lines, dropped: dropped + state.lost.load(Ordering::Relaxed), trouble })
    }

    /// What became of its lines so far.
    pub(crate) fn count(&self) -> OutputCount {
        let (output, trouble) = (self.name.clone(), self.state.orders.trouble());
        OutputCount { output, lines: self.lines, dropped: self.dropped(), trouble }
    }

    /// Lines that nobody got, so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped + self.state.lost.load(Ordering::Relaxed)
    }

    fn push(&mut self) -> Result<(), EngineError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let lines = core::mem::take(&mut self.gathered_lines);
        let chunk = core::mem::replace(&mut self.gathered, self.empty.try_recv().unwrap_or_default());
        let item = SinkItem::Lines(chunk);
        match self.when_full {
            WhenFull::Wait => self.queue.send(item).or_else(|_| self.gone()),
            WhenFull::Drop => match self.queue.try_send(item) {
                Ok(()) => Ok(()),
                Err(TrySendError::Full(_)) => {
                    self.dropped += lines;
                    Ok(())
                }
                Err(TrySendError::Disconnected(_)) => self.gone(),
            },
        }
    }

    /// The sink is gone. A subscriber that went away wants no more; a thread has said why, if it could.
    fn gone(&self) -> Result<(), EngineError> {
        match take_error(&self.state) {
            Some(source) => Err(EngineError::Output { output: self.name.clone(), source }),
            None if self.thread.is_some() => Err(EngineError::internal("the thread of an output panicked")),
            None => Ok(()),
        }
    }
}

/// Waits for a thread to end, but not for ever.
fn wait(thread: &JoinHandle<()>) {
    let began = Instant::now();
    while !thread.is_finished() && began.elapsed() < GRACE {
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn take_error(state: &SinkState) -> Option<io::Error> {
    state.error.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The thread of a sink.
fn write(
    mut sink: Box<dyn LineSink>,
    items: &Receiver<SinkItem>,
    done: &std::sync::mpsc::Sender<Vec<u8>>,
    (state, faults): (&SinkState, &FaultCount),
) -> io::Result<()> {
    let mut reopened = 0;
    let lose = |lines| state.lost.fetch_add(lines, Ordering::Relaxed);
    for item in items {
        let reopen = state.orders.run.reopen.load(Ordering::Relaxed);
        if reopen != reopened {
            reopened = reopen;
            lose(sink.flush()?);
            sink.reopen()?;
        }
        match item {
            SinkItem::Lines(mut chunk) => {
                let written = faults.contain(|| {
                    point(FaultPlace::Write);
                    sink.write(&chunk)
                });
                // A fault costs the lines that were being written.
                lose(written.unwrap_or_else(|| Ok(chunk.iter().filter(|octet| **octet == b'\n').count() as u64))?);
                chunk.clear();
                // At the end nobody wants it back.
                let _over = done.send(chunk);
            }
            SinkItem::Flush => _ = lose(sink.flush()?),
        }
    }
    lose(sink.close()?);
    Ok(())
}
