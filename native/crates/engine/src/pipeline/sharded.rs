//! Several workers, each with the packets of its own host pairs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use sidewire_base::Time;
use sidewire_decode::{Frame, Sharder};
use sidewire_detect::{RuleSet, Silent};

use crate::EngineError;
use crate::config::setup::Setup;
use crate::output::writer::merge::Merger;
use crate::output::writer::record::Batch;
use crate::pipeline::{EPOCH, EPOCH_BYTES, LAG};
use crate::source::block::Block;
use crate::source::driver::Reading;
use crate::source::intake::Intake;
use crate::summary::accumulate;
use crate::worker::flow_worker::FlowWorker;

/// Replays with several workers. The reader deals packets out by host pair, each worker runs its own to completion, and
/// what they wrote is merged in packet order, epoch by epoch, so the output is that of one worker.
pub(crate) fn replay(
    setup: &Arc<Setup>,
    rules: Arc<RuleSet>,
    merger: &mut Merger,
    reading: &mut Reading<'_>,
) -> Result<BTreeMap<String, u64>, EngineError> {
    let workers = setup.config.workers.clamp(2, 64) as usize;
    std::thread::scope(|scope| {
        let shards: Vec<Shard<'_>> = (0..workers).map(|_| Shard::start(scope, setup, &rules)).collect();
        let mut dealer = Dealer {
            epochs: shards.iter().map(|_| Epoch::default()).collect(),
            sharder: Sharder::new(&setup.decode),
            shards,
            merger,
            rules,
            waiting: 0,
            count: 0,
            bytes: 0,
        };
        let outcome = reading.replay(&mut dealer).and_then(|()| dealer.drain(0));
        let Dealer { shards, .. } = dealer;
        let mut counters = BTreeMap::new();
        for shard in shards {
            drop(shard.epochs);
            drop(shard.written);
            match shard.thread.join() {
                Ok(counted) => {
                    for (name, value) in counted {
                        accumulate(&mut counters, &name, value);
                    }
                }
                Err(_) => return Err(EngineError::Config("internal error: a worker panicked".to_owned())),
            }
        }
        outcome.map(|()| counters)
    })
}

/// A span of packets, as one worker gets it.
#[derive(Default)]
struct Epoch {
    octets: Vec<u8>,
    items: Vec<Item>,
}

/// What a worker is told, in order.
enum Item {
    File { path: Arc<str>, fresh: bool, ignore_checksums: bool },
    Frame { end: usize, time: Time, now: Time, ordinal: u64, wire_length: u32, link_type: u32 },
    Tick { now: Time, ordinal: u64 },
    Finish { now: Time },
    Swap(Arc<RuleSet>),
}

struct Shard<'scope> {
    epochs: SyncSender<Epoch>,
    written: Receiver<Batch>,
    thread: ScopedJoinHandle<'scope, BTreeMap<String, u64>>,
}

impl<'scope> Shard<'scope> {
    fn start(scope: &'scope Scope<'scope, '_>, setup: &Arc<Setup>, rules: &Arc<RuleSet>) -> Self {
        let (epochs, work) = sync_channel::<Epoch>(LAG);
        let (done, written) = sync_channel::<Batch>(LAG + 1);
        let (setup, rules) = (Arc::clone(setup), Arc::clone(rules));
        let thread = scope.spawn(move || {
            let mut worker = FlowWorker::new(&setup, &rules, Silent);
            let mut counters = BTreeMap::new();
            while let Ok(epoch) = work.recv() {
                run(&mut worker, &epoch, &mut counters);
                if done.send(core::mem::take(worker.batch())).is_err() {
                    break;
                }
            }
            counters
        });
        Self { epochs, written, thread }
    }
}

fn run(worker: &mut FlowWorker<Silent>, epoch: &Epoch, counters: &mut BTreeMap<String, u64>) {
    let mut start = 0;
    for item in &epoch.items {
        match item {
            Item::File { path, fresh, ignore_checksums } => worker.begin_file(path, *fresh, *ignore_checksums),
            Item::Frame { end, time, now, ordinal, wire_length, link_type } => {
                let data = epoch.octets.get(start..*end).unwrap_or_default();
                start = *end;
                let (time, ordinal, wire_length, link_type) = (*time, *ordinal, *wire_length, *link_type);
                worker.frame(*now, &Frame { time, ordinal, link_type, data, wire_length });
            }
            Item::Tick { now, ordinal } => worker.tick(*now, *ordinal),
            Item::Finish { now } => {
                worker.finish(*now, |_| {});
                worker.count(counters);
            }
            Item::Swap(rules) => worker.swap_rules(rules),
        }
    }
}

