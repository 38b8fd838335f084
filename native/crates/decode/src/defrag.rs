//! IP defragmentation. RFC 791, RFC 815, RFC 8200; overlaps after Novak, "Target-based fragmentation reassembly".
//!
//! Each octet of a datagram belongs to one fragment. When a later fragment covers octets that are there, the policy of
//! the target decides, owner by owner, by where both fragments begin and end on the wire. So the result does not
//! depend on how often an octet changed hands.

use core::net::IpAddr;
use std::collections::VecDeque;

use hashbrown::HashMap;
use smallvec::SmallVec;

use sidewire_base::Time;

use crate::fragment::Fragment;
use crate::options::{DefragOptions, DefragPolicy, NetworkPrefix};
use crate::stats::DecodeCounter;
use crate::{DecodeEvent, DecodeStats, Packet, checksum, ipv6};

/// Greatest datagram: its length has 16 bits.
const MAX_DATAGRAM: usize = 65_535;

/// Octets of bookkeeping that a fragment and a tracker are charged for beside the data.
const FRAGMENT_COST: usize = 64;
const TRACKER_COST: usize = 256;

impl DefragPolicy {
    /// True when a new fragment takes the octets it shares with an old one.
    const fn new_wins(self, new: OctetSpan, old: OctetSpan) -> bool {
        match self {
            Self::First => false,
            Self::Last => true,
            Self::Bsd => new.start < old.start,
            Self::BsdRight => new.start >= old.start,
            Self::Linux => new.start <= old.start,
            Self::Windows => new.start < old.start && new.end > old.end,
            Self::Solaris => new.start < old.start && new.end >= old.end,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OctetSpan {
    start: usize,
    end: usize,
}

/// What makes fragments belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct DatagramKey {
    source: IpAddr,
    destination: IpAddr,
    id: u32,
    /// 0 for IPv6, whose identification alone counts.
    protocol: u8,
    level: u8,
    vlans: SmallVec<[u16; 3]>,
}

#[derive(Debug)]
struct HeldFragment {
    span: OctetSpan,
    data: Vec<u8>,
}

/// Octets `span` belong to a fragment.
#[derive(Clone, Copy, Debug)]
struct FragmentPiece {
    span: OctetSpan,
    owner: usize,
}

/// One datagram in the making.
#[derive(Debug)]
struct DatagramTracker {
    deadline: Time,
    /// When it was touched last; finds the stale entries of the eviction queue.
    stamp: u64,
    policy: DefragPolicy,
    fragments: Vec<HeldFragment>,
    /// Sorted, without overlaps.
    pieces: Vec<FragmentPiece>,
    covered: usize,
    end: usize,
    seen_last: bool,
    head: Option<FirstFragment>,
    cost: usize,
}

/// Headers of the fragment at offset 0.
#[derive(Clone, Debug)]
struct FirstFragment {
    octets: Vec<u8>,
    network_at: usize,
    next_header_at: usize,
    next_header: u8,
}

/// Puts fragments together.
#[derive(Debug)]
pub(crate) struct Defrag {
    options: DefragOptions,
    trackers: HashMap<DatagramKey, DatagramTracker>,
    /// Trackers by last touch, oldest first, stale entries included.
    queue: VecDeque<(DatagramKey, u64)>,
    stamp: u64,
    memory: usize,
    fragments: usize,
}

impl Defrag {
    pub(crate) fn new(options: DefragOptions) -> Self {
        Self { options, trackers: HashMap::new(), queue: VecDeque::new(), stamp: 0, memory: 0, fragments: 0 }
    }

    /// Octets held.
    pub(crate) const fn memory(&self) -> usize {
        self.memory
    }

    /// Takes a fragment. When it completes its datagram, `out` holds that with its link header, and the IP header begins
    /// where the result says. Events go to the fragment's packet.
    pub(crate) fn insert(
        &mut self,
        packet: &mut Packet<'_>,
        fragment: &Fragment<'_>,
        stats: &mut DecodeStats,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let ip = packet.ip.as_ref()?;
        let v6 = ip.version == 6;
        let event = |v4_event, v6_event| if v6 { v6_event } else { v4_event };
        stats.count(if v6 { DecodeCounter::DefragIpv6Fragments } else { DecodeCounter::DefragIpv4Fragments });
        if fragment.payload.is_empty() {
            return None;
        }
        let start = fragment.offset as usize;
        let span = OctetSpan { start, end: start + fragment.payload.len() };
        let fixed = fragment.head.len().saturating_sub(fragment.network_at);
        // IPv4 counts its header in the length, IPv6 only the extension headers.
        let counted = if v6 { fixed.saturating_sub(ipv6::HEADER_LENGTH) } else { fixed };
        if span.end + counted > MAX_DATAGRAM {
            packet.events.push(event(DecodeEvent::IPV4_FRAG_PKT_TOO_LARGE, DecodeEvent::IPV6_FRAG_PKT_TOO_LARGE));
            return None;
        }
        let key = self.key(packet, fragment)?;
        let timeout = NetworkPrefix::lookup(&self.options.timeouts, ip.destination).unwrap_or(self.options.timeout);
        let policy = NetworkPrefix::lookup(&self.options.policies, ip.destination).unwrap_or(self.options.policy);
        self.expire(packet.time, stats);
        if self.trackers.get(&key).is_some_and(|tracker| tracker.deadline < packet.time) {
            self.remove(&key);
            stats.count(DecodeCounter::DefragTimeout);
        }
        if !self.make_room(&key, fragment.payload.len() + fragment.head.len() + FRAGMENT_COST, stats) {
            packet.events.push(event(DecodeEvent::IPV4_FRAG_IGNORED, DecodeEvent::IPV6_FRAG_IGNORED));
            return None;
        }
        self.stamp += 1;
        let stamp = self.stamp;
        let tracker = self.trackers.entry(key.clone()).or_insert_with(|| {
            self.memory += TRACKER_COST;
            DatagramTracker::new(packet.time, stamp, policy)
        });
        tracker.stamp = stamp;
        tracker.deadline = packet.time.plus_seconds(i64::from(timeout));
        let (overlap, cost) = tracker.add(span, fragment);
        self.memory += cost;
        self.fragments += usize::from(cost != 0);
        let complete = tracker.seen_last && tracker.covered == tracker.end && tracker.head.is_some();
        let built = if complete { tracker.build(v6, out) } else { None };
        if overlap {
            packet.events.push(event(DecodeEvent::IPV4_FRAG_OVERLAP, DecodeEvent::IPV6_FRAG_OVERLAP));
        }
        if complete {
            self.remove(&key);
        } else {
            self.queue.push_back((key, stamp));
            self.compact();
        }
        if complete && built.is_none() {
            packet.events.push(event(DecodeEvent::IPV4_FRAG_PKT_TOO_LARGE, DecodeEvent::IPV6_FRAG_PKT_TOO_LARGE));
        }
        if built.is_some() {
            stats.count(if v6 { DecodeCounter::DefragIpv6Reassembled } else { DecodeCounter::DefragIpv4Reassembled });
        }
        built
    }

    /// What fragments of the same datagram share.
    fn key(&self, packet: &Packet<'_>, fragment: &Fragment<'_>) -> Option<DatagramKey> {
        let ip = packet.ip.as_ref()?;
        Some(DatagramKey {
            source: ip.source,
            destination: ip.destination,
            id: fragment.id,
            protocol: if ip.version == 6 { 0 } else { fragment.protocol },
            level: if self.options.track_level { packet.level } else { 0 },
            vlans: if self.options.track_vlan { packet.vlans.clone() } else { SmallVec::new() },
        })
    }

    fn remove(&mut self, key: &DatagramKey) -> bool {
        let Some(tracker) = self.trackers.remove(key) else { return false };
        self.memory = self.memory.saturating_sub(tracker.cost);
        self.fragments = self.fragments.saturating_sub(tracker.fragments.len());
        true
    }

    /// Removes the datagrams that waited too long.
    fn expire(&mut self, now: Time, stats: &mut DecodeStats) {
        while let Some((key, stamp)) = self.queue.front() {
            match self.trackers.get(key) {
                Some(tracker) if tracker.stamp == *stamp && tracker.deadline >= now => return,
                Some(tracker) if tracker.stamp == *stamp => {
                    stats.count(DecodeCounter::DefragTimeout);
                    let key = key.clone();
                    self.remove(&key);
                }
                _ => {}
            }
            self.queue.pop_front();
        }
    }

    /// Evicts the datagrams untouched longest until a fragment fits; never the fragment's own.
    fn make_room(&mut self, key: &DatagramKey, cost: usize, stats: &mut DecodeStats) -> bool {
        loop {
            let full = if self.trackers.len() >= self.options.max_trackers && !self.trackers.contains_key(key) {
                DecodeCounter::DefragMaxTrackers
            } else if self.fragments >= self.options.max_fragments {
                DecodeCounter::DefragMaxFragments
            } else if self.memory + cost + TRACKER_COST > self.options.memory {
                DecodeCounter::DefragMemcap
            } else {
                return true;
            };
            stats.count(full);
            let mut evicted = false;
            while let Some((oldest, stamp)) = self.queue.pop_front() {
                let current = self.trackers.get(&oldest).is_some_and(|tracker| tracker.stamp == stamp);
                if current && oldest == *key {
                    // The only one left: nothing else can give way.
                    self.queue.push_front((oldest, stamp));
                    break;
                }
                if current {
                    evicted = self.remove(&oldest);
                    break;
                }
            }
            if !evicted {
                return false;
            }
        }
    }

    /// Drops the stale entries of the queue when they outnumber the others.
    fn compact(&mut self) {
        if self.queue.len() > 2 * self.trackers.len() + 64 {
            let trackers = &self.trackers;
            self.queue.retain(|(key, stamp)| trackers.get(key).is_some_and(|tracker| tracker.stamp == *stamp));
        }
    }
}

impl DatagramTracker {
    fn new(time: Time, stamp: u64, policy: DefragPolicy) -> Self {
        Self {
            deadline: time,
            stamp,
            policy,
            fragments: Vec::new(),
            pieces: Vec::new(),
            covered: 0,
            end: 0,
            seen_last: false,
            head: None,
            cost: TRACKER_COST,
        }
    }

    /// Adds a fragment; whether it overlapped others, and what it costs to keep.
    fn add(&mut self, span: OctetSpan, fragment: &Fragment<'_>) -> (bool, usize) {
        self.seen_last |= !fragment.more;
        self.end = self.end.max(span.end);
        let owner = self.fragments.len();
        // The pieces that touch the span lie side by side, as they are sorted.
        let first = self.pieces.partition_point(|piece| piece.span.end <= span.start);
        let last = self.pieces.partition_point(|piece| piece.span.start < span.end);
        let mut settled: SmallVec<[FragmentPiece; 8]> = SmallVec::new();
        let mut won = false;
        let mut at = span.start;
        let mut take = |settled: &mut SmallVec<[FragmentPiece; 8]>, start: usize, end: usize| {
            if start < end {
                won = true;
                settled.push(FragmentPiece { span: OctetSpan { start, end }, owner });
            }
        };
        for piece in self.pieces.get(first..last).unwrap_or_default() {
            take(&mut settled, at, piece.span.start);
            let old = self.fragments.get(piece.owner).map_or(piece.span, |held| held.span);
            let shared = OctetSpan { start: piece.span.start.max(span.start), end: piece.span.end.min(span.end) };
            if self.policy.new_wins(span, old) {
                let mut keep = |start, end| {
                    if start < end {
                        settled.push(FragmentPiece { span: OctetSpan { start, end }, owner: piece.owner });
                    }
                };
                keep(piece.span.start, shared.start);
                take(&mut settled, shared.start, shared.end);
                if shared.end < piece.span.end {
                    settled.push(FragmentPiece {
                        span: OctetSpan { start: shared.end, end: piece.span.end },
                        owner: piece.owner,
                    });
                }
            } else {
                settled.push(*piece);
            }
            at = piece.span.end;
        }
        take(&mut settled, at.max(span.start), span.end);
        let before: usize = self.pieces.get(first..last).unwrap_or_default().iter().map(FragmentPiece::length).sum();
        let after: usize = settled.iter().map(FragmentPiece::length).sum();
        self.covered += after - before.min(after);
        self.pieces.splice(first..last, settled);
        if !won {
            return (first < last, 0);
        }
        let mut cost = fragment.payload.len() + FRAGMENT_COST;
        if span.start == 0 && self.pieces.first().is_some_and(|piece| piece.owner == owner) {
            cost += fragment.head.len();
            self.head = Some(FirstFragment {
                octets: fragment.head.to_vec(),
                network_at: fragment.network_at,
                next_header_at: fragment.next_header_at,
                next_header: fragment.protocol,
            });
        }
        self.fragments.push(HeldFragment { span, data: fragment.payload.to_vec() });
        self.cost += cost;
        (first < last, cost)
    }

    /// Writes the datagram; where its IP header begins, or `None` when its length does not fit the header.
    fn build(&self, v6: bool, out: &mut Vec<u8>) -> Option<usize> {
        let head = self.head.as_ref()?;
        out.clear();
        out.extend_from_slice(&head.octets);
        for piece in &self.pieces {
            let held = self.fragments.get(piece.owner)?;
            let from = piece.span.start.saturating_sub(held.span.start);
            out.extend_from_slice(held.data.get(from..from + piece.length())?);
        }
        let datagram = out.len() - head.network_at;
        if v6 {
            *out.get_mut(head.next_header_at)? = head.next_header;
            patch_u16(out, head.network_at + 4, datagram.saturating_sub(ipv6::HEADER_LENGTH))?;
        } else {
            patch_u16(out, head.network_at + 2, datagram)?;
            patch_u16(out, head.network_at + 6, 0)?;
            patch_u16(out, head.network_at + 10, 0)?;
            let sum = checksum::internet(out.get(head.network_at..head.octets.len())?);
            patch_u16(out, head.network_at + 10, usize::from(sum))?;
        }
        Some(head.network_at)
    }
}

impl FragmentPiece {
    const fn length(&self) -> usize {
        self.span.end - self.span.start
    }
}

/// Writes 16 bits in network order; `None` when the value has more.
fn patch_u16(out: &mut [u8], at: usize, value: usize) -> Option<()> {
    let value = u16::try_from(value).ok()?;
    *out.get_mut(at..)?.first_chunk_mut::<2>()? = value.to_be_bytes();
    Some(())
}
