//! What a source feeds: one worker in place, or one or many behind queues.

use std::sync::Arc;

use sidewire_base::Time;
use sidewire_detect::RuleSet;

use crate::EngineError;
use crate::source::block::SourceBlock;

/// A moment without a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceTick {
    /// Engine time.
    pub(crate) now: Time,
    /// The same as it is reported.
    pub(crate) shown: Time,
    /// Ordinal of the packet that comes next.
    pub(crate) ordinal: u64,
}

/// What is to be done with what was written so far, beside handing it over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlushRequest {
    /// It is to be seen outside at once, however little it is.
    pub(crate) flush: bool,
    /// Counters are reported.
    pub(crate) stats: Option<StatsDue>,
}

/// Counters are to be reported to somebody outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatsDue {
    pub(crate) at: StatsMoment,
    /// They are written as statistics, too.
    pub(crate) written: bool,
}

/// When statistics are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StatsMoment {
    /// As it is reported.
    pub(crate) time: Time,
    /// Seconds of packet time since the first packet.
    pub(crate) uptime: i64,
}

/// A source begins.
#[derive(Clone, Debug)]
pub(crate) struct SourceStart {
    /// Where its packets are from.
    pub(crate) names: SourceNames,
    /// It finds no flows of those before it.
    pub(crate) fresh: bool,
    /// Wrong checksums are as good as right ones.
    pub(crate) ignore_checksums: bool,
}

/// Where packets of a source are from, as events tell it.
#[derive(Clone, Debug)]
pub(crate) enum SourceNames {
    /// A capture.
    File(Arc<str>),
    /// Interfaces, by their numbers in frames.
    Interfaces(Arc<[Arc<str>]>),
}

/// Takes packets from a source.
pub(crate) trait PacketSink {
    /// A source begins; a fresh one finds no flows of those before it.
    fn begin_source(&mut self, start: &SourceStart);
    /// Takes frames, and gives back a block that is done with, for its memory.
    fn block(&mut self, block: SourceBlock) -> Result<SourceBlock, EngineError>;
    /// Time went by without packets.
    fn tick(&mut self, tick: SourceTick) -> Result<(), EngineError>;
    /// Hands over what was written so far.
    fn hand_over(&mut self, due: FlushRequest) -> Result<(), EngineError>;
    /// Flows end: the source was a run of its own, or everything is over.
    /// `end` is engine time at the last packet, whichever worker had it.
    fn finish(&mut self, end: SourceTick) -> Result<(), EngineError>;
    /// Goes on with other rules.
    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError>;
}
