//! Where the state machine of each direction stands.

/// Where a side's requests are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestState {
    /// Between requests.
    Idle,
    /// In the request line.
    Line,
    /// After a request line without version: HTTP/0.9, unless more comes before the answer.
    Old,
    Headers,
    /// After the headers of `CONNECT`: what follows depends on the answer.
    Connect,
    /// In a body of known length; what is left of it.
    Length(u64),
    ChunkLine,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    /// After a request: what follows at once may still belong to it.
    Finalize,
    /// After an HTTP/0.9 request nothing follows.
    Ignore,
    /// After a gap: until a line looks like a request.
    Resync,
}

/// Where a side's responses are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseState {
    /// Between responses.
    Idle,
    /// In the status line.
    Line,
    Headers,
    /// In a body of known length; what is left of it.
    Length(u64),
    /// In a body that ends with the connection.
    UntilClose,
    ChunkLine,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    /// After a response: what follows at once may still belong to it.
    Finalize,
    /// After a gap: until a line looks like a response.
    Resync,
    /// The connection is over.
    Closed,
}
