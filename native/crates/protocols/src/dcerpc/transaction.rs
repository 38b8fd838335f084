//! Calls as transactions of a flow.

use sidewire_app_layer::{BoundInterface, ParseContext, StreamFrames, Transactions, TxHead, TxLogger};
use sidewire_base::{Direction, Time, TxId};
use sidewire_eve::Object;
use sidewire_msrpc::virtual_connection::TimedExchanges;
use sidewire_msrpc::{
    ExchangeHalf, ExchangeStore, PduHeader, ProtocolSequence, RpcContext, RpcEvent, RpcExchange, write_dcerpc,
    write_msrpc,
};
use smallvec::SmallVec;

use super::objects::objects;
use super::{event, frame};

/// What carries RPC in its transactions, so that the rows of [`super::rows`] read from it.
pub trait RpcTransaction: Send + 'static {
    /// The call or negotiation, when the transaction is one.
    fn exchange(&self) -> Option<&RpcExchange>;
    /// The interface the call is made on, as `dcerpc.iface` sees it; see [`interfaces_of`].
    fn interfaces(&self) -> &[BoundInterface];
    /// What rules on stub data look at in an answer. Suricata's parser for TCP counts the eight octets behind the common
    /// header among it.
    #[must_use]
    fn answer_stub(half: &ExchangeHalf) -> &[u8] {
        half.stub_with_surroundings()
    }
}

/// A call, or a negotiation of contexts, over TCP or UDP.
#[derive(Debug, Default)]
pub struct DcerpcTransaction {
    /// All of it.
    pub exchange: RpcExchange,
    interfaces: SmallVec<[BoundInterface; 1]>,
    carriage: ProtocolSequence,
    reversed: bool,
}

impl RpcTransaction for DcerpcTransaction {
    fn exchange(&self) -> Option<&RpcExchange> {
        Some(&self.exchange)
    }

    fn interfaces(&self) -> &[BoundInterface] {
        &self.interfaces
    }
}

/// The list `dcerpc.iface` is asked on: the interface the call uses, nothing for a negotiation. `unflagged_binds`: an
/// interface counts, too, whose bind lacked the flag of a first fragment.
#[must_use]
pub fn interfaces_of(exchange: &RpcExchange, unflagged_binds: bool) -> SmallVec<[BoundInterface; 1]> {
    let used = exchange.interface.filter(|_| exchange.is_call());
    used.map(|interface| BoundInterface {
        uuid: interface.id.uuid.0,
        version: interface.id.version,
        minor: interface.id.minor,
        accepted: true,
        used: true,
        first_fragment: unflagged_binds || interface.first_fragment,
    })
    .into_iter()
    .collect()
}

/// The transactions of a flow as the connection fills them.
pub(super) struct TxBuilder<'a> {
    pub(super) transactions: &'a mut Transactions<DcerpcTransaction>,
    pub(super) carriage: ProtocolSequence,
    pub(super) now: Time,
    /// The flow is the wrong way round: what it calls the server is the client.
    pub(super) reversed: bool,
    /// See [`super::config::DcerpcConfig::unflagged_binds`].
    pub(super) unflagged_binds: bool,
    /// Events of the connection that wait for a transaction to stand on.
    pub(super) waiting: &'a mut SmallVec<[RpcEvent; 2]>,
    /// Where frames are told, when somebody wants them, and the stream offset of what the connection is fed.
    pub(super) frames: Option<(&'a mut StreamFrames, u64)>,
}

impl<'a> TxBuilder<'a> {
    /// The transactions of a flow as `carriage` fills them, and what else a connection may use. Frames are told when it is
    /// fed from a stream offset on.
    pub(super) fn with(
        transactions: &'a mut Transactions<DcerpcTransaction>,
        context: &'a mut ParseContext<'_>,
        waiting: &'a mut SmallVec<[RpcEvent; 2]>,
        carriage: ProtocolSequence,
        offset: Option<u64>,
    ) -> (Self, RpcContext<'a>) {
        let (now, client, server) = (context.time, context.client, context.server);
        let frames = context.frames.as_deref_mut().zip(offset);
        let around = RpcContext {
            objects: objects(context.extensions),
            time: now,
            client,
            server,
            session: None,
            pipe: None,
            share: None,
            client_hint: None,
        };
        (Self { transactions, carriage, now, reversed: false, unflagged_binds: true, waiting, frames }, around)
    }
}

impl ExchangeStore for TxBuilder<'_> {
    fn open(&mut self, exchange: RpcExchange) -> TxId {
        let interfaces = interfaces_of(&exchange, self.unflagged_binds);
        let tx = DcerpcTransaction { exchange, interfaces, carriage: self.carriage, reversed: self.reversed };
        let slot = self.transactions.open(tx, self.now);
        for event in self.waiting.drain(..) {
            slot.raise(event::id(event));
        }
        slot.head.id
    }

    fn get(&mut self, id: TxId) -> Option<&mut RpcExchange> {
        self.transactions.by_id(id).map(|slot| &mut slot.tx.exchange)
    }

    fn updated(&mut self, id: TxId) {
        let now = self.now;
        let Some(slot) = self.transactions.by_id(id) else { return };
        if slot.tx.interfaces.is_empty() {
            slot.tx.interfaces = interfaces_of(&slot.tx.exchange, self.unflagged_binds);
        }
        let (request, response) = (slot.tx.exchange.request_is_done(), slot.tx.exchange.response_is_done());
        slot.advance(Direction::ToServer, u8::from(request), now);
        slot.advance(Direction::ToClient, u8::from(response), now);
    }

    fn raise(&mut self, id: Option<TxId>, event: RpcEvent) {
        let slot = match id {
            Some(id) => self.transactions.by_id(id),
            None => self.transactions.last_mut(),
        };
        match slot {
            Some(slot) => slot.raise(event::id(event)),
            None if !self.waiting.contains(&event) => self.waiting.push(event),
            None => {}
        }
    }

    fn begins(&mut self, at: usize, header: &PduHeader) {
        if let Some((frames, base)) = &mut self.frames {
            frame::tell(frames, *base + at as u64, header);
        }
    }
}

impl TimedExchanges for TxBuilder<'_> {
    fn at(&mut self, time: Time) {
        self.now = time;
    }
}

/// EVE `dcerpc` in Suricata's shape, and EVE `msrpc`: one event a call.
pub(super) const LOGGERS: &[TxLogger<DcerpcTransaction>] = &[
    TxLogger::new("dcerpc", is_ready, |tx, _, (), out| write_dcerpc(&tx.exchange, out)).told_from(event_direction),
    TxLogger::new("msrpc", |head, tx, last| tx.exchange.is_told() && is_ready(head, tx, last), write_call)
        .told_from(event_direction),
];

fn is_ready(_head: &TxHead, tx: &DcerpcTransaction, last: bool) -> bool {
    last || tx.exchange.is_done()
}

fn event_direction(tx: &DcerpcTransaction) -> Direction {
    if tx.reversed { Direction::ToClient } else { Direction::ToServer }
}

fn write_call(tx: &DcerpcTransaction, head: &TxHead, (): &(), out: &mut Object<'_>) {
    if tx.exchange.is_call() || tx.exchange.is_told() {
        write_msrpc(&tx.exchange, tx.carriage, None, head.started, out);
    }
}
