use crate::Flow;

/// The Community ID (version 1) of a flow.
#[must_use]
pub fn community_id<S>(flow: &Flow<S>, seed: u16) -> String {
    let _ = (flow, seed);
    String::new()
}
