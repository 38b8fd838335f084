use sidewire_detect::{FlowState, Match};
use sidewire_eve::Object;

/// Writes the members of an event's `metadata`: what rules keep for the flow, and what a match caught for its packet.
pub(crate) fn variables(flow: &FlowState, found: Option<&Match>, out: &mut Object<'_>) {
    if flow.flowbits().next().is_some() {
        out.array("flowbits", |list| {
            for name in flow.flowbits() {
                list.str(name);
            }
        });
    }
    if flow.flowints().next().is_some() {
        out.object("flowints", |o| {
            for (name, value) in flow.flowints() {
                o.u64(name, value);
            }
        });
    }
    if flow.variables().next().is_some() {
        out.array("flowvars", |list| {
            for (name, value) in flow.variables() {
                list.object(|o| {
                    o.bytes(name, value);
                });
            }
        });
    }
    if let Some(found) = found.filter(|found| !found.packet_variables.is_empty()) {
        out.array("pktvars", |list| {
            for (name, value) in &found.packet_variables {
                list.object(|o| {
                    o.bytes(name, value);
                });
            }
        });
    }
}
