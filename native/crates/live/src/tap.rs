//! One place that packets are taken from: a ring of an interface, or a handle of libpcap.

use std::os::fd::RawFd;

use sidewire_base::Time;
use sidewire_capture::{BlockFrames, CaptureCount};

use crate::LiveError;
use crate::host::interfaces::NetworkInterface;
use crate::settings::InterfaceSettings;

/// The taps of an interface that is open.
pub(crate) struct OpenedTaps {
    pub(crate) taps: Vec<Box<dyn Tap>>,
    /// LINKTYPE number of their frames.
    pub(crate) link_type: u32,
}

/// Opens the taps of an interface; the number is the interface's in frames.
pub(crate) type TapOpener = fn(&InterfaceSettings, &NetworkInterface, u32) -> Result<OpenedTaps, LiveError>;

/// One place that packets are taken from, without waiting.
pub(crate) trait Tap: Send {
    /// Puts what is there behind what is in `frames`: at most a block of it. True when there was something.
    fn take(&mut self, frames: &mut BlockFrames) -> Result<bool, LiveError>;

    /// The time up to which everything has been taken, when that can be said of what came last.
    fn latest(&self) -> Option<Time>;

    /// What becomes readable when there is something.
    fn descriptor(&self) -> RawFd;

    /// How much of the room for packets is in use, in percent; 0 when it cannot be said.
    fn backlog(&self) -> u8 {
        0
    }

    /// Adds what was counted since the last call.
    fn count(&mut self, into: &mut CaptureCount);

    /// Forgets the error that its interface's going down left behind. False when it had none.
    fn clear_error(&mut self) -> bool;

    /// It gives nothing more until it is bound again, although its interface is there.
    fn is_lost(&self) -> bool {
        false
    }

    /// Times are the card's own.
    fn has_hardware_time(&self) -> bool {
        false
    }

    /// Receives nothing more; what is there can still be taken.
    fn close(&mut self);

    /// Is put on another interface of the same name, because the first is gone.
    fn rebind(&mut self, index: u32) -> Result<(), LiveError>;
}
