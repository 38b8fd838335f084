//! Thresholds: which matches become alerts.

use core::net::IpAddr;

use hashbrown::HashMap;
use sidewire_base::Time;
use sidewire_ir::{Threshold, ThresholdKind, Track};

use crate::RuleMeta;

/// What becomes of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdDecision {
    /// An alert.
    Alert,
    /// No alert, and the rule's action does not happen.
    Suppress,
    /// The rule's action happens, but no alert is written (`suppress` in threshold.config, `limit` and `both` when their
    /// alerts are used up).
    AlertNoLog,
}

/// Counters kept by default.
const ENTRIES: usize = 65_536;

/// Counters behind `threshold`, `detection_filter` and `suppress`. Apply them in packet order. They are kept by generator
/// and signature id, so they survive a reload; when there are too many, those whose time ends first go.
#[derive(Debug)]
pub struct Thresholds {
    counters: HashMap<ThresholdKey, ThresholdCounter>,
    capacity: usize,
    evicted: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::new(ENTRIES)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ThresholdKey {
    gid: u32,
    sid: u32,
    /// `detection_filter`, not `threshold`: a rule can have both.
    filter: bool,
    tracked: ThresholdTrack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ThresholdTrack {
    Host(IpAddr),
    Pair(IpAddr, IpAddr),
    Rule,
    Flow(u64),
}

#[derive(Clone, Copy, Debug)]
struct ThresholdCounter {
    /// When counting began.
    since: Time,
    /// When it may be forgotten.
    until: Time,
    count: u32,
    /// The count at which a `backoff` alerts next.
    next: u32,
}

impl Thresholds {
    /// Keeps at most `capacity` counters.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { counters: HashMap::new(), capacity: capacity.max(16), evicted: 0 }
    }

    /// Counters given up because there were too many.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Counts a match and decides on it. `flow` is the flow id, for tracking by flow. Without the address or flow that is
    /// tracked, nothing is held back.
    pub fn apply(
        &mut self,
        rule: &RuleMeta,
        source: Option<IpAddr>,
        destination: Option<IpAddr>,
        flow: Option<u64>,
        time: Time,
    ) -> ThresholdDecision {
        let held_back = rule.suppressions.iter().any(|line| match line.track {
            Track::BySource => source.is_some_and(|address| line.addresses.contains(address)),
            Track::ByDestination => destination.is_some_and(|address| line.addresses.contains(address)),
            Track::ByBoth => {
                [source, destination].into_iter().flatten().any(|address| line.addresses.contains(address))
            }
            Track::ByRule | Track::ByFlow => true,
        });
        if held_back {
            return ThresholdDecision::AlertNoLog;
        }
        let key = |threshold: &Threshold, filter| {
            let tracked = match threshold.track {
                Track::BySource => ThresholdTrack::Host(source?),
                Track::ByDestination => ThresholdTrack::Host(destination?),
                Track::ByBoth => {
                    let (source, destination) = (source?, destination?);
                    ThresholdTrack::Pair(source.min(destination), source.max(destination))
                }
                Track::ByRule => ThresholdTrack::Rule,
                Track::ByFlow => ThresholdTrack::Flow(flow?),
            };
            Some(ThresholdKey { gid: rule.gid, sid: rule.sid, filter, tracked })
        };
        if let Some(filter) = &rule.detection_filter
            && let Some(key) = key(filter, true)
        {
            let decision = self.count(key, filter, time);
            if decision != ThresholdDecision::Alert {
                return decision;
            }
        }
        match &rule.threshold {
            Some(threshold) => match key(threshold, false) {
                Some(key) => self.count(key, threshold, time),
                None => ThresholdDecision::Alert,
            },
            None => ThresholdDecision::Alert,
        }
    }

    fn count(&mut self, key: ThresholdKey, threshold: &Threshold, time: Time) -> ThresholdDecision {
        let seconds = i64::from(threshold.seconds);
        let fresh =
            ThresholdCounter { since: time, until: time.plus_seconds(seconds), count: 0, next: threshold.count };
        if !self.counters.contains_key(&key) && self.counters.len() >= self.capacity {
            self.evict(time);
        }
        let counter = self.counters.entry(key).or_insert(fresh);
        // A backoff counts for as long as it is kept.
        let over = time.since(counter.since) > seconds.saturating_mul(1_000_000_000);
        if over && threshold.kind != ThresholdKind::Backoff {
            *counter = fresh;
        }
        counter.count = counter.count.saturating_add(1);
        match threshold.kind {
            ThresholdKind::Limit if counter.count <= threshold.count => ThresholdDecision::Alert,
            ThresholdKind::Limit => ThresholdDecision::AlertNoLog,
            ThresholdKind::Threshold if counter.count >= threshold.count => {
                // The window keeps its start, as in Suricata: only the count begins again.
                counter.count = 0;
                ThresholdDecision::Alert
            }
            ThresholdKind::Both => match counter.count.cmp(&threshold.count) {
                core::cmp::Ordering::Less => ThresholdDecision::Suppress,
                core::cmp::Ordering::Equal => ThresholdDecision::Alert,
                core::cmp::Ordering::Greater => ThresholdDecision::AlertNoLog,
            },
            ThresholdKind::DetectionFilter if counter.count > threshold.count => ThresholdDecision::Alert,
            ThresholdKind::Backoff if counter.count == counter.next => {
                counter.next = counter.next.saturating_mul(threshold.multiplier.max(2));
                ThresholdDecision::Alert
            }
            ThresholdKind::Backoff if counter.count > threshold.count => ThresholdDecision::AlertNoLog,
            ThresholdKind::Threshold | ThresholdKind::DetectionFilter | ThresholdKind::Backoff => {
                ThresholdDecision::Suppress
            }
        }
    }

    /// Forgets what has ended; if that is nothing, a sixteenth of the counters: those that counted least, of these those that
    /// end first. So senders that are made up, of which each comes once, do not displace one that keeps coming.
    fn evict(&mut self, now: Time) {
        self.counters.retain(|_, counter| counter.until >= now);
        if self.counters.len() < self.capacity {
            return;
        }
        let before = self.counters.len();
        let worth = |counter: &ThresholdCounter| (counter.count, counter.until);
        let mut worths: Vec<_> = self.counters.values().map(worth).collect();
        let at = (self.capacity / 16).min(worths.len().saturating_sub(1));
        let (_, &mut limit, _) = worths.select_nth_unstable(at);
        self.counters.retain(|_, counter| worth(counter) > limit);
        self.evicted += (before - self.counters.len()) as u64;
    }
}

#[cfg(test)]
mod tests {
    use sidewire_base::RuleId;

