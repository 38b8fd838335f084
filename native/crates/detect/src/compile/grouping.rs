//! Deals the rules out to where they are candidates: by event, class, direction, port, transaction and frame.

use sidewire_app_layer::ProtocolDef;
use sidewire_base::{Direction, PerDirection, ProtocolId, RuleId};

use crate::compile::addressed_rules::AddressedRules;
use crate::compile::frame_rules::FrameRules;
use crate::compile::gates::RuleGate;
use crate::compile::packet_rules::{PacketRuleKinds, PacketRules};
use crate::compile::plan::{PacketClasses, RulePlan};
use crate::compile::prefilter::{MpmBuilder, PatternGroup, PortGroups};
use crate::compile::rule_set::RuleSet;
use crate::compile::tx_rules::tx_rules;
use crate::keyword::condition::PacketCondition;
use crate::rule::RuleType;
use crate::table::port_table::PortId;

impl RuleSet {
    pub(super) fn group(&mut self, sets: &mut MpmBuilder, protocols: &[ProtocolDef]) {
        let plans = &self.plans;
        self.gates = plans.iter().map(RuleGate::new).collect();
        let plan_of = |rule: &RuleId| Some((*rule, plans.get(rule.index())?));
        let of_kind = |wanted: &[RuleType]| {
            let numbered = (0..).map(RuleId).zip(plans).filter(|(_, plan)| wanted.contains(&plan.meta.kind));
            numbered.map(|(rule, _)| rule).collect::<Vec<_>>()
        };
        let addressed = of_kind(&[RuleType::IpOnly]);
        self.addressed = AddressedRules::new(addressed.iter().filter_map(plan_of), &self.addresses);
        self.protocol_only = of_kind(&[RuleType::ProtocolOnly]);
        // Everything else that is not about transactions goes by class; those that wait for an event, apart.
        let mut by_class = Vec::new();
        for (rule, plan) in (0..).map(RuleId).zip(plans) {
            use RuleType::{AppTx, Frame, IpOnly, ProtocolOnly};
            if matches!(plan.meta.kind, AppTx | Frame | IpOnly | ProtocolOnly) {
                continue;
            }
            let waits_for = |wanted: fn(&PacketCondition) -> bool| plan.conditions.iter().any(|(_, at)| wanted(at));
            if waits_for(|at| match at {
                PacketCondition::DecodeEvent(test) => !test.negated,
                PacketCondition::StreamEvent(test) => !test.negated,
                _ => false,
            }) {
                self.events.push(rule);
            } else if waits_for(|at| matches!(at, PacketCondition::AppEvent(test) if !test.negated)) {
                self.app_events.push(rule);
            } else {
                by_class.push((rule, plan));
            }
        }
        for (class, by_direction) in self.packets.iter_mut().enumerate() {
            for direction in Direction::BOTH {
                let here =
                    |(_, plan): &&(RuleId, &RulePlan)| plan.classes.0 >> class & 1 == 1 && plan.directions[direction];
                let here = || by_class.iter().filter(here);
                let port = |plan: &RulePlan| if plan.both_ways { PortId::ANY } else { plan.service_ports(direction) };
                let tcp = 1 << class == PacketClasses::TCP;
                let mut scanned = |stream: bool| {
                    let rules = here().filter(|(_, plan)| {
                        plan.payload_pattern().is_some()
                            && if stream { tcp && plan.on_stream } else { !tcp || plan.on_packet }
                    });
                    PortGroups::new(rules.map(|(rule, plan)| (port(plan), *rule)), &self.ports, |rules| {
                        sets.context(rules.iter().filter_map(|&rule| {
                            let fast = plans.get(rule.index())?.payload_pattern()?;
                            Some((fast.octets.clone(), fast.nocase, rule))
                        }))
                    })
                };
                let (packet, stream) = (scanned(false), scanned(true));
                let plain = here().filter(|(_, plan)| plan.payload_pattern().is_none());
                let plain = plain.map(|(rule, plan)| (port(plan), *rule));
                let plain = PortGroups::new(plain, &self.ports, |rules| {
                    AddressedRules::new(rules.iter().filter_map(plan_of), &self.addresses)
                });
                let scans = |contexts: &PortGroups<PatternGroup>| contexts.iter().any(|context| !context.is_empty());
                let plain_rules = plain.iter().any(|rules: &AddressedRules| !rules.is_empty());
                let has = PacketRuleKinds { packet: scans(&packet), stream: scans(&stream), plain: plain_rules };
                by_direction[direction] = PacketRules { packet, stream, plain, has };
            }
        }
        self.transactions = (0..protocols.len())
            .map(ProtocolId::at)
            .map(|app| PerDirection::from_fn(|direction| tx_rules(plans, app, direction, sets)))
            .collect();
        if plans.iter().any(|plan| plan.frame.is_some()) {
            self.frames = (0..protocols.len())
                .map(ProtocolId::at)
                .map(|app| PerDirection::from_fn(|direction| FrameRules::new(plans, app, direction, sets)))
                .collect();
        }
    }
}
