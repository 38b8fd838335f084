//! Several workers, each with the packets of its own host pairs.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use sidewire_base::Time;
use sidewire_base::fault::{FaultPlace, point};
use sidewire_decode::{FrameSharder, LinkFrame};
use sidewire_detect::{RuleSet, SharedHandle, SharedState, SilentObserver};

use crate::EngineError;
use crate::config::setup::RunSetup;
use crate::counters::{Counters, accumulate};
use crate::output::writer::merge::OutputMerger;
use crate::output::writer::record::OutputBatch;
use crate::pipeline::{EPOCH, EPOCH_BYTES, LAG, SourceFeed};
use crate::source::block::SourceBlock;
use crate::source::clock::TimeUpdate;
use crate::source::packet_sink::{FlushRequest, PacketSink, SourceStart, SourceTick};
use crate::worker::flow_worker::FlowWorker;

/// Feeds several workers. The reader deals packets out by host pair, each worker runs its own to completion, and what they
/// wrote is merged in packet order, epoch by epoch, so the output is that of one worker.
pub(crate) fn run(
    setup: &Arc<RunSetup>,
    rules: Arc<RuleSet>,
    merger: &mut OutputMerger,
    feed: SourceFeed<'_>,
) -> Result<Counters, EngineError> {
    let workers = setup.config.workers.clamp(2, 64) as usize;
    std::thread::scope(|scope| {
        let shared = SharedState::ordered(workers, rules.host_bits());
        let shard = |number| ShardHandle::start(scope, setup, &rules, shared.worker(number));
        let shards: Vec<ShardHandle<'_>> = (0..workers).map(shard).collect();
        let mut dispatcher = FlowDispatcher {
            epochs: shards.iter().map(|_| PacketEpoch::default()).collect(),
            sharder: FrameSharder::new(&setup.decode),
            shards,
            merger,
            setup,
            rules,
            waiting: 0,
            next: 0,
            count: 0,
            bytes: 0,
        };
        let outcome = feed(&mut dispatcher).and_then(|()| dispatcher.drain(0));
        let FlowDispatcher { shards, .. } = dispatcher;
        let mut counters = Counters::new();
        for shard in shards {
            drop(shard.epochs);
            drop(shard.written);
            let counted = shard.thread.join().map_err(|_| EngineError::internal("a worker panicked"))?;
            counted.iter().for_each(|(name, value)| accumulate(&mut counters, name, *value));
        }
        outcome.map(|()| counters)
    })
}

/// A span of packets, as one worker gets it.
#[derive(Default)]
struct PacketEpoch {
    octets: Vec<u8>,
    items: Vec<EpochItem>,
    /// Ordinal of the first packet after it, of all workers'.
    end: u64,
}

/// What a worker is sent, in order.
enum EpochItem {
    Source(SourceStart),
    Frame {
        end: usize,
        time: Time,
        update: TimeUpdate,
        ordinal: u64,
        wire_length: u32,
        link_type: u32,
        interface: u32,
        checksums_pending: bool,
    },
    Tick(SourceTick),
    /// Its counters are wanted with what it wrote.
    Count,
    Finish(SourceTick),
    Swap(Arc<RuleSet>),
}

/// What a worker made of an epoch.
struct EpochOutput {
    batch: OutputBatch,
    /// Its counters, where they were asked for.
    counters: Option<Counters>,
}

struct ShardHandle<'scope> {
    epochs: SyncSender<PacketEpoch>,
    written: Receiver<EpochOutput>,
    thread: ScopedJoinHandle<'scope, Counters>,
}

impl<'scope> ShardHandle<'scope> {
    fn start(
        scope: &'scope Scope<'scope, '_>,
        setup: &Arc<RunSetup>,
        rules: &Arc<RuleSet>,
        shared: SharedHandle,
    ) -> Self {
        let (epochs, work) = sync_channel::<PacketEpoch>(LAG);
        let (done, written) = sync_channel(LAG + 1);
        let (setup, rules) = (Arc::clone(setup), Arc::clone(rules));
        let thread = scope.spawn(move || {
            let worker = FlowWorker::new(&setup, &rules, SilentObserver, shared);
            let mut worker = ShardWorker { worker, counters: Counters::new(), counting: false };
            while let Ok(epoch) = work.recv() {
                let counters = worker.run(&epoch);
                let batch = core::mem::take(worker.worker.batch());
                if done.send(EpochOutput { batch, counters }).is_err() {
                    break;
                }
            }
            worker.counters
        });
        Self { epochs, written, thread }
    }
}

/// A worker's side.
struct ShardWorker {
    worker: FlowWorker<SilentObserver>,
    /// Of the sources that are finished.
    counters: Counters,
    /// A source is being read whose counters are still the worker's.
    counting: bool,
}

