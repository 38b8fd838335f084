//! Who watches rules being tried, and how it is told flows apart.

use sidewire_detect::{Observer, Silent};

use crate::worker::conversation::ConversationFlow;

/// An observer that is told when a packet was inspected, so that it can tell flows apart.
pub(crate) trait RuleTracer: Observer {
    /// Rules were applied to a packet of this flow (or of none), which speaks this protocol.
    fn inspected(&mut self, flow: Option<&ConversationFlow>, app: Option<&'static str>);
}

impl RuleTracer for Silent {
    fn inspected(&mut self, _flow: Option<&ConversationFlow>, _app: Option<&'static str>) {}
}
