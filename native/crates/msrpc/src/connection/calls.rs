//! Requests and their answers.

use super::{InFlight, RpcConnection, RpcContext, RpcLimits, auth_of, new_exchange};
use crate::{
    AuthLevel, ExchangeHalf, ExchangeStore, InterfaceEvidence, InterfaceId, InterfaceOrigin, Pdu, PduBody, PduType,
    RpcEvent, RpcExchange, RpcImplementation, SecTrailer, TransferSyntax, Uuid, VerificationTrailer, dcom, reading,
};
use sidewire_base::TxId;

impl RpcConnection {
    pub(super) fn request(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        let PduBody::Request { context_id, opnum, object, stub, .. } = pdu.body else { return };
        self.implementation = self.implementation.or_else(|| RpcImplementation::of_trailer(pdu));
        let call_id = pdu.header.call_id;
        let digest = digest(pdu, stub);
        self.contexts.call(context_id, self.limits.contexts);
        let open = self.position(call_id, |call| call.request == Some(PduType::REQUEST));
        let early = self.position(call_id, |call| call.answered && call.request.is_none());
        let position = match open.or(early) {
            Some(position) if open.is_none() => {
                self.join_early_answer(position, self.new_call(pdu, (context_id, opnum, object), around), exchanges);
                position
            }
            Some(position) if !pdu.header.flags.first() => {
                if self.in_flight.get(position).is_some_and(|call| call.request_done) {
                    return; // a fragment once more
                }
                position
            }
            Some(position) => {
                let again = self.in_flight.get(position).is_some_and(|call| call.digest == digest);
                // The same request under the number of an unanswered call is that call, sent or captured twice. Where
                // no answers are seen at all, numbers may be used again as soon as the client likes.
                if again && self.answers_seen {
                    return;
                }
                self.drop_call(position, exchanges);
                self.begin(
                    call_id,
                    Some(PduType::REQUEST),
                    self.new_call(pdu, (context_id, opnum, object), around),
                    exchanges,
                )
            }
            None => self.begin(
                call_id,
                Some(PduType::REQUEST),
                self.new_call(pdu, (context_id, opnum, object), around),
                exchanges,
            ),
        };
        let (limits, room) = (self.limits, self.limits.room(&self.held));
        let Some(call) = self.in_flight.get_mut(position) else { return };
        call.digest = if pdu.header.flags.first() { digest } else { call.digest };
        let id = call.exchange;
        let Some(exchange) = exchanges.get(id) else { return };
        let added = exchange.request.append(pdu, stub, &limits, room);
        let done = exchange.request.done;
        let clipped = exchange.request.clipped;
        call.kept += added;
        call.request_done = done;
        self.held.take(added);
        if clipped {
            exchanges.raise(Some(id), RpcEvent::StubTooLong);
        }
        if done {
            self.complete_request(id, context_id, exchanges, around);
            if self.in_flight.get(position).is_some_and(|call| call.answered) {
                if let Some(exchange) = exchanges.get(id) {
                    reading::response(exchange, around);
                }
                self.hold_answer(id, exchanges, around);
                self.drop_call(position, exchanges);
            }
            if pdu.header.flags.maybe() {
                self.drop_call(position, exchanges); // nobody will answer
            }
        }
        exchanges.updated(id);
    }

    /// The request of an answer that was captured before it: of two places of recording, one is ahead of the other.
    fn join_early_answer(&mut self, position: usize, call: RpcExchange, exchanges: &mut impl ExchangeStore) {
        let Some(waiting) = self.in_flight.get_mut(position) else { return };
        waiting.request = Some(PduType::REQUEST);
        if let Some(exchange) = exchanges.get(waiting.exchange) {
            let early = core::mem::replace(exchange, call);
            exchange.response = early.response;
            exchange.response_type = early.response_type;
            exchange.fault = early.fault;
        }
    }

