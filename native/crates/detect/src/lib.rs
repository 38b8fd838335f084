//! Rules at work: the IR is planned into a [`RuleSet`] (types, order, groups, fast patterns), and a [`DetectEngine`] runs it
//! over packets, stream octets and transactions.
//!
//! A rule set is immutable and shared. What an inspection keeps lives in three places: with the flow ([`DetectFlowState`]), with
//! the transaction ([`sidewire_app_layer::InspectionState`]) and with the worker ([`DetectEngine`]). [`Thresholds`] come last, where the
//! matches of all workers are in packet order.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod compile;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod inspect;
pub mod ir;
mod keyword;
mod options;
mod rule;
mod state;
mod table;
#[cfg(test)]
mod tests;

pub use compile::rule_set::{CompileError, CompileStats, LeftOutRule, RuleSet};
pub use error::RuleError;
pub use inspect::detector::{DetectEngine, GivenUp};
pub use inspect::frame::{FRAME_STEP, FRAME_WINDOW, is_due};
pub use inspect::frame_source::FrameSource;
pub use inspect::input::{FlowInput, FramesInput, InspectInput, PrefilterInput, StreamInput};
pub use inspect::matched::RuleMatch;
pub use inspect::observer::{
    FailureStage, InspectObserver, InspectRecord, InspectRecorder, InspectUnit, SilentObserver,
};
pub use keyword::catalog::catalog;
pub use options::{CompileOptions, MatcherBackend, SavedMatchers, vectorscan_version};
pub use rule::{RuleMeta, RuleType, Suppress};
pub use state::app_proto::{AppProto, AppProtoState, FlowStats};
pub use state::file_wishes::FileWishes;
pub use state::flow_state::DetectFlowState;
pub use state::shared::{SharedHandle, SharedState};
pub use state::threshold::{ThresholdDecision, Thresholds};
pub use table::address::AddressList;
