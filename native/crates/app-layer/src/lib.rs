//! What a protocol is: the traits one folder in `protocols` implements, and how flows are given a protocol.
//!
//! A protocol implements [`Protocol`] over its own transaction type. The engine and the rules meet it erased, as a
//! [`Session`] (its state in one flow) and a [`ProtocolDef`] (what it is, as plain data).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod context;
pub mod declare;
mod detection;
mod document;
mod extensions;
mod files;
mod frame;
mod info;
mod protocol;
mod session;
mod settings;
pub mod testing;
mod transactions;
mod value;

pub use context::{FlowExpectation, ParseContext};
pub use detection::{
    Detection, DetectionEvent, DetectionOptions, DetectionOutcome, DetectionState, MAX_DEPTH, MAX_WAIT,
    TransportOptions,
};
pub use document::{DocumentsInfo, TxDocument};
pub use extensions::{ExtensionDef, ProtocolExtension, ProtocolExtensions, RunResources};
pub use files::{FILES_ROW, file_data};
pub use frame::{Frame, FrameExtent, FrameInfo, FrameInspection, FrameKind, FrameKinds, MAX_FRAMES, StreamFrames};
pub use info::{
    BufferInfo, BufferKind, EventInfo, FilesInfo, Hook, LoggerInfo, ProbeVerdict, ProbingParser, ProtocolInfo,
    ProtocolPattern, Transport,
};
pub use protocol::{
    AppLayerResult, Buffer, LogBeside, LogEach, LogForm, LogWrite, ParseFailed, ParseInput, Protocol, TxLogger,
};
pub use session::{EveTypeOptions, ParserConfig, ProtocolDef, ProtocolSession, Session, def};
pub use settings::{FromEveOptions, FromSettings, ProtocolSettings};
#[doc(no_inline)]
pub use sidewire_base::{BufferId, EventId, PerDirection, TxId};
pub use transactions::{
    AwaitedContent, InspectionState, Keep, StoredRule, TransactionList, Transactions, TxConsumer, TxHead, TxSlot,
};
pub use value::{BoundInterface, Value};
