//! One transport connection or pipe instance: its octets as PDUs, and who is given each.

mod calls;
mod contexts;
mod identity;
mod negotiation;
mod search;

use std::sync::Arc;

use sidewire_base::{Direction, Endpoint, PerDirection, Time, TxId};

use crate::security::{Principal, SecurityContext};
use crate::stub_memory::StubMemory;
use crate::{
    ExchangeHalf, ExchangeStore, HeaderGuess, ObjectTable, Pdu, PduBody, PduHeader, PduSecurity, PduType, RpcClient,
    RpcEvent, RpcExchange, RpcImplementation, WmiClient,
};
use contexts::PresentationContexts;
use search::ContextSearch;

/// How much of a connection is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcLimits {
    /// Of one stub. Octets.
    pub stub: usize,
    /// Of the stubs of all unfinished calls of a connection together. Octets.
    pub unfinished: usize,
    /// The same of all connections of a worker together. Octets.
    pub unfinished_of_all: usize,
    /// What a connection may hold whatever the others do, so that forged ones do not have its calls unread. Octets.
    pub unfinished_of_each: usize,
    /// Calls in flight.
    pub calls: usize,
    /// Presentation contexts, once those of all connections of a worker together are too many.
    pub contexts: usize,
    /// The presentation contexts of all connections of a worker together. Octets.
    pub contexts_of_all: usize,
    /// Contexts whose interface is searched for because their bind was not seen.
    pub searches: usize,
}

impl RpcLimits {
    /// How much of stubs a connection may take now.
    pub(crate) fn room(&self, held: &StubMemory) -> usize {
        let own = self.unfinished_of_each.min(self.unfinished).saturating_sub(held.octets());
        held.room(self.unfinished, self.unfinished_of_all).max(own)
    }
}

impl Default for RpcLimits {
    fn default() -> Self {
        Self {
            stub: 1 << 20,
            unfinished: 4 << 20,
            unfinished_of_all: 128 << 20,
            unfinished_of_each: 8 << 10,
            calls: 256,
            contexts: 1024,
            contexts_of_all: 16 << 20,
            searches: 16,
        }
    }
}

/// What a connection may use of its surroundings.
pub struct RpcContext<'a> {
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
    /// The name of the pipe, where calls are made on one.
    pub pipe: Option<&'a [u8]>,
    /// The path of the share of that pipe, by which the client calls the server: `\\server\IPC$`.
    pub share: Option<&'a [u8]>,
    /// Who the carriage's client may be by its way of opening it.
    pub client_hint: Option<RpcImplementation>,
}