impl ShardWorker {
    /// Works an epoch off; gives the counters when they are asked for.
    fn run(&mut self, epoch: &PacketEpoch) -> Option<Counters> {
        let Self { worker, counters, counting } = self;
        let mut asked = None;
        let mut start = 0;
        for item in &epoch.items {
            match item {
                EpochItem::Source(start) => {
                    worker.begin_source(start);
                    *counting = true;
                }
                &EpochItem::Frame {
                    end,
                    time,
                    update,
                    ordinal,
                    wire_length,
                    link_type,
                    interface,
                    checksums_pending,
                } => {
                    let data = epoch.octets.get(start..end).unwrap_or_default();
                    start = end;
                    let frame = LinkFrame { time, ordinal, link_type, data, wire_length, interface, checksums_pending };
                    worker.frame(update, &frame);
                }
                EpochItem::Tick(tick) => worker.tick(*tick),
                EpochItem::Count => {
                    let mut now = counters.clone();
                    if *counting {
                        worker.count(&mut now);
                    }
                    asked = Some(now);
                }
                EpochItem::Finish(end) => {
                    worker.finish(*end, |_| {});
                    worker.count(counters);
                    *counting = false;
                }
                EpochItem::Swap(rules) => worker.swap_rules(rules),
            }
        }
        worker.passed(epoch.end);
        asked
    }
}

/// The reader's side: fills an epoch for each worker, and merges what comes back.
struct FlowDispatcher<'a, 'scope> {
    shards: Vec<ShardHandle<'scope>>,
    sharder: FrameSharder,
    epochs: Vec<PacketEpoch>,
    merger: &'a mut OutputMerger,
    setup: &'a RunSetup,
    rules: Arc<RuleSet>,
    /// Epochs handed out and not merged yet.
    waiting: usize,
    /// Ordinal of the packet after the last one.
    next: u64,
    count: usize,
    bytes: usize,
}

impl FlowDispatcher<'_, '_> {
    /// Hands the open epoch out.
    fn deal(&mut self) -> Result<(), EngineError> {
        self.count = 0;
        self.bytes = 0;
        for (shard, epoch) in self.shards.iter().zip(&mut self.epochs) {
            epoch.end = self.next;
            if shard.epochs.send(core::mem::take(epoch)).is_err() {
                return Err(EngineError::internal("a worker stopped"));
            }
        }
        self.waiting += 1;
        self.drain(LAG)
    }

    /// Merges until at most `leave` epochs are out.
    fn drain(&mut self, leave: usize) -> Result<(), EngineError> {
        while self.waiting > leave {
            let mut batches = Vec::with_capacity(self.shards.len());
            for (number, shard) in self.shards.iter().enumerate() {
                let written = shard.written.recv().map_err(|_| EngineError::internal("a worker stopped"))?;
                batches.push(written.batch);
                if let Some(counters) = written.counters {
                    self.merger.note_counters(number, counters);
                }
            }
            self.waiting -= 1;
            self.merger.merge(&batches, &self.rules)?;
        }
        Ok(())
    }

    /// Puts a frame into the epoch of the worker that has its hosts.
    fn frame(&mut self, update: TimeUpdate, frame: &LinkFrame<'_>) -> Result<(), EngineError> {
        // A fault costs the order of workers: a packet whose hosts are not known goes to the first.
        let key = self.setup.faults.contain(|| {
            point(FaultPlace::Shard);
            self.sharder.key(frame)
        });
        let hash = key.flatten().map_or(0, |key| spread(&key.pair));
        let shard = hash % self.shards.len().max(1) as u64;
        if let Some(epoch) = usize::try_from(shard).ok().and_then(|shard| self.epochs.get_mut(shard)) {
            epoch.octets.extend_from_slice(frame.data);
            let end = epoch.octets.len();
            let LinkFrame { time, ordinal, wire_length, link_type, interface, checksums_pending, .. } = *frame;
            let item =
                EpochItem::Frame { end, time, update, ordinal, wire_length, link_type, interface, checksums_pending };
            epoch.items.push(item);
        }
        self.next = frame.ordinal + 1;
        self.count += 1;
        self.bytes += frame.data.len();
        if self.count >= EPOCH || self.bytes >= EPOCH_BYTES { self.deal() } else { Ok(()) }
    }

    fn all(&mut self, item: impl Fn() -> EpochItem) {
        for epoch in &mut self.epochs {
            epoch.items.push(item());
        }
    }
}

impl PacketSink for FlowDispatcher<'_, '_> {
    fn begin_source(&mut self, start: &SourceStart) {
        self.next = 0;
        self.all(|| EpochItem::Source(start.clone()));
    }

    fn block(&mut self, block: SourceBlock) -> Result<SourceBlock, EngineError> {
        for (update, frame) in block.frames() {
            if update.tick {
                let tick = SourceTick { now: update.now, shown: frame.time, ordinal: frame.ordinal };
                self.all(|| EpochItem::Tick(tick));
            }
            self.frame(update, &frame)?;
        }
        Ok(block)
    }

    fn tick(&mut self, tick: SourceTick) -> Result<(), EngineError> {
        self.all(|| EpochItem::Tick(tick));
        Ok(())
    }

    fn hand_over(&mut self, due: FlushRequest) -> Result<(), EngineError> {
        if due.stats.is_some() {
            self.all(|| EpochItem::Count);
        }
        self.deal()?;
        self.drain(0)?;
        if let Some(due) = due.stats {
            self.merger.tell_stats(due)?;
        }
        if due.flush { self.merger.flush() } else { Ok(()) }
    }

    fn finish(&mut self, end: SourceTick) -> Result<(), EngineError> {
        self.all(|| EpochItem::Finish(end));
        self.deal()?;
        self.drain(0)
    }

    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError> {
        self.deal()?;
        self.drain(0)?;
        self.all(|| EpochItem::Swap(Arc::clone(&rules)));
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