    use super::*;
    use crate::tests::harness as testing;
    use crate::{AddressList, Suppress};
    use sidewire_ir::{AddressRange, AddressSet};

    fn meta(threshold: Option<Threshold>, filter: Option<Threshold>) -> RuleMeta {
        let mut rule = testing::rule(1, "tcp");
        rule.threshold = threshold;
        rule.detection_filter = filter;
        let set = testing::compile(vec![rule]);
        set.rule(RuleId(0)).clone()
    }

    fn threshold(kind: ThresholdKind, count: u32) -> Threshold {
        Threshold { kind, track: Track::BySource, count, seconds: 10, multiplier: 10 }
    }

    /// Alerts among matches at these seconds.
    fn alerts(meta: &RuleMeta, seconds: &[i64]) -> Vec<usize> {
        let mut thresholds = Thresholds::default();
        let address = Some("10.0.0.1".parse().unwrap());
        let alert = |(_, second): &(usize, &i64)| {
            thresholds.apply(meta, address, address, None, Time::new(**second, 0)) == ThresholdDecision::Alert
        };
        (1..).zip(seconds).filter(alert).map(|(at, _)| at).collect()
    }

    #[test]
    fn kinds_count_as_documented() {
        let steady = [0, 1, 2, 3, 4, 5, 20, 21, 22, 23];
        for (kind, expected) in [
            (ThresholdKind::Limit, vec![1, 2, 3, 7, 8, 9]),
            (ThresholdKind::Threshold, vec![3, 6, 9]),
            (ThresholdKind::Both, vec![3, 9]),
        ] {
            assert_eq!(alerts(&meta(Some(threshold(kind, 3)), None), &steady), expected, "{kind:?}");
        }
        let filter = meta(None, Some(threshold(ThresholdKind::DetectionFilter, 3)));
        assert_eq!(alerts(&filter, &steady), [4, 5, 6, 10]);
        let backoff = meta(Some(threshold(ThresholdKind::Backoff, 1)), None);
        assert_eq!(alerts(&backoff, &(0..200).collect::<Vec<_>>()), [1, 10, 100]);
    }

    #[test]
    fn the_window_of_a_threshold_keeps_its_start() {
        let meta = meta(Some(threshold(ThresholdKind::Threshold, 3)), None);
        // From 0 to 10: matches 1 to 5, of which 3 alerts. At 11 the next window begins, with one match.
        assert_eq!(alerts(&meta, &[0, 6, 7, 8, 9, 11, 12, 13]), [3, 8]);
        // The last second of the window belongs to it.
        assert_eq!(alerts(&meta, &[0, 6, 7, 8, 9, 10, 11, 12]), [3, 6]);
    }

    #[test]
    fn suppression_looks_at_the_tracked_address() {
        let mut meta = meta(None, None);
        let list = AddressSet {
            include: vec![AddressRange { from: "10.0.0.0".into(), to: "10.0.0.255".into() }],
            exclude: vec![],
        };
        meta.suppressions = vec![Suppress { track: Track::BySource, addresses: AddressList::new(&list).unwrap() }];
        let mut thresholds = Thresholds::default();
        let (inside, outside) = ("10.0.0.1".parse().ok(), "10.0.1.1".parse().ok());
        let time = Time::new(0, 0);
        assert_eq!(thresholds.apply(&meta, inside, outside, None, time), ThresholdDecision::AlertNoLog);
        assert_eq!(thresholds.apply(&meta, outside, inside, None, time), ThresholdDecision::Alert);
    }

    #[test]
    fn stays_bounded() {
        let meta = meta(Some(threshold(ThresholdKind::Limit, 1)), None);
        let mut thresholds = Thresholds::new(64);
        for n in 0..1000u32 {
            let address = IpAddr::from(core::net::Ipv4Addr::from_bits(n));
            thresholds.apply(&meta, Some(address), None, None, Time::new(i64::from(n / 100), 0));
            assert!(thresholds.counters.len() <= 64);
        }
        assert!(thresholds.evicted() > 0);
    }

    #[test]
    fn made_up_senders_displace_none_that_keeps_coming() {
        let meta = meta(Some(threshold(ThresholdKind::Threshold, 10)), None);
        let mut thresholds = Thresholds::new(64);
        let mut from = |address: u32| {
            let address = IpAddr::from(core::net::Ipv4Addr::from_bits(address));
            thresholds.apply(&meta, Some(address), None, None, Time::new(1, 0))
        };
        let real = 0x0a00_0001;
        let decisions: Vec<_> = (0..10)
            .map(|round| {
                let decision = from(real);
                // The first of them would go with the others: it has come but once, too.
                (0..if round == 0 { 10 } else { 1000 }).for_each(|n| _ = from(0x0b00_0000 + round * 1000 + n));
                decision
            })
            .collect();
        assert_eq!(decisions.last(), Some(&ThresholdDecision::Alert));
    }
}
