//! Conversations of one connection.

use proptest::prelude::*;
use sidewire_base::Direction::{self, ToClient, ToServer};

use super::*;
use crate::testing::{FIRST, KeptExchanges, LAST, around, bind, bind_ack, pdu, request, response};
use crate::{AuthLevel, InterfaceOrigin, PduSecurity, Uuid};

const SVCCTL: Uuid = Uuid::literal("367abb81-9844-35f1-ad32-98f038001003");
const SAMR: Uuid = Uuid::literal("12345778-1234-abcd-ef00-0123456789ac");

/// Runs pieces of a conversation through a connection, as the engine does: what is not consumed comes again.
fn run(pieces: &[(Direction, &[u8])]) -> (KeptExchanges, RpcConnection) {
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let mut connection = RpcConnection::new(RpcLimits::default());
    let mut left = [Vec::new(), Vec::new()];
    for (direction, piece) in pieces {
        let waiting = &mut left[direction.index()];
        waiting.extend_from_slice(piece);
        let fed = connection.feed(*direction, waiting, false, &mut kept, &mut around(&mut objects));
        waiting.drain(..fed.consumed);
    }
    for direction in Direction::BOTH {
        let rest = &left[direction.index()];
        if !rest.is_empty() {
            connection.feed(direction, rest, true, &mut kept, &mut around(&mut objects));
        }
        connection.close(direction, &mut kept, &mut around(&mut objects));
    }
    connection.finish(&mut kept, &mut around(&mut objects));
    (kept, connection)
}

fn bound() -> Vec<(Direction, Vec<u8>)> {
    vec![(ToServer, bind(1, &[(0, SVCCTL, 2), (1, SAMR, 1)])), (ToClient, bind_ack(1, &[0, 2]))]
}

fn slices(pieces: &[(Direction, Vec<u8>)]) -> Vec<(Direction, &[u8])> {
    pieces.iter().map(|(direction, piece)| (*direction, piece.as_slice())).collect()
}

#[test]
fn a_call_is_named_by_the_bind() {
    let mut talk = bound();
    talk.push((ToServer, request(FIRST | LAST, 2, 0, 12, b"stub")));
    talk.push((ToClient, response(FIRST | LAST, 2, 0, &[1, 2, 3, 4, 0, 0, 0, 0])));
    let (kept, connection) = run(&slices(&talk));
    assert_eq!(connection.association_group(), 0x1234);
    let [negotiation, call] = &kept.exchanges[..] else { panic!("{kept:?}") };
    assert_eq!(negotiation.offers.iter().map(|offer| offer.result.unwrap().result).collect::<Vec<_>>(), [0, 2]);
    assert_eq!((call.interface_name(), call.procedure()), (Some("svcctl"), Some("RCreateServiceW")));
    assert_eq!(call.interface.unwrap().known, InterfaceOrigin::Bound);
    assert_eq!(call.result(), Some(0));
    assert_eq!((call.request.size, call.response.size), (4, 8));
    assert_eq!(kept.events, [RpcEvent::RefusedInterface]);
}

#[test]
fn a_rejected_context_names_nothing() {
    let mut talk = bound();
    talk.push((ToServer, request(FIRST | LAST, 2, 1, 5, b"")));
    let (kept, _) = run(&slices(&talk));
    assert_eq!(kept.exchanges[1].interface, None);
    assert_eq!(kept.events, [RpcEvent::RefusedInterface, RpcEvent::RejectedContext]);
}

#[test]
fn interleaved_fragments_are_put_together() {
    let mut talk = bound();
    for (flags, id, stub) in [(FIRST, 2, "ab"), (FIRST, 3, "AB"), (0, 2, "cd"), (LAST, 3, "CD"), (LAST, 2, "ef")] {
        talk.push((ToServer, request(flags, id, 0, 15, stub.as_bytes())));
    }
    let (kept, _) = run(&slices(&talk));
    let stubs: Vec<_> = kept.exchanges[1..].iter().map(|call| (call.request.stub(), call.request.fragments)).collect();
    assert_eq!(stubs, [(&b"abcdef"[..], 3), (b"ABCD", 2)]);
}

