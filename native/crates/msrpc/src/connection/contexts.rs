//! The presentation contexts of a connection, by id.

use crate::bounded::BoundedMap;
use crate::{CallInterface, ContextResult, InterfaceId, InterfaceOrigin, TransferSyntax};

/// The presentation contexts of a connection, by id.
#[derive(Debug, Default)]
pub(super) struct PresentationContexts(BoundedMap<u16, PresentationContext>);

#[derive(Debug)]
struct PresentationContext {
    interface: InterfaceId,
    transfer_syntax: TransferSyntax,
    state: ContextState,
    known: InterfaceOrigin,
    first_fragment: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContextState {
    /// Offered; a call made before the answer is seen shows that it was accepted.
    Offered,
    Accepted,
    Rejected,
}

impl PresentationContexts {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn interface(&self, id: u16) -> Option<CallInterface> {
        let context = self.0.get(&id).filter(|context| context.state != ContextState::Rejected)?;
        Some(CallInterface {
            id: context.interface,
            transfer_syntax: context.transfer_syntax,
            known: context.known,
            first_fragment: context.first_fragment,
        })
    }

    pub(super) fn is_rejected(&self, id: u16) -> bool {
        self.0.get(&id).is_some_and(|context| context.state == ContextState::Rejected)
    }

    /// False when another context had to go to make room.
    pub(super) fn offer(
        &mut self,
        id: u16,
        interface: InterfaceId,
        syntax: Option<TransferSyntax>,
        first_fragment: bool,
        limit: usize,
    ) -> bool {
        let transfer_syntax = syntax.unwrap_or_default();
        let (state, known) = (ContextState::Offered, InterfaceOrigin::Bound);
        let context = PresentationContext { interface, transfer_syntax, state, known, first_fragment };
        self.0.insert(id, context, limit.max(1)) == 0
    }

    pub(super) fn learn(
        &mut self,
        id: u16,
        interface: InterfaceId,
        transfer_syntax: TransferSyntax,
        known: InterfaceOrigin,
        limit: usize,
    ) {
        let state = ContextState::Accepted;
        let context = PresentationContext { interface, transfer_syntax, state, known, first_fragment: true };
        self.0.insert(id, context, limit.max(1));
    }

    pub(super) fn settle(&mut self, id: u16, result: &ContextResult) {
        let Some(context) = self.0.get_mut(&id) else { return };
        if result.result == 0 {
            context.state = ContextState::Accepted;
            context.transfer_syntax =
                TransferSyntax::from_uuid(result.transfer_syntax).unwrap_or(context.transfer_syntax);
        } else {
            context.state = ContextState::Rejected;
        }
    }

    pub(super) fn remove(&mut self, id: u16) {
        self.0.remove(&id);
    }
}
