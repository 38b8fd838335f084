//! `xbits` and `hostbits`: named bits kept by host, pair of hosts, flow or transaction, until a time.

use serde::{Deserialize, Serialize};
use sidewire_base::{Time, TxId};
use ts_rs::TS;

use crate::keyword::context::{ConditionInput, EffectOutput, PacketFacts};
use crate::keyword::flowbits::FlowBitAction;
use crate::keyword::meaning::KeywordMeaning;
use crate::state::flow_state::DetectFlowState;
use crate::state::host_bits::HostBitOwner;
use crate::state::names::StateName;
use crate::state::shared::SharedFlowKey;
use crate::state::worker_bits::WorkerBits;

/// By what an xbit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "ir.ts")]
pub enum XbitScope {
    /// Source host.
    Source,
    /// Destination host.
    Destination,
    /// Pair of hosts.
    Pair,
    /// From the source to the destination: the pair in this direction only.
    Path,
    /// From the destination to the source: what was kept by [`XbitScope::Path`] the other way.
    PathBack,
    /// What the transaction is about (of a call, what its context handle stands for), between its two hosts.
    Subject,
    /// Transaction.
    Transaction,
    /// Flow.
    Flow,
}

/// A bit, and what it is kept by.
#[derive(Debug)]
struct Xbit {
    name: StateName,
    scope: XbitScope,
    /// Seconds.
    expire: u32,
}

/// A bit is set, or is not.
#[derive(Debug)]
pub(crate) struct XbitTest {
    set: bool,
    xbit: Xbit,
}

/// A bit that is set, unset or toggled.
#[derive(Debug)]
pub(crate) struct XbitChange {
    action: FlowBitAction,
    xbit: Xbit,
}

/// What `xbits` or `hostbits` means.
pub(crate) fn compile(
    action: FlowBitAction,
    name: &str,
    scope: XbitScope,
    expire: u32,
) -> KeywordMeaning<XbitTest, XbitChange> {
    let xbit = Xbit { name: StateName::new(name), scope, expire };
    match action {
        FlowBitAction::IsSet => KeywordMeaning::Condition(XbitTest { set: true, xbit }),
        FlowBitAction::IsNotSet => KeywordMeaning::Condition(XbitTest { set: false, xbit }),
        FlowBitAction::Set | FlowBitAction::Unset | FlowBitAction::Toggle => {
            KeywordMeaning::Effect(XbitChange { action, xbit })
        }
    }
}

impl Xbit {
    /// Whose bit it is; `None` for flow and transaction, or without addresses or a subject.
    fn owner(&self, facts: &PacketFacts<'_>, subject: Option<u64>) -> Option<HostBitOwner> {
        let (source, destination) = (facts.source?.address, facts.destination?.address);
        match self.scope {
            XbitScope::Source => Some(HostBitOwner::Host(source)),
            XbitScope::Destination => Some(HostBitOwner::Host(destination)),
            XbitScope::Pair => Some(HostBitOwner::Pair(source.min(destination), source.max(destination))),
            XbitScope::Path => Some(HostBitOwner::Path(source, destination)),
            XbitScope::PathBack => Some(HostBitOwner::Path(destination, source)),
            XbitScope::Subject => {
                Some(HostBitOwner::Subject(source.min(destination), source.max(destination), subject?))
            }
            XbitScope::Flow | XbitScope::Transaction => None,
        }
    }

    fn is_set(
        &self,
        facts: &PacketFacts<'_>,
        state: Option<&DetectFlowState>,
        bits: &WorkerBits,
        (tx, subject): (Option<TxId>, Option<u64>),
    ) -> Option<bool> {
        match self.scope {
            XbitScope::Flow | XbitScope::Transaction => {
                let tx = if self.scope == XbitScope::Transaction { Some(tx?) } else { None };
                let held =
                    |(name, of, until): &(StateName, _, Time)| *name == self.name && *of == tx && *until > facts.time;
                Some(state?.expiring().any(held))
            }
            _ => Some(bits.is_set(&self.owner(facts, subject)?, &self.name, facts.time, flow_key(facts)?)),
        }
    }
}

fn flow_key(facts: &PacketFacts<'_>) -> Option<SharedFlowKey> {
    Some(SharedFlowKey::new(facts.source?, facts.destination?))
}

impl XbitTest {
    pub(crate) fn holds(&self, on: &ConditionInput<'_>) -> bool {
        self.xbit.is_set(on.facts, on.state, on.bits, (on.tx, on.subject)).is_some_and(|there| there == self.set)
    }

    /// Its bit may have been set by flows of other hosts.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.xbit.scope, XbitScope::Source | XbitScope::Destination)
    }
}

impl XbitChange {
    /// Its bit may be asked by flows of other hosts.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.xbit.scope, XbitScope::Source | XbitScope::Destination)
    }

    pub(crate) fn apply(&self, on: EffectOutput<'_>) {
        let EffectOutput { facts, state, bits, tx, subject } = on;
        let Self { action, xbit } = self;
        let there = xbit.is_set(facts, state.as_deref(), bits, (tx, subject)).unwrap_or(false);
        let set = match action {
            FlowBitAction::Unset => false,
            FlowBitAction::Toggle => !there,
            _ => true,
        };
        let until = facts.time.plus_seconds(xbit.expire.into());
        if let Some(owner) = xbit.owner(facts, subject) {
            let Some(flow) = flow_key(facts) else { return };
            bits.change(owner, &xbit.name, facts.time, set.then_some(until), flow);
        } else if let Some(state) = state
            && matches!(xbit.scope, XbitScope::Flow | XbitScope::Transaction)
        {
            let tx = tx.filter(|_| xbit.scope == XbitScope::Transaction);
            let expiring = state.expiring_mut();
            expiring.retain(|(name, of, until)| *until > facts.time && !(*name == xbit.name && *of == tx));
            if set {
                expiring.push((xbit.name.clone(), tx, until));
            }
        }
    }
}