#[test]
fn a_flow_taken_backwards_is_still_read() {
    let mut talk = bound();
    talk.push((ToServer, request(FIRST | LAST, 2, 0, 19, b"")));
    let backwards: Vec<_> = talk.iter().map(|(direction, piece)| (direction.flip(), piece.as_slice())).collect();
    let (kept, connection) = run(&backwards);
    assert!(connection.is_reversed());
    assert_eq!(kept.exchanges[1].procedure(), Some("RStartServiceW"));
}

#[test]
fn a_request_captured_twice_is_one_call() {
    let mut talk = bound();
    let call = request(FIRST | LAST, 2, 0, 19, b"again");
    talk.extend([(ToServer, call.clone()), (ToServer, call)]);
    talk.push((ToClient, response(FIRST | LAST, 2, 0, &[0; 4])));
    let (kept, _) = run(&slices(&talk));
    assert_eq!(kept.exchanges.len(), 2);
    assert!(kept.exchanges[1].is_done());
}

#[test]
fn a_call_id_may_be_used_again_once_answered() {
    let mut talk = bound();
    for _ in 0..3 {
        talk.push((ToServer, request(FIRST | LAST, 1, 0, 19, b"same")));
        talk.push((ToClient, response(FIRST | LAST, 1, 0, &[0; 4])));
    }
    let (kept, _) = run(&slices(&talk));
    assert_eq!(kept.exchanges.len(), 4);
}

#[test]
fn reading_goes_on_at_the_next_pdu_behind_garbage() {
    let mut talk = bound();
    talk.push((ToServer, b"\x05\x00\xffgarbage\x05".to_vec()));
    talk.push((ToServer, request(FIRST | LAST, 2, 0, 19, b"")));
    let (kept, _) = run(&slices(&talk));
    assert_eq!(kept.events, [RpcEvent::RefusedInterface, RpcEvent::Garbage]);
    assert_eq!(kept.exchanges[1].opnum, Some(19));
}

#[test]
fn a_gap_inside_a_pdu_loses_no_other() {
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let mut connection = RpcConnection::new(RpcLimits::default());
    let long = request(FIRST | LAST, 2, 0, 12, &[5; 500]);
    let next = request(FIRST | LAST, 3, 0, 19, b"");
    connection.feed(ToServer, &bind(1, &[(0, SVCCTL, 2)]), false, &mut kept, &mut around(&mut objects));
    let fed = connection.feed(ToServer, &long[..100], false, &mut kept, &mut around(&mut objects));
    assert_eq!(fed, FedOctets { consumed: 0, need: long.len() });
    connection.gap(ToServer, 200, &mut kept, &mut around(&mut objects));
    let behind = [&long[300..], &next].concat();
    let fed = connection.feed(ToServer, &behind, false, &mut kept, &mut around(&mut objects));
    assert_eq!(fed.consumed, behind.len());
    assert_eq!(kept.events, [RpcEvent::Gap]);
    let [_, lossy, whole] = &kept.exchanges[..] else { panic!("{kept:?}") };
    assert_eq!((lossy.opnum, lossy.request.size, lossy.request.incomplete), (Some(12), 500, true));
    assert_eq!(lossy.request.readable(), None);
    assert_eq!((whole.opnum, whole.procedure()), (Some(19), Some("RStartServiceW")));
}

#[test]
fn a_call_without_its_first_fragment_is_a_call() {
    let (kept, _) = run(&[(ToServer, &request(LAST, 9, 3, 7, b"tail"))]);
    assert_eq!((kept.exchanges[0].opnum, kept.exchanges[0].request.incomplete), (Some(7), true));
    assert_eq!(kept.exchanges[0].interface, None);
}

