//! Plans the rules of a batch.

use crate::ir;
use sidewire_app_layer::ProtocolDef;
use sidewire_mpm::RegexLimits;

use crate::compile::draft::{DraftContext, PlanDraft};
use crate::compile::fast_pattern;
use crate::compile::keyword_index::KeywordIndex;
use crate::compile::plan::RulePlan;
use crate::error::RuleError;
use crate::keyword::operator::OperatorPlacement;
use crate::keyword::transform::TransformTable;
use crate::rule::{RuleMeta, RuleType, Suppress};
use crate::table::address::AddressList;
use crate::table::address_table::AddressTable;
use crate::table::port_table::PortTable;

/// What rules are planned against.
pub(crate) struct RulePlanner<'p> {
    pub(crate) protocols: &'static [ProtocolDef],
    pub(crate) names: &'p KeywordIndex,
    pub(crate) transforms: &'p mut TransformTable,
    pub(crate) stream_events: &'static [&'static str],
    pub(crate) limits: RegexLimits,
    pub(crate) addresses: &'p mut AddressTable,
    pub(crate) ports: &'p mut PortTable,
}

impl RulePlanner<'_> {
    /// Plans a rule of a batch with these sets.
    ///
    /// # Errors
    /// What cannot be used.
    pub(crate) fn plan(
        &mut self,
        rule: &ir::Rule,
        lists: &[Result<AddressList, RuleError>],
        sets: &ir::BatchSets,
    ) -> Result<RulePlan, RuleError> {
        let list = |at: u32| match lists.get(at as usize) {
            Some(Ok(list)) => Ok(list.clone()),
            Some(Err(why)) => Err(why.clone()),
            None => Err(RuleError::AddressSet(at)),
        };
        let port = |at: u32| sets.ports.get(at as usize).ok_or(RuleError::PortSet(at));
        let suppressions = rule
            .suppressions
            .iter()
            .map(|line| Ok(Suppress { track: line.track, addresses: list(line.addresses)? }))
            .collect::<Result<_, RuleError>>()?;
        let (source_list, destination_list) = (list(rule.source)?, list(rule.destination)?);
        let negated_addresses = [rule.source, rule.destination]
            .iter()
            .any(|at| sets.addresses.get(*at as usize).is_some_and(|set| !set.exclude.is_empty()));

        let around = DraftContext {
            protocols: self.protocols,
            stream_events: self.stream_events,
            names: self.names,
            transforms: self.transforms,
            limits: self.limits,
        };
        let mut draft = PlanDraft::read(rule, around)?;
        let source_port = self.ports.add(port(rule.source_port)?);
        let destination_port = self.ports.add(port(rule.destination_port)?);
        let (kind, on_packet, on_stream) = draft.kind(negated_addresses);
        let directions = draft.directions(kind);
        let fast = fast_pattern::choose(rule, kind, &draft.tx, draft.frame.as_ref(), &draft.payload);
        let order = draft.order();
        let scopes = if kind == RuleType::AppTx { draft.scopes(directions) } else { Vec::new() };
        let has_payload = !draft.payload.is_empty();
        let spans = draft
            .payload
            .iter()
            .flat_map(|(_, look)| &look.checks)
            .all(|check| check.placement() == OperatorPlacement::Anywhere);
        Ok(RulePlan {
            classes: draft.classes,
            ip_version: draft.ip_version,
            ether_type: draft.ether_type,
            apps: draft.apps.take().map(Into::into),
            source: self.addresses.add(source_list),
            destination: self.addresses.add(destination_list),
            source_port,
            destination_port,
            both_ways: rule.direction == ir::RuleDirection::Both,
            flow: rule.flow,
            directions,
            scopes,
            on_packet,
            on_stream,
            has_payload,
            spans,
            variables: draft.scope.len(),
            conditions: draft.conditions,
            payload: draft.payload,
            tx: draft.tx,
            frame: draft.frame,
            effects: draft.effects,
            fast,
            order,
            host_state: draft.host_state,
            asks_event: draft.asks_event,
            storing: draft.storing,
            meta: rule_meta(rule, kind, suppressions),
        })
    }
}

/// What alerts tell of a rule.
fn rule_meta(rule: &ir::Rule, kind: RuleType, suppressions: Vec<Suppress>) -> RuleMeta {
    RuleMeta {
        gid: rule.gid,
        sid: rule.sid,
        rev: rule.rev,
        action: rule.action,
        msg: rule.msg.clone(),
        class: rule.class.clone(),
        priority: rule.priority,
        protocol: rule.protocol.clone(),
        references: rule.references.clone(),
        metadata: rule.metadata.clone(),
        target: rule.target,
        noalert: rule.noalert,
        tag: rule.tag.clone(),
        text: rule.text.clone(),
        threshold: rule.threshold,
        detection_filter: rule.detection_filter,
        suppressions,
        kind,
    }
}
