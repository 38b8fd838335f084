//! An interface as libpcap gives it.

use std::os::fd::RawFd;

use sidewire_base::Time;
use sidewire_capture::{BlockFrames, CaptureCount, CapturedFrame};

use super::library::{NextPacket, PacketHeader, PcapHandle, PcapLibrary, PcapStats, SNAP_LENGTH};
use crate::method::{OpenedSource, SourceKind};
use crate::settings::{InterfaceSettings, PendingChecksums};
use crate::tap::{OpenedTaps, Tap};
use crate::{LiveError, LiveSource};

/// Packets taken at once.
const BATCH: usize = 256;
/// Batches taken after nothing more was to come.
const MOST_LEFT: u32 = 1024;

/// An interface as libpcap gives it.
pub(crate) struct PcapTap {
    handle: PcapHandle,
    settings: InterfaceSettings,
    number: u32,
    link_type: u32,
    /// Nanoseconds of the unit that fractions of a second are counted in.
    fraction: i64,
    latest: Option<Time>,
    truncated: u64,
    /// What was counted when it was last asked.
    counted: PcapStats,
    /// Batches that are still taken, once nothing more is to come: libpcap goes on receiving.
    left: Option<u32>,
    /// It failed: its interface went down or away.
    failed: bool,
}

impl SourceKind for PcapTap {
    fn open(settings: &[InterfaceSettings]) -> Result<OpenedSource, (String, LiveError)> {
        LiveSource::open(
            |settings, _, number| {
                let tap = Self::open_one(settings, number)?;
                let link_type = tap.link_type;
                Ok(OpenedTaps { taps: vec![Box::new(tap)], link_type })
            },
            settings,
        )
    }
}

impl PcapTap {
    fn open_one(settings: &InterfaceSettings, number: u32) -> Result<Self, LiveError> {
        let handle = open(settings)?;
        let link_type = u32::try_from(handle.link_type()).unwrap_or(0);
        Ok(Self {
            // What some systems call raw IP is 101 in files.
            link_type: if matches!(link_type, 12 | 14) { 101 } else { link_type },
            fraction: handle.fraction(),
            handle,
            settings: settings.clone(),
            number,
            latest: None,
            truncated: 0,
            counted: PcapStats::default(),
            left: None,
            failed: false,
        })
    }
}

fn open(settings: &InterfaceSettings) -> Result<PcapHandle, LiveError> {
    let mut handle = PcapHandle::create(PcapLibrary::open("--pcap")?, &settings.name)?;
    let snap_length = i32::try_from(settings.snap_length).ok().filter(|length| *length > 0).unwrap_or(SNAP_LENGTH);
    handle.configure(settings.promiscuous, snap_length, settings.ring_length)?;
    handle.activate()?;
    if !settings.filter.is_empty() {
        handle.set_filter(&settings.filter)?;
    }
    handle.set_nonblocking()?;
    Ok(handle)
}

/// What a time has beyond its seconds; its type is the system's.
fn fraction(header: &PacketHeader) -> i64 {
    #[allow(clippy::useless_conversion)]
    i64::from(header.time.tv_usec)
}

impl Tap for PcapTap {
    fn take(&mut self, frames: &mut BlockFrames) -> Result<bool, LiveError> {
        if self.failed || self.left == Some(0) {
            return Ok(false);
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        let mut some = false;
        for _ in 0..BATCH {
            match self.handle.next() {
                Ok(NextPacket::Nothing) => break,
                Ok(NextPacket::Packet(header, data)) => {
                    let time = Time::new(header.time.tv_sec, fraction(&header) * self.fraction);
                    self.latest = Some(time);
                    self.truncated += u64::from(header.captured < header.length);
                    frames.push(&CapturedFrame {
                        time,
                        data,
                        wire_length: header.length,
                        link_type: self.link_type,
                        interface: self.number,
                        checksums_pending: self.settings.checksums == PendingChecksums::Ignore,
                    });
                    some = true;
                }
                Err(_) => {
                    self.failed = true;
                    break;
                }
            }
        }
        Ok(some)
    }

    fn latest(&self) -> Option<Time> {
        self.latest
    }

    fn descriptor(&self) -> RawFd {
        if self.failed { -1 } else { self.handle.descriptor() }
    }

    fn count(&mut self, into: &mut CaptureCount) {
        if let Some(stats) = self.handle.stats() {
            let since = |now: u32, before: u32| u64::from(now.wrapping_sub(before));
            let before = core::mem::replace(&mut self.counted, stats);
            // Those that were dropped are among those that were received.
            into.packets += since(stats.received, before.received);
            into.dropped += since(stats.dropped, before.dropped);
            into.interface_dropped += since(stats.interface_dropped, before.interface_dropped);
        }
        into.truncated += core::mem::take(&mut self.truncated);
    }

    fn clear_error(&mut self) -> bool {
        self.failed
    }

    fn is_lost(&self) -> bool {
        self.failed
    }

    fn close(&mut self) {
        self.left = Some(MOST_LEFT);
    }

    fn rebind(&mut self, _index: u32) -> Result<(), LiveError> {
        self.handle = open(&self.settings)?;
        self.fraction = self.handle.fraction();
        self.counted = PcapStats::default();
        self.failed = false;
        Ok(())
    }
}
