//! Which packets no rule needs to look at.

use crate::compile::packet_rules::PacketRules;
use crate::inspect::packet_context;
use crate::{PrefilterInput, RuleSet};
use sidewire_base::RuleId;

impl RuleSet {
    /// True when a packet of a flow brings nothing that a rule could look at: [`crate::DetectEngine::inspect`] need not be
    /// called. Most packets are like this: they acknowledge, or carry what no rule reads.
    #[must_use]
    pub fn is_idle(&self, input: &PrefilterInput<'_>) -> bool {
        let &PrefilterInput { packet, direction, app, app_events, state, .. } = input;
        if state.passed {
            return true;
        }
        let waits = |rules: &[RuleId], seen: bool| !rules.is_empty() && !seen;
        let class = packet_context::class(Some(packet), Some(input.protocol));
        if state.generation != self.generation()
            || waits(&self.events, !input.stream_events && packet.events.is_empty())
            || !self.addressed.is_empty() && state.addressed[direction] & class == 0
        {
            return false;
        }
        let flow_waits = input.frames
            || state.app_events != app_events
            || waits(&self.protocol_only, state.protocol_seen[direction])
            || input.transactions && app.is_some_and(|app| self.inspects(app, direction));
        if flow_waits && packet_context::is_own(packet, input.protocol) {
            return false;
        }
        let Some(PacketRules { has, .. }) = self.packets(class, direction) else { return true };
        let has_payload = !packet.payload.is_empty();
        !(has.plain
            || has.stream && (input.stream || has_payload && !input.packet_in_stream)
            || has.packet && has_payload)
    }
}
