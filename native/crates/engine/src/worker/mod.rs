//! What is done with a packet: decode, flow, stream, application layer, rules, events. [`flow_worker`] has the steps in the
//! order in which they run; each step has a file of its own.

mod alert;
mod app_counters;
mod app_layer;
pub(crate) mod conversation;
mod counters;
mod detect;
mod documents;
mod envelope;
mod expectations;
pub(crate) mod files;
pub(crate) mod flow_worker;
mod frames;
mod log;
pub(crate) mod observer;
mod parse_context;
mod retire;
pub(crate) mod seed;
mod stream;
mod wanted_frames;
