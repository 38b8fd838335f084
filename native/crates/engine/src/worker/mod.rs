//! What is done with a packet: decode, flow, stream, application layer, rules, events.

mod app_layer;
mod close;
pub(crate) mod conversation;
mod counters;
mod detect;
mod env;
mod envelope;
mod expectations;
pub(crate) mod flow_worker;
mod frames;
mod log;
pub(crate) mod observer;
mod parse;
pub(crate) mod seed;
mod stream;
mod wanted_frames;
