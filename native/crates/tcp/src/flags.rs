//! What is known of a session as a whole.

/// A set of facts about a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionFlags(u16);

impl SessionFlags {
    /// Picked up without its handshake.
    pub(crate) const MIDSTREAM: Self = Self(1);
    /// Picked up at a SYN/ACK.
    pub(crate) const FROM_SYN_ACK: Self = Self(1 << 1);
    /// Only one side is seen.
    pub(crate) const ONE_SIDED: Self = Self(1 << 2);
    /// Both sides use timestamps.
    pub(crate) const TIMESTAMPS: Self = Self(1 << 3);
    /// The SYN offered window scaling.
    pub(crate) const SCALE_OFFERED: Self = Self(1 << 4);
    /// The SYN offered selective acknowledgement.
    pub(crate) const SACK_OFFERED: Self = Self(1 << 5);
    /// Both sides use selective acknowledgement.
    pub(crate) const SACK: Self = Self(1 << 6);
    /// Both sides sent a SYN.
    pub(crate) const SIMULTANEOUS: Self = Self(1 << 7);
    /// The handshake's ACK had the right sequence number and a wrong acknowledgement.
    pub(crate) const EVASION: Self = Self(1 << 8);
    /// TCP fast open (RFC 7413).
    pub(crate) const FAST_OPEN: Self = Self(1 << 9);
    /// Its data was not acknowledged by the SYN/ACK.
    pub(crate) const FAST_OPEN_IGNORED: Self = Self(1 << 10);
    /// The server answered after the handshake: it has seen the last ACK.
    pub(crate) const CONFIRMED: Self = Self(1 << 11);
    /// Segments were lost: RSTs are taken as they come.
    pub(crate) const LOSSY: Self = Self(1 << 12);
    /// The session's memory is charged.
    pub(crate) const CHARGED: Self = Self(1 << 13);

    /// True when the fact is known.
    #[inline]
    pub(crate) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// The fact is known from now on.
    #[inline]
    pub(crate) const fn add(&mut self, flag: Self) {
        self.0 |= flag.0;
    }

    /// The same where a condition holds; where it does not, nothing changes.
    #[inline]
    pub(crate) const fn add_if(&mut self, flag: Self, condition: bool) {
        if condition {
            self.add(flag);
        }
    }

    /// The fact holds no longer.
    #[inline]
    pub(crate) const fn remove(&mut self, flag: Self) {
        self.0 &= !flag.0;
    }

    /// The fact holds or not.
    #[inline]
    pub(crate) const fn set(&mut self, flag: Self, value: bool) {
        if value { self.add(flag) } else { self.remove(flag) }
    }

    /// Whether the fact was known; it is not afterwards.
    pub(crate) const fn take(&mut self, flag: Self) -> bool {
        let had = self.has(flag);
        self.remove(flag);
        had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_kept_apart() {
        let mut flags = SessionFlags::default();
        flags.add(SessionFlags::SACK);
        flags.add_if(SessionFlags::LOSSY, false);
        flags.set(SessionFlags::CHARGED, true);
        assert!(
            flags.has(SessionFlags::SACK) && !flags.has(SessionFlags::SACK_OFFERED) && !flags.has(SessionFlags::LOSSY)
        );
        assert!(flags.take(SessionFlags::CHARGED) && !flags.take(SessionFlags::CHARGED));
        flags.set(SessionFlags::SACK, false);
        assert_eq!(flags, SessionFlags::default());
    }
}
