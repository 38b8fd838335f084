//! One interface: its rings, what they lost, and whether it is still there.

use std::os::fd::RawFd;

use sidewire_base::Time;
use sidewire_capture::{BlockFrames, CaptureCount, SourceNotice};

use crate::LiveError;
use crate::host::interfaces::{NetworkInterface, interfaces};
use crate::settings::InterfaceSettings;
use crate::tap::{OpenedTaps, Tap, TapOpener};

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// How an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkState {
    Up,
    NoCarrier,
    Down,
    Gone,
}

impl LinkState {
    const fn of(interface: &NetworkInterface) -> Self {
        match (interface.is_up(), interface.has_carrier()) {
            (false, _) => Self::Down,
            (true, false) => Self::NoCarrier,
            (true, true) => Self::Up,
        }
    }
}

/// An interface that was opened, and what is to be known of it.
#[derive(Clone, Debug)]
pub struct OpenedInterface {
    /// Its name.
    pub name: String,
    /// LINKTYPE number of its frames.
    pub link_type: u32,
    /// Rings.
    pub rings: u32,
    /// What it does that changes packets before they are captured, in ethtool's words.
    pub offloads: Vec<&'static str>,
    /// Its card can stamp packets.
    pub hardware_time: bool,
    /// Switched on, and somebody at the other end.
    pub up: bool,
}

/// One interface that is captured.
pub(crate) struct WatchedInterface {
    /// As it was asked for.
    name: String,
    /// As it is called now.
    called: String,
    index: u32,
    state: LinkState,
    taps: Vec<Box<dyn Tap>>,
    counts: Vec<CaptureCount>,
    /// Packets its card had no room for, when that was last looked at.
    missed: u32,
    /// Packets carry times of the card's clock, which is more than a second off the system's; told once.
    clock_is_off: bool,
    clock_was_told: bool,
    /// Why it cannot be captured although it is there, as was told.
    trouble: Option<String>,
}

impl WatchedInterface {
    /// Opens an interface; `number` is its number in frames.
    pub(crate) fn open(
        open_taps: TapOpener,
        settings: &InterfaceSettings,
        number: u32,
    ) -> Result<(Self, OpenedInterface), LiveError> {
        let all = interfaces();
        let Some(interface) = all.iter().find(|one| one.name == settings.name) else {
            return Err(LiveError::NoInterface { others: all.into_iter().map(|one| one.name).collect() });
        };
        let OpenedTaps { taps, link_type } = open_taps(settings, interface, number)?;
        let count = |ring| CaptureCount { interface: settings.name.clone(), ring, ..CaptureCount::default() };
        let (offloads, hardware_time) = crate::host::offloads(&settings.name);
        let rings = u32::try_from(taps.len()).unwrap_or(u32::MAX);
        let state = LinkState::of(interface);
        let up = state == LinkState::Up;
        let told = OpenedInterface { name: settings.name.clone(), link_type, rings, offloads, hardware_time, up };
        let watched = Self {
            name: settings.name.clone(),
            called: settings.name.clone(),
            index: interface.index,
            state,
            taps,
            counts: (0..rings).map(count).collect(),
            missed: interface.missed,
            clock_is_off: false,
            clock_was_told: false,
            trouble: None,
        };
        Ok((watched, told))
    }

    /// As it was asked for.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn rings(&self) -> usize {
        self.taps.len()
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = RawFd> {
        self.taps.iter().map(|tap| tap.descriptor())
    }

    /// Takes at most a block of each ring; the time up to which nothing more will come, where `settled` is that time for a
    /// ring that is silent.
    pub(crate) fn take(&mut self, frames: &mut BlockFrames, settled: Time) -> Time {
        let mut until = Time(i64::MAX);
        for tap in &mut self.taps {
            let some = tap.take(frames).unwrap_or(false);
            if some && tap.has_hardware_time() {
                self.clock_is_off |= tap.latest().is_some_and(|latest| latest.since(settled).abs() > SECOND);
            }
            until = until.min(tap.latest().filter(|_| some).unwrap_or(settled));
        }
        until
    }