/// What [`RpcConnection::feed`] did with its octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FedOctets {
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
pub struct RpcConnection {
    limits: RpcLimits,
    sides: PerDirection<PduStream>,
    contexts: PresentationContexts,
    contexts_held: StubMemory,
    in_flight: Vec<InFlight>,
    /// Contexts whose bind was not seen.
    searches: Vec<ContextSearch>,
    /// Octets of the stubs in flight, and of pieces of PDUs that carriages do not keep.
    held: StubMemory,
    bind_auth: Option<PduSecurity>,
    /// The security contexts in the order they came.
    security: Vec<SecurityContext>,
    /// The process at the other end, where it said who it is.
    client: Option<Arc<WmiClient>>,
    implementation: Option<RpcClient>,
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
struct PduStream {
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
    exchange: TxId,
    request: Option<PduType>,
    request_done: bool,
    /// All of the answer is here; the request is not, and may still come.
    answered: bool,
    kept: usize,
    digest: u64,
    offered: Vec<u16>,
}

impl RpcConnection {
    /// A connection at its beginning, or wherever the capture begins.
    #[must_use]
    pub fn new(limits: RpcLimits) -> Self {
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
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) -> FedOctets {
        let mut at = self.side(direction).skip.min(data.len());
        self.side(direction).skip -= at;
        // Of a PDU whose beginning was offered before, it was told then.
        let mut told = self.side(direction).have > 0;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            if rest.is_empty() {
                self.side(direction).forget();
                return FedOctets { consumed: at, need: 0 };
            }
            match PduHeader::probe(rest) {
                HeaderGuess::Yes(header) => {
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
                        return FedOctets { consumed: data.len(), need: 0 };
                    } else {
                        self.side(direction).remember(rest);
                        return FedOctets { consumed: at, need: length };
                    }
                }
                HeaderGuess::More if last => {
                    self.lose(direction, exchanges);
                    return FedOctets { consumed: data.len(), need: 0 };
                }
                HeaderGuess::More => {
                    self.side(direction).forget();
                    return FedOctets { consumed: at, need: PduHeader::LENGTH };
                }
                HeaderGuess::No => {
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
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        self.held.count_in(around.objects.unfinished());
        let mut pending = core::mem::take(&mut self.side(direction).pending);
        self.held.give_back(pending.len());
        let mut data = data;
        // Only what completes the unfinished PDU is copied; the rest is read where it lies.
        while !pending.is_empty() && !data.is_empty() {
            let need = match PduHeader::probe(&pending) {
                HeaderGuess::Yes(header) => usize::from(header.fragment_length),
                HeaderGuess::More => PduHeader::LENGTH,
                HeaderGuess::No => pending.len(),
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

    /// `length` octets of one direction are missing, and with them what [`RpcConnection::feed`] did not consume.
    pub fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        self.forget_pending(direction);
        let side = self.side(direction);
        let missing = usize::try_from(length).unwrap_or(usize::MAX);
        if let Some(left) = side.skip.checked_sub(missing).filter(|_| side.skip > 0) {
            side.skip = left; // still inside a PDU that was dealt with
        } else if let HeaderGuess::Yes(header) = PduHeader::probe(&side.head) {
            let behind = side.have.saturating_add(missing);
            let (head, have) = (core::mem::take(&mut side.head), core::mem::take(&mut side.have));
            side.skip = usize::from(header.fragment_length).saturating_sub(behind);
            debug_assert!(have <= MAX_PDU);
            self.pdu(direction, &head, exchanges, around);
        } else {
            side.skip = 0;
            side.forget();
        }
        exchanges.raise(None, RpcEvent::Gap);
        if (direction == Direction::ToServer) != self.is_reversed() {
            self.settle_lost(None, exchanges);
        }
    }

    /// One direction ended: its calls are as complete as they get.
    pub fn close(&mut self, direction: Direction, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        self.forget_pending(direction);
        let side = self.side(direction);
        side.have = 0;
        let head = core::mem::take(&mut side.head);
        if matches!(PduHeader::probe(&head), HeaderGuess::Yes(_)) {
            self.pdu(direction, &head, exchanges, around);
        }
        self.settle_lost(None, exchanges);
    }

    /// Both directions ended: nothing in flight will be answered.
    pub fn finish(&mut self, exchanges: &mut impl ExchangeStore, around: &mut RpcContext<'_>) {
        while !self.in_flight.is_empty() {
            self.drop_call(0, exchanges);
        }
        self.end_searches(exchanges, around);
    }

    /// Calls in flight are nobody's any more: what held them is gone, or tells of them as they are.
    pub(crate) fn forget_calls(&mut self) {
        self.forget_searches();
        for call in core::mem::take(&mut self.in_flight) {
            self.held.give_back(call.kept);
        }
    }

    /// Later calls are read by what is known: contexts, or security. False while calls are held, which are not to wait any
    /// longer.
    #[must_use]
    pub fn outlives_silence(&self) -> bool {
        (!self.contexts.is_empty() || !self.security.is_empty()) && !self.holds_calls()
    }

    /// Calls are held until their interface is clear.
    #[must_use]
    pub fn holds_calls(&self) -> bool {
        !self.searches.iter().all(ContextSearch::is_over)
    }

    fn side(&mut self, direction: Direction) -> &mut PduStream {
        &mut self.sides[direction]
    }

    fn forget_pending(&mut self, direction: Direction) {
        let pending = core::mem::take(&mut self.side(direction).pending);
        self.held.give_back(pending.len());
    }

    fn lose(&mut self, direction: Direction, exchanges: &mut impl ExchangeStore) {
        let side = self.side(direction);
        side.forget();
        if !side.lost {
            side.lost = true;
            exchanges.raise(None, RpcEvent::Garbage);
        }
    }

    /// Takes one PDU, whole or cut short.
    fn pdu(
        &mut self,
        direction: Direction,
        data: &[u8],
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        let Ok(pdu) = Pdu::parse(data) else {
            exchanges.raise(None, RpcEvent::MalformedPdu);
            return;
        };
        self.held.count_in(around.objects.unfinished());
        let mut around = RpcContext { objects: around.objects, ..*around };
        match pdu.header.pdu_type.direction() {
            Some(expected) if expected == direction => self.along = self.along.saturating_add(1),
            Some(_) => {
                self.against = self.against.saturating_add(1);
                core::mem::swap(&mut around.client, &mut around.server);
                exchanges.raise(None, RpcEvent::WrongDirection);
            }
            None => {}
        }
        let around = &mut around;
        let mut pdu = pdu;
        let opened = self.protected(&pdu, data, around);
        if let Some(opened) = &opened {
            pdu.open(opened);
        }
        if matches!(
            pdu.body,
            PduBody::Request { .. } | PduBody::Bind { .. } | PduBody::Auth3 | PduBody::Cancel | PduBody::Orphaned
        ) {
            self.asked = true;
            self.settle_lost(Some(pdu.header.call_id), exchanges);
        }
        match pdu.body {
            PduBody::Request { .. } => self.request(&pdu, exchanges, around),
            PduBody::Response { stub, .. } | PduBody::Fault { stub, .. } => {
                self.response(&pdu, stub, exchanges, around)
            }
            PduBody::Bind { .. } => self.offer(&pdu, exchanges, around),
            PduBody::BindAck { .. } => self.settle(&pdu, exchanges, around),
            PduBody::BindNak(_) => self.refuse(&pdu, exchanges),
            PduBody::Auth3 => self.bind_auth = auth_of(&pdu).or(self.bind_auth),
            PduBody::Cancel | PduBody::Orphaned => self.cancel(&pdu, exchanges),
            PduBody::Shutdown | PduBody::Rts { .. } | PduBody::Unknown => {}
        }
    }

    /// The request of an answer that came without one. Octets become visible when the other side acknowledges them,
    /// the answer's may do so first: as long as the client is heard, the request counts as lost only once something
    /// behind it is seen.
    fn lost_half(&self) -> ExchangeHalf {
        ExchangeHalf { done: !self.asked, incomplete: true, ..ExchangeHalf::default() }
    }

    /// An answer is complete: its exchange is too, unless the request may still come.
    fn answered_at(&mut self, position: usize, exchanges: &mut impl ExchangeStore) {
        let Some(call) = self.in_flight.get_mut(position) else { return };
        if call.request.is_none() && exchanges.get(call.exchange).is_some_and(|exchange| !exchange.request.done) {
            call.answered = true;
            return;
        }
        let call = self.in_flight.remove(position);
        self.held.give_back(call.kept);
    }

    /// The client's octets went on, or are missing: requests that were answered and not seen are lost, but for the one that
    /// goes on now.
    fn settle_lost(&mut self, but: Option<u32>, exchanges: &mut impl ExchangeStore) {
        let is_lost = |call: &InFlight| call.answered && Some(call.call_id) != but;
        while let Some(position) = self.in_flight.iter().position(is_lost) {
            self.drop_call(position, exchanges);
        }
    }

    /// The youngest exchange in flight under a call id.
    fn position(&self, call_id: u32, is: impl Fn(&InFlight) -> bool) -> Option<usize> {
        self.in_flight.iter().rposition(|call| call.call_id == call_id && is(call))
    }

    fn begin(
        &mut self,
        call_id: u32,
        request: Option<PduType>,
        exchange: RpcExchange,
        exchanges: &mut impl ExchangeStore,
    ) -> usize {
        if self.in_flight.len() >= self.limits.calls.max(1) {
            if let Some(oldest) = self.in_flight.first() {
                exchanges.raise(Some(oldest.exchange), RpcEvent::TooManyCalls);
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

    fn drop_call(&mut self, position: usize, exchanges: &mut impl ExchangeStore) {
        if position < self.in_flight.len() {
            let call = self.in_flight.remove(position);
            self.held.give_back(call.kept);
            abandon(&call, exchanges);
        }
    }
}

impl PduStream {
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

fn abandon(call: &InFlight, exchanges: &mut impl ExchangeStore) {
    if let Some(exchange) = exchanges.get(call.exchange) {
        exchange.request.incomplete |= !exchange.request.done;
        exchange.request.done = true;
        exchange.response.incomplete |= !exchange.response.done;
        exchange.response.done = true;
    }
    exchanges.updated(call.exchange);
}

fn new_exchange(pdu: &Pdu<'_>) -> RpcExchange {
    RpcExchange {
        call_id: pdu.header.call_id,
        version: (5, pdu.header.minor),
        request_type: Some(pdu.header.pdu_type),
        ..RpcExchange::default()
    }
}

fn auth_of(pdu: &Pdu<'_>) -> Option<PduSecurity> {
    pdu.trailer.map(|trailer| PduSecurity { provider: trailer.auth_type, level: trailer.auth_level })
}

/// Octets before the next place where a header may begin.
fn next_candidate(data: &[u8]) -> usize {
    data.iter().position(|octet| *octet == 5).unwrap_or(data.len())
}

#[cfg(test)]
mod tests;
