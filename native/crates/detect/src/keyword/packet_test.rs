//! The shape of a condition on packets and flows that needs nothing but them. Each is one file of this folder, and its line
//! in the list of [`condition`](crate::keyword::condition).

use crate::error::RuleError;
use crate::keyword::context::ConditionInput;

/// A condition on packets and flows.
pub(crate) trait PacketTest: Sized {
    /// What the rule compiler says of it.
    type Ir;

    /// It asks for something that only packets have: rules with it look at packets.
    const OF_PACKETS: bool = false;

    /// Rules with it look at packets and at the stream.
    const OF_BOTH: bool = false;

    /// Makes it ready to run.
    ///
    /// # Errors
    /// What of it cannot be used.
    fn compile(ir: &Self::Ir) -> Result<Self, RuleError>;

    /// Does it hold?
    fn holds(&self, on: &ConditionInput<'_>) -> bool;
}
