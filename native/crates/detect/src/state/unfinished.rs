//! What a rule keeps of a transaction until more of it has come.

use sidewire_ir::PcreScope;

/// A group a `pcre` caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) scope: PcreScope,
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
}

/// What a rule that waits for more of a transaction has taken from it.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) variables: Box<[u64]>,
    pub(crate) captures: Vec<Capture>,
}
