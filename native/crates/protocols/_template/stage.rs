//! Progress of a request or a response: a line is there or not.

sidewire_app_layer::stages! {
    STARTED = "started",
    COMPLETE = "complete",
}
