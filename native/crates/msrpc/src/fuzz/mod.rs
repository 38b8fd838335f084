//! Entries for fuzzing: pieces of a conversation, the stubs of calls, sealed calls, security blobs.

mod opened;

use core::net::IpAddr;

use sidewire_base::{Cursor, Direction, Endpoint, Malformed, Time, TxId};

use crate::security::{Principal, SessionCredentials};
use crate::{
    ByteOrder, CallInterface, DatagramCalls, ExchangeHalf, ExchangeStore, InterfaceId, InterfaceOrigin, ObjectTable,
    PduType, ProtocolSequence, RpcConnection, RpcContext, RpcEvent, RpcExchange, RpcLimits, StdObjRef, TransferSyntax,
    Uuid, arguments, command_line, dcom, interfaces, write_dcerpc, write_msrpc,
};

pub use opened::opened;

#[derive(Default)]
struct KeptExchanges(Vec<RpcExchange>);

impl ExchangeStore for KeptExchanges {
    fn open(&mut self, exchange: RpcExchange) -> TxId {
        self.0.push(exchange);
        TxId(self.0.len() as u64 - 1)
    }
    fn get(&mut self, id: TxId) -> Option<&mut RpcExchange> {
        self.0.get_mut(id.index())
    }
    fn updated(&mut self, _id: TxId) {}
    fn raise(&mut self, _id: Option<TxId>, _event: RpcEvent) {}
}

/// Pieces of a conversation: an octet of direction and kind, an octet of length, the piece.
pub fn connection(data: &[u8]) {
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let (mut stream, mut pipe) = (RpcConnection::new(RpcLimits::default()), RpcConnection::new(RpcLimits::default()));
    let mut datagrams = DatagramCalls::new(RpcLimits::default());
    let end = |last, port| Endpoint { address: [10, 0, 0, last].into(), port };
    let mut around = RpcContext {
        objects: &mut objects,
        time: Time::default(),
        client: end(1, 50_000),
        server: end(2, 135),
        session: None,
        pipe: None,
        share: None,
        client_hint: None,
    };
    let mut left = [Vec::new(), Vec::new()];
    let mut rest = data;
    while let [kind, length, tail @ ..] = rest {
        let (piece, later) = tail.split_at((usize::from(*length) * 4).min(tail.len()));
        rest = later;
        let direction = if kind & 1 == 0 { Direction::ToServer } else { Direction::ToClient };
        match kind >> 1 & 3 {
            0 | 1 => {
                let [to_server, to_client] = &mut left;
                let waiting = if kind & 1 == 0 { to_server } else { to_client };
                waiting.extend_from_slice(piece);
                let fed = stream.feed(direction, waiting, kind & 0x80 != 0, &mut kept, &mut around);
                waiting.drain(..fed.consumed.min(waiting.len()));
            }
            2 => {
                left = [Vec::new(), Vec::new()];
                stream.gap(direction, u64::from(*length) * 16, &mut kept, &mut around);
            }
            _ => {
                pipe.message(direction, piece, &mut kept, &mut around);
                datagrams.datagram(direction, piece, &mut kept, &mut around);
            }
        }
    }
    stream.finish(&mut kept, &mut around);
    pipe.finish(&mut kept, &mut around);
    datagrams.finish(&mut kept);
    let mut out = Vec::new();
    for exchange in &kept.0 {
        write_msrpc(exchange, ProtocolSequence::Tcp, None, Time::default(), &mut sidewire_eve::Object::new(&mut out));
        out.clear();
    }
}

/// A security blob, of a session setup or of a bind.
pub fn security_blob(data: &[u8]) {
    for credentials in [SessionCredentials::parse(data), SessionCredentials::of_token(data)] {
        std::hint::black_box(Principal::of(&credentials));
    }
}

/// The object every call of [`stubs`] may be made on.
const OBJECT: StdObjRef = StdObjRef { references: 5, oxid: 1, oid: 2, ipid: Uuid::com(3) };

/// Calls of any procedure, each with the stub of its request and of its answer: two octets choose the interface, one the
/// procedure, one the byte order (1), the transfer syntax (2) and the object (4); two are the request's length, two the
/// answer's.
pub fn stubs(data: &[u8]) {
    let mut objects = ObjectTable::default();
    let server = [10, 0, 0, 2].into();
    let mut cur = Cursor::new(data);
    while let Ok(call) = call(&mut cur, &mut objects, server) {
        let mut out = Vec::new();
        write_msrpc(&call, ProtocolSequence::Tcp, None, Time::default(), &mut sidewire_eve::Object::new(&mut out));
        write_dcerpc(&call, &mut sidewire_eve::Object::new(&mut out));
        std::hint::black_box((call.summary(), call.result(), out));
    }
}

fn call(cur: &mut Cursor<'_>, objects: &mut ObjectTable, server: IpAddr) -> Result<RpcExchange, Malformed> {
    let (chosen, opnum, switches) = (cur.u16_be()?, u16::from(cur.u8()?), cur.u8()?);
    let (request, response) = (usize::from(cur.u16_be()?), usize::from(cur.u16_be()?));
    let table = interfaces::all();
    let uuid = table.get(usize::from(chosen) % table.len().max(1)).map(|known| known.uuid).unwrap_or_default();
    let order = if switches & 1 == 0 { ByteOrder::Little } else { ByteOrder::Big };
    let transfer_syntax = if switches & 2 == 0 { TransferSyntax::Ndr32 } else { TransferSyntax::Ndr64 };
    let mut half = |length: usize| {
        let stub = cur.take(length.min(cur.left()))?;
        let size = stub.len() as u64;
        let mut half =
            ExchangeHalf { fragments: 1, size, size_with_trailers: size, done: true, order, ..ExchangeHalf::default() };
        half.push(&[], stub, &[]);
        Ok(half)
    };
    let mut exchange = RpcExchange {
        request: half(request)?,
        response: half(response)?,
        request_type: Some(PduType::REQUEST),
        response_type: Some(PduType::RESPONSE),
        opnum: Some(opnum),
        object: (switches & 4 != 0).then_some(OBJECT.ipid),
        interface: Some(CallInterface {
            id: InterfaceId { uuid, version: 0, minor: 0 },
            transfer_syntax,
            known: InterfaceOrigin::Bound,
            first_fragment: true,
        }),
        ..RpcExchange::default()
    };
    objects.learn(server, Some(uuid), OBJECT);
    (exchange.dcom, exchange.arguments) = dcom::on_request(&exchange, objects, server);
    exchange.arguments.extend(arguments::of_request(&exchange));
    exchange.command_line = command_line::of(&exchange);
    let results = dcom::on_response(&exchange, objects, server);
    exchange.arguments.extend(results);
    exchange.arguments.extend(arguments::of_response(&exchange));
    std::hint::black_box(arguments::endpoints(&exchange));
    Ok(exchange)
}
