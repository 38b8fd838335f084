//! Engine time: what timeouts are measured by. What is reported is the time of packets themselves.

use sidewire_base::Time;
use smallvec::SmallVec;

/// A jump ahead of more than this moves engine time only once it is confirmed. Nanoseconds: one hour.
const JUMP: i64 = 3_600_000_000_000;
/// Packets in a row that must lie beyond a jump before it is believed.
const CONFIRMATIONS: u32 = 16;
/// Packets may be recorded this much out of order; what lies farther back comes from another clock. Nanoseconds: one second.
const DISORDER: i64 = 1_000_000_000;
/// Clocks that are distinguished: several interfaces of one capture interleave, each with its own.
const CLOCKS: usize = 4;
/// A clock of which this many packets have shown nothing is forgotten.
const FORGET: u64 = 64;

/// Engine time: monotone, and the same distances as between the packets of one clock. One packet with a wrong clock does not
/// end every flow, and a clock that is set back does not keep flows from ending.
///
/// - Small steps ahead are believed at once. A jump of more than an hour is believed once 16 packets in a row lie beyond it.
///   Until then engine time stands, but each of those packets is stamped with the time it has, so that the flows they open
///   are not old once the jump is believed.
/// - A step back begins another clock, whose time goes on from where engine time is.
#[derive(Debug, Default)]
pub(crate) struct EngineClock {
    now: Option<Time>,
    clocks: SmallVec<[PacketClock; CLOCKS]>,
    /// The clock of the last packet that was believed.
    current: usize,
    packets: u64,
    /// Time of the last packet.
    last: Time,
    /// Packets in a row that lay beyond a jump.
    ahead: u32,
    /// Jumps ahead and steps back so far.
    pub(crate) steps: u64,
}

/// A clock that packets were stamped by.
#[derive(Clone, Copy, Debug)]
struct PacketClock {
    /// Engine time less the clock's. Nanoseconds.
    offset: i64,
    /// The packet that showed it last.
    seen: u64,
}

/// What a packet did to engine time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeUpdate {
    /// Engine time at this packet: what has timed out is over.
    pub(crate) now: Time,
    /// When the packet itself was, as engine time: later than `now` while a jump ahead is not believed.
    pub(crate) stamp: Time,
    /// True when a new second began: timeouts are looked at.
    pub(crate) tick: bool,
}

impl EngineClock {
    /// Begins again; what was counted stays.
    pub(crate) fn restart(&mut self) {
        *self = Self { steps: self.steps, ..Self::default() };
    }

    /// Engine time; 1970 before the first packet.
    pub(crate) fn now(&self) -> Time {
        self.now.unwrap_or_default()
    }

    /// Engine time as the clock of the last packet shows it: what is reported of events that no packet caused. Never
    /// earlier than the last packet.
    pub(crate) fn shown(&self) -> Time {
        let offset = self.clocks.get(self.current).map_or(0, |clock| clock.offset);
        Time(self.now().0.saturating_sub(offset)).max(self.last)
    }

    /// Takes the time of a packet.
    pub(crate) fn read(&mut self, packet: Time) -> TimeUpdate {
        self.packets += 1;
        self.last = packet;
        let Some(now) = self.now else {
            self.now = Some(packet);
            self.clocks.push(PacketClock { offset: 0, seen: self.packets });
            return TimeUpdate { now: packet, stamp: packet, tick: true };
        };
        if let Some(nearest) = self.nearest(packet, now) {
            self.ahead = 0;
            self.current = nearest;
            return self.advance(now, self.engine_time(packet));
        }
        let stamp = self.engine_time(packet);
        if stamp.since(now) > JUMP {
            self.ahead += 1;
            self.steps += u64::from(self.ahead == 1);
            if self.ahead < CONFIRMATIONS {
                return TimeUpdate { now, stamp, tick: false };
            }
            self.ahead = 0;
            return self.advance(now, stamp);
        }
        self.ahead = 0;
        self.steps += 1;
        self.begin_clock(now.0.saturating_sub(packet.0));
        TimeUpdate { now, stamp: now, tick: false }
    }

