//! Progress of a mail: its envelope, its content, its end.

sidewire_app_layer::stages! {
    STARTED = "started",
    /// The client sends the mail; the server agreed to take it.
    DATA = "data",
    COMPLETE = "complete",
}
