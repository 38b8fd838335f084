//! Progress of a request or a response: a message is there or not; what grows (files, calls) is complete when it ends.

sidewire_app_layer::stages! {
    STARTED = "started",
    COMPLETE = "complete",
}

/// A transaction of which both sides are complete.
pub(super) const BOTH_COMPLETE: sidewire_app_layer::PerDirection<u8> =
    sidewire_app_layer::PerDirection::new(COMPLETE, COMPLETE);
