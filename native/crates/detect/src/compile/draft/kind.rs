//! What a rule looks at, in which directions, and where it stands among the others: as Suricata has it.

use crate::ir;
use sidewire_base::{PerDirection, ProtocolId};
use sidewire_ir::HeaderProtocol;

use crate::compile::draft::PlanDraft;
use crate::compile::plan::{PacketClasses, RuleOrder, StateUse, TxScope};
use crate::keyword::condition::{MatchEffect, PacketCondition};
use crate::keyword::operator::OperatorPlacement;
use crate::rule::RuleType;

impl PlanDraft<'_> {
    /// The rule's type, and whether it looks at packets and at the stream.
    pub(in crate::compile) fn kind(&self, negated_addresses: bool) -> (RuleType, bool, bool) {
        if self.frame.is_some() {
            return (RuleType::Frame, false, false);
        }
        if !self.tx.is_empty() {
            return (RuleType::AppTx, true, true);
        }
        let conditions = || self.conditions.iter().map(|(_, condition)| condition);
        let flow = &self.rule.flow;
        let stateless = self.payload.is_empty() && self.apps.is_none();
        let keeps_bits = |condition: &PacketCondition| matches!(condition, PacketCondition::Xbit(_));
        if stateless
            && flow.is_direction_only()
            && conditions().any(|condition| matches!(condition, PacketCondition::AppProtocol(_)))
            && conditions()
                .all(|condition| matches!(condition, PacketCondition::AppProtocol(_)) || keeps_bits(condition))
        {
            return (RuleType::ProtocolOnly, true, false);
        }
        let addresses_only = |condition: &PacketCondition| {
            keeps_bits(condition)
                || matches!(condition, PacketCondition::Field { field, .. } if field.name == "ip_proto")
        };
        let compatible = |effect: &MatchEffect| match effect {
            MatchEffect::FlowBits(change) => change.only_sets(),
            MatchEffect::Xbit(_) | MatchEffect::Tag(_) => true,
            MatchEffect::FlowInt(_) | MatchEffect::Document(_) => false,
        };
        if stateless
            && *flow == ir::FlowRequirement::default()
            && self.classes.0 & PacketClasses::NONE == 0
            && conditions().all(addresses_only)
            && self.effects.iter().all(compatible)
        {
            return (if negated_addresses { RuleType::LikeIpOnly } else { RuleType::IpOnly }, true, false);
        }
        let is_event = |condition: &PacketCondition| {
            matches!(condition, PacketCondition::DecodeEvent(_) | PacketCondition::StreamEvent(_))
        };
        if self.payload.is_empty() && !self.conditions.is_empty() && conditions().all(is_event) {
            return (RuleType::DecoderEvent, true, false);
        }
        let only_packet = self.needs_packet || flow.no_stream || self.rule.protocol == HeaderProtocol::TcpPacket;
        let only_stream = flow.only_stream || self.rule.protocol == HeaderProtocol::TcpStream;
        if !self.payload.is_empty() {
            if self.classes.0 & PacketClasses::TCP == 0 || only_packet {
                return (RuleType::Packet, true, self.classes.0 & !PacketClasses::TCP == 0 && !only_packet);
            }
            let anchored = self
                .payload
                .iter()
                .flat_map(|(_, look)| &look.checks)
                .any(|check| check.placement() == OperatorPlacement::Window);
            return match only_stream {
                false if anchored || self.needs_both => (RuleType::PacketStream, true, true),
                _ => (RuleType::Stream, false, true),
            };
        }
        if self.apps.is_some() && self.conditions.is_empty() && flow.is_direction_only() {
            return (RuleType::AppLayer, true, false);
        }
        (RuleType::Packet, true, false)
    }

    /// Directions it is inspected in, of whatever protocol.
    pub(in crate::compile) fn directions(&self, kind: RuleType) -> PerDirection<bool> {
        let flow = &self.rule.flow;
        if kind == RuleType::AppTx && self.rule.direction == ir::RuleDirection::Transaction {
            return PerDirection::both(true);
        }
        if flow.to_server || flow.to_client {
            return PerDirection::new(flow.to_server, flow.to_client);
        }
        if let Some(hook) = self.hook {
            return PerDirection::from_fn(|direction| hook == direction);
        }
        match &self.apps {
            Some(apps) if !self.tx.is_empty() => {
                let of = |direction| apps.iter().any(|app| self.app_directions(*app)[direction]);
                PerDirection::from_fn(of)
            }
            _ => PerDirection::both(true),
        }
    }

    /// Does some condition ask a protocol in one direction only?
    fn asks_only(&self, app: ProtocolId) -> PerDirection<bool> {
        let only = |direction| self.tx.iter().any(|condition| condition.only_side(app) == Some(direction));
        PerDirection::from_fn(only)
    }

    /// The directions in which a protocol has what the conditions ask for.
    fn app_directions(&self, app: ProtocolId) -> PerDirection<bool> {
        match self.asks_only(app).into_array() {
            [true, false] => PerDirection::new(true, false),
            [false, true] => PerDirection::new(false, true),
            _ => PerDirection::both(true),
        }
    }

    /// How transactions of each of its protocols are inspected, by a rule that is inspected in `directions`.
    pub(in crate::compile) fn scopes(&self, directions: PerDirection<bool>) -> Vec<TxScope> {
        let both = directions == PerDirection::both(true);
        let transaction = self.rule.direction == ir::RuleDirection::Transaction;
        let asked = self.rule.flow.to_server || self.rule.flow.to_client || transaction;
        let scope = |&app: &ProtocolId| {
            let own = if asked { directions } else { self.app_directions(app) };
            let directions = PerDirection::from_fn(|direction| directions[direction] && own[direction]);
            TxScope { app, directions, whole: both && (transaction || self.asks_only(app) == PerDirection::both(true)) }
        };
        self.apps.iter().flatten().map(scope).collect()
    }

    pub(in crate::compile) fn order(&self) -> RuleOrder {
        let reads =
            |wanted: fn(&PacketCondition) -> bool| self.conditions.iter().any(|(_, condition)| wanted(condition));
        let sets = |wanted: fn(&MatchEffect) -> bool| self.effects.iter().any(wanted);
        RuleOrder {
            action: match self.rule.action {
                ir::Action::Pass => 0,
                ir::Action::Drop => 1,
                ir::Action::Reject | ir::Action::RejectSrc | ir::Action::RejectDst | ir::Action::RejectBoth => 2,
                ir::Action::Alert | ir::Action::Config => 3,
            },
            flowbits: StateUse::new(
                sets(|effect| matches!(effect, MatchEffect::FlowBits(_))),
                reads(|condition| matches!(condition, PacketCondition::FlowBits(_))),
            ),
            depth: 0,
            flowints: StateUse::new(
                sets(|effect| matches!(effect, MatchEffect::FlowInt(_))),
                reads(|condition| matches!(condition, PacketCondition::FlowInt(_))),
            ),
            xbits: StateUse::new(
                sets(|effect| matches!(effect, MatchEffect::Xbit(_))),
                reads(|condition| matches!(condition, PacketCondition::Xbit(_))),
            ),
            priority: self.rule.priority,
            gid: self.rule.gid,
            sid: self.rule.sid,
        }
    }
}
