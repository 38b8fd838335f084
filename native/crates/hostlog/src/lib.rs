//! Event logs of Windows: `.evtx`, JSON of the usual exporters, XML; compressed or not. And EVE, what is said of traffic. A log is read as a stream of
//! [`LogRecord`]s, each a flat list of fields, whatever shape it came in. Knows no rule.
//!
//! Everything here is hostile input: a record is bounded in octets, fields and depth, and what cannot be read is a
//! [`LogProblem`], never an end of the reading.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod clock;
mod eve;
mod eve_reader;
mod evtx_file;
mod fuzz;
mod input;
mod json;
mod names;
mod pieces;
mod reader;
mod record;
mod shape;
mod utf16;
mod xml;
mod zip;

pub use clock::{LogTime, parse_time};
pub use eve_reader::EveReader;
pub use fuzz::fuzz_log;
pub use input::{LogInput, ReadSeek};
pub use reader::{LogProblem, LogReading, RecordSink, read_log};
pub use record::{EVE_PROVIDER, FieldOrigin, LogField, LogRecord};
pub use shape::LogShape;
