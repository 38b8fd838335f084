//! Captures that are no files: pipes, and standard input. Reading one may wait for ever, so a thread of its own does.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sidewire_capture::{BlockFrames, CaptureReader, OpenError, PacketSource, ReadError, SourceEvent};

use crate::source::control::lock;

/// Blocks that wait to be taken before reading waits.
const AHEAD: usize = 4;
/// Frames that are handed over together at most.
const TOGETHER: usize = 512;
/// How often who waits for the head of a capture looks whether the run was stopped.
const PATIENCE: Duration = Duration::from_millis(100);

/// True for what can be read once only, and may be idle: standard input, a pipe, a device.
pub(crate) fn is_pipe(input: &str) -> bool {
    input == "-" || std::fs::metadata(input).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

enum PipeItem {
    Opened(Result<(), OpenError>),
    Frames(BlockFrames),
    Failed(ReadError),
    End,
}

impl PipeItem {
    fn into_event(self, frames: &mut BlockFrames) -> Result<SourceEvent, ReadError> {
        match self {
            Self::Frames(read) => {
                *frames = read;
                Ok(SourceEvent::Frames)
            }
            Self::Failed(error) => Err(error),
            Self::Opened(_) => Ok(SourceEvent::Idle),
            Self::End => Ok(SourceEvent::End),
        }
    }
}

/// A capture from a pipe. What comes is handed over as it comes; while nothing does, whoever reads can do other things.
pub(crate) struct PipeSource {
    items: Receiver<PipeItem>,
    /// Once it is closed: how many of the blocks that wait are still given.
    left: Option<usize>,
}

impl PipeSource {
    /// Begins to read, and waits for the head of the capture; `None` when `is_stopped` says so before there is one.
    pub(crate) fn open(input: &str, is_stopped: impl Fn() -> bool) -> Result<Option<Self>, OpenError> {
        let (tell, items) = sync_channel(AHEAD);
        let input = input.to_owned();
        let name = input.clone();
        // Not joined: a read of an idle pipe ends with the process, or with what it reads.
        let started = std::thread::Builder::new().name("pipe".to_owned()).spawn(move || read(&input, &tell));
        started.map_err(|source| OpenError::Io { name: name.clone(), source })?;
        loop {
            match items.recv_timeout(PATIENCE) {
                Ok(PipeItem::Opened(Ok(()))) => return Ok(Some(Self { items, left: None })),
                Ok(PipeItem::Opened(Err(error))) => return Err(error),
                Err(RecvTimeoutError::Timeout) if !is_stopped() => {}
                Ok(_) | Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Err(OpenError::Io { name, source: stopped() }),
            }
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the thread that reads stopped")
}

/// Frames on their way to who takes them.
#[derive(Clone)]
struct GatheredFrames {
    frames: Arc<Mutex<BlockFrames>>,
    tell: SyncSender<PipeItem>,
}

impl GatheredFrames {
    /// Hands over what was gathered; false when nobody takes it any longer.
    fn hand_over(&self) -> bool {
        let frames = core::mem::take(&mut *lock(&self.frames));
        frames.is_empty() || self.tell.send(PipeItem::Frames(frames)).is_ok()
    }
}

/// What is read, with what is done before each read: it may wait, and what was gathered does not wait with it.
struct PipeReader {
    inner: Box<dyn Read + Send>,
    gathered: GatheredFrames,
}

impl Read for PipeReader {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        if self.gathered.hand_over() { self.inner.read(octets) } else { Ok(0) }
    }
}

/// The thread that reads. It ends with the pipe, or when nobody takes what it reads.
fn read(input: &str, tell: &SyncSender<PipeItem>) {
    let gathered = GatheredFrames { frames: Arc::default(), tell: tell.clone() };
    let mut reader = match open(input, gathered.clone()) {
        Ok(reader) => reader,
        Err(error) => return drop(tell.send(PipeItem::Opened(Err(error)))),
    };
    if tell.send(PipeItem::Opened(Ok(()))).is_err() {
        return;
    }
    loop {
        match reader.next() {
            Ok(Some(frame)) => {
                let mut frames = lock(&gathered.frames);
                frames.push(&frame);
                if frames.iter().len() < TOGETHER {
                    continue;
                }
            }
            Ok(None) => {
                gathered.hand_over();
                return drop(tell.send(PipeItem::End));
            }
            Err(error) => {
                gathered.hand_over();
                return drop(tell.send(PipeItem::Failed(error)));
            }
        }
        if !gathered.hand_over() {
            return;
        }
    }
}

fn open(input: &str, gathered: GatheredFrames) -> Result<CaptureReader, OpenError> {
    let (name, inner): (_, Box<dyn Read + Send>) = match input {
        "-" => ("standard input", Box::new(io::stdin())),
        _ => {
            let file = File::open(input).map_err(|source| OpenError::Io { name: input.to_owned(), source })?;
            (input, Box::new(file))
        }
    };
    CaptureReader::from_source(name, PipeReader { inner, gathered }, None)
}

impl PacketSource for PipeSource {
    fn next(&mut self, frames: &mut BlockFrames, deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        frames.clear();
        if let Some(left) = &mut self.left {
            let Some(one_less) = left.checked_sub(1) else { return Ok(SourceEvent::End) };
            *left = one_less;
            return match self.items.try_recv() {
                Ok(item) => item.into_event(frames),
                Err(_) => Ok(SourceEvent::End),
            };
        }
        let wait = deadline.map_or(PATIENCE, |deadline| deadline.saturating_duration_since(Instant::now()));
        match self.items.recv_timeout(wait) {
            Ok(item) => item.into_event(frames),
            // Whose packets are of another day has no clock: what time it is, its packets say.
            Err(RecvTimeoutError::Timeout) => Ok(SourceEvent::Idle),
            // A thread that read to the end has said so.
            Err(RecvTimeoutError::Disconnected) => Err(ReadError::Io { offset: 0, source: stopped() }),
        }
    }

    fn is_live(&self) -> bool {
        true
    }

    fn close(&mut self) -> bool {
        self.left.get_or_insert(AHEAD + 1);
        true
    }
}
