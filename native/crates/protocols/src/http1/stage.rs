//! Progress of a request or a response. A value is reached when what it names is complete; a body, when its first octets are
//! there.

sidewire_app_layer::stages! {
    STARTED = "started",
    LINE = "line",
    HEADERS = "headers",
    BODY = "body",
    TRAILER = "trailer",
    COMPLETE = "complete",
}
