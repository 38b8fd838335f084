//! Progress of a message: it is complete when it is there.

sidewire_app_layer::stages! {
    STARTED = "started",
    COMPLETE = "complete",
}
