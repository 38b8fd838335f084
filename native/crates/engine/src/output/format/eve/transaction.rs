//! The transaction that an event is about.

use sidewire_app_layer::{EveTypeOptions, LogForm, LoggerInfo, ProtocolDef, Session};
use sidewire_eve::Object;

use super::EveOutput;

/// The transaction a rule matched on.
#[derive(Clone, Copy)]
pub(crate) struct AlertTransaction<'a> {
    pub(crate) session: &'a dyn Session,
    pub(crate) protocol: &'a ProtocolDef,
    /// Position of the protocol in the list.
    pub(crate) number: usize,
    /// Position of the transaction among the open ones.
    pub(crate) position: usize,
}

impl AlertTransaction<'_> {
    /// Writes what one of a logger's own events tells, as an output asks for it: the object under its type, and the one
    /// beside it.
    pub(crate) fn log_event(self, output: &EveOutput, logger: usize, event: u32, out: &mut Object<'_>) {
        let (Some(options), Some(info)) = (output.protocol(self.number), (self.protocol.loggers)(logger)) else {
            return;
        };
        let form = LogForm::Own(event);
        out.object(info.event_type, |o| self.session.log(self.position, logger, form, options, o));
        self.log_beside(info, (logger, form), options, out);
    }

    /// Writes the same where events of others carry it; what is empty is not there.
    pub(crate) fn log_in_others(self, output: &EveOutput, logger: usize, form: LogForm, out: &mut Object<'_>) {
        let (Some(options), Some(info)) = (output.protocol(self.number), (self.protocol.loggers)(logger)) else {
            return;
        };
        out.object_unless_empty(info.event_type, |o| self.session.log(self.position, logger, form, options, o));
        self.log_beside(info, (logger, form), options, out);
    }

    fn log_beside(
        self,
        info: LoggerInfo,
        (logger, form): (usize, LogForm),
        options: &EveTypeOptions,
        out: &mut Object<'_>,
    ) {
        if let Some(key) = info.beside {
            out.object_unless_empty(key, |o| self.session.log_beside(self.position, logger, form, options, o));
        }
    }

    /// True when an output takes one of a logger's events.
    pub(crate) fn log_wanted(self, output: &EveOutput, logger: usize, event: u32) -> bool {
        output
            .protocol(self.number)
            .is_some_and(|options| self.session.log_wanted(self.position, logger, event, options))
    }
}
