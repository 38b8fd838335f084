//! From what workers wrote to what sinks get: lines with their place in packet order, merged.

pub(crate) mod capture;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod merge;
pub(crate) mod record;
pub(crate) mod sigma;
pub(crate) mod thread;
