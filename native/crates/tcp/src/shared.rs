use crate::{Counters, State};

/// What the sessions of a worker share: memory budgets, a pool of buffers, counters.
#[derive(Debug, Default)]
pub struct Shared {
    /// What was counted.
    pub counters: Counters,
}

impl Shared {
    /// Counts the end of a flow in the state its session has.
    pub fn ended(&mut self, state: State) {
        let _ = state;
    }
}
