//! What `tag` asks for of a flow: packets that are told from a match on.

use serde::{Deserialize, Serialize};
use sidewire_base::Time;
use ts_rs::TS;

/// What `tag` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum TagMetric {
    /// Packets.
    Packets,
    /// Octets of packets.
    Bytes,
    /// Seconds since the match.
    Seconds,
}

/// Tags that a flow has at most, as in Suricata.
const MAX_TAGS: usize = 50;

/// Matches of a rule that begin its tag again, as in Suricata; after them it runs out, and another match begins a new one.
const MAX_RENEWALS: u8 = 10;

/// What a rule asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionTag {
    pub(crate) sid: u32,
    pub(crate) count: u32,
    pub(crate) metric: TagMetric,
}

/// The tags of a flow.
#[derive(Debug, Default)]
pub(crate) struct FlowTags(Vec<FlowTag>);

/// A tag of a flow.
#[derive(Debug)]
struct FlowTag {
    tag: SessionTag,
    since: Time,
    /// Packets or octets since then.
    counted: u64,
    /// Packets go by that of the match.
    matched: bool,
    renewed: u8,
}

impl FlowTags {
    pub(crate) fn add(&mut self, tag: SessionTag, now: Time) {
        if let Some(known) = self.0.iter_mut().find(|known| known.tag.sid == tag.sid) {
            known.renewed = known.renewed.saturating_add(1);
            if known.renewed < MAX_RENEWALS {
                (known.since, known.counted) = (now, 0);
            }
        } else if self.0.len() < MAX_TAGS {
            self.0.push(FlowTag { tag, since: now, counted: 0, matched: false, renewed: 0 });
        }
    }

    /// A packet goes by, with this many octets: is it to be told? That of the match is not.
    pub(crate) fn count(&mut self, octets: usize, now: Time) -> bool {
        let mut told = false;
        self.0.retain_mut(|flow_tag| {
            let FlowTag { tag, since, counted, matched, .. } = flow_tag;
            *counted += if tag.metric == TagMetric::Bytes { octets as u64 } else { 1 };
            if !core::mem::replace(matched, true) {
                return true;
            }
            let used = match tag.metric {
                TagMetric::Seconds => u64::try_from(now.seconds() - since.seconds()).unwrap_or(0),
                TagMetric::Packets | TagMetric::Bytes => *counted,
            };
            let goes_on = used <= tag.count.into();
            told |= goes_on;
            goes_on
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(count: u32, metric: TagMetric) -> usize {
        let mut tags = FlowTags::default();
        tags.add(SessionTag { sid: 1, count, metric }, Time::new(0, 0));
        (0..20).filter(|second| tags.count(100, Time::new(*second, 0))).count()
    }

    #[test]
    fn so_much_is_told_after_the_packet_of_the_match() {
        assert_eq!(told(5, TagMetric::Packets), 4);
        assert_eq!(told(0, TagMetric::Packets), 0);
        assert_eq!(told(350, TagMetric::Bytes), 2);
        assert_eq!(told(3, TagMetric::Seconds), 3);
    }

    #[test]
    fn tags_begin_again_and_are_bounded() {
        let mut tags = FlowTags::default();
        let tag = SessionTag { sid: 1, count: 3, metric: TagMetric::Packets };
        let mut next = |again: bool| {
            if again {
                tags.add(tag, Time::default());
            }
            tags.count(1, Time::default())
        };
        let told = [true, false, true, false, false, false].map(&mut next);
        assert_eq!(told, [false, true, true, true, true, false]);
        (0..1000).for_each(|sid| tags.add(SessionTag { sid, ..tag }, Time::default()));
        assert!(tags.0.len() <= MAX_TAGS);
    }
}