    /// The clock by which the packet is nearest to engine time, if it is near by any.
    fn nearest(&mut self, packet: Time, now: Time) -> Option<usize> {
        let distance = |clock: &PacketClock| packet.0.saturating_add(clock.offset).saturating_sub(now.0);
        let near = |distance: &i64| (-DISORDER..=JUMP).contains(distance);
        if let [only] = self.clocks.as_mut_slice() {
            only.seen = self.packets;
            return near(&distance(only)).then_some(0);
        }
        let found = (0..).zip(&self.clocks).map(|(index, clock)| (distance(clock), index));
        let (_, index) = found.filter(|(distance, _)| near(distance)).min_by_key(|(distance, _)| distance.abs())?;
        if let Some(clock) = self.clocks.get_mut(index) {
            clock.seen = self.packets;
        }
        let offset = self.clocks.get(index).map(|clock| clock.offset);
        let packets = self.packets;
        self.clocks.retain(|clock| packets - clock.seen <= FORGET);
        self.clocks.iter().position(|clock| Some(clock.offset) == offset)
    }

    /// A packet's time by the current clock.
    fn engine_time(&self, packet: Time) -> Time {
        let offset = self.clocks.get(self.current).map_or(0, |clock| clock.offset);
        Time(packet.0.saturating_add(offset))
    }

    fn advance(&mut self, now: Time, stamp: Time) -> TimeUpdate {
        if stamp <= now {
            return TimeUpdate { now, stamp: now, tick: false };
        }
        self.now = Some(stamp);
        TimeUpdate { now: stamp, stamp, tick: stamp.seconds() != now.seconds() }
    }

    /// Goes on by another clock; of too many, the one that was not seen for longest goes.
    fn begin_clock(&mut self, offset: i64) {
        if self.clocks.len() >= CLOCKS
            && let Some((oldest, _)) = self.clocks.iter().enumerate().min_by_key(|(_, clock)| clock.seen)
        {
            self.clocks.remove(oldest);
        }
        self.current = self.clocks.len();
        self.clocks.push(PacketClock { offset, seen: self.packets });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Time {
        Time((seconds * 1e9) as i64)
    }

    /// Engine time after each packet, in seconds.
    fn read(times: &[f64]) -> Vec<f64> {
        let mut clock = EngineClock::default();
        times.iter().map(|time| clock.read(at(*time)).now.0 as f64 / 1e9).collect()
    }

    #[test]
    fn never_goes_back_and_ticks_once_a_second() {
        let mut clock = EngineClock::default();
        let ticks: Vec<_> = [100.0, 100.5, 101.2, 100.9, 101.3]
            .map(|time| clock.read(at(time)))
            .iter()
            .map(|update| (update.now.0 / 1_000_000 - 100_000, update.tick))
            .collect();
        assert_eq!(ticks, [(0, true), (500, false), (1200, true), (1200, false), (1300, false)]);
        assert_eq!(clock.steps, 0);
    }

    #[test]
    fn believes_a_jump_once_it_is_confirmed() {
        let mut clock = EngineClock::default();
        clock.read(at(0.0));
        let stray = clock.read(at(1e6));
        assert_eq!((stray.now, stray.stamp), (at(0.0), at(1e6)), "it has its own time and moves nobody else's");
        assert_eq!(clock.read(at(1.0)).now, at(1.0));
        let last = (0..CONFIRMATIONS).map(|_| clock.read(at(1e6)).now).last();
        assert_eq!(last, Some(at(1e6)));
        assert_eq!(clock.steps, 2);
    }

    #[test]
    fn goes_on_after_a_step_back() {
        let two_hours = 7200.0;
        assert_eq!(read(&[two_hours, 0.0, 5.0, 65.0]), [two_hours, two_hours, two_hours + 5.0, two_hours + 65.0]);
        let mut clock = EngineClock::default();
        for time in [two_hours, 0.0, 5.0] {
            clock.read(at(time));
        }
        assert_eq!(clock.shown(), at(5.0), "people are told the time of the packets");
    }

    #[test]
    fn one_packet_from_the_past_changes_nothing() {
        assert_eq!(read(&[7200.0, 7201.0, 0.0, 7202.0]), [7200.0, 7201.0, 7201.0, 7202.0]);
    }

    #[test]
    fn interleaved_clocks_are_told_apart() {
        let times: Vec<f64> =
            (0..100).flat_map(|n| [1000.0 + f64::from(n) / 10.0, 400.0 + f64::from(n) / 10.0]).collect();
        let last = read(&times).last().copied().unwrap();
        assert!((last - 1009.9).abs() < 0.2, "ten seconds went by: {last}");
    }

    #[test]
    fn a_clock_set_back_crosses_where_it_was() {
        // Set back by ten minutes, and ten minutes later where it was before: engine time does not stand still there.
        let times: Vec<f64> = std::iter::once(1000.0).chain((0..1200).map(|n| 400.0 + f64::from(n))).collect();
        assert_eq!(read(&times).last().copied(), Some(2199.0));
    }
}
