//! The transaction that an event is about.

use sidewire_app_layer::{LogForm, ProtocolDef, Session};
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
    /// Writes the members of a logger's object as an output asks for them.
    pub(crate) fn log(self, output: &Output, logger: usize, form: LogForm, out: &mut Object<'_>) {
        if let Some(options) = output.protocol(self.number) {
            self.session.log(self.position, logger, form, options, out);
        }
    }

    /// True when an output takes one of a logger's events.
    pub(crate) fn log_wanted(self, output: &Output, logger: usize, event: u32) -> bool {
        output
            .protocol(self.number)
            .is_some_and(|options| self.session.log_wanted(self.position, logger, event, options))
    }
}