/// The reader's side: fills an epoch for each worker, and merges what comes back.
struct Dealer<'a, 'scope> {
    shards: Vec<Shard<'scope>>,
    sharder: Sharder,
    epochs: Vec<Epoch>,
    merger: &'a mut Merger,
    rules: Arc<RuleSet>,
    /// Epochs handed out and not merged yet.
    waiting: usize,
    count: usize,
    bytes: usize,
}

impl Dealer<'_, '_> {
    /// Hands the open epoch out.
    fn deal(&mut self) -> Result<(), EngineError> {
        self.count = 0;
        self.bytes = 0;
        for (shard, epoch) in self.shards.iter().zip(&mut self.epochs) {
            if shard.epochs.send(core::mem::take(epoch)).is_err() {
                return Err(EngineError::Config("internal error: a worker stopped".to_owned()));
            }
        }
        self.waiting += 1;
        self.drain(LAG)
    }

    /// Merges until at most `leave` epochs are out.
    fn drain(&mut self, leave: usize) -> Result<(), EngineError> {
        while self.waiting > leave {
            let batches: Vec<Batch> = self.shards.iter().map_while(|shard| shard.written.recv().ok()).collect();
            if batches.len() < self.shards.len() {
                return Err(EngineError::Config("internal error: a worker stopped".to_owned()));
            }
            self.waiting -= 1;
            self.merger.merge(&batches, &self.rules)?;
        }
        Ok(())
    }

    /// Puts a frame into the epoch of the worker that has its hosts.
    fn frame(&mut self, now: Time, frame: &Frame<'_>) -> Result<(), EngineError> {
        let hash = self.sharder.key(frame).map_or(0, |key| spread(&key.pair));
        let shard = hash % self.shards.len().max(1) as u64;
        if let Some(epoch) = usize::try_from(shard).ok().and_then(|shard| self.epochs.get_mut(shard)) {
            epoch.octets.extend_from_slice(frame.data);
            let end = epoch.octets.len();
            let Frame { time, ordinal, wire_length, link_type, .. } = *frame;
            epoch.items.push(Item::Frame { end, time, now, ordinal, wire_length, link_type });
        }
        self.count += 1;
        self.bytes += frame.data.len();
        if self.count >= EPOCH || self.bytes >= EPOCH_BYTES { self.deal() } else { Ok(()) }
    }

    fn all(&mut self, item: impl Fn() -> Item) {
        for epoch in &mut self.epochs {
            epoch.items.push(item());
        }
    }
}

impl Intake for Dealer<'_, '_> {
    fn begin_file(&mut self, path: &Arc<str>, fresh: bool, ignore_checksums: bool) {
        self.all(|| Item::File { path: Arc::clone(path), fresh, ignore_checksums });
    }

    fn block(&mut self, block: Block) -> Result<Block, EngineError> {
        for (reading, frame) in block.frames() {
            if reading.tick {
                self.all(|| Item::Tick { now: reading.now, ordinal: frame.ordinal });
            }
            self.frame(reading.now, &frame)?;
        }
        Ok(block)
    }

    fn finish(&mut self, now: Time) -> Result<(), EngineError> {
        self.all(|| Item::Finish { now });
        self.deal()?;
        self.drain(0)
    }

    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError> {
        self.deal()?;
        self.drain(0)?;
        self.all(|| Item::Swap(Arc::clone(&rules)));
        self.rules = rules;
        Ok(())
    }
}

/// An even spread of host pairs over workers (FNV-1a, 64 bit).
fn spread(pair: &sidewire_base::HostPair) -> u64 {
    let mix = |hash: u64, octet: &u8| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
    let octets = |address: &std::net::IpAddr| match address {
        std::net::IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(v6) => v6.octets(),
    };
    let hash = octets(&pair.low).iter().chain(&octets(&pair.high)).fold(0xcbf2_9ce4_8422_2325, mix);
    hash ^ hash >> 32
}
