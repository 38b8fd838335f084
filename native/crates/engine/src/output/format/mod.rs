//! How events are written.

pub(crate) mod eve;
pub(crate) mod fast;
pub(crate) mod pieces;
pub(crate) mod stats_log;
