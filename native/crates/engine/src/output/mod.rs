//! What a run tells: formats, the sinks they go to, and the order in which they go.

pub(crate) mod format;
pub(crate) mod sink;
pub(crate) mod writer;
