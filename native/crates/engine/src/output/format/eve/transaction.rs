//! The transaction that an event is about.

use sidewire_app_layer::{ProtocolDef, Session};

/// The transaction a rule matched on.
#[derive(Clone, Copy)]
pub(crate) struct Transaction<'a> {
    pub(crate) session: &'a dyn Session,
    pub(crate) protocol: &'a ProtocolDef,
    /// Position of the protocol in the list.
    pub(crate) number: usize,
    /// Position of the transaction among the open ones.
    pub(crate) position: usize,
}
