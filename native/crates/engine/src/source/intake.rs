//! What a source feeds.

use std::sync::Arc;

use sidewire_base::Time;
use sidewire_detect::RuleSet;

use crate::EngineError;
use crate::source::block::Block;

/// What takes the frames: one worker in place, or one or many behind queues.
pub(crate) trait Intake {
    fn begin_file(&mut self, path: &Arc<str>, fresh: bool, ignore_checksums: bool);
    /// Takes frames, and gives back a block that is done with, for its memory.
    fn block(&mut self, block: Block) -> Result<Block, EngineError>;
    /// Flows end: the file was a run of its own, or everything is over.
    /// `now` is engine time at the last packet, whichever worker had it.
    fn finish(&mut self, now: Time) -> Result<(), EngineError>;
    fn swap(&mut self, rules: Arc<RuleSet>) -> Result<(), EngineError>;
}