    pub(super) fn new_call(
        &self,
        pdu: &Pdu<'_>,
        (context_id, opnum, object): (u16, u16, Option<Uuid>),
        around: &RpcContext<'_>,
    ) -> RpcExchange {
        RpcExchange {
            principal: self.principal(pdu, around),
            context_id: Some(context_id),
            opnum: Some(opnum),
            object: object.filter(|uuid| !uuid.is_nil()),
            interface: self.contexts.interface(context_id),
            // A connection authenticated at level connect sends requests without a trailer.
            auth: auth_of(pdu).or_else(|| self.bind_auth.filter(|auth| auth.level <= AuthLevel::CONNECT)),
            request: ExchangeHalf {
                incomplete: !pdu.header.flags.first(),
                order: pdu.header.order,
                ..ExchangeHalf::default()
            },
            client: self.implementation,
            ..new_exchange(pdu)
        }
    }

    /// What a complete request tells beyond itself.
    pub(super) fn complete_request(
        &mut self,
        id: TxId,
        context_id: u16,
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        let Some(exchange) = exchanges.get(id) else { return };
        let mut odd = None;
        if let Some(stub) = exchange.request.readable()
            && let Some(trailer) = VerificationTrailer::find(stub)
            && trailer.header.is_none_or(|(context, opnum)| (context, Some(opnum)) == (context_id, exchange.opnum))
            && let Some((interface, syntax)) = trailer.presentation
        {
            match exchange.interface {
                Some(bound) if bound.id.uuid != interface.uuid => odd = Some(RpcEvent::VerificationMismatch),
                Some(_) => {}
                None => {
                    let syntax = TransferSyntax::from_uuid(syntax).unwrap_or_default();
                    let known = InterfaceOrigin::Inferred(InterfaceEvidence::VerificationTrailer);
                    self.learn(context_id, interface, syntax, known);
                    exchange.interface = self.contexts.interface(context_id);
                }
            }
        }
        if exchange.interface.is_none() {
            if self.contexts.is_rejected(context_id) {
                odd = Some(RpcEvent::RejectedContext);
            } else if let Some((uuid, evidence)) = infer(exchange, around) {
                let interface = InterfaceId { uuid, version: 0, minor: 0 }; // the version of every ORPC interface
                let (syntax, known) = (TransferSyntax::Ndr32, InterfaceOrigin::Inferred(evidence));
                self.learn(context_id, interface, syntax, known);
                exchange.interface = self.contexts.interface(context_id);
            }
        }
        reading::request(exchange, around);
        if let Some(dcom) = &exchange.dcom {
            self.implementation = RpcImplementation::asks_for(self.implementation, &dcom.iids);
            exchange.client = self.implementation;
        }
        self.identify(exchange, around);
        if let Some(event) = odd {
            exchanges.raise(Some(id), event);
        }
        self.hold(id, context_id, exchanges, around);
    }

    pub(super) fn response(
        &mut self,
        pdu: &Pdu<'_>,
        stub: &[u8],
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        self.answers_seen = true;
        let call_id = pdu.header.call_id;
        let open = |call: &InFlight| !call.answered && matches!(call.request, Some(PduType::REQUEST) | None);
        let position = match self.position(call_id, open) {
            Some(position) => position,
            None => {
                let exchange = RpcExchange {
                    context_id: match pdu.body {
                        PduBody::Response { context_id, .. } | PduBody::Fault { context_id, .. } => Some(context_id),
                        _ => None,
                    },
                    request: self.lost_half(),
                    response: ExchangeHalf { incomplete: !pdu.header.flags.first(), ..ExchangeHalf::default() },
                    request_type: None,
                    ..new_exchange(pdu)
                };
                self.begin(call_id, None, exchange, exchanges)
            }
        };
        let (limits, room) = (self.limits, self.limits.room(&self.held));
        let Some(call) = self.in_flight.get_mut(position) else { return };
        let id = call.exchange;
        let (mut done, mut lost_request, mut clipped) = (true, false, false);
        if let Some(exchange) = exchanges.get(id) {
            if !exchange.request.done && call.request.is_some() {
                // Answered before its last fragment was seen: that one is missing from the capture.
                lost_request = true;
                exchange.request.done = true;
                exchange.request.incomplete = true;
            }
            exchange.response_type = Some(pdu.header.pdu_type);
            if let PduBody::Fault { status, .. } = pdu.body {
                exchange.fault = Some(status);
            }
            let added = exchange.response.append(pdu, stub, &limits, room);
            done = exchange.response.done;
            clipped = exchange.response.clipped;
            call.kept += added;
            self.held.take(added);
            if done {
                reading::response(exchange, around);
            }
        }
        if clipped {
            exchanges.raise(Some(id), RpcEvent::StubTooLong);
        }
        if lost_request {
            exchanges.raise(Some(id), RpcEvent::UnexpectedPdu);
        }
        if done {
            self.answered_at(position, exchanges);
            self.hold_answer(id, exchanges, around);
        }
        exchanges.updated(id);
    }

