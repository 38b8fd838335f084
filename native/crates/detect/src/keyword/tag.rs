//! `tag:session`: packets of the flow are told from the match on.

use crate::keyword::context::EffectOutput;
use crate::state::flow_tags::SessionTag;

impl SessionTag {
    pub(crate) fn apply(&self, on: EffectOutput<'_>) {
        if let Some(state) = on.state {
            state.tags_mut().add(*self, on.facts.time);
        }
    }
}