#[test]
fn a_fault_has_its_status() {
    let mut talk = bound();
    talk.push((ToServer, request(FIRST | LAST, 2, 0, 99, b"")));
    talk.push((ToClient, pdu(PduType::FAULT, FIRST | LAST, 2, &[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x1c, 0, 0, 0, 0])));
    let (kept, _) = run(&slices(&talk));
    assert_eq!(kept.exchanges[1].fault, Some(0x1c01_0002));
    assert_eq!(crate::fault_name(0x1c01_0002), Some("nca_s_op_rng_error"));
}

#[test]
fn security_is_read_from_each_pdu() {
    let mut sealed = request(FIRST | LAST, 2, 0, 12, &[0xee; 12]);
    // Four octets of padding, a trailer of provider NTLM at level privacy, a token of four octets.
    sealed.extend([10, 6, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    let length = u16::try_from(sealed.len()).unwrap().to_le_bytes();
    sealed[8..10].copy_from_slice(&length);
    sealed[10] = 4;
    let mut talk = bound();
    talk.push((ToServer, sealed));
    talk.push((ToServer, request(FIRST | LAST, 3, 0, 12, b"clear")));
    let (kept, _) = run(&slices(&talk));
    let [_, sealed, clear] = &kept.exchanges[..] else { panic!("{kept:?}") };
    assert_eq!(sealed.auth, Some(PduSecurity { provider: crate::AuthType(10), level: AuthLevel::PRIVACY }));
    assert_eq!((sealed.request.size, sealed.request.size_with_trailers), (8, 24));
    assert_eq!(sealed.request.readable(), None);
    assert_eq!(clear.auth, None);
    assert_eq!(clear.request.readable(), Some(&b"clear"[..]));
}

#[test]
fn hostile_counts_are_bounded() {
    let limits =
        RpcLimits { stub: 64, unfinished: 128, calls: 4, contexts: 8, contexts_of_all: 0, ..RpcLimits::default() };
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let mut connection = RpcConnection::new(limits);
    for round in 0..100_u16 {
        let offers: Vec<_> = (0..40).map(|n| (round * 40 + n, SVCCTL, 2)).collect();
        connection.feed(ToServer, &bind(1, &offers), false, &mut kept, &mut around(&mut objects));
        let call = request(FIRST, 1000 + u32::from(round), 0, 1, &[7; 100]);
        connection.feed(ToServer, &call, false, &mut kept, &mut around(&mut objects));
    }
    assert_eq!(connection.contexts.len(), 8);
    assert_eq!(connection.in_flight.len(), 4);
    assert!(connection.held.octets() <= limits.unfinished);
    assert!(kept.exchanges.iter().all(|call| call.request.stub().len() <= limits.stub));
    for event in [RpcEvent::TooManyCalls, RpcEvent::TooManyContexts, RpcEvent::StubTooLong] {
        assert!(kept.events.contains(&event), "{event:?}");
    }
}

#[test]
fn no_number_of_contexts_hides_the_one_in_use() {
    let decoys: Vec<Vec<_>> =
        (0..40_u16).map(|round| (0..50).map(|n| (100 + round * 50 + n, SAMR, 1)).collect()).collect();
    let named = |limits, called_before: bool| {
        let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
        let mut connection = RpcConnection::new(limits);
        let mut feed = |pdu: &[u8]| {
            connection.feed(ToServer, pdu, false, &mut kept, &mut around(&mut objects));
        };
        feed(&bind(1, &[(7, SVCCTL, 2)]));
        if called_before {
            feed(&request(FIRST | LAST, 2, 7, 15, b""));
        }
        decoys.iter().for_each(|offers| feed(&bind(3, offers)));
        feed(&request(FIRST | LAST, 4, 7, 12, b""));
        kept.exchanges.last().unwrap().interface.map(|interface| interface.id.uuid)
    };
    assert_eq!(named(RpcLimits::default(), false), Some(SVCCTL));
    // Where all connections together have too many, what was called stays.
    let scarce = RpcLimits { contexts_of_all: 0, ..RpcLimits::default() };
    assert_eq!(named(scarce, true), Some(SVCCTL));
}

#[test]
fn many_connections_together_are_bounded() {
    let limits = RpcLimits { unfinished_of_all: 1000, unfinished_of_each: 0, ..RpcLimits::default() };
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let mut connections: Vec<_> = (0..20).map(|_| RpcConnection::new(limits)).collect();
    for (number, connection) in connections.iter_mut().enumerate() {
        let call = request(FIRST, 2, 0, 1, &[7; 100]);
        connection.feed(ToServer, &call, false, &mut kept, &mut around(&mut objects));
        // Of the half PDU on a pipe, that there was one is kept; its octets are not.
        connection.message(ToClient, &call[..60], &mut kept, &mut around(&mut objects));
        assert!(objects.octets_unfinished() <= 1000, "{number}");
    }
    assert_eq!(kept.exchanges.last().unwrap().request.stub(), b"");
    assert!(kept.events.contains(&RpcEvent::StubTooLong) && kept.events.contains(&RpcEvent::Garbage));
    connections.truncate(10);
    connections.iter_mut().for_each(|connection| connection.finish(&mut kept, &mut around(&mut objects)));
    drop(connections);
    assert_eq!(objects.octets_unfinished(), 0);
}

#[test]
fn forged_connections_do_not_have_the_calls_of_others_unread() {
    let limits = RpcLimits { unfinished_of_all: 100_000, ..RpcLimits::default() };
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let forged: Vec<_> = (0..100)
        .map(|_| {
            let mut connection = RpcConnection::new(limits);
            let never_ends = request(FIRST, 2, 0, 1, &[7; 1400]);
            connection.feed(ToServer, &never_ends, false, &mut kept, &mut around(&mut objects));
            connection
        })
        .collect();
    let call = request(FIRST | LAST, 2, 0, 1, &[8; 4000]);
    RpcConnection::new(limits).feed(ToServer, &call, false, &mut kept, &mut around(&mut objects));
    assert_eq!(kept.exchanges.last().unwrap().request.stub().len(), 4000);
    drop(forged);
    assert_eq!(objects.octets_unfinished(), 0);
}

fn conversation() -> Vec<(Direction, Vec<u8>)> {
    let mut talk = bound();
    talk.push((ToServer, request(FIRST | LAST, 2, 0, 15, &[5, 0, 0, 3, 0x10, 0, 0, 0])));
    talk.push((ToServer, request(FIRST, 3, 0, 12, &[1; 300])));
    talk.push((ToServer, request(FIRST | LAST, 4, 0, 19, b"between")));
    talk.push((ToServer, request(LAST, 3, 0, 12, &[2; 20])));
    for id in [2, 4] {
        talk.push((ToClient, response(FIRST | LAST, id, 0, &[0; 24])));
    }
    talk.push((ToClient, response(FIRST, 3, 0, &[9; 40])));
    talk.push((ToClient, response(LAST, 3, 0, &[0; 4])));
    talk
}

fn told(kept: &KeptExchanges) -> Vec<String> {
    kept.exchanges.iter().map(|exchange| format!("{exchange:?}")).collect()
}

proptest! {
    #[test]
    fn any_segmentation_gives_the_same_calls(cuts in proptest::collection::vec(1_usize..70, 1..60)) {
        let talk = conversation();
        let (whole, _) = run(&slices(&talk));
        let mut cuts = cuts.into_iter().cycle();
        let mut pieces = Vec::new();
        for (direction, piece) in &talk {
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                pieces.push((*direction, now));
                rest = later;
            }
        }
        let (cut, _) = run(&pieces);
        prop_assert_eq!(told(&whole), told(&cut));
    }

    #[test]
    fn pipes_give_the_same_calls_as_streams(cuts in proptest::collection::vec(1_usize..90, 1..40)) {
        let talk = conversation();
        let (whole, _) = run(&slices(&talk));
        let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
        let mut connection = RpcConnection::new(RpcLimits::default());
        let mut cuts = cuts.into_iter().cycle();
        for (direction, piece) in &talk {
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                connection.message(*direction, now, &mut kept, &mut around(&mut objects));
                rest = later;
            }
        }
        connection.finish(&mut kept, &mut around(&mut objects));
        prop_assert_eq!(told(&whole), told(&kept));
    }

    #[test]
    fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..600, way in any::<bool>()) {
        let talk: Vec<u8> = conversation().into_iter().flat_map(|(_, piece)| piece).collect();
        let mut damaged = talk;
        let at = at.min(damaged.len());
        damaged.splice(at..(at + octets.len() / 2).min(damaged.len()), octets);
        let direction = if way { ToServer } else { ToClient };
        run(&[(direction, &damaged)]);
    }
}