    pub(super) fn cancel(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl ExchangeStore) {
        let Some(position) = self.position(pdu.header.call_id, |call| call.request == Some(PduType::REQUEST)) else {
            return;
        };
        let Some(call) = self.in_flight.get(position) else { return };
        let id = call.exchange;
        if let Some(exchange) = exchanges.get(id) {
            exchange.cancelled = true;
        }
        if matches!(pdu.body, PduBody::Orphaned) {
            self.drop_call(position, exchanges);
        }
        exchanges.updated(id);
    }
}

/// The interface of a call whose bind was not seen, where something proves it.
fn infer(exchange: &RpcExchange, around: &RpcContext<'_>) -> Option<(Uuid, InterfaceEvidence)> {
    match exchange.object {
        // An object UUID is an IPID, and an IPID is one interface of one object.
        Some(ipid) => Some((around.objects.pointer(around.server.address, ipid)?.iid?, InterfaceEvidence::Object)),
        None => dcom::proves_activator(exchange.opnum?, exchange.request.beginning()?)
            .then(|| (dcom::activator(), InterfaceEvidence::Activation)),
    }
}

/// Tells a request sent twice from two requests (FNV-1a over what makes it this request). Of a sealed one its signature,
/// because only the first of the two can be opened.
fn digest(pdu: &Pdu<'_>, stub: &[u8]) -> u64 {
    let sealed = pdu.trailer.is_some_and(|trailer| !trailer.auth_level.visibility().is_readable());
    let stub = if sealed && !pdu.token.is_empty() { &[] } else { stub };
    let head = [u32::from(pdu.header.fragment_length), u32::from(pdu.header.flags.0)];
    let octets = head.iter().flat_map(|word| word.to_le_bytes()).chain(stub.iter().chain(pdu.token).copied());
    octets.fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

impl ExchangeHalf {
    /// Adds a fragment; gives the number of octets kept.
    fn append(&mut self, pdu: &Pdu<'_>, stub: &[u8], limits: &RpcLimits, budget: usize) -> usize {
        if self.fragments == 0 {
            self.order = pdu.header.order;
        }
        self.fragments = self.fragments.saturating_add(1);
        self.flags |= pdu.header.flags.0;
        let missing = usize::from(pdu.missing);
        self.incomplete |= missing > 0;
        let with_trailer = pdu.stub_size_with_trailer();
        self.size_with_trailers += u64::from(with_trailer);
        self.size += if missing > 0 {
            // The trailer was not seen, so its padding is unknown: at most 15 octets too many.
            let auth = usize::from(pdu.header.auth_length);
            let trailer = if auth > 0 { auth + SecTrailer::LENGTH } else { 0 };
            let seen_before =
                usize::from(pdu.header.fragment_length).saturating_sub(missing).saturating_sub(stub.len());
            let whole = usize::from(pdu.header.fragment_length).saturating_sub(seen_before);
            whole.saturating_sub(trailer) as u64
        } else {
            stub.len() as u64
        };
        let visibility = match pdu.trailer {
            Some(trailer) => trailer.auth_level.visibility(),
            // The trailer is cut off; whether the octets are encrypted is not known, so they are not read.
            None if pdu.header.auth_length > 0 => crate::StubVisibility::Sealed,
            None => crate::StubVisibility::Clear,
        };
        self.visibility = self.visibility.max(visibility);
        self.closed |= !visibility.is_readable() && !pdu.opened;
        self.done |= pdu.header.flags.last();
        let room = limits.stub.saturating_sub(self.stub().len()).min(budget);
        let kept = if self.clipped { &[][..] } else { stub.get(..room).unwrap_or(stub) };
        self.clipped |= kept.len() < stub.len();
        let (head, tail) = if self.clipped { Default::default() } else { pdu.around_stub(stub) };
        self.push(head, kept, tail);
        kept.len()
    }
}
