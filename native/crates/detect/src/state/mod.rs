//! What detection keeps: with flows, with hosts, for thresholds.

pub(crate) mod app_proto;
pub(crate) mod file_wishes;
pub(crate) mod flow_state;
pub(crate) mod flow_tags;
pub(crate) mod host_bits;
pub(crate) mod names;
pub(crate) mod scanned_stream;
pub(crate) mod shared;
pub(crate) mod threshold;
pub(crate) mod unfinished;
pub(crate) mod worker_bits;
