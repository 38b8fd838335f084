//! How a flow in the table is named.

/// Names a flow in its table. Valid until the flow ends; a handle kept longer finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowHandle {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}
