//! Conversations whose bind was not seen.

use core::net::SocketAddr;

use sidewire_base::Direction::{self, ToClient, ToServer};
use sidewire_base::Endpoint;

use super::*;
use crate::interfaces::known;
use crate::testing::{FIRST, KeptExchanges, LAST, around, bind, pdu, request, response};
use crate::{ObjectTable, PduType, RpcLimits, Uuid};

const ALL: u8 = FIRST | LAST;
const PORT: u16 = 49_700;
const HANDLE: [u8; 20] = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// A connection at a place, and what came of it.
struct Talk {
    connection: RpcConnection,
    kept: KeptExchanges,
    objects: ObjectTable,
    pipe: Option<&'static str>,
    port: u16,
}

impl Talk {
    fn at(port: u16, pipe: Option<&'static str>) -> Self {
        let (connection, objects) = (RpcConnection::new(RpcLimits::default()), ObjectTable::default());
        Self { connection, kept: KeptExchanges::default(), objects, pipe, port }
    }

    fn says(&mut self, direction: Direction, octets: &[u8]) -> &mut Self {
        let Self { connection, kept, objects, pipe, port } = self;
        let mut around = RpcContext { pipe: pipe.map(str::as_bytes), ..around(objects) };
        around.server = Endpoint { port: *port, ..around.server };
        connection.message(direction, octets, kept, &mut around);
        self
    }

    fn ends(&mut self) -> &mut Self {
        self.connection.finish(&mut self.kept, &mut around(&mut self.objects));
        self
    }

    fn known(&self, call: usize) -> Option<(Uuid, InterfaceOrigin)> {
        let exchange = &self.kept.exchanges[call];
        assert!(!exchange.undecided || exchange.interface.is_none());
        exchange.interface.map(|interface| (interface.id.uuid, interface.known))
    }
}

fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let count = u32::try_from(units.len()).unwrap().to_le_bytes();
    let mut out = [count, [0; 4], count].concat();
    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// ROpenServiceW, and its answer.
fn open_service(call_id: u32) -> [(Direction, Vec<u8>); 2] {
    let stub = [HANDLE.to_vec(), text("winmgmt"), vec![0xff, 1, 15, 0]].concat();
    let answer = [HANDLE.to_vec(), vec![0; 4]].concat();
    [(ToServer, request(ALL, call_id, 0, 16, &stub)), (ToClient, response(ALL, call_id, 0, &answer))]
}

/// A PDU at level privacy whose stub has so many octets.
fn sealed(pdu_type: PduType, call_id: u32, opnum: u16, size: usize) -> Vec<u8> {
    let pad = size.next_multiple_of(16) - size;
    let mut body = vec![0; 4];
    body.extend([0, 0]);
    body.extend(if pdu_type == PduType::REQUEST { opnum } else { 0 }.to_le_bytes());
    body.extend((0..size + pad).map(|octet| u8::try_from(octet * 37 % 251).unwrap_or(0)));
    body.extend([9, 6, u8::try_from(pad).unwrap(), 0, 0, 0, 0, 0]);
    body.extend([7; 16]);
    let mut out = pdu(pdu_type, ALL, call_id, &body);
    out[10] = 16;
    out
}

fn sealed_call(talk: &mut Talk, call_id: u32, opnum: u16, sizes: (usize, usize)) {
    talk.says(ToServer, &sealed(PduType::REQUEST, call_id, opnum, sizes.0));
    talk.says(ToClient, &sealed(PduType::RESPONSE, call_id, opnum, sizes.1));
}

#[test]
fn a_pipe_names_its_interface_with_the_first_call() {
    let mut talk = Talk::at(445, Some("SVCCTL"));
    sealed_call(&mut talk, 1, 64, (8 + 52, 24));
    assert_eq!(talk.known(0), Some((known::SVCCTL, InterfaceOrigin::Inferred(InterfaceEvidence::Pipe))));
    let mut talk = Talk::at(445, Some("svcctl"));
    sealed_call(&mut talk, 1, 1, (20, 32));
    assert_eq!(talk.ends().known(0), None, "a size that the procedure does not have");
}

