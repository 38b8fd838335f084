//! What is left out while packets of a live source come faster than they are inspected, so that nothing is lost unseen.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use sidewire_capture::{CaptureCount, SourceNotice};

/// Percent of the room for packets that wait: from here on work is shed.
const BEHIND: u8 = 50;
/// Percent: below this the workers keep up.
const CAUGHT_UP: u8 = 25;
/// How long they must have kept up before work is taken up again.
const CALM: Duration = Duration::from_secs(10);

/// What is left out: each degree with those before it. Alerts on what is inspected never are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ShedDegree {
    /// Everything is inspected and written.
    #[default]
    Nothing,
    /// What follows on long encrypted flows and on bulk.
    Flows,
    /// Events of protocols, too.
    Details,
}

impl ShedDegree {
    const ALL: [Self; 3] = [Self::Nothing, Self::Flows, Self::Details];

    /// Its number: 0 is nothing.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Details)
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Nothing => "packets are inspected as they come again: nothing is left out any more",
            Self::Flows => "long encrypted flows and bulk are no longer inspected",
            Self::Details => "events of protocols are not written; alerts are",
        }
    }
}

/// The degree that holds for all workers of a run.
#[derive(Debug, Default)]
pub(crate) struct ShedState(AtomicU8);

impl ShedState {
    pub(crate) fn degree(&self) -> ShedDegree {
        ShedDegree::of(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, degree: ShedDegree) {
        self.0.store(degree.number(), Ordering::Relaxed);
    }
}

/// Decides what is left out: one degree more with each look at which packets pile up or are lost, one less when none did for
/// [`CALM`].
pub(crate) struct OverloadWatch {
    /// Packets that were lost so far.
    dropped: u64,
    /// When the last look was at which the workers did not keep up, or at which the degree changed.
    strained: Instant,
}

impl OverloadWatch {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { dropped: 0, strained: now }
    }

    /// Looks at how many packets wait, in percent of the room there is, and at what was lost. What is to be told.
    pub(crate) fn look(
        &mut self,
        state: &ShedState,
        backlog: u8,
        counts: &[CaptureCount],
        now: Instant,
    ) -> Option<SourceNotice> {
        let dropped = counts.iter().map(|count| count.dropped).sum::<u64>();
        let lost = dropped.saturating_sub(self.dropped);
        self.dropped = dropped;
        let before = state.degree();
        let is_behind = backlog >= BEHIND || lost > 0;
        let is_calm = backlog < CAUGHT_UP && now.duration_since(self.strained) >= CALM;
        let degree = match before.number() {
            number if is_behind => ShedDegree::of(number + 1),
            number if is_calm => ShedDegree::of(number.saturating_sub(1)),
            _ => before,
        };
        if is_behind || backlog >= CAUGHT_UP || degree != before {
            self.strained = now;
        }
        state.set(degree);
        let message = match degree.cmp(&before) {
            core::cmp::Ordering::Equal => return None,
            core::cmp::Ordering::Greater => format!(
                "packets come faster than they are inspected ({backlog} % of the room for them in use, {lost} lost): {}",
                degree.says()
            ),
            core::cmp::Ordering::Less => match degree {
                ShedDegree::Nothing => degree.says().to_owned(),
                _ => "events of protocols are written again".to_owned(),
            },
        };
        Some(SourceNotice { code: "capture/overload", message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_more_with_each_look_and_one_less_after_calm() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let state = ShedState::default();
        let mut watch = OverloadWatch::new(start);
        let mut look = |backlog, dropped, time| {
            let counts = [CaptureCount { dropped, ..CaptureCount::default() }];
            let told = watch.look(&state, backlog, &counts, time).map(|notice| notice.message);
            (state.degree(), told.is_some())
        };
        use ShedDegree::{Details, Flows, Nothing};
        assert_eq!(look(10, 0, at(250)), (Nothing, false));
        assert_eq!(look(60, 0, at(500)), (Flows, true));
        assert_eq!(look(40, 0, at(750)), (Flows, false), "neither behind nor calm");
        assert_eq!(look(0, 7, at(1000)), (Details, true), "packets were lost");
        assert_eq!(look(100, 9, at(1250)), (Details, false), "there is no more to leave out");
        assert_eq!(look(5, 9, at(11_000)), (Details, false), "not calm for long enough");
        assert_eq!(look(5, 9, at(11_250)), (Flows, true));
        assert_eq!(look(5, 9, at(12_000)), (Flows, false), "one degree at a time");
        assert_eq!(look(5, 9, at(21_250)), (Nothing, true));
        assert_eq!(look(5, 9, at(90_000)), (Nothing, false));
    }
}
