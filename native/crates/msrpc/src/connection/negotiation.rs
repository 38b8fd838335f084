//! Presentation contexts as they are offered, accepted and refused. [C706] 12.6.3, [MS-RPCE] 3.3.1.5.

use core::net::SocketAddr;
use sidewire_base::TxId;

use super::contexts::PresentationContexts;
use super::{RpcConnection, RpcContext, auth_of, new_exchange};
use crate::{
    ContextOffer, ExchangeHalf, ExchangeStore, InterfaceId, InterfaceOrigin, Pdu, PduBody, PduType, RpcEvent,
    RpcExchange, RpcImplementation, TransferSyntax,
};

impl RpcConnection {
    pub(super) fn offer(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl ExchangeStore, around: &RpcContext<'_>) {
        let PduBody::Bind { max_transmit, contexts, .. } = pdu.body else { return };
        let call_id = pdu.header.call_id;
        self.bind_auth = auth_of(pdu).or(self.bind_auth);
        let syntaxes = contexts.map(|element| element.transfer_syntax);
        let carriage = (around.pipe.is_some(), around.client_hint);
        self.implementation =
            self.implementation.or_else(|| RpcImplementation::of_bind(pdu, max_transmit, syntaxes, carriage));
        if let Some(position) = self.position(call_id, |call| call.request == Some(pdu.header.pdu_type)) {
            let offered = self.in_flight.get(position).map(|call| call.offered.as_slice()).unwrap_or_default();
            if self.answers_seen && offered.iter().copied().eq(contexts.map(|element| element.context_id)) {
                return; // the same offer again
            }
            self.drop_call(position, exchanges);
        }
        let mut offers = Vec::new();
        let (mut full, limit) = (false, self.context_limit(around));
        for element in contexts {
            offers.push(ContextOffer { context_id: element.context_id, interface: element.interface, result: None });
            let syntax = TransferSyntax::from_uuid(element.transfer_syntax);
            full |=
                !self.contexts.offer(element.context_id, element.interface, syntax, pdu.header.flags.first(), limit);
        }
        self.contexts_held.hold(self.contexts.len() * PresentationContexts::SIZE);
        let offered = offers.iter().map(|offer| offer.context_id).collect();
        let exchange = RpcExchange {
            offers,
            auth: auth_of(pdu),
            principal: around.session.cloned(),
            between: Some((around.client.address, around.server.address)),
            client: self.implementation,
            request: ExchangeHalf { done: true, fragments: 1, incomplete: pdu.missing > 0, ..ExchangeHalf::default() },
            ..new_exchange(pdu)
        };
        let position = self.begin(call_id, Some(pdu.header.pdu_type), exchange, exchanges);
        let Some(call) = self.in_flight.get_mut(position) else { return };
        call.offered = offered;
        call.request_done = true;
        let id = call.exchange;
        if full {
            exchanges.raise(Some(id), RpcEvent::TooManyContexts);
        }
        exchanges.updated(id);
    }

    /// How many contexts may be kept: all that have a number, as long as the contexts of all connections together are not
    /// too many.
    fn context_limit(&mut self, around: &RpcContext<'_>) -> usize {
        self.contexts_held.count_in(around.objects.contexts());
        let room = self.contexts_held.room(usize::MAX, self.limits.contexts_of_all);
        if room == 0 { self.limits.contexts } else { usize::from(u16::MAX) + 1 }
    }

    pub(super) fn learn(&mut self, id: u16, interface: InterfaceId, syntax: TransferSyntax, known: InterfaceOrigin) {
        let limit = self.limits.contexts.max(self.contexts.len());
        self.contexts.learn(id, interface, syntax, known, limit);
    }

    pub(super) fn settle(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        let PduBody::BindAck { association_group, results, .. } = pdu.body else { return };
        self.answers_seen = true;
        if association_group != 0 {
            self.association_group = association_group;
        }
        self.header_signing |= pdu.header.flags.header_signing();
        let Some(position) = self.answered(pdu, exchanges) else { return };
        let Some(call) = self.in_flight.get(position) else { return };
        let id = call.exchange;
        for (context_id, result) in call.offered.iter().zip(results) {
            self.contexts.settle(*context_id, &result);
            if let Some(bound) = self.contexts.interface(*context_id).filter(|_| around.pipe.is_none()) {
                around.objects.tie(SocketAddr::new(around.server.address, around.server.port), bound.id.uuid);
            }
        }
        self.answered_at(position, exchanges);
        if let Some(exchange) = exchanges.get(id) {
            for (offer, result) in exchange.offers.iter_mut().zip(results) {
                offer.result = Some(result);
            }
        }
        raise_refused(id, exchanges);
        exchanges.updated(id);
    }

    pub(super) fn refuse(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl ExchangeStore) {
        self.answers_seen = true;
        let Some(position) = self.answered(pdu, exchanges) else { return };
        let Some(call) = self.in_flight.get(position) else { return };
        let id = call.exchange;
        for context_id in &call.offered {
            self.contexts.remove(*context_id);
        }
        self.answered_at(position, exchanges);
        if let (Some(exchange), PduBody::BindNak(reason)) = (exchanges.get(id), pdu.body) {
            exchange.bind_nak = Some(reason);
        }
        raise_refused(id, exchanges);
        exchanges.updated(id);
    }

    /// The negotiation a PDU answers, its half marked complete; a new exchange when the question was not seen.
    pub(super) fn answered(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl ExchangeStore) -> Option<usize> {
        let asked = match pdu.header.pdu_type {
            PduType::ALTER_RESPONSE => PduType::ALTER_CONTEXT,
            _ => PduType::BIND,
        };
        let call_id = pdu.header.call_id;
        let position = match self.position(call_id, |call| call.request == Some(asked)) {
            Some(position) => position,
            None => {
                let exchange = RpcExchange { request: self.lost_half(), request_type: None, ..new_exchange(pdu) };
                self.begin(call_id, None, exchange, exchanges)
            }
        };
        let id = self.in_flight.get(position)?.exchange;
        if let Some(exchange) = exchanges.get(id) {
            exchange.response_type = Some(pdu.header.pdu_type);
            exchange.response.done = true;
            exchange.response.fragments = 1;
            exchange.response.order = pdu.header.order;
        }
        Some(position)
    }
}

/// Somebody asked for an interface that the server does not offer, or not to them.
fn raise_refused(id: TxId, exchanges: &mut impl ExchangeStore) {
    if exchanges.get(id).is_some_and(|exchange| exchange.refused().next().is_some()) {
        exchanges.raise(Some(id), RpcEvent::RefusedInterface);
    }
}
