//! What rules can ask: checks on buffers, conditions on packets and flows, transforms. Each is compiled from the IR and
//! evaluated here.

pub(crate) mod base64;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod condition;
pub(crate) mod eval;
pub(crate) mod fields;
pub(crate) mod file;
pub(crate) mod literal;
pub(crate) mod number;
pub(crate) mod transform;
