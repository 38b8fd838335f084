//! Calls whose bind was not seen: they are held until it is clear which interface they are made on, or that nothing will tell.

use core::net::SocketAddr;
use sidewire_base::TxId;
use std::sync::Arc;

use super::{RpcConnection, RpcContext};
use crate::inference::{CallPlace, InferredInterface, InterfaceCandidates};
use crate::{ExchangeStore, InterfaceEvidence, InterfaceOrigin, RpcExchange, reading};

/// Calls of a context that are held.
const MAX_CALLS: usize = 8;
/// What one held call costs beside its octets. Octets.
const CALL: usize = 512;
/// What all connections of a worker may hold. Octets.
const MAX_HELD: usize = 32 << 20;

/// The search for the interface of one presentation context.
#[derive(Debug)]
pub(super) struct ContextSearch {
    context_id: u16,
    place: CallPlace,
    /// Exchanges that wait, by their numbers.
    calls: Vec<TxId>,
    /// What they cost. Octets.
    octets: usize,
    /// The interface is known, or was given up.
    over: bool,
}

impl RpcConnection {
    /// A request is complete. Without an interface, its call is held; with one, those that wait for it are told.
    pub(super) fn hold(
        &mut self,
        id: TxId,
        context_id: u16,
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        let Some(exchange) = exchanges.get(id) else { return };
        let object = exchange.object.is_some();
        let wanted = exchange.interface.is_none() && !self.contexts.is_rejected(context_id);
        let octets = CALL + exchange.request.stub().len();
        let position = self.searches.iter().position(|search| search.context_id == context_id);
        let position = match position {
            Some(position) if !wanted => return self.release(position, exchanges, around),
            Some(position) => position,
            None if !wanted || self.searches.len() >= self.limits.searches => return,
            None => {
                self.searches.push(ContextSearch::begin(context_id, object, around));
                self.searches.len() - 1
            }
        };
        let Some(search) = self.searches.get(position) else { return };
        if search.over {
            return;
        }
        if search.calls.len() >= MAX_CALLS || self.room_to_hold() < octets {
            self.look(position, true, exchanges, around);
            if let Some(exchange) = exchanges.get(id) {
                self.take_up(exchange, context_id, around);
            }
            return;
        }
        exchange_of(exchanges, id, |exchange| exchange.undecided = true);
        self.held.take(octets);
        if let Some(search) = self.searches.get_mut(position) {
            search.octets += octets;
            search.calls.push(id);
        }
        self.look(position, false, exchanges, around);
    }

    /// The answer of a call that may be held is complete.
    pub(super) fn hold_answer(&mut self, id: TxId, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        let Some(octets) = exchanges.get(id).filter(|held| held.undecided).map(|held| held.response.stub().len())
        else {
            return;
        };
        let Some(position) = self.searches.iter().position(|search| search.calls.contains(&id)) else { return };
        self.held.take(octets);
        if let Some(search) = self.searches.get_mut(position) {
            search.octets += octets;
        }
        let full = self.room_to_hold() == 0;
        self.look(position, full, exchanges, around);
    }

    /// No more calls will come.
    pub(super) fn end_searches(&mut self, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        for position in 0..self.searches.len() {
            self.look(position, true, exchanges, around);
        }
    }

    fn room_to_hold(&self) -> usize {
        self.held.room(self.limits.unfinished, self.limits.unfinished_of_all.min(MAX_HELD))
    }

    /// Held calls are nobody's any more.
    pub(super) fn forget_searches(&mut self) {
        for search in core::mem::take(&mut self.searches) {
            self.held.give_back(search.octets);
        }
    }

    /// Weighs the calls of a context, and tells them when that is enough or there is no more.
    fn look(&mut self, position: usize, last: bool, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        let Some(search) = self.searches.get(position).filter(|search| !search.over) else { return };
        let mut candidates = InterfaceCandidates::at(&search.place);
        search.weigh(&mut candidates, exchanges);
        if candidates.is_empty() && search.place != CallPlace::Object {
            candidates = InterfaceCandidates::anywhere();
            search.weigh(&mut candidates, exchanges);
        }
        let (context_id, object) = (search.context_id, search.place == CallPlace::Object);
        match candidates.found(last) {
            Some(InferredInterface { id, syntax, evidence }) => {
                // A bind that came meanwhile is about what follows it.
                if self.contexts.interface(context_id).is_none() {
                    self.learn(context_id, id, syntax, InterfaceOrigin::Inferred(evidence));
                    if evidence == InterfaceEvidence::Stub && !object {
                        let endpoint = SocketAddr::new(around.server.address, around.server.port);
                        around.objects.tie(endpoint, id.uuid);
                    }
                }
                self.release(position, exchanges, around);
            }
            None if last => self.release(position, exchanges, around),
            None => {}
        }
    }

    /// Tells the calls that were held, with the interface if there is one now.
    fn release(&mut self, position: usize, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        let Some(search) = self.searches.get_mut(position) else { return };
        let (calls, octets) = (core::mem::take(&mut search.calls), core::mem::take(&mut search.octets));
        let context_id = search.context_id;
        search.over = true;
        self.held.give_back(octets);
        for id in calls {
            if let Some(exchange) = exchanges.get(id) {
                exchange.undecided = false;
                self.take_up(exchange, context_id, around);
            }
            exchanges.updated(id);
        }
    }

    /// Reads a call again once its interface is known.
    fn take_up(&mut self, exchange: &mut RpcExchange, context_id: u16, around: &mut RpcContext<'_>) {
        let inferred = self.contexts.interface(context_id).filter(|found| found.known != InterfaceOrigin::Bound);
        if exchange.interface.is_some() || inferred.is_none() {
            return;
        }
        exchange.interface = inferred;
        reading::request(exchange, around);
        if exchange.response.done && exchange.response_type.is_some() {
            reading::response(exchange, around);
        }
        self.identify(exchange, around);
    }
}

impl ContextSearch {
    /// No call waits for it.
    pub(super) const fn is_over(&self) -> bool {
        self.over || self.calls.is_empty()
    }

    fn begin(context_id: u16, object: bool, around: &RpcContext<'_>) -> Self {
        let place = match around.pipe {
            _ if object => CallPlace::Object,
            Some(name) => CallPlace::Pipe(Arc::from(String::from_utf8_lossy(name).to_ascii_lowercase())),
            None => CallPlace::Port {
                number: around.server.port,
                tied: around.objects.tied_to(SocketAddr::new(around.server.address, around.server.port)),
            },
        };
        Self { context_id, place, calls: Vec::new(), octets: 0, over: false }
    }

    fn weigh(&self, candidates: &mut InterfaceCandidates, exchanges: &mut impl ExchangeStore) {
        for id in &self.calls {
            exchange_of(exchanges, *id, |exchange| candidates.weigh(exchange));
        }
    }
}

fn exchange_of(exchanges: &mut impl ExchangeStore, id: TxId, act: impl FnOnce(&mut RpcExchange)) {
    if let Some(exchange) = exchanges.get(id) {
        act(exchange);
    }
}

#[cfg(test)]
mod tests;