#[test]
fn of_the_interfaces_of_one_pipe_signatures_tell() {
    // NDR: a pointer, a name, attributes, an access. The number is LsarOpenPolicy2, and SamrDeleteUser has none like it.
    let mut stub = [vec![0, 0, 2, 0], text(r"\\dc1")].concat();
    stub.extend([24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    let mut talk = Talk::at(445, Some("samr"));
    talk.says(ToServer, &request(ALL, 1, 0, 44, &stub));
    assert_eq!(talk.known(0), Some((known::LSARPC, InterfaceOrigin::Inferred(InterfaceEvidence::Pipe))));
    assert!(talk.kept.exchanges[0].arguments.text("system_name").is_some(), "and are read");
}

#[test]
fn where_nothing_is_known_of_the_place_arguments_tell_and_reach_back() {
    let mut talk = Talk::at(PORT, None);
    talk.says(ToServer, &request(ALL, 1, 0, 0, &HANDLE));
    talk.says(ToClient, &response(ALL, 1, 0, &[HANDLE.to_vec(), vec![0; 4]].concat()));
    assert!(talk.kept.exchanges[0].undecided, "closing a handle is what many do");
    for (direction, octets) in open_service(2).iter().chain(&open_service(3)) {
        talk.says(*direction, octets);
    }
    let create = [
        HANDLE.to_vec(),
        text("kfpzq"),
        vec![0; 4],
        [0x01ff_000f_u32, 16, 3, 0].iter().flat_map(|word| word.to_le_bytes()).collect(),
        text(r"%COMSPEC% /c echo"),
        vec![0; 28],
    ]
    .concat();
    talk.says(ToServer, &request(ALL, 4, 0, 12, &create));
    for call in 0..4 {
        assert_eq!(
            talk.known(call),
            Some((known::SVCCTL, InterfaceOrigin::Inferred(InterfaceEvidence::Stub))),
            "{call}"
        );
        assert!(!talk.kept.exchanges[call].undecided);
    }
    assert_eq!(talk.kept.exchanges[1].arguments.text("service_name"), Some("winmgmt"));
    assert_eq!(talk.kept.exchanges[3].command_line.as_deref(), Some("%COMSPEC% /c echo"));
    assert_eq!(talk.ends().objects.octets_unfinished(), 0);
}

#[test]
fn the_endpoint_mapper_ties_an_endpoint_and_its_process() {
    let endpoint = SocketAddr::new(around(&mut ObjectTable::default()).server.address, PORT);
    // Asked for the interface itself, or for another one of the same process.
    for tied in [known::DRSUAPI, known::NETLOGON] {
        let mut talk = Talk::at(PORT, None);
        talk.objects.tie(endpoint, tied);
        sealed_call(&mut talk, 2, 0, (80 + 52, 84));
        sealed_call(&mut talk, 3, 12, (134, 248));
        sealed_call(&mut talk, 4, 1, (20, 24));
        assert_eq!(
            talk.ends().known(1),
            Some((known::DRSUAPI, InterfaceOrigin::Inferred(InterfaceEvidence::Endpoint)))
        );
    }
}

#[test]
fn several_sealed_calls_tell_by_their_sizes() {
    let calls = [(15, (44, 24)), (16, (56, 24)), (6, (20, 32)), (1, (24, 32)), (0, (20, 24))];
    let mut talk = Talk::at(PORT, None);
    for (call_id, (opnum, sizes)) in (1..).zip(calls) {
        sealed_call(&mut talk, call_id, opnum, sizes);
    }
    assert_eq!(talk.ends().known(0), Some((known::SVCCTL, InterfaceOrigin::Inferred(InterfaceEvidence::Sizes))));
    let mut talk = Talk::at(PORT, None);
    sealed_call(&mut talk, 1, 0, (20, 24));
    assert_eq!(talk.ends().known(0), None, "one is not enough");
    assert!(!talk.kept.exchanges[0].undecided, "and is told all the same");
}

#[test]
fn an_interface_that_is_an_alarm_is_not_named_from_one_call() {
    let endpoint = SocketAddr::new(around(&mut ObjectTable::default()).server.address, PORT);
    let mut talk = Talk::at(PORT, None);
    talk.objects.tie(endpoint, known::MIMIKATZ);
    sealed_call(&mut talk, 1, 2, (60, 352));
    assert_eq!(talk.known(0), None);
    sealed_call(&mut talk, 2, 2, (50, 680));
    assert_eq!(talk.ends().known(0).map(|(uuid, _)| uuid), Some(known::MIMIKATZ));
}

#[test]
fn a_bind_goes_before_what_is_inferred() {
    let mut talk = Talk::at(PORT, None);
    talk.says(ToServer, &request(ALL, 1, 0, 0, &HANDLE));
    talk.says(ToServer, &bind(2, &[(0, known::SAMR, 1)]));
    for (direction, octets) in open_service(3) {
        talk.says(direction, &octets);
    }
    talk.ends();
    assert_eq!(talk.known(2), Some((known::SAMR, InterfaceOrigin::Bound)));
    assert_eq!(talk.known(0), None, "what came before the bind was of another context");
}

#[test]
fn what_is_held_is_bounded() {
    let (mut kept, mut objects) = (KeptExchanges::default(), ObjectTable::default());
    let limits = RpcLimits { unfinished_of_all: 100_000, unfinished_of_each: 0, ..RpcLimits::default() };
    let mut connections = Vec::new();
    for _ in 0..2000 {
        let mut connection = RpcConnection::new(limits);
        for call_id in 1..6 {
            let mut around = around(&mut objects);
            around.server.port = PORT;
            connection.message(ToServer, &request(ALL, call_id, 0, 0, &HANDLE), &mut kept, &mut around);
        }
        assert!(objects.octets_unfinished() <= 2 * 100_000);
        connections.push(connection);
    }
    let waiting = kept.exchanges.iter().filter(|exchange| exchange.undecided).count();
    assert!((1..=100_000 / CALL).contains(&waiting), "{waiting}");
    for connection in &mut connections {
        connection.finish(&mut kept, &mut around(&mut objects));
    }
    assert!(kept.exchanges.iter().all(|exchange| !exchange.undecided));
    drop(connections);
    assert_eq!(objects.octets_unfinished(), 0);
}
