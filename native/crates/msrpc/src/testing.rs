//! PDUs and a place for exchanges, for tests.

use sidewire_base::{Endpoint, Time, TxId};

use crate::{ByteOrder, ExchangeStore, ObjectTable, PduType, RpcContext, RpcEvent, RpcExchange, TransferSyntax, Uuid};

/// Keeps every exchange and event.
#[derive(Debug, Default)]
pub(crate) struct KeptExchanges {
    pub(crate) exchanges: Vec<RpcExchange>,
    pub(crate) events: Vec<RpcEvent>,
}

impl ExchangeStore for KeptExchanges {
    fn open(&mut self, exchange: RpcExchange) -> TxId {
        self.exchanges.push(exchange);
        TxId(self.exchanges.len() as u64 - 1)
    }
    fn get(&mut self, id: TxId) -> Option<&mut RpcExchange> {
        self.exchanges.get_mut(id.index())
    }
    fn updated(&mut self, _id: TxId) {}
    fn raise(&mut self, _id: Option<TxId>, event: RpcEvent) {
        self.events.push(event);
    }
}

pub(crate) fn around(objects: &mut ObjectTable) -> RpcContext<'_> {
    let end = |last, port| Endpoint { address: [10, 0, 0, last].into(), port };
    RpcContext {
        objects,
        time: Time::default(),
        client: end(1, 50_000),
        server: end(2, 135),
        session: None,
        pipe: None,
        share: None,
        client_hint: None,
    }
}

pub(crate) const FIRST: u8 = 1;
pub(crate) const LAST: u8 = 2;

/// A little-endian PDU of a type with a body.
pub(crate) fn pdu(pdu_type: PduType, flags: u8, call_id: u32, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 16).unwrap();
    let mut out = vec![5, 0, pdu_type.0, flags, 0x10, 0, 0, 0];
    out.extend(length.to_le_bytes());
    out.extend([0, 0]);
    out.extend(call_id.to_le_bytes());
    out.extend(body);
    out
}

pub(crate) fn request(flags: u8, call_id: u32, context_id: u16, opnum: u16, stub: &[u8]) -> Vec<u8> {
    let mut body = u32::try_from(stub.len()).unwrap().to_le_bytes().to_vec();
    body.extend(context_id.to_le_bytes());
    body.extend(opnum.to_le_bytes());
    body.extend(stub);
    pdu(PduType::REQUEST, flags, call_id, &body)
}

pub(crate) fn response(flags: u8, call_id: u32, context_id: u16, stub: &[u8]) -> Vec<u8> {
    let mut body = u32::try_from(stub.len()).unwrap().to_le_bytes().to_vec();
    body.extend(context_id.to_le_bytes());
    body.extend([0, 0]);
    body.extend(stub);
    pdu(PduType::RESPONSE, flags, call_id, &body)
}

fn syntax(uuid: Uuid, version: u32) -> Vec<u8> {
    let mut out = uuid.to_wire(ByteOrder::Little).to_vec();
    out.extend(version.to_le_bytes());
    out
}

/// A bind that offers interfaces under context ids.
pub(crate) fn bind(call_id: u32, offers: &[(u16, Uuid, u32)]) -> Vec<u8> {
    let mut body = vec![0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, u8::try_from(offers.len()).unwrap(), 0, 0, 0];
    for (id, uuid, version) in offers {
        body.extend(id.to_le_bytes());
        body.extend([1, 0]);
        body.extend(syntax(*uuid, *version));
        body.extend(syntax(TransferSyntax::NDR32, 2));
    }
    pdu(PduType::BIND, FIRST | LAST, call_id, &body)
}

/// The answer to a bind, a result per offer.
pub(crate) fn bind_ack(call_id: u32, results: &[u16]) -> Vec<u8> {
    let mut body = vec![0xd0, 0x16, 0xd0, 0x16, 0x34, 0x12, 0, 0, 4, 0];
    body.extend(b"135\0");
    body.extend([0, 0]);
    body.extend([u8::try_from(results.len()).unwrap(), 0, 0, 0]);
    for result in results {
        body.extend(result.to_le_bytes());
        body.extend([0, 0]);
        body.extend(syntax(TransferSyntax::NDR32, 2));
    }
    pdu(PduType::BIND_ACK, FIRST | LAST, call_id, &body)
}
