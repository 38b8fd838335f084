//! Rules at work: the IR is planned into a [`RuleSet`] (types, order, groups, fast patterns), and a [`Detector`] runs it
//! over packets, stream octets and transactions.
//!
//! A rule set is immutable and shared. What an inspection keeps lives in three places: with the flow ([`FlowState`]), with
//! the transaction ([`sidewire_app_layer::Inspection`]) and with the worker ([`Detector`]). [`Thresholds`] come last, where the
//! matches of all workers are in packet order.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod address;
mod address_table;
mod base64;
mod catalog;
mod check;
mod condition;
mod detector;
mod facts;
mod fast_pattern;
mod fields;
mod flow_state;
mod frame;
#[cfg(test)]
mod frame_tests;
#[doc(hidden)]
pub mod fuzz;
mod group;
mod host_bits;
mod input;
mod inspect;
mod literal;
mod matched;
mod names;
mod number;
mod observer;
mod options;
mod plan;
mod port_table;
mod rule;
mod rule_set;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod threshold;
mod transaction;
#[cfg(test)]
mod transaction_tests;
mod transform;

pub use address::AddressList;
pub use catalog::catalog;
pub use detector::Detector;
pub use flow_state::FlowState;
pub use frame::{FRAME_STEP, FRAME_WINDOW, is_due};
pub use input::{FlowInput, FlowStats, FramesInput, Glance, Input, StreamInput, Taken, TakenFor};
pub use matched::Match;
pub use observer::{Failure, Observer, Record, Recorder, Silent, Unit};
pub use options::{Backend, CompileOptions};
pub use rule::{RuleMeta, RuleType, Suppress};
pub use rule_set::{CompileError, CompileStats, Problem, RuleSet};
pub use threshold::{Decision, Thresholds};
