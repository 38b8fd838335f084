//! Sigma rules on event logs: `sidewire hunt`. A log is read record by record on one thread, held against the rules, and what
//! matches is written as EVE alerts. JavaScript sees none of it.

pub(crate) mod alert;
mod config;
mod explain;
mod logs;
mod report;
mod rules;
mod run;

pub use config::HuntConfig;
pub use explain::{SigmaFailure, SigmaTrace, TracePlace, explain_sigma};
pub(crate) use logs::read_logs;
pub use report::{HuntReport, LogReport, SigmaTotal, UnseenField};
pub use rules::{SigmaRequest, SigmaRules};
pub use run::{Hunt, HuntProgress};
