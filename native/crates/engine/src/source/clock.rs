//! Engine time.

use sidewire_base::Time;

/// A jump ahead of more than this moves engine time only once it is confirmed. Nanoseconds: one hour.
const JUMP: i64 = 3_600_000_000_000;
/// Packets in a row that must lie beyond a jump before it is believed.
const CONFIRMATIONS: u32 = 16;

/// Engine time: packet time made monotone. One packet with a wrong clock must not expire every flow.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    now: Option<Time>,
    ahead: u32,
    /// Jumps that were not believed.
    pub(crate) jumps: u64,
}

/// What a packet did to engine time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Engine time at this packet.
    pub(crate) now: Time,
    /// True when a new second began: timeouts are looked at.
    pub(crate) tick: bool,
}

impl Clock {
    /// Engine time; 1970 before the first packet.
    pub(crate) fn now(&self) -> Time {
        self.now.unwrap_or_default()
    }

    pub(crate) fn read(&mut self, packet: Time) -> Reading {
        let Some(now) = self.now else {
            self.now = Some(packet);
            return Reading { now: packet, tick: true };
        };
        if packet <= now {
            self.ahead = 0;
            return Reading { now, tick: false };
        }
        if packet.since(now) > JUMP {
            self.ahead += 1;
            if self.ahead < CONFIRMATIONS {
                self.jumps += 1;
                return Reading { now, tick: false };
            }
        }
        self.ahead = 0;
        self.now = Some(packet);
        Reading { now: packet, tick: packet.seconds() != now.seconds() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_goes_back_and_ticks_once_a_second() {
        let mut clock = Clock::default();
        let ticks: Vec<_> = [0, 500, 1200, 900, 1300]
            .map(|ms| clock.read(Time::new(100, ms * 1_000_000)))
            .iter()
            .map(|reading| (reading.now.0 / 1_000_000 - 100_000, reading.tick))
            .collect();
        assert_eq!(ticks, [(0, true), (500, false), (1200, true), (1200, false), (1300, false)]);
    }

    #[test]
    fn believes_a_jump_once_it_is_confirmed() {
        let mut clock = Clock::default();
        clock.read(Time::new(0, 0));
        assert_eq!(clock.read(Time::new(1_000_000, 0)).now, Time::new(0, 0), "one stray packet");
        assert_eq!(clock.read(Time::new(1, 0)).now, Time::new(1, 0));
        let last = (0..CONFIRMATIONS).map(|_| clock.read(Time::new(1_000_000, 0)).now).last();
        assert_eq!(last, Some(Time::new(1_000_000, 0)));
    }
}
