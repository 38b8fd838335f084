//! What a protocol is: the traits one folder in `protocols` implements, and how flows are given a protocol.
//!
//! A protocol implements [`Protocol`] over its own transaction type. The engine and the rules meet it erased, as a
//! [`Session`] (its state in one flow) and a [`ProtocolDef`] (what it is, as plain data).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod context;
mod def;
mod detection;
mod due;
mod extensions;
mod frame;
mod session;
mod settings;
pub mod testing;
mod transaction;
mod value;

pub use context::{Context, Expectation};
pub use def::{
    BufferInfo, BufferKind, EventInfo, Hook, Info, LoggerInfo, Pattern, Probe, ProtocolDef, Transport, Verdict,
};
pub use detection::{Detection, DetectionEvent, DetectionState, MAX_DEPTH, MAX_WAIT, Options, Outcome};
pub use due::{Due, Look};
pub use extensions::{Extension, ExtensionDef, Extensions, Resources};
pub use frame::{Extent, Frame, FrameInfo, FrameInspection, FrameKind, FrameKinds, Frames, MAX_FRAMES};
pub use session::{Buffer, Failed, Input, Keep, Logger, Protocol, Session, Step, Typed, def};
pub use settings::Settings;
pub use transaction::{Inspection, Slot, StoredRule, Transactions, TxHead};
pub use value::{Interface, Value};
