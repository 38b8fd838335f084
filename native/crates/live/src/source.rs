//! All rings of all interfaces as one source, in the order of time.

use core::mem;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sidewire_base::Time;
use sidewire_capture::{BlockFrames, CaptureCount, PacketSource, ReadError, SourceEvent, SourceNotice};

use crate::LiveError;
use crate::method::OpenedSource;
use crate::settings::InterfaceSettings;
use crate::tap::TapOpener;
use crate::watch::{OpenedInterface, WatchedInterface};

/// How long a packet may lie in a ring before it is seen. A ring that was silent has nothing older.
const SETTLED: Duration = Duration::from_millis(30);
/// Longest that packets wait for older ones of another ring, whatever the clock does meanwhile.
const MOST_HELD: Duration = Duration::from_millis(200);
/// How often interfaces are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long waiting lasts when nobody sets a deadline.
const USUAL_WAIT: Duration = Duration::from_millis(250);
/// Notices that wait for somebody to ask for them.
const MAX_NOTICES: usize = 64;

/// All rings of all interfaces as one source, in the order of time: whoever follows it sees what one wire would have given.
/// It never ends by itself.
pub struct LiveSource {
    interfaces: Vec<WatchedInterface>,
    /// Packets of which older ones may still come from another ring, and since when they wait.
    held: BlockFrames,
    held_since: Option<Instant>,
    notices: Vec<SourceNotice>,
    looked: Instant,
    /// When it was closed.
    closed: Option<Instant>,
}

impl LiveSource {
    /// Opens interfaces, each by taps of one kind.
    ///
    /// # Errors
    /// The interface that cannot be captured, and why.
    pub(crate) fn open(
        open_taps: TapOpener,
        settings: &[InterfaceSettings],
    ) -> Result<OpenedSource, (String, LiveError)> {
        let mut interfaces = Vec::new();
        let mut opened = Vec::new();
        for (number, settings) in (0..).zip(settings) {
            let failed = |error| (settings.name.clone(), error);
            let (interface, told) = WatchedInterface::open(open_taps, settings, number).map_err(failed)?;
            interfaces.push(interface);
            opened.push(told);
        }
        let looked = Instant::now();
        let held = BlockFrames::default();
        let unstamped =
            |(asked, found): &(&InterfaceSettings, &OpenedInterface)| asked.hardware_time && !found.hardware_time;
        let notices = settings.iter().zip(&opened).filter(unstamped).map(|(asked, _)| SourceNotice {
            code: "capture/clock",
            message: format!("{}: its card stamps no packets; the kernel's times are taken", asked.name),
        });
        let notices = notices.collect();
        let source = Self { interfaces, held, held_since: None, notices, looked, closed: None };
        Ok((Box::new(source), opened))
    }

    /// Takes what is there: at most a block of each ring, in the order of time. Where there are several rings, what may be
    /// later than something that is still to come waits.
    fn take(&mut self, frames: &mut BlockFrames) {
        let now = Instant::now();
        let settled = wall(SystemTime::now().checked_sub(SETTLED));
        let several = self.interfaces.iter().map(WatchedInterface::rings).sum::<usize>() > 1;
        if several {
            mem::swap(frames, &mut self.held);
        }
        let mut until = Time(i64::MAX);
        for interface in &mut self.interfaces {
            until = until.min(interface.take(frames, settled));
        }
        if !several || frames.is_empty() {
            return;
        }
        frames.sort_by_time();
        if self.held_since.is_some_and(|since| now.duration_since(since) > MOST_HELD) || self.closed.is_some() {
            until = Time(i64::MAX);
        }
        self.held.clear();
        frames.move_later(until, &mut self.held);
        self.held_since = match self.held_since {
            _ if self.held.is_empty() => None,
            // Something went on: what waits now did not wait before.
            Some(since) if frames.is_empty() => Some(since),
            _ => Some(now),
        };
    }

    /// Waits until something is there, at most for so long.
    fn wait(&mut self, most: Duration) {
        let most = if self.held.is_empty() { most } else { most.min(SETTLED) };
        let mut polled: Vec<libc::pollfd> = self
            .interfaces
            .iter()
            .flat_map(WatchedInterface::descriptors)
            .map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 })
            .collect();
        poll(&mut polled, most);
        if polled.iter().any(|one| one.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0) {
            // An interface went down or away. What a socket says of it is said once; where it goes on saying it, waiting is
            // what is left.
            let cleared = self.interfaces.iter_mut().map(WatchedInterface::clear_error).filter(|some| *some).count();
            if cleared == 0 {
                poll(&mut [], SETTLED);
            }
            self.look();
        }
    }

    /// Looks at the interfaces, and tells what has changed.
    fn look(&mut self) {
        self.looked = Instant::now();
        let all = crate::host::interfaces::interfaces();
        for interface in &mut self.interfaces {
            let room = MAX_NOTICES.saturating_sub(self.notices.len());
            self.notices.extend(interface.look(&all).into_iter().take(room));
        }
    }
}

impl PacketSource for LiveSource {
    fn next(&mut self, frames: &mut BlockFrames, deadline: Option<Instant>) -> Result<SourceEvent, ReadError> {
        let deadline = deadline.unwrap_or_else(|| Instant::now() + USUAL_WAIT);
        frames.clear();
        loop {
            let now = Instant::now();
            if now.duration_since(self.looked) >= LOOK {
                self.look();
            }
            self.take(frames);
            if !frames.is_empty() {
                return Ok(SourceEvent::Frames);
            }
            if self.closed.is_some_and(|closed| now.duration_since(closed) >= SETTLED) {
                return Ok(SourceEvent::End);
            }
            if now >= deadline {
                return Ok(SourceEvent::Tick(wall(SystemTime::now().checked_sub(SETTLED))));
            }
            self.wait(deadline.duration_since(now));
        }
    }

    fn is_live(&self) -> bool {
        true
    }

    fn interfaces(&self) -> Vec<String> {
        self.interfaces.iter().map(|interface| interface.name().to_owned()).collect()
    }

    fn counts(&mut self) -> Vec<CaptureCount> {
        self.interfaces.iter_mut().flat_map(WatchedInterface::counts).collect()
    }

    fn backlog(&self) -> u8 {
        self.interfaces.iter().map(WatchedInterface::backlog).max().unwrap_or(0)
    }

    fn notices(&mut self) -> Vec<SourceNotice> {
        mem::take(&mut self.notices)
    }

    fn close(&mut self) -> bool {
        if self.closed.is_none() {
            self.closed = Some(Instant::now());
            self.interfaces.iter_mut().for_each(WatchedInterface::close);
        }
        true
    }
}

/// A time of the system's clock; 1970 for one before.
fn wall(time: Option<SystemTime>) -> Time {
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Time::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos().into())
}

/// Waits until one of these has something to say, at most for so long.
fn poll(polled: &mut [libc::pollfd], most: Duration) {
    let milliseconds = i32::try_from(most.as_millis()).unwrap_or(i32::MAX).max(1);
    // SAFETY: the list is as long as is said, and outlives the call.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) };
}
