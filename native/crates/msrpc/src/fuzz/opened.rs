//! Sealed calls that a secret opens: a client and a server that seal whatever the input says.

use std::sync::Arc;

use sidewire_base::{Cursor, Direction, Endpoint, Malformed, Time};

use super::KeptExchanges;
use crate::security::{PduSealer, SealingMethod};
use crate::{
    AuthLevel, ByteOrder, ObjectTable, PduType, ProtocolSequence, RpcConnection, RpcContext, RpcLimits, TransferSyntax,
    interfaces, write_msrpc,
};

/// A PDU's first and last fragment in one.
const WHOLE: u8 = 3;
/// Header of a request or answer: 16 octets common to all PDUs, 8 of its own.
const CALL_HEAD: usize = 24;
const TRAILER: usize = 8;

/// A conversation under a security context. The first octet chooses the provider (two bits), and whether the last leg of
/// NTLM is left out (4). PDUs follow: an octet of switches (1: an answer, 2: more fragments follow, 4: damaged, 8: signed
/// and not sealed, 16: an object is called), two that choose the interface, one the procedure, one the call, one the
/// length of the stub, the stub; when damaged, one octet where and one how.
pub fn opened(data: &[u8]) {
    let mut cur = Cursor::new(data);
    let Ok(first) = cur.u8() else { return };
    let way = match first & 3 {
        0 | 1 => SealingMethod::Ntlm,
        2 => SealingMethod::KerberosAes,
        _ => SealingMethod::KerberosRc4,
    };
    let Some(mut ends) = SealedEnds::new(way) else {
        // A target that tests nothing must not look as if it did.
        #[allow(clippy::panic)]
        {
            panic!("the tokens made for {way:?} are not taken")
        }
    };
    ends.bind(if first & 4 == 0 { usize::MAX } else { 2 });
    while ends.pdu(&mut cur).is_ok() {}
    ends.finish();
}

/// Both ends of a connection, and what looks on.
struct SealedEnds {
    sealer: PduSealer,
    connection: RpcConnection,
    objects: ObjectTable,
    kept: KeptExchanges,
}

impl SealedEnds {
    fn new(way: SealingMethod) -> Option<Self> {
        Some(Self {
            sealer: PduSealer::new(way)?,
            connection: RpcConnection::new(RpcLimits::default()),
            objects: ObjectTable::with_secrets(Some(Arc::new(PduSealer::secrets()))),
            kept: KeptExchanges::default(),
        })
    }

    /// Sends the tokens of the context, `most` of them.
    fn bind(&mut self, most: usize) {
        let types = [PduType::BIND, PduType::BIND_ACK, PduType::AUTH3];
        let legs: Vec<_> = self.sealer.legs().iter().take(most).cloned().zip(types).collect();
        for (leg, pdu_type) in legs {
            let body = match pdu_type {
                PduType::BIND => offer(0),
                PduType::BIND_ACK => acceptance(),
                _ => vec![0; 4],
            };
            let direction = pdu_type.direction().unwrap_or(Direction::ToServer);
            let pdu = [&header(pdu_type, WHOLE, 1, body.len(), leg.len()), &body[..], &self.trailer(0, false), &leg];
            self.feed(direction, &pdu.concat());
        }
    }

    /// Reads and sends one PDU of a call; its interface is offered and accepted first.
    fn pdu(&mut self, cur: &mut Cursor<'_>) -> Result<(), Malformed> {
        let (switches, chosen, opnum, call) = (cur.u8()?, cur.u16_be()?, cur.u8()?, cur.u8()?);
        let length = usize::from(cur.u8()?);
        let stub = cur.take(length.min(cur.left()))?;
        let damage = if switches & 4 == 0 { None } else { Some((cur.u8()?, cur.u8()?)) };
        let [high, context] = chosen.to_be_bytes();
        if high & 0x80 == 0 {
            let offered = offer(chosen);
            let body = [&header(PduType::ALTER_CONTEXT, WHOLE, 2, offered.len(), 0), &offered[..]].concat();
            self.feed(Direction::ToServer, &body);
            let accepted = acceptance();
            let body = [&header(PduType::ALTER_RESPONSE, WHOLE, 2, accepted.len(), 0), &accepted[..]].concat();
            self.feed(Direction::ToClient, &body);
        }
        let pdu_type = if switches & 1 == 0 { PduType::REQUEST } else { PduType::RESPONSE };
        let direction = pdu_type.direction().unwrap_or(Direction::ToServer);
        let object: &[u8] = if switches & 17 == 16 { &[7; 16] } else { &[] };
        let flags = if switches & 2 == 0 { WHOLE } else { switches >> 6 } | if object.is_empty() { 0 } else { 0x80 };
        let pad = stub.len().next_multiple_of(16) - stub.len();
        let plain = [stub, [0; 16].get(..pad).unwrap_or_default()].concat();
        let own = CALL_HEAD - 16 + object.len();
        let mut before = header(pdu_type, flags, u32::from(call) + 3, own + plain.len(), self.sealer.token_length());
        before.extend([u32::try_from(stub.len()).unwrap_or(0).to_le_bytes(), [context, 0, opnum, 0]].as_flattened());
        before.extend(object);
        let signed_only = switches & 8 != 0;
        let trailer = self.trailer(u8::try_from(pad).unwrap_or(0), signed_only);
        let (octets, token) = self.sealer.seal(direction, (&before, &plain, &trailer));
        let mut sent = [before, if signed_only { plain } else { octets }, trailer.to_vec(), token].concat();
        if let Some((place, how)) = damage
            && let Some(octet) = sent.get_mut(usize::from(place))
        {
            *octet ^= how;
        }
        self.feed(direction, &sent);
        Ok(())
    }

