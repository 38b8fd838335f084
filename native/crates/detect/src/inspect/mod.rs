//! Rules held against traffic: packets and streams, frames, transactions.

mod buffer;
mod conditions;
pub(crate) mod detector;
mod effects;
pub(crate) mod evaluator;
pub(crate) mod frame;
pub(crate) mod frame_source;
mod idle;
pub(crate) mod input;
pub(crate) mod matched;
pub(crate) mod observer;
mod packet;
pub(crate) mod packet_context;
mod transaction;
mod tx_conditions;
