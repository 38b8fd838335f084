//! `app-layer-protocol`: what a flow was taken for.

use serde::{Deserialize, Serialize};
use sidewire_base::{Direction, PerDirection, ProtocolId};
use ts_rs::TS;

use crate::keyword::context::ConditionInput;
use crate::rule::RuleType;
use crate::state::app_proto::{AppProto, AppProtoState};

/// Of what part of a flow `app-layer-protocol` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum AppLayerPart {
    /// The direction of the packet.
    Packet,
    /// `to_server`.
    ToServer,
    /// `to_client`.
    ToClient,
    /// `either`: one of the directions.
    Either,
    /// `final`: the flow as a whole.
    Final,
    /// `original`: before it changed its protocol.
    Original,
}

#[derive(Clone, Debug)]
pub(crate) struct AppProtocolTest {
    pub(crate) part: AppLayerPart,
    pub(crate) apps: Vec<ProtocolId>,
    pub(crate) failed: bool,
    pub(crate) unknown: bool,
    pub(crate) negated: bool,
}

impl AppProtocolTest {
    /// A rule on nothing but the protocol waits until the flow has one.
    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        on.facts.has_flow
            && (on.kind != RuleType::ProtocolOnly || on.facts.taken.flow != AppProto::Unknown)
            && self.holds_of(&on.facts.taken, on.facts.direction)
    }

    /// A negated test does not hold as long as the protocol is not known. `direction` is the packet's.
    fn holds_of(&self, taken: &AppProtoState, direction: Direction) -> bool {
        let asked = match self.part {
            AppLayerPart::Packet => PerDirection::both(taken.sides[direction]),
            AppLayerPart::ToServer => PerDirection::both(taken.sides.to_server),
            AppLayerPart::ToClient => PerDirection::both(taken.sides.to_client),
            AppLayerPart::Either => taken.sides,
            AppLayerPart::Final => PerDirection::both(taken.flow),
            AppLayerPart::Original => PerDirection::both(taken.original),
        };
        if self.negated && asked == PerDirection::both(AppProto::Unknown) {
            return false;
        }
        let wanted = |taken: AppProto| match taken {
            AppProto::For(app) => self.apps.contains(&app),
            AppProto::Failed => self.failed,
            AppProto::Unknown => self.unknown,
        };
        asked.into_iter().any(wanted) != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AppLayerPart::{Either, Final, Original, Packet};
    use Direction::{ToClient, ToServer};

    #[test]
    fn a_protocol_is_asked_of_the_direction_unless_told_otherwise() {
        let (web, mail) = (AppProto::For(ProtocolId(0)), AppProto::For(ProtocolId(1)));
        let one_sided = AppProtoState { flow: web, sides: PerDirection::new(web, AppProto::Unknown), original: mail };
        let mixed =
            AppProtoState { flow: web, sides: PerDirection::new(web, AppProto::Failed), original: AppProto::Unknown };
        let holds = |part, negated, taken: &AppProtoState, direction| {
            let test = AppProtocolTest { part, apps: vec![ProtocolId(0)], failed: false, unknown: false, negated };
            test.holds_of(taken, direction)
        };
        assert!(holds(Packet, false, &one_sided, ToServer) && !holds(Packet, false, &one_sided, ToClient));
        assert!(
            !holds(Packet, true, &one_sided, ToServer) && !holds(Packet, true, &one_sided, ToClient),
            "not known yet"
        );
        assert!(holds(Packet, true, &mixed, ToClient));
        assert!(
            holds(AppLayerPart::ToServer, false, &mixed, ToClient)
                && !holds(AppLayerPart::ToClient, false, &mixed, ToServer)
        );
        assert!(holds(Either, false, &one_sided, ToClient) && !holds(Either, true, &mixed, ToClient));
        assert!(holds(Final, false, &one_sided, ToClient));
        assert!(!holds(Original, false, &one_sided, ToServer) && holds(Original, true, &one_sided, ToServer));
        assert!(!holds(Original, true, &mixed, ToServer), "it was none");
    }
}
