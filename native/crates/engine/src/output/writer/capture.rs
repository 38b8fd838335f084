//! What live sources count, named as in Suricata's stats where it has a name for it.

use sidewire_capture::CaptureCount;

use crate::counters::Counters;

/// Adds the counters of live sources: in all (`capture.kernel_packets`), and for each interface, and for each ring of one that
/// has several.
pub(crate) fn count_capture(counts: &[CaptureCount], into: &mut Counters) {
    for count in counts {
        add("capture", count, into);
        // A dot would begin another level.
        let interface = format!("capture.interfaces.{}", count.interface.replace('.', ":"));
        add(&interface, count, into);
        *into.entry(format!("{interface}.up")).or_default() |= u64::from(count.up);
        if counts.iter().any(|other| other.ring > 0 && other.interface == count.interface) {
            let ring = format!("{interface}.rings.{}", count.ring);
            let of_ring = CaptureCount { interface_dropped: 0, ..count.clone() };
            add(&ring, &of_ring, into);
        }
    }
}

fn add(prefix: &str, count: &CaptureCount, into: &mut Counters) {
    // An interface's own losses are told with each of its rings.
    let interface_dropped = if count.ring == 0 { count.interface_dropped } else { 0 };
    let values = [
        ("kernel_packets", count.packets),
        ("kernel_drops", count.dropped),
        ("kernel_ifdrops", interface_dropped),
        ("ring_full", count.full),
        ("truncated", count.truncated),
    ];
    for (name, value) in values {
        *into.entry(format!("{prefix}.{name}")).or_default() += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_in_all_by_interface_and_by_ring() {
        let of = |interface: &str, ring, packets, dropped| CaptureCount {
            interface: interface.to_owned(),
            ring,
            packets,
            dropped,
            interface_dropped: 5,
            up: true,
            ..CaptureCount::default()
        };
        let mut counters = Counters::new();
        count_capture(&[of("eth0", 0, 10, 1), of("eth0", 1, 20, 2), of("eth1.7", 0, 40, 0)], &mut counters);
        let value = |name: &str| counters.get(name).copied();
        assert_eq!((value("capture.kernel_packets"), value("capture.kernel_drops")), (Some(70), Some(3)));
        assert_eq!(value("capture.kernel_ifdrops"), Some(10), "once for each interface");
        assert_eq!(value("capture.interfaces.eth0.kernel_packets"), Some(30));
        assert_eq!(value("capture.interfaces.eth0.rings.1.kernel_drops"), Some(2));
        assert_eq!(value("capture.interfaces.eth1:7.up"), Some(1));
        assert_eq!(value("capture.interfaces.eth1:7.rings.0.kernel_packets"), None, "it has one ring");
    }
}
