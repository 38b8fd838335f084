use core::net::SocketAddr;
use std::sync::Arc;

use sidewire_base::{Direction, Endpoint, Time};

use crate::bounded::Bounded;
use crate::held::Held;
use crate::object_table::Association;
use crate::security::{Principal, Protected, SecurityContext};
use crate::{
    Auth, AuthLevel, Body, CallInterface, Client, ContextResult, Event, Exchange, Exchanges, Half, Header,
    Implementation, InterfaceId, Known, ObjectTable, Offer, Pdu, PduType, Plausible, SecTrailer, TransferSyntax, Uuid,
    VerificationTrailer, dcom, reading,
};

/// How much of a connection is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one stub. Octets.
    pub stub: usize,
    /// Of the stubs of all unfinished calls of a connection together. Octets.
    pub unfinished: usize,
    /// The same of all connections of a worker together. Octets.
    pub unfinished_of_all: usize,
    /// Calls in flight.
    pub calls: usize,
    /// Presentation contexts.
    pub contexts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { stub: 1 << 20, unfinished: 4 << 20, unfinished_of_all: 128 << 20, calls: 256, contexts: 1024 }
    }
}

/// What a connection may use of its surroundings.
pub struct Surroundings<'a> {
    /// DCOM objects of the hosts this worker sees.
    pub objects: &'a mut ObjectTable,
    /// Engine time.
    pub time: Time,
    /// Who opened the flow.
    pub client: Endpoint,
    /// Who answers.
    pub server: Endpoint,
    /// Who the carriage's session was opened as, where it has one: an SMB session.
    pub session: Option<&'a Arc<Principal>>,
}

/// What [`Connection::feed`] did with its octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fed {
    /// Octets it is done with.
    pub consumed: usize,
    /// Octets, counted from the consumed ones, without which another call is of no use; 0: any.
    pub need: usize,
}

/// One transport connection or pipe instance: its presentation contexts, its calls in flight, its security.
///
/// Whatever carries it, PDUs are taken by their type, not by the direction they travel: a capture that begins in the
/// middle may have client and server the wrong way round.
#[derive(Debug, Default)]
pub struct Connection {
    limits: Limits,
    sides: [Side; 2],
    contexts: Contexts,
    in_flight: Vec<InFlight>,
    /// Octets of the stubs in flight, and of pieces of PDUs that carriages do not keep.
    held: Held,
    bind_auth: Option<Auth>,
    /// The security contexts in the order they came.
    security: Vec<SecurityContext>,
    /// The process at the other end, where it said who it is.
    client: Option<Arc<Client>>,
    implementation: Option<Implementation>,
    association_group: u32,
    header_signing: bool,
    answers_seen: bool,
    /// The client was heard of.
    asked: bool,
    against: u32,
    along: u32,
}

/// The stream state of one direction.
#[derive(Debug, Default)]
struct Side {
    /// Octets still to come of a PDU that was dealt with before it was complete.
    skip: usize,
    /// The beginning of a PDU whose rest has not come: enough to tell of the call should the rest never come.
    head: Vec<u8>,
    /// How much of that PDU had come.
    have: usize,
    /// True while looking for the next PDU.
    lost: bool,
    /// Octets kept for carriages that keep none themselves.
    pending: Vec<u8>,
}

/// Enough of a PDU to tell of the call: header, fixed part, object UUID. Octets.
const HEAD: usize = 40;
/// Security contexts of a connection; Windows uses a few.
const MAX_SECURITY_CONTEXTS: usize = 32;
/// A PDU's greatest length, and so the most a pipe direction has to keep. Octets.
const MAX_PDU: usize = u16::MAX as usize;

#[derive(Debug)]
struct InFlight {
    call_id: u32,
    exchange: u64,
    request: Option<PduType>,
    request_done: bool,
    /// All of the answer is here; the request is not, and may still come.
    answered: bool,
    kept: usize,
    digest: u64,
    offered: Vec<u16>,
}

