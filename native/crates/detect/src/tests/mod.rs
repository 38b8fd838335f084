//! Rules from the IR to matches.

mod checks;
mod frame;
pub(crate) mod harness;
mod prefilter;
mod rules;
mod streams;
mod transaction;
mod transaction_rules;
