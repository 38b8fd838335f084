//! Progress of a side: its identification, then the end of its part of the key exchange.

sidewire_app_layer::stages! {
    IN_PROGRESS = "in_progress",
    /// More came of the identification than is kept, and not its end.
    BANNER_WAIT_EOL = "banner_wait_eol",
    BANNER_DONE = "banner_done",
    /// What the side says from here on is encrypted.
    FINISHED = "finished",
}
