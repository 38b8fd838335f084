//! An alarm when a live source loses packets.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sidewire_capture::{CaptureCount, SourceNotice};

/// How long packets are counted before their loss is judged.
const INTERVAL: Duration = Duration::from_secs(10);

/// Packets of one interface.
#[derive(Clone, Copy, Debug, Default)]
struct PacketTotal {
    packets: u64,
    dropped: u64,
}

/// Compares what interfaces lose in ten seconds with what is still borne.
pub(crate) struct LossWatch {
    /// Percent of packets; 0: nobody wants to know.
    most: f64,
    began: Instant,
    before: BTreeMap<String, PacketTotal>,
}

impl LossWatch {
    pub(crate) const fn new(most: f64, now: Instant) -> Self {
        Self { most, began: now, before: BTreeMap::new() }
    }

    /// Looks at what a source has counted so far: once in an interval, what is to be reported.
    pub(crate) fn look(&mut self, counts: &[CaptureCount], now: Instant) -> Vec<SourceNotice> {
        if self.most <= 0.0 || now.duration_since(self.began) < INTERVAL {
            return Vec::new();
        }
        let seconds = now.duration_since(self.began).as_secs();
        self.began = now;
        let mut totals: BTreeMap<String, PacketTotal> = BTreeMap::new();
        for count in counts {
            let total = totals.entry(count.interface.clone()).or_default();
            // What the card lost never was among the packets of the kernel.
            let lost_before = if count.ring == 0 { count.interface_dropped } else { 0 };
            total.packets += count.packets + lost_before;
            total.dropped += count.dropped + lost_before;
        }
        let told = totals.iter().filter_map(|(interface, total)| {
            let before = self.before.get(interface).copied().unwrap_or_default();
            let packets = total.packets.saturating_sub(before.packets);
            let dropped = total.dropped.saturating_sub(before.dropped);
            #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
            let percent = dropped as f64 * 100.0 / packets.max(1) as f64;
            (percent > self.most).then(|| SourceNotice {
                code: "capture/loss",
                message: format!("{interface} lost {dropped} of {packets} packets ({percent:.1} %) in {seconds} s"),
            })
        });
        let told = told.collect();
        self.before = totals;
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(interface: &str, ring: u32, packets: u64, dropped: u64, missed: u64) -> CaptureCount {
        let interface = interface.to_owned();
        CaptureCount { interface, ring, packets, dropped, interface_dropped: missed, ..CaptureCount::default() }
    }

    #[test]
    fn tells_of_each_interface_once_an_interval() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watch = LossWatch::new(1.0, start);
        assert_eq!(watch.look(&[count("a", 0, 100, 50, 0)], at(9)), []);
        let found =
            watch.look(&[count("a", 0, 100, 1, 0), count("a", 1, 100, 3, 0), count("b", 0, 1000, 10, 0)], at(10));
        let texts: Vec<_> = found.iter().map(|notice| notice.message.as_str()).collect();
        assert_eq!(texts, ["a lost 4 of 200 packets (2.0 %) in 10 s"], "b lost one percent, which is borne");
        // What was lost before counts once.
        assert_eq!(watch.look(&[count("a", 0, 900, 4, 0), count("b", 0, 1000, 10, 0)], at(20)), []);
        let card = watch.look(&[count("a", 0, 950, 4, 50)], at(31));
        assert!(card.iter().all(|notice| notice.code == "capture/loss"));
        assert_eq!(card.first().map(|one| one.message.as_str()), Some("a lost 50 of 100 packets (50.0 %) in 11 s"));
    }

    #[test]
    fn is_silent_when_switched_off() {
        let start = Instant::now();
        let mut watch = LossWatch::new(0.0, start);
        assert_eq!(watch.look(&[count("a", 0, 100, 100, 0)], start + Duration::from_secs(60)), []);
    }
}
