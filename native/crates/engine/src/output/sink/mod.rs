//! Where lines go. A sink is written by a thread of its own ([`queue`]). A kind of sink is one file here, which declares its
//! settings, and its line in [`KINDS`].

mod file;
mod kind;
pub(crate) mod queue;
mod unix_socket;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub(crate) use kind::{OpenSink, SinkDef, SinkKind};

/// Every kind of sink there is.
pub(crate) static KINDS: &[SinkDef] = &[
    // One line for each: `SinkDef::of::<file::Sink>()`.
    SinkDef::of::<file::FileSink>(),
    SinkDef::of::<unix_socket::UnixSink>(),
];

/// Takes lines.
pub(crate) trait LineSink: Send {
    /// Writes whole lines, each with its end. Gives how many could not be delivered (a reader went away).
    ///
    /// # Errors
    /// When nothing more can be written at all.
    fn write(&mut self, lines: &[u8]) -> io::Result<u64>;

    /// Sees to it that what was written can be seen outside.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn flush(&mut self) -> io::Result<()>;

    /// Begins again under its name: the file was moved away, the reader restarted.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reopen(&mut self) -> io::Result<()>;
}

/// What the threads of sinks are told beside lines.
#[derive(Debug, Default)]
pub(crate) struct SinkSignals {
    /// The run is to stop: nobody waits for a reader that does not read.
    pub(crate) stop: AtomicBool,
    /// How often outputs were to be reopened.
    pub(crate) reopen: AtomicU64,
}

/// What the thread of one sink is told.
#[derive(Debug, Default)]
pub(crate) struct SinkOrders {
    run: Arc<SinkSignals>,
    /// The run is over, and its last lines were given long enough.
    abandoned: AtomicBool,
}

impl SinkOrders {
    /// Nobody waits any longer for a reader that does not read.
    fn is_given_up(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed) || self.run.stop.load(Ordering::Relaxed)
    }
}