    fn feed(&mut self, direction: Direction, pdu: &[u8]) {
        self.connection.message(direction, pdu, &mut self.kept, &mut around(&mut self.objects));
    }

    fn trailer(&self, pad: u8, signed_only: bool) -> [u8; TRAILER] {
        let level = if signed_only { AuthLevel::INTEGRITY } else { AuthLevel::PRIVACY };
        [self.sealer.provider().0, level.0, pad, 0, 0, 0, 0, 0]
    }

    fn finish(mut self) {
        self.connection.finish(&mut self.kept, &mut around(&mut self.objects));
        let mut out = Vec::new();
        for exchange in &self.kept.0 {
            write_msrpc(
                exchange,
                ProtocolSequence::Tcp,
                None,
                Time::default(),
                &mut sidewire_eve::Object::new(&mut out),
            );
            out.clear();
        }
    }
}

fn around(objects: &mut ObjectTable) -> RpcContext<'_> {
    let end = |last, port| Endpoint { address: [10, 0, 0, last].into(), port };
    let (client, server) = (end(1, 50_000), end(2, 135));
    RpcContext {
        objects,
        time: Time::default(),
        client,
        server,
        session: None,
        pipe: None,
        share: None,
        client_hint: None,
    }
}

/// Header of a PDU with so many octets between it and its trailer, and so many in its token.
fn header(pdu_type: PduType, flags: u8, call_id: u32, body: usize, token: usize) -> Vec<u8> {
    let trailer = if token == 0 { 0 } else { TRAILER };
    let [length, token] =
        [16 + body + trailer + token, token].map(|n| u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes());
    let call_id = call_id.to_le_bytes();
    [&[5, 0, pdu_type.0, flags, 0x10, 0, 0, 0][..], &length, &token, &call_id].concat()
}

/// What a bind offers: one of the interfaces there are, under the lower octet of its number.
fn offer(chosen: u16) -> Vec<u8> {
    let all = interfaces::all();
    let uuid = all.get(usize::from(chosen) % all.len().max(1)).map(|known| known.uuid).unwrap_or_default();
    let [_, context] = chosen.to_be_bytes();
    let interface = uuid.to_wire(ByteOrder::Little);
    let syntax = TransferSyntax::NDR32.to_wire(ByteOrder::Little);
    [&FRAGMENTS[..], &[1, 0, 0, 0, context, 0, 1, 0], &interface, &[0; 4], &syntax, &[2, 0, 0, 0]].concat()
}

/// What answers it.
fn acceptance() -> Vec<u8> {
    let syntax = TransferSyntax::NDR32.to_wire(ByteOrder::Little);
    let no_address = [0; 4];
    [&FRAGMENTS[..], &no_address, &[1, 0, 0, 0, 0, 0, 0, 0], &syntax, &[2, 0, 0, 0]].concat()
}

/// Greatest fragments, and association group, of a bind and of its answer.
const FRAGMENTS: [u8; 8] = [0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_calls_are_opened() {
        for way in [SealingMethod::Ntlm, SealingMethod::KerberosAes, SealingMethod::KerberosRc4] {
            let mut ends = SealedEnds::new(way).unwrap();
            ends.bind(usize::MAX);
            for piece in [&[0, 0, 5, 3, 0, 4, 1, 2, 3, 4][..], &[1, 0x80, 5, 3, 0, 4, 0, 0, 0, 0]] {
                ends.pdu(&mut Cursor::new(piece)).unwrap();
            }
            let call = ends.kept.0.iter().find(|exchange| exchange.opnum == Some(3)).unwrap();
            assert!(call.is_opened(), "{way:?}");
            assert_eq!((call.request.stub(), call.result()), (&[1, 2, 3, 4][..], Some(0)));
        }
    }
}
