//! Counters, named as in Suricata's stats.

use std::collections::BTreeMap;

/// Counters by name.
pub(crate) type Counters = BTreeMap<String, u64>;

/// Adds a counter of one worker or file to the total. The greatest packet and memory pressure are the greatest of all;
/// everything else adds up. (The average is taken once all are in.)
pub(crate) fn accumulate(total: &mut Counters, name: &str, value: u64) {
    let slot = total.entry(name.to_owned()).or_default();
    let greatest = matches!(name, "decoder.max_pkt_size" | "memcap.pressure" | "memcap.pressure_max" | "shed.degree");
    *slot = if greatest { value.max(*slot) } else { *slot + value };
}

/// Adds what is taken of other counters: the average packet.
pub(crate) fn derive(counters: &mut Counters) {
    let value = |name: &str| counters.get(name).copied().unwrap_or(0);
    let average = value("decoder.bytes") / value("decoder.pkts").max(1);
    counters.insert("decoder.avg_pkt_size".to_owned(), average);
}