impl Connection {
    /// A connection at its beginning, or wherever the capture begins.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The association group the server put the connection into; 0 when that was not seen. [C706] 12.6.3.1.
    #[must_use]
    pub const fn association_group(&self) -> u32 {
        self.association_group
    }

    /// Both sides sign headers as well as stubs. [MS-RPCE] 3.3.1.5.2.2.
    #[must_use]
    pub const fn header_signing(&self) -> bool {
        self.header_signing
    }

    /// True when more PDUs travel against the direction of their type than along it: the flow is the wrong way round.
    #[must_use]
    pub const fn is_reversed(&self) -> bool {
        self.against > self.along
    }

    /// Takes octets of a stream. `data` is everything that was not consumed yet; with `last`, nothing will follow.
    pub fn feed(
        &mut self,
        direction: Direction,
        data: &[u8],
        last: bool,
        exchanges: &mut impl Exchanges,
        around: &mut Surroundings<'_>,
    ) -> Fed {
        let mut at = self.side(direction).skip.min(data.len());
        self.side(direction).skip -= at;
        // Of a PDU whose beginning was offered before, it was told then.
        let mut told = self.side(direction).have > 0;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            if rest.is_empty() {
                self.side(direction).forget();
                return Fed { consumed: at, need: 0 };
            }
            match Header::probe(rest) {
                Plausible::Yes(header) => {
                    let length = usize::from(header.fragment_length);
                    if !core::mem::take(&mut told) {
                        exchanges.begins(at, &header);
                    }
                    if let Some(pdu) = rest.get(..length) {
                        self.side(direction).lost = false;
                        self.pdu(direction, pdu, exchanges, around);
                        at += length;
                    } else if last {
                        self.side(direction).forget();
                        self.pdu(direction, rest, exchanges, around);
                        return Fed { consumed: data.len(), need: 0 };
                    } else {
                        self.side(direction).remember(rest);
                        return Fed { consumed: at, need: length };
                    }
                }
                Plausible::More if last => {
                    self.lose(direction, exchanges);
                    return Fed { consumed: data.len(), need: 0 };
                }
                Plausible::More => {
                    self.side(direction).forget();
                    return Fed { consumed: at, need: Header::LENGTH };
                }
                Plausible::No => {
                    self.lose(direction, exchanges);
                    at += 1 + next_candidate(rest.get(1..).unwrap_or_default());
                }
            }
        }
    }

    /// Takes octets of a carriage that keeps nothing itself: one write to, or one read from, a pipe. PDUs may be split
    /// over several of them.
    pub fn message(
        &mut self,
        direction: Direction,
        data: &[u8],
        exchanges: &mut impl Exchanges,
        around: &mut Surroundings<'_>,
    ) {
        self.held.count_in(around.objects.unfinished());
        let mut pending = core::mem::take(&mut self.side(direction).pending);
        self.held.give_back(pending.len());
        let mut data = data;
        // Only what completes the unfinished PDU is copied; the rest is read where it lies.
        while !pending.is_empty() && !data.is_empty() {
            let need = match Header::probe(&pending) {
                Plausible::Yes(header) => usize::from(header.fragment_length),
                Plausible::More => Header::LENGTH,
                Plausible::No => pending.len(),
            };
            let (missing, later) = data.split_at(need.saturating_sub(pending.len()).clamp(1, data.len()));
            pending.extend_from_slice(missing);
            data = later;
            let fed = self.feed(direction, &pending, false, exchanges, around);
            pending.drain(..fed.consumed.min(pending.len()));
        }
        if !data.is_empty() {
            let fed = self.feed(direction, data, false, exchanges, around);
            pending.extend_from_slice(data.get(fed.consumed..).unwrap_or_default());
        }
        pending.truncate(MAX_PDU);
        if pending.len() > self.held.room(usize::MAX, self.limits.unfinished_of_all) {
            pending = Vec::new();
            self.lose(direction, exchanges);
        }
        self.held.take(pending.len());
        self.side(direction).pending = pending;
    }

    /// `length` octets of one direction are missing, and with them what [`Connection::feed`] did not consume.
    pub fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        exchanges: &mut impl Exchanges,
        around: &mut Surroundings<'_>,
    ) {
        self.forget_pending(direction);
        let side = self.side(direction);
        let missing = usize::try_from(length).unwrap_or(usize::MAX);
        if let Some(left) = side.skip.checked_sub(missing).filter(|_| side.skip > 0) {
            side.skip = left; // still inside a PDU that was dealt with
        } else if let Plausible::Yes(header) = Header::probe(&side.head) {
            let behind = side.have.saturating_add(missing);
            let (head, have) = (core::mem::take(&mut side.head), core::mem::take(&mut side.have));
            side.skip = usize::from(header.fragment_length).saturating_sub(behind);
            debug_assert!(have <= MAX_PDU);
            self.pdu(direction, &head, exchanges, around);
        } else {
            side.skip = 0;
            side.forget();
        }
        exchanges.raise(None, Event::Gap);
        if (direction == Direction::ToServer) != self.is_reversed() {
            self.settle_lost(exchanges);
        }
    }

    /// One direction ended: its calls are as complete as they get.
    pub fn close(&mut self, direction: Direction, exchanges: &mut impl Exchanges, around: &mut Surroundings<'_>) {
        self.forget_pending(direction);
        let side = self.side(direction);
        side.have = 0;
        let head = core::mem::take(&mut side.head);
        if matches!(Header::probe(&head), Plausible::Yes(_)) {
            self.pdu(direction, &head, exchanges, around);
        }
        self.settle_lost(exchanges);
    }

    /// Both directions ended: nothing in flight will be answered.
    pub fn finish(&mut self, exchanges: &mut impl Exchanges) {
        while !self.in_flight.is_empty() {
            self.drop_call(0, exchanges);
        }
    }

    /// Calls in flight are nobody's any more: what held them is gone, or tells of them as they are.
    pub(crate) fn forget_calls(&mut self) {
        for call in core::mem::take(&mut self.in_flight) {
            self.held.give_back(call.kept);
        }
    }

    // `Index<Direction>` has both directions: no index can be out of bounds.
    #[allow(clippy::indexing_slicing)]
    fn side(&mut self, direction: Direction) -> &mut Side {
        &mut self.sides[direction]
    }

    fn forget_pending(&mut self, direction: Direction) {
        let pending = core::mem::take(&mut self.side(direction).pending);
        self.held.give_back(pending.len());
    }

    fn lose(&mut self, direction: Direction, exchanges: &mut impl Exchanges) {
        let side = self.side(direction);
        side.forget();
        if !side.lost {
            side.lost = true;
            exchanges.raise(None, Event::Garbage);
        }
    }

    /// Takes one PDU, whole or cut short.
    fn pdu(
        &mut self,
        direction: Direction,
        data: &[u8],
        exchanges: &mut impl Exchanges,
        around: &mut Surroundings<'_>,
    ) {
        let Ok(pdu) = Pdu::parse(data) else {
            exchanges.raise(None, Event::MalformedPdu);
            return;
        };
        self.held.count_in(around.objects.unfinished());
        let mut around = Surroundings { objects: around.objects, ..*around };
        match pdu.header.pdu_type.direction() {
            Some(expected) if expected == direction => self.along = self.along.saturating_add(1),
            Some(_) => {
                self.against = self.against.saturating_add(1);
                core::mem::swap(&mut around.client, &mut around.server);
                exchanges.raise(None, Event::WrongDirection);
            }
            None => {}
        }
        let around = &mut around;
        let mut pdu = pdu;
        let opened = self.protected(&pdu, data, around);
        if let Some(opened) = &opened {
            pdu.open(opened);
        }
        if matches!(pdu.body, Body::Request { .. } | Body::Bind { .. } | Body::Auth3 | Body::Cancel | Body::Orphaned) {
            self.asked = true;
            self.settle_lost(exchanges);
        }
        match pdu.body {
            Body::Request { .. } => self.request(&pdu, exchanges, around),
            Body::Response { stub, .. } | Body::Fault { stub, .. } => self.response(&pdu, stub, exchanges, around),
            Body::Bind { .. } => self.offer(&pdu, exchanges),
            Body::BindAck { .. } => self.settle(&pdu, exchanges),
            Body::BindNak(_) => self.refuse(&pdu, exchanges),
            Body::Auth3 => self.bind_auth = auth_of(&pdu).or(self.bind_auth),
            Body::Cancel | Body::Orphaned => self.cancel(&pdu, exchanges),
            Body::Shutdown | Body::Rts { .. } | Body::Unknown => {}
        }
    }

    /// Takes what a PDU's security provider sent: the legs of authentication, and the octets of a sealed stub with its
    /// padding where a secret opens it.
    fn protected(&mut self, pdu: &Pdu<'_>, data: &[u8], around: &Surroundings<'_>) -> Option<Vec<u8>> {
        let trailer = pdu.trailer.filter(|_| pdu.missing == 0)?;
        let known = self.security.iter().position(|context| context.id == trailer.context_id);
        match pdu.body {
            Body::Bind { .. } | Body::Auth3 => {
                let position = known.unwrap_or_else(|| {
                    if self.security.len() >= MAX_SECURITY_CONTEXTS {
                        self.security.remove(0);
                    }
                    self.security.push(SecurityContext::new(trailer.context_id));
                    self.security.len() - 1
                });
                self.security.get_mut(position)?.client_token(pdu.token, around.objects.secrets());
                None
            }
            Body::BindAck { .. } => {
                self.security.get_mut(known?)?.server_token(pdu.token);
                None
            }
            Body::Request { stub, .. } | Body::Response { stub, .. } | Body::Fault { stub, .. } => {
                if trailer.auth_level <= AuthLevel::CONNECT || around.objects.secrets().is_none() {
                    return None;
                }
                let context = self.security.get_mut(known?)?;
                let at = data.len().checked_sub(pdu.token.len() + SecTrailer::LENGTH)?;
                let start = at.checked_sub(usize::from(trailer.pad_length))?.checked_sub(stub.len())?;
                let protected = Protected {
                    before: data.get(..start)?,
                    octets: data.get(start..at)?,
                    after: data.get(at..at + SecTrailer::LENGTH)?,
                    token: pdu.token,
                    sealed: !trailer.auth_level.visibility().is_readable(),
                };
                context.open(pdu.header.pdu_type.direction()?, &protected)
            }
            _ => None,
        }
    }

    /// Who a call is made as: by its own security context, by the connection's only one where the level needs no trailer,
    /// else by the session that carries it.
    fn principal(&self, pdu: &Pdu<'_>, around: &Surroundings<'_>) -> Option<Arc<Principal>> {
        let context = match (pdu.trailer, self.bind_auth) {
            (Some(trailer), _) => self.security.iter().find(|context| context.id == trailer.context_id),
            (None, Some(auth)) if auth.level <= AuthLevel::CONNECT => self.security.last(),
            _ => None,
        };
        context.and_then(|context| context.principal.as_ref()).or(around.session).cloned()
    }

    /// The association group, once it is known.
    fn association(&self, around: &Surroundings<'_>) -> Option<Association> {
        let server = SocketAddr::new(around.server.address, around.server.port);
        let group = Some(self.association_group).filter(|group| *group != 0)?;
        Some(Association { client: around.client.address, server, group })
    }

    /// Who calls, in its own words: told by this call, earlier on its object, or earlier in its association.
    fn identify(&mut self, exchange: &mut Exchange, around: &mut Surroundings<'_>) {
        let association = self.association(around);
        let told = Client::of(exchange).map(Arc::new);
        let Some(dcom) = &mut exchange.dcom else { return };
        if let Some(told) = told {
            self.client = Some(Arc::clone(&told));
            if let Some(association) = association {
                around.objects.identify(association, Arc::clone(&told));
            }
            let of = exchange.object.and_then(|ipid| around.objects.pointer(around.server.address, ipid));
            if let Some(object) = of.and_then(|of| around.objects.object_mut(of.key())) {
                object.client = Some(Arc::clone(&told));
            }
            dcom.client = Some(told);
        }
        if dcom.client.is_none() {
            let of_association = association.and_then(|association| around.objects.client_of(&association));
            dcom.client = self.client.as_ref().or(of_association).cloned();
        }
    }

    fn request(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl Exchanges, around: &mut Surroundings<'_>) {
        let Body::Request { context_id, opnum, object, stub, .. } = pdu.body else { return };
        self.implementation = self.implementation.or_else(|| Implementation::of_trailer(pdu));
        let call_id = pdu.header.call_id;
        let digest = digest(pdu, stub);
        let open = self.position(call_id, |call| call.request == Some(PduType::REQUEST));
        let position = match open {
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
        let (limits, room) = (self.limits, self.held.room(self.limits.unfinished, self.limits.unfinished_of_all));
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
            exchanges.raise(Some(id), Event::StubTooLong);
        }
        if done {
            self.complete_request(id, context_id, exchanges, around);
            if pdu.header.flags.maybe() {
                self.drop_call(position, exchanges); // nobody will answer
            }
        }
        exchanges.updated(id);
    }

    fn new_call(
        &self,
        pdu: &Pdu<'_>,
        (context_id, opnum, object): (u16, u16, Option<Uuid>),
        around: &Surroundings<'_>,
    ) -> Exchange {
        Exchange {
            principal: self.principal(pdu, around),
            context_id: Some(context_id),
            opnum: Some(opnum),
            object: object.filter(|uuid| !uuid.is_nil()),
            interface: self.contexts.interface(context_id),
            // A connection authenticated at level connect sends requests without a trailer.
            auth: auth_of(pdu).or_else(|| self.bind_auth.filter(|auth| auth.level <= AuthLevel::CONNECT)),
            request: Half { incomplete: !pdu.header.flags.first(), order: pdu.header.order, ..Half::default() },
            implementation: self.implementation,
            ..new_exchange(pdu)
        }
    }

    /// What a complete request tells beyond itself.
    fn complete_request(
        &mut self,
        id: u64,
        context_id: u16,
        exchanges: &mut impl Exchanges,
        around: &mut Surroundings<'_>,
    ) {
        let Some(exchange) = exchanges.get(id) else { return };
        let mut odd = None;
        if let Some(stub) = exchange.request.readable()
            && let Some(trailer) = VerificationTrailer::find(stub)
            && trailer.header.is_none_or(|(context, opnum)| (context, Some(opnum)) == (context_id, exchange.opnum))
            && let Some((interface, syntax)) = trailer.presentation
        {
            match exchange.interface {
                Some(bound) if bound.id.uuid != interface.uuid => odd = Some(Event::VerificationMismatch),
                Some(_) => {}
                None => {
                    let syntax = TransferSyntax::from_uuid(syntax).unwrap_or_default();
                    self.contexts.learn(context_id, interface, syntax, self.limits.contexts);
                    exchange.interface = self.contexts.interface(context_id);
                }
            }
        }
        if exchange.interface.is_none() {
            if self.contexts.is_rejected(context_id) {
                odd = Some(Event::RejectedContext);
            } else if let Some(uuid) = infer(exchange, around) {
                let interface = InterfaceId { uuid, version: 0, minor: 0 }; // the version of every ORPC interface
                self.contexts.learn(context_id, interface, TransferSyntax::Ndr32, self.limits.contexts);
                exchange.interface = self.contexts.interface(context_id);
            }
        }
        reading::request(exchange, around);
        if let Some(dcom) = &exchange.dcom {
            self.implementation = Implementation::asks_for(self.implementation, &dcom.iids);
            exchange.implementation = self.implementation;
        }
        self.identify(exchange, around);
        if let Some(event) = odd {
            exchanges.raise(Some(id), event);
        }
    }

    fn response(&mut self, pdu: &Pdu<'_>, stub: &[u8], exchanges: &mut impl Exchanges, around: &mut Surroundings<'_>) {
        self.answers_seen = true;
        let call_id = pdu.header.call_id;
        let open = |call: &InFlight| !call.answered && matches!(call.request, Some(PduType::REQUEST) | None);
        let position = match self.position(call_id, open) {
            Some(position) => position,
            None => {
                let exchange = Exchange {
                    context_id: match pdu.body {
                        Body::Response { context_id, .. } | Body::Fault { context_id, .. } => Some(context_id),
                        _ => None,
                    },
                    request: self.lost_half(),
                    response: Half { incomplete: !pdu.header.flags.first(), ..Half::default() },
                    request_type: None,
                    ..new_exchange(pdu)
                };
                self.begin(call_id, None, exchange, exchanges)
            }
        };
        let (limits, room) = (self.limits, self.held.room(self.limits.unfinished, self.limits.unfinished_of_all));
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
            if let Body::Fault { status, .. } = pdu.body {
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
            exchanges.raise(Some(id), Event::StubTooLong);
        }
        if lost_request {
            exchanges.raise(Some(id), Event::UnexpectedPdu);
        }
        if done {
            self.answered_at(position, exchanges);
        }
        exchanges.updated(id);
    }

    /// The request of an answer that came without one. Octets become visible when the other side acknowledges them,
    /// the answer's may do so first: as long as the client is heard, the request counts as lost only once something
    /// behind it is seen.
    fn lost_half(&self) -> Half {
        Half { done: !self.asked, incomplete: true, ..Half::default() }
    }

    /// An answer is complete: its exchange is too, unless the request may still come.
    fn answered_at(&mut self, position: usize, exchanges: &mut impl Exchanges) {
        let Some(call) = self.in_flight.get_mut(position) else { return };
        if call.request.is_none() && exchanges.get(call.exchange).is_some_and(|exchange| !exchange.request.done) {
            call.answered = true;
            return;
        }
        let call = self.in_flight.remove(position);
        self.held.give_back(call.kept);
    }

    /// The client's octets went on, or are missing: requests that were answered and not seen are lost.
    fn settle_lost(&mut self, exchanges: &mut impl Exchanges) {
        while let Some(position) = self.in_flight.iter().position(|call| call.answered) {
            self.drop_call(position, exchanges);
        }
    }

    fn offer(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl Exchanges) {
        let Body::Bind { max_transmit, contexts, .. } = pdu.body else { return };
        let call_id = pdu.header.call_id;
        self.bind_auth = auth_of(pdu).or(self.bind_auth);
        let syntaxes = contexts.map(|element| element.transfer_syntax);
        self.implementation = self.implementation.or_else(|| Implementation::of_bind(pdu, max_transmit, syntaxes));
        if let Some(position) = self.position(call_id, |call| call.request == Some(pdu.header.pdu_type)) {
            let offered = self.in_flight.get(position).map(|call| call.offered.as_slice()).unwrap_or_default();
            if self.answers_seen && offered.iter().copied().eq(contexts.map(|element| element.context_id)) {
                return; // the same offer again
            }
            self.drop_call(position, exchanges);
        }
        let mut offers = Vec::new();
        let mut full = false;
        for element in contexts {
            offers.push(Offer { context_id: element.context_id, interface: element.interface, result: None });
            let syntax = TransferSyntax::from_uuid(element.transfer_syntax);
            full |= !self.contexts.offer(
                element.context_id,
                element.interface,
                syntax,
                pdu.header.flags.first(),
                self.limits.contexts,
            );
        }
        let offered = offers.iter().map(|offer| offer.context_id).collect();
        let exchange = Exchange {
            offers,
            auth: auth_of(pdu),
            implementation: self.implementation,
            request: Half { done: true, fragments: 1, incomplete: pdu.missing > 0, ..Half::default() },
            ..new_exchange(pdu)
        };
        let position = self.begin(call_id, Some(pdu.header.pdu_type), exchange, exchanges);
        let Some(call) = self.in_flight.get_mut(position) else { return };
        call.offered = offered;
        call.request_done = true;
        let id = call.exchange;
        if full {
            exchanges.raise(Some(id), Event::TooManyContexts);
        }
        exchanges.updated(id);
    }

    fn settle(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl Exchanges) {
        let Body::BindAck { association_group, results, .. } = pdu.body else { return };
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
        }
        self.answered_at(position, exchanges);
        if let Some(exchange) = exchanges.get(id) {
            for (offer, result) in exchange.offers.iter_mut().zip(results) {
                offer.result = Some(result);
            }
        }
        exchanges.updated(id);
    }

    fn refuse(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl Exchanges) {
        self.answers_seen = true;
        let Some(position) = self.answered(pdu, exchanges) else { return };
        let Some(call) = self.in_flight.get(position) else { return };
        let id = call.exchange;
        for context_id in &call.offered {
            self.contexts.remove(*context_id);
        }
        self.answered_at(position, exchanges);
        exchanges.updated(id);
    }

    /// The negotiation a PDU answers, its half marked complete; a new exchange when the question was not seen.
    fn answered(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl Exchanges) -> Option<usize> {
        let asked = match pdu.header.pdu_type {
            PduType::ALTER_RESPONSE => PduType::ALTER_CONTEXT,
            _ => PduType::BIND,
        };
        let call_id = pdu.header.call_id;
        let position = match self.position(call_id, |call| call.request == Some(asked)) {
            Some(position) => position,
            None => {
                let exchange = Exchange { request: self.lost_half(), request_type: None, ..new_exchange(pdu) };
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

    fn cancel(&mut self, pdu: &Pdu<'_>, exchanges: &mut impl Exchanges) {
        let Some(position) = self.position(pdu.header.call_id, |call| call.request == Some(PduType::REQUEST)) else {
            return;
        };
        let Some(call) = self.in_flight.get(position) else { return };
        let id = call.exchange;
        if let Some(exchange) = exchanges.get(id) {
            exchange.cancelled = true;
        }
        if matches!(pdu.body, Body::Orphaned) {
            self.drop_call(position, exchanges);
        }
        exchanges.updated(id);
    }

    /// The youngest exchange in flight under a call id.
    fn position(&self, call_id: u32, is: impl Fn(&InFlight) -> bool) -> Option<usize> {
        self.in_flight.iter().rposition(|call| call.call_id == call_id && is(call))
    }

    fn begin(
        &mut self,
        call_id: u32,
        request: Option<PduType>,
        exchange: Exchange,
        exchanges: &mut impl Exchanges,
    ) -> usize {
        if self.in_flight.len() >= self.limits.calls.max(1) {
            if let Some(oldest) = self.in_flight.first() {
                exchanges.raise(Some(oldest.exchange), Event::TooManyCalls);
            }
            self.drop_call(0, exchanges);
        }
        let exchange = exchanges.open(exchange);
        self.in_flight.push(InFlight {
            call_id,
            exchange,
            request,
            request_done: false,
            answered: false,
            kept: 0,
            digest: 0,
            offered: Vec::new(),
        });
        self.in_flight.len() - 1
    }

    fn drop_call(&mut self, position: usize, exchanges: &mut impl Exchanges) {
        if position < self.in_flight.len() {
            let call = self.in_flight.remove(position);
            self.held.give_back(call.kept);
            abandon(&call, exchanges);
        }
    }
}

impl Side {
    fn forget(&mut self) {
        self.head.clear();
        self.have = 0;
    }

    fn remember(&mut self, rest: &[u8]) {
        self.head.clear();
        self.head.extend_from_slice(rest.get(..HEAD).unwrap_or(rest));
        self.have = rest.len();
    }
}

fn abandon(call: &InFlight, exchanges: &mut impl Exchanges) {
    if let Some(exchange) = exchanges.get(call.exchange) {
        exchange.request.incomplete |= !exchange.request.done;
        exchange.request.done = true;
        exchange.response.incomplete |= !exchange.response.done;
        exchange.response.done = true;
    }
    exchanges.updated(call.exchange);
}

/// The interface of a call whose bind was not seen, where something proves it.
fn infer(exchange: &Exchange, around: &Surroundings<'_>) -> Option<Uuid> {
    match exchange.object {
        // An object UUID is an IPID, and an IPID is one interface of one object.
        Some(ipid) => around.objects.pointer(around.server.address, ipid)?.iid,
        None => dcom::proves_activator(exchange.opnum?, exchange.request.readable()?).then(dcom::activator),
    }
}

fn new_exchange(pdu: &Pdu<'_>) -> Exchange {
    Exchange {
        call_id: pdu.header.call_id,
        version: (5, pdu.header.minor),
        request_type: Some(pdu.header.pdu_type),
        ..Exchange::default()
    }
}

fn auth_of(pdu: &Pdu<'_>) -> Option<Auth> {
    pdu.trailer.map(|trailer| Auth { provider: trailer.auth_type, level: trailer.auth_level })
}

/// Octets before the next place where a header may begin.
fn next_candidate(data: &[u8]) -> usize {
    data.iter().position(|octet| *octet == 5).unwrap_or(data.len())
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

impl Half {
    /// Adds a fragment; gives the number of octets kept.
    fn append(&mut self, pdu: &Pdu<'_>, stub: &[u8], limits: &Limits, budget: usize) -> usize {
        if self.fragments == 0 {
            self.order = pdu.header.order;
        }
        self.fragments = self.fragments.saturating_add(1);
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
            None if pdu.header.auth_length > 0 => crate::Visibility::Sealed,
            None => crate::Visibility::Clear,
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

/// The presentation contexts of a connection, by id.
#[derive(Debug, Default)]
struct Contexts(Bounded<u16, Context>);

#[derive(Debug)]
struct Context {
    interface: InterfaceId,
    transfer_syntax: TransferSyntax,
    state: State,
    known: Known,
    first_fragment: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Offered; a call made before the answer is seen shows that it was accepted.
    Offered,
    Accepted,
    Rejected,
}

impl Contexts {
    fn interface(&self, id: u16) -> Option<CallInterface> {
        let context = self.0.get(&id).filter(|context| context.state != State::Rejected)?;
        Some(CallInterface {
            id: context.interface,
            transfer_syntax: context.transfer_syntax,
            known: context.known,
            first_fragment: context.first_fragment,
        })
    }

    fn is_rejected(&self, id: u16) -> bool {
        self.0.get(&id).is_some_and(|context| context.state == State::Rejected)
    }

    /// False when another context had to go to make room.
    fn offer(
        &mut self,
        id: u16,
        interface: InterfaceId,
        syntax: Option<TransferSyntax>,
        first_fragment: bool,
        limit: usize,
    ) -> bool {
        let transfer_syntax = syntax.unwrap_or_default();
        let (state, known) = (State::Offered, Known::Bound);
        let context = Context { interface, transfer_syntax, state, known, first_fragment };
        self.0.insert(id, context, limit.max(1)) == 0
    }

    fn learn(&mut self, id: u16, interface: InterfaceId, transfer_syntax: TransferSyntax, limit: usize) {
        let (state, known) = (State::Accepted, Known::Inferred);
        let context = Context { interface, transfer_syntax, state, known, first_fragment: true };
        self.0.insert(id, context, limit.max(1));
    }

    fn settle(&mut self, id: u16, result: &ContextResult) {
        let Some(context) = self.0.get_mut(&id) else { return };
        if result.result == 0 {
            context.state = State::Accepted;
            context.transfer_syntax =
                TransferSyntax::from_uuid(result.transfer_syntax).unwrap_or(context.transfer_syntax);
        } else {
            context.state = State::Rejected;
        }
    }

    fn remove(&mut self, id: u16) {
        self.0.remove(&id);
    }
}

#[cfg(test)]
mod tests;
