//! `tls.store` and the like: what the flow's transaction carries in the direction of the match is stored.

use crate::keyword::context::EffectOutput;

/// What the flow's transaction carries in the direction of the match is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentStoring;

impl DocumentStoring {
    pub(crate) fn apply(self, on: EffectOutput<'_>) {
        if let Some(state) = on.state {
            state.documents[on.facts.direction] = true;
        }
    }
}
