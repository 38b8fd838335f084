//! Where lines go. A sink is written by a thread of its own ([`queue`]). A kind of sink is one file here, which declares its
//! settings, and its line in [`KINDS`].

mod file;
mod file_name;
mod interval;
mod kafka;
mod kind;
mod lines;
pub(crate) mod queue;
mod redis;
mod retention;
mod server_stream;
mod spool;
mod syslog;
mod unix_socket;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use kind::{OpenSink, SinkDef, SinkKind};

/// Every kind of sink there is.
pub(crate) static KINDS: &[SinkDef] = &[
    // One line for each: `SinkDef::of::<file::Sink>()`.
    SinkDef::of::<file::FileSink>(),
    SinkDef::of::<unix_socket::UnixSink>(),
    SinkDef::of::<syslog::SyslogSink>(),
    SinkDef::of::<redis::RedisSink>(),
    SinkDef::of::<kafka::KafkaSink>(),
];

/// Takes lines.
pub(crate) trait LineSink: Send {
    /// Writes whole lines, each with its end. Gives how many could not be delivered (a reader went away).
    ///
    /// # Errors
    /// When nothing more can be written at all.
    fn write(&mut self, lines: &[u8]) -> io::Result<u64>;

    /// Sees to it that what was written can be seen outside. Also called while there is nothing to write: what is due by the
    /// clock can be done. Gives how many lines were lost by it, as [`write`](Self::write) does.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn flush(&mut self) -> io::Result<u64>;

    /// Begins again under its name: the file was moved away, the reader restarted.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reopen(&mut self) -> io::Result<()>;

    /// Everything was written: what still waits is delivered, or counted as lost.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn close(&mut self) -> io::Result<u64> {
        self.flush()
    }
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
    /// Lines that are not taken as fast as they come are dropped, not waited for.
    drops: bool,
    /// What the sink could not do last.
    trouble: Mutex<Option<String>>,
}

impl SinkOrders {
    /// Lines are waited for, however long it takes, as long as the run goes on.
    fn waits(&self) -> bool {
        !self.drops
    }

    /// Tells people what could not be done; lines that were lost by it are counted beside.
    fn tell(&self, trouble: &dyn core::fmt::Display) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble.to_string());
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nobody waits any longer for a reader that does not read.
    fn is_given_up(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed) || self.run.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl SinkOrders {
    fn dropping() -> Self {
        Self { drops: true, ..Self::default() }
    }

    fn give_up(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}
