//! What is due on a transaction.

use sidewire_base::{Direction, PerDirection};

/// Who looks at transactions that are new or may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxConsumer {
    /// Rules, at one direction.
    Rules(Direction),
    /// Loggers.
    Log,
}

impl TxConsumer {
    const fn bit(self) -> u8 {
        match self {
            Self::Rules(Direction::ToServer) => 1,
            Self::Rules(Direction::ToClient) => 2,
            Self::Log => 4,
        }
    }
}

/// What is due on a transaction since it may have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DueFlags {
    /// A bit for each [`TxConsumer`], and those below.
    bits: u8,
    /// Progress before the step that goes on; `None` when the step opened it.
    before: Option<PerDirection<u8>>,
}

impl DueFlags {
    /// It is on the list of those that something is due on.
    const LISTED: u8 = 8;
    /// It is to be settled again, whether it changes or not.
    const UNSETTLED: u8 = 16;
    /// It is about to be dropped.
    const DROPPED: u8 = 32;
    /// All looks.
    const LOOKS: u8 = 7;

    pub(crate) const fn is_listed(self) -> bool {
        self.bits & Self::LISTED != 0
    }

    /// Puts it on the list.
    pub(crate) const fn list(&mut self, before: Option<PerDirection<u8>>) {
        self.bits |= Self::LISTED;
        self.before = before;
    }

    /// Everybody is to look.
    pub(crate) const fn all(&mut self) {
        self.bits |= Self::LOOKS;
    }

    pub(crate) const fn add(&mut self, consumer: TxConsumer) {
        self.bits |= consumer.bit();
    }

    pub(crate) const fn has(self, consumer: TxConsumer) -> bool {
        self.bits & consumer.bit() != 0
    }

    /// Nobody will look in this way any more.
    pub(crate) const fn clear(&mut self, consumer: TxConsumer) {
        self.bits &= !consumer.bit();
    }

    /// A step through the flow's octets begins.
    pub(crate) const fn begin_step(&mut self, progress: PerDirection<u8>) {
        self.before = Some(progress);
    }

    /// Progress at the beginning of the step.
    pub(crate) const fn before(self) -> Option<PerDirection<u8>> {
        self.before
    }

    /// Says whether it is to be settled again although it does not change.
    pub(crate) const fn unsettled(&mut self, again: bool) {
        self.bits = self.bits & !Self::UNSETTLED | if again { Self::UNSETTLED } else { 0 };
    }

    /// Takes it off the list when nothing is due. True when something is.
    pub(crate) const fn stays(&mut self) -> bool {
        let stays = self.bits & (Self::LOOKS | Self::UNSETTLED) != 0;
        if !stays {
            self.bits = 0;
        }
        stays
    }

    pub(crate) const fn drop_it(&mut self) {
        self.bits |= Self::DROPPED;
    }

    pub(crate) const fn is_dropped(self) -> bool {
        self.bits & Self::DROPPED != 0
    }
}
