//! Packet time.

/// Packet time: nanoseconds since 1970-01-01 UTC. Engine time is the greatest seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// From seconds and nanoseconds; saturates.
    #[inline]
    #[must_use]
    pub const fn new(seconds: i64, nanos: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Whole seconds, rounded down.
    #[inline]
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Microseconds inside the second.
    #[inline]
    #[must_use]
    pub const fn subsec_micros(self) -> u32 {
        (self.0.rem_euclid(1_000_000_000) / 1000) as u32
    }

    /// Nanoseconds since `earlier`; negative when time ran backwards.
    #[inline]
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Later by whole seconds; saturates.
    #[inline]
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000_000)))
    }
}
