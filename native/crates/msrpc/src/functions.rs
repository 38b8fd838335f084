//! Functions that `native/data/rpc` names with a `+`, for what fields cannot say. The table of interfaces knows their names
//! alone: what they do stands with what reads arguments and command lines, which uses the table.

include!(concat!(env!("OUT_DIR"), "/functions.rs"));
