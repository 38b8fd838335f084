//! Progress of a call: each side has begun, or has said all of it.

sidewire_app_layer::stages! {
    STARTED = "started",
    COMPLETE = "complete",
}
