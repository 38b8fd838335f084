/// What detection keeps for a flow.
#[derive(Debug, Default)]
pub struct FlowState {
    passed: bool,
}

impl FlowState {
    /// A `pass` rule let the rest of the flow through.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.passed
    }
}