/// Adds a security trailer of a context, and its token, to a PDU.
fn authenticated(mut pdu: Vec<u8>, level: u8, context: u32, token: &[u8]) -> Vec<u8> {
    pdu.extend([10, level, 0, 0]);
    pdu.extend(context.to_le_bytes());
    pdu.extend(token);
    let length = u16::try_from(pdu.len()).unwrap();
    pdu[8..10].copy_from_slice(&length.to_le_bytes());
    pdu[10..12].copy_from_slice(&u16::try_from(token.len()).unwrap().to_le_bytes());
    pdu
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// An NTLM authenticate message that names an account.
fn ntlm(domain: &str, user: &str, host: &str) -> Vec<u8> {
    let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
    let parts =
        [String::new(), String::new(), domain.into(), user.into(), host.into(), String::new()].map(|part| wide(&part));
    let mut offset = 64_u32;
    for part in &parts {
        let length = u16::try_from(part.len()).unwrap();
        message.extend([length.to_le_bytes(), length.to_le_bytes()].concat());
        message.extend(offset.to_le_bytes());
        offset += u32::from(length);
    }
    message.extend(1_u32.to_le_bytes());
    message.extend(parts.concat());
    message
}

#[test]
fn a_call_is_made_as_the_account_of_its_security_context() {
    let auth3 = |context, user| {
        authenticated(pdu(PduType::AUTH3, FIRST | LAST, 1, &[0; 4]), 5, context, &ntlm("CORP", user, "WS1"))
    };
    let mut talk = bound();
    talk.push((ToServer, auth3(7, "alice")));
    talk.push((ToServer, auth3(8, "bob")));
    for context in [8, 7, 9] {
        talk.push((ToServer, authenticated(request(FIRST | LAST, context, 0, 15, &[0; 4]), 5, context, &[0; 16])));
    }
    let (kept, _) = run(&slices(&talk));
    let users: Vec<_> =
        kept.exchanges[1..].iter().map(|call| call.principal.as_ref().map(|of| of.user.as_deref().unwrap())).collect();
    assert_eq!(users, [Some("bob"), Some("alice"), None]);
    let alice = kept.exchanges[2].principal.as_deref().unwrap();
    assert_eq!((alice.domain.as_deref(), alice.workstation.as_deref()), (Some("CORP"), Some("WS1")));
}

#[test]
fn a_client_that_named_itself_is_known_in_its_whole_association() {
    const LOGIN: Uuid = Uuid::literal("d4781cd6-e5d3-44df-ad94-930efe48a887");
    const SERVICES: Uuid = Uuid::literal("9556dc99-828c-11cf-a37e-00aa003240c7");
    let mut stub = [5, 0, 7, 0].to_vec();
    stub.extend([0; 28]);
    let name = wide("WS1\0");
    stub.extend([1_u32, 4, 0, 4].iter().flat_map(|word| word.to_le_bytes()));
    stub.extend(&name);
    stub.extend(6120_u32.to_le_bytes());
    stub.extend([0; 4]);
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let mut feed = |pieces: &[(Direction, Vec<u8>)], port| {
        let mut connection = RpcConnection::new(RpcLimits::default());
        for (direction, piece) in pieces {
            let mut around = around(&mut objects);
            around.client.port = port;
            connection.feed(*direction, piece, false, &mut kept, &mut around);
        }
    };
    let ack = |group: u8| {
        let mut ack = bind_ack(1, &[0]);
        ack[20] = group;
        (ToClient, ack)
    };
    let sealed = |id| (ToServer, authenticated(request(FIRST | LAST, id, 0, 24, &[9; 40]), 6, 0, &[0; 16]));
    feed(&[(ToServer, bind(1, &[(0, LOGIN, 0)])), ack(1), (ToServer, request(FIRST | LAST, 2, 0, 3, &stub))], 50_000);
    feed(&[(ToServer, bind(1, &[(0, SERVICES, 0)])), ack(1), sealed(3)], 50_001);
    feed(&[(ToServer, bind(1, &[(0, SERVICES, 0)])), ack(2), sealed(4)], 50_002);
    let clients: Vec<_> = kept
        .exchanges
        .iter()
        .filter(|call| call.is_call())
        .map(|call| {
            let client = call.dcom.as_ref().unwrap().client.as_ref();
            client.map(|client| (client.host.as_deref(), client.pid))
        })
        .collect();
    assert_eq!(clients, [Some((Some("WS1"), Some(6120))), Some((Some("WS1"), Some(6120))), None]);
}

#[test]
fn an_answer_that_was_captured_first_finds_its_request() {
    let mut talk = vec![(ToServer, bind(1, &[(0, SVCCTL, 2)])), (ToClient, bind_ack(1, &[0]))];
    for call_id in [2, 3] {
        talk.push((ToClient, response(FIRST | LAST, call_id, 0, &[0; 4])));
        talk.push((ToServer, request(FIRST | LAST, call_id, 0, 12, b"stub")));
    }
    // This one's request is lost: the next request is another call's.
    talk.push((ToClient, response(FIRST | LAST, 4, 0, &[0; 4])));
    talk.push((ToServer, request(FIRST | LAST, 5, 0, 19, b"")));
    talk.push((ToClient, response(FIRST | LAST, 5, 0, &[0; 4])));
    let (kept, _) = run(&slices(&talk));
    let calls: Vec<_> = kept.exchanges[1..].iter().map(|call| (call.call_id, call.opnum, call.result())).collect();
    assert_eq!(calls, [(2, Some(12), Some(0)), (3, Some(12), Some(0)), (4, None, None), (5, Some(19), Some(0))]);
    assert!(kept.exchanges.iter().all(RpcExchange::is_done));
}

#[test]
fn what_a_bind_asked_for_in_vain_is_told() {
    let told = |answer: Vec<u8>| {
        let talk = [(ToServer, bind(1, &[(0, SVCCTL, 2), (1, SVCCTL, 2), (2, SAMR, 1)])), (ToClient, answer)];
        let (kept, _) = run(&slices(&talk));
        let exchange = &kept.exchanges[0];
        let refused: Vec<_> = exchange.refused().map(|(id, why)| (id.uuid, why.name())).collect();
        assert_eq!(exchange.is_told(), !refused.is_empty());
        let raised = kept.events.contains(&RpcEvent::RefusedInterface);
        assert_eq!(raised, !refused.is_empty());
        refused
    };
    // One of two syntaxes is as much as a server accepts.
    assert_eq!(told(bind_ack(1, &[0, 2, 0])), []);
    assert_eq!(told(bind_ack(1, &[2, 0, 2])), [(SAMR, Some("reason_not_specified"))]);
    let both = [(SVCCTL, Some("reason_not_specified")), (SAMR, Some("reason_not_specified"))];
    assert_eq!(told(bind_ack(1, &[2, 2, 1])), both);
    let nak = pdu(PduType::BIND_NAK, FIRST | LAST, 1, &[8, 0, 1, 5, 0, 0]);
    let why = Some("authentication_type_not_recognized");
    assert_eq!(told(nak), [(SVCCTL, why), (SAMR, why)]);
}
