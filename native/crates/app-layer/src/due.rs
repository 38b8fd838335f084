use sidewire_base::Direction;

/// A look at transactions that only those need which are new or may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The rules', at one direction.
    Rules(Direction),
    /// The loggers'.
    Log,
}

impl Look {
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
pub struct Due {
    /// A bit for each [`Look`], and those below.
    bits: u8,
    /// Progress before the step that goes on; `None` when the step opened it.
    before: Option<[u8; 2]>,
}

impl Due {
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
    pub(crate) const fn list(&mut self, before: Option<[u8; 2]>) {
        self.bits |= Self::LISTED;
        self.before = before;
    }

    /// Everybody is to look.
    pub(crate) const fn all(&mut self) {
        self.bits |= Self::LOOKS;
    }

    pub(crate) const fn add(&mut self, look: Look) {
        self.bits |= look.bit();
    }

    pub(crate) const fn has(self, look: Look) -> bool {
        self.bits & look.bit() != 0
    }

    /// Nobody will look in this way any more.
    pub(crate) const fn clear(&mut self, look: Look) {
        self.bits &= !look.bit();
    }

    /// A step through the flow's octets begins.
    pub(crate) const fn begin_step(&mut self, progress: [u8; 2]) {
        self.before = Some(progress);
    }

    /// Progress at the beginning of the step.
    pub(crate) const fn before(self) -> Option<[u8; 2]> {
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
