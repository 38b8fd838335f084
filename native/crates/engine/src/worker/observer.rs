//! Tracing of rules that are evaluated, flow by flow.

use sidewire_detect::{InspectObserver, SilentObserver};

use crate::worker::conversation::ConversationFlow;

/// An observer that learns when a packet has been inspected, and of which flow it is.
pub(crate) trait RuleTracer: InspectObserver {
    /// Rules were applied to a packet of this flow (or of none), which speaks this protocol.
    fn inspected(&mut self, flow: Option<&ConversationFlow>, app: Option<&'static str>);
}

impl RuleTracer for SilentObserver {
    fn inspected(&mut self, _flow: Option<&ConversationFlow>, _app: Option<&'static str>) {}
}
