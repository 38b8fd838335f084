//! Progress of a command: it was sent, it was answered for good.

sidewire_app_layer::stages! {
    STARTED = "started",
    COMPLETE = "complete",
}
