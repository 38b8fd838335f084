//! Flow and packet variables (`metadata`).

use sidewire_detect::{DetectFlowState, RuleMatch};
use sidewire_eve::{Array, JsonName, Object};

/// Flowbits of these names mark a flow's traffic: what follows the last slash is shown apart from the others.
const TRAFFIC_ID: &str = "traffic/id/";
const TRAFFIC_LABEL: &str = "traffic/label/";

/// What rules keep for a flow, and what matches caught for one packet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RuleVariables<'a> {
    pub(crate) flow: Option<&'a DetectFlowState>,
    pub(crate) matches: &'a [RuleMatch],
}

impl<'a> RuleVariables<'a> {
    /// Writes the members `traffic` and `metadata`, those that have something in them.
    pub(crate) fn write(self, out: &mut Object<'_>) {
        if self.flowbits().any(|name| name.starts_with("traffic/")) {
            out.object_unless_empty("traffic", |o| {
                for (key, prefix) in [("id", TRAFFIC_ID), ("label", TRAFFIC_LABEL)] {
                    names(o, key, self.flowbits().filter_map(|name| name.strip_prefix(prefix)));
                }
            });
        }
        out.object_unless_empty("metadata", |o| self.metadata(o));
    }

    fn flowbits(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.flow.into_iter().flat_map(|flow| flow.flowbits())
    }

    fn metadata(self, out: &mut Object<'_>) {
        let plain = |name: &&str| !name.starts_with(TRAFFIC_ID) && !name.starts_with(TRAFFIC_LABEL);
        names(out, "flowbits", self.flowbits().filter(plain));
        if let Some(flow) = self.flow {
            if flow.flowints().next().is_some() {
                out.object("flowints", |o| {
                    for (name, value) in flow.flowints() {
                        o.u64(JsonName(name), value);
                    }
                });
            }
            values(out, "flowvars", flow.variables());
            if flow.entropies().next().is_some() {
                out.object("entropy", |o| {
                    for (of, entropy) in flow.entropies() {
                        o.f64(JsonName(of), entropy);
                    }
                });
            }
        }
        let caught = self.matches.iter().flat_map(|found| &found.packet_variables);
        values(out, "pktvars", caught.map(|(name, value)| (name.as_str(), value.as_slice())));
    }
}

fn names<'n>(out: &mut Object<'_>, key: &'static str, mut names: impl Iterator<Item = &'n str>) {
    let Some(first) = names.next() else { return };
    out.array(key, |list| {
        list.str(first);
        names.for_each(|name| _ = list.str(name));
    });
}

fn values<'n, 'v>(out: &mut Object<'_>, key: &'static str, mut values: impl Iterator<Item = (&'n str, &'v [u8])>) {
    let Some(first) = values.next() else { return };
    let one = |list: &mut Array<'_>, (name, value): (&str, &[u8])| {
        list.object(|o| _ = o.bytes(JsonName(name), value));
    };
    out.array(key, |list| {
        one(list, first);
        values.for_each(|value| one(list, value));
    });
}
