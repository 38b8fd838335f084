//! The transaction that an event is about.

use sidewire_app_layer::{ProtocolDef, Session};
use sidewire_eve::Object;

use super::Output;

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

impl Transaction<'_> {
    /// Writes the members of a logger's object as an output asks for them, in its own event or in another.
    pub(crate) fn log(self, output: &Output, logger: usize, in_others: bool, out: &mut Object<'_>) {
        if let Some(options) = output.protocol(self.number) {
            self.session.log(self.position, logger, in_others, options, out);
        }
    }

    /// True when an output takes a logger's event.
    pub(crate) fn log_wanted(self, output: &Output, logger: usize) -> bool {
        output.protocol(self.number).is_some_and(|options| self.session.log_wanted(self.position, logger, options))
    }
}
