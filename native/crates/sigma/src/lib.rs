//! Sigma rules, held against event logs. Rules come as IR ([`sidewire_ir::SigmaBatch`]); [`SigmaSet`] plans them,
//! [`SigmaEvaluator`] holds them against one record after another.
//!
//! What is cheap comes first. The header of a record (channel, provider, event id) says which rules may match at all; one
//! multi-pattern matcher over the fields that these rules ask for says which of them are worth a look; of those, each test is
//! made once.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod calendar;
mod class;
mod completion;
mod condition;
mod correlation;
mod evaluate;
mod explain;
mod fold;
mod fuzz;
mod grouping;
mod keyword_gate;
mod literals;
mod names;
mod network;
mod pattern;
mod set;
mod source;
mod test;
mod view;

pub use evaluate::{MatchedField, SigmaCounters, SigmaEvaluator, SigmaMatch};
pub use explain::{FailedTest, SigmaOutcome};
pub use fuzz::fuzz_sigma;
pub use set::{RuleNumber, SigmaError, SigmaProblem, SigmaSet};
