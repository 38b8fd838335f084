//! The presentation contexts of a connection, by id.

use crate::bounded::BoundedMap;
use crate::{CallInterface, ContextResult, InterfaceId, InterfaceOrigin, TransferSyntax};

/// Refused contexts that are remembered, so that a call on one is told from a call whose bind was not seen.
const MAX_REJECTED: usize = 1024;

/// The presentation contexts of a connection, by id.
///
/// Whoever offers contexts may offer many, so that one of them is forgotten. Those that were refused go first, then those
/// that were never called, then the others; of each kind the oldest.
#[derive(Debug, Default)]
pub(super) struct PresentationContexts {
    called: BoundedMap<u16, PresentationContext>,
    uncalled: BoundedMap<u16, PresentationContext>,
    /// Refused by the server.
    rejected: BoundedMap<u16, ()>,
}

#[derive(Debug)]
struct PresentationContext {
    interface: InterfaceId,
    transfer_syntax: TransferSyntax,
    known: InterfaceOrigin,
    first_fragment: bool,
}

impl PresentationContexts {
    /// What one takes, with its place in a map. Octets.
    pub(super) const SIZE: usize = 2 * size_of::<PresentationContext>();

    pub(super) fn len(&self) -> usize {
        self.called.len() + self.uncalled.len()
    }

    fn get(&self, id: u16) -> Option<&PresentationContext> {
        self.called.get(&id).or_else(|| self.uncalled.get(&id))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.called.len() + self.uncalled.len() == 0
    }

    pub(super) fn interface(&self, id: u16) -> Option<CallInterface> {
        let context = self.get(id)?;
        Some(CallInterface {
            id: context.interface,
            transfer_syntax: context.transfer_syntax,
            known: context.known,
            first_fragment: context.first_fragment,
        })
    }

    /// A context is called.
    pub(super) fn call(&mut self, id: u16, limit: usize) {
        if let Some(context) = self.uncalled.remove(&id) {
            self.called.insert(id, context, limit.max(1));
        }
    }

    pub(super) fn is_rejected(&self, id: u16) -> bool {
        self.rejected.contains(&id)
    }

    /// False when another context that was not refused had to go to make room.
    pub(super) fn offer(
        &mut self,
        id: u16,
        interface: InterfaceId,
        syntax: Option<TransferSyntax>,
        first_fragment: bool,
        limit: usize,
    ) -> bool {
        let transfer_syntax = syntax.unwrap_or_default();
        self.put(
            id,
            PresentationContext { interface, transfer_syntax, known: InterfaceOrigin::Bound, first_fragment },
            limit,
        )
    }

    pub(super) fn learn(
        &mut self,
        id: u16,
        interface: InterfaceId,
        transfer_syntax: TransferSyntax,
        known: InterfaceOrigin,
        limit: usize,
    ) {
        self.put(id, PresentationContext { interface, transfer_syntax, known, first_fragment: true }, limit);
    }

    fn put(&mut self, id: u16, context: PresentationContext, limit: usize) -> bool {
        self.rejected.remove(&id);
        let kind = if self.called.contains(&id) { &mut self.called } else { &mut self.uncalled };
        kind.insert(id, context, limit.max(1)) == 0
    }

    pub(super) fn settle(&mut self, id: u16, result: &ContextResult) {
        if result.result != 0 {
            if self.get(id).is_some() {
                self.remove(id);
                self.rejected.insert(id, (), MAX_REJECTED);
            }
            return;
        }
        let context = match self.called.get_mut(&id) {
            Some(context) => Some(context),
            None => self.uncalled.get_mut(&id),
        };
        if let Some(context) = context {
            context.transfer_syntax =
                TransferSyntax::from_uuid(result.transfer_syntax).unwrap_or(context.transfer_syntax);
        }
    }

    pub(super) fn remove(&mut self, id: u16) {
        self.called.remove(&id);
        self.uncalled.remove(&id);
    }
}