    pub(crate) fn clear_error(&mut self) -> bool {
        self.taps.iter_mut().map(|tap| tap.clear_error()).filter(|some| *some).count() > 0
    }

    pub(crate) fn close(&mut self) {
        self.taps.iter_mut().for_each(|tap| tap.close());
    }

    pub(crate) fn counts(&mut self) -> Vec<CaptureCount> {
        for (tap, count) in self.taps.iter_mut().zip(&mut self.counts) {
            tap.count(count);
            count.up = self.state == LinkState::Up;
        }
        self.counts.clone()
    }

    /// See [`sidewire_capture::PacketSource::backlog`].
    pub(crate) fn backlog(&self) -> u8 {
        self.taps.iter().map(|tap| tap.backlog()).max().unwrap_or(0)
    }

    /// Looks for the interface among all there are; what is to be told of it.
    pub(crate) fn look(&mut self, all: &[NetworkInterface]) -> Vec<SourceNotice> {
        let mut told = Vec::new();
        match all.iter().find(|one| one.index == self.index) {
            Some(interface) => self.follow(interface, &mut told),
            None => {
                if self.state != LinkState::Gone {
                    self.state = LinkState::Gone;
                    told.push(
                        self.notice("capture/interface-gone", "is gone; it is captured again when it comes back"),
                    );
                }
                if let Some(interface) = all.iter().find(|one| one.name == self.name) {
                    self.come_back(interface, &mut told);
                }
            }
        }
        told
    }

    fn follow(&mut self, interface: &NetworkInterface, told: &mut Vec<SourceNotice>) {
        if interface.name != self.called {
            let what = format!("is called {} now, and goes on being captured", interface.name);
            told.push(self.notice("capture/interface-renamed", &what));
            self.called.clone_from(&interface.name);
        }
        if self.clock_is_off && !self.clock_was_told {
            self.clock_was_told = true;
            let what = "stamps packets by a clock that is more than a second off the system's; phc2sys sets it";
            told.push(self.notice("capture/clock", what));
        }
        let lost = u64::from(interface.missed.wrapping_sub(self.missed));
        self.missed = interface.missed;
        self.counts.iter_mut().for_each(|count| count.interface_dropped += lost);
        let state = LinkState::of(interface);
        if state == LinkState::Up && self.taps.iter().any(|tap| tap.is_lost()) {
            self.rebind(interface, told);
        }
        if state != self.state {
            self.state = state;
            let (code, what) = match state {
                LinkState::Up => ("capture/interface-up", "is up again"),
                LinkState::NoCarrier => ("capture/interface-down", "has no carrier: nothing comes from it"),
                LinkState::Down | LinkState::Gone => ("capture/interface-down", "is down: nothing comes from it"),
            };
            told.push(self.notice(code, what));
        }
    }

    /// An interface of this name is there again.
    fn come_back(&mut self, interface: &NetworkInterface, told: &mut Vec<SourceNotice>) {
        if self.rebind(interface, told) {
            self.called.clone_from(&interface.name);
            (self.index, self.missed) = (interface.index, interface.missed);
            self.state = LinkState::of(interface);
            let is_up = if self.state == LinkState::Up { "" } else { ", and down" };
            told.push(self.notice("capture/interface-up", &format!("is back{is_up}")));
        }
    }

    /// Puts all rings on an interface. Why that is not possible is told once.
    fn rebind(&mut self, interface: &NetworkInterface, told: &mut Vec<SourceNotice>) -> bool {
        let trouble = self.taps.iter_mut().find_map(|tap| tap.rebind(interface.index).err());
        let trouble = trouble.map(|error| error.to_string());
        if let Some(why) = &trouble
            && self.trouble != trouble
        {
            let what = format!("is there again, and cannot be captured: {why}; starting anew captures it");
            told.push(self.notice("capture/interface-lost", &what));
        }
        self.trouble = trouble;
        self.trouble.is_none()
    }

    fn notice(&self, code: &'static str, what: &str) -> SourceNotice {
        SourceNotice { code, message: format!("{} {what}", self.name) }
    }
}
