//! The order of rules that depend on each other by what they keep.

use hashbrown::HashMap;

use crate::compile::plan::{RulePlan, StateUse};
use crate::keyword::condition::{MatchEffect, PacketCondition};

/// Rules that read flowbits and set others run after those that set what they read.
pub(super) fn order_by_state(plans: &mut [RulePlan]) {
    /// A chain of rules longer than this has a circle.
    const ROUNDS: u32 = 16;
    let mut depth_of_bit = HashMap::new();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for plan in plans.iter_mut().filter(|plan| plan.order.flowbits == StateUse::SetsAndReads) {
            let read = plan.conditions.iter().filter_map(|(_, condition)| match condition {
                PacketCondition::FlowBits(test) => Some(test.names.iter()),
                _ => None,
            });
            let depth = read.flatten().filter_map(|name| depth_of_bit.get(name)).max().copied().unwrap_or(0);
            plan.order.depth = depth;
            let sets = plan.effects.iter().filter_map(|effect| match effect {
                MatchEffect::FlowBits(change) => Some(change.names.iter()),
                _ => None,
            });
            for name in sets.flatten() {
                let known = depth_of_bit.entry(name.clone()).or_insert(0);
                if *known < depth + 1 && depth < ROUNDS {
                    *known = depth + 1;
                    changed = true;
                }
            }
        }
        if !changed {
            return;
        }
    }
}
