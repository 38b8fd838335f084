//! Conversations, cut anyhow, and hostile ones.

mod messages;

use proptest::prelude::*;
use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{
    FromEveOptions as _, FromSettings as _, ParseContext, ParseInput, Protocol as _, ProtocolSettings, Session as _,
    Transactions, Value,
};
use sidewire_base::{BufferId, Direction, PerDirection};
use sidewire_eve::Object;

use messages::*;

use super::event::SmbEvent;
use super::kinds::EveSmbOptions;
use super::limits::SmbLimits;
use super::stage::BOTH_COMPLETE;
use super::transaction::TxDetail;
use super::wire2::command;
use super::{SmbSession, SmbTransaction};
use crate::fuzz;

struct Outcome {
    eve: Vec<String>,
    events: Vec<&'static str>,
    session: SmbSession,
    transactions: Transactions<SmbTransaction>,
    /// Most octets that had to be kept for the session at once.
    kept: usize,
}

struct Player {
    session: SmbSession,
    transactions: Transactions<SmbTransaction>,
    harness: ParseHarness,
    offsets: PerDirection<u64>,
    buffers: PerDirection<Vec<u8>>,
    needs: PerDirection<usize>,
    midstream: bool,
    kept: usize,
}

impl Player {
    fn new(settings: &[(&str, &str)]) -> Self {
        let settings = ProtocolSettings::new(settings.iter().copied());
        Self {
            session: SmbSession::new(SmbLimits::from_settings(&settings, &[])),
            transactions: Transactions::new(BOTH_COMPLETE),
            harness: ParseHarness::to_port(445),
            offsets: PerDirection::default(),
            buffers: Default::default(),
            needs: PerDirection::default(),
            midstream: false,
            kept: 0,
        }
    }

    fn with<R>(
        &mut self,
        act: impl FnOnce(&mut SmbSession, &mut Transactions<SmbTransaction>, &mut ParseContext<'_>) -> R,
    ) -> R {
        self.harness.midstream = self.midstream;
        act(&mut self.session, &mut self.transactions, &mut self.harness.context())
    }

    fn feed(&mut self, direction: Direction, octets: &[u8], last: bool) {
        let mut data = core::mem::take(&mut self.buffers[direction]);
        data.extend(octets);
        if last || data.len() >= self.needs[direction].max(1) {
            let offset = self.offsets[direction];
            let step = self
                .with(|session, transactions, context| {
                    session.parse(direction, ParseInput { data: &data, offset, last }, transactions, context)
                })
                .unwrap();
            data.drain(..step.consumed);
            self.offsets[direction] += step.consumed as u64;
            self.needs[direction] = step.need;
        }
        self.kept = self.kept.max(data.len());
        self.buffers[direction] = data;
    }

    fn gap(&mut self, direction: Direction, length: u64) {
        self.offsets[direction] += core::mem::take(&mut self.buffers[direction]).len() as u64 + length;
        self.needs[direction] = 0;
        self.with(|session, transactions, context| session.gap(direction, length, transactions, context)).unwrap();
    }

    fn finish(mut self) -> Outcome {
        for direction in Direction::BOTH {
            self.feed(direction, &[], true);
            self.with(|session, transactions, context| session.close(direction, transactions, context));
        }
        let options = EveSmbOptions::from_options(&ProtocolSettings::default(), &ProtocolSettings::default());
        let mut eve = Vec::new();
        for slot in self.transactions.iter() {
            for logger in SmbSession::LOGGERS {
                if (logger.ready)(&slot.head, &slot.tx, true) {
                    let mut out = Vec::new();
                    (logger.write)(&slot.tx, &slot.head, &options, &mut Object::new(&mut out));
                    eve.push(String::from_utf8(out).unwrap());
                }
            }
        }
        let events = self.transactions.iter().flat_map(|slot| slot.head.events.iter());
        let events = events.map(|event| SmbEvent::EVENTS[event.index()].name).collect();
        Outcome { eve, events, session: self.session, transactions: self.transactions, kept: self.kept }
    }
}

/// Plays a conversation in pieces of at most this many octets.
fn play_cut(script: &Script, settings: &[(&str, &str)], mut piece: impl FnMut() -> usize) -> Outcome {
    let mut player = Player::new(settings);
    for (direction, octets) in script {
        let mut rest = &octets[..];
        while !rest.is_empty() {
            let (first, behind) = rest.split_at(piece().clamp(1, rest.len()));
            player.feed(*direction, first, false);
            rest = behind;
        }
    }
    player.finish()
}

fn play(script: &Script) -> Outcome {
    play_cut(script, &[], || usize::MAX)
}

fn has(outcome: &Outcome, part: &str) -> bool {
    outcome.eve.iter().any(|line| line.contains(part))
}

#[test]
fn calls_on_a_pipe_are_followed_whatever_carries_them() {
    let outcome = play(&services());
    assert!(has(&outcome, r#""named_pipe":"\\\\dc1\\IPC$","share_type":"PIPE""#), "{:#?}", outcome.eve);
    assert!(has(&outcome, r#""command":"SMB2_COMMAND_CREATE","status":"STATUS_SUCCESS","status_code":"0x0""#));
    assert!(has(
        &outcome,
        r#""dcerpc":{"request":"BIND","response":"BINDACK","interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0","ack_result":0,"ack_reason":0}],"call_id":1}"#
    ));
    assert!(has(&outcome, r#""command":"SMB2_COMMAND_IOCTL","status":"STATUS_SUCCESS""#));
    assert!(has(
        &outcome,
        r#""opnum":15,"req":{"frag_cnt":1,"stub_data_size":24},"interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003","version":"2.0"}],"res":{"frag_cnt":1,"stub_data_size":40},"call_id":2}"#
    ));
    assert!(has(&outcome, r#"{"transport":"smb","pipe":"svcctl","call_id":3"#));
    assert_eq!(outcome.eve.iter().filter(|line| line.starts_with(r#"{"transport""#)).count(), 2);
    assert!(outcome.events.is_empty(), "{:?}", outcome.events);
    assert!(outcome.transactions.iter().all(|slot| slot.head.progress == BOTH_COMPLETE));
}

#[test]
fn rules_see_shares_users_and_calls() {
    let mut session = sidewire_app_layer::ProtocolSession::<SmbSession>::with_settings(&ProtocolSettings::default());
    let mut harness = ParseHarness::to_port(445);
    let mut offsets = PerDirection::default();
    for (direction, octets) in services() {
        let input = ParseInput { data: &octets, offset: offsets[direction], last: false };
        assert_eq!(session.parse(direction, input, &mut harness.context()).unwrap().consumed, octets.len());
        offsets[direction] += octets.len() as u64;
    }
    let row =
        |name: &str| SmbSession::BUFFERS.iter().position(|buffer| buffer.info.name == name).map(BufferId::at).unwrap();
    let bytes = |position: usize, name: &str| match session.value(position, row(name), Direction::ToServer, 0) {
        Value::Bytes(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    assert_eq!(bytes(0, "smb.named_pipe").as_deref(), Some(&br"\\dc1\IPC$"[..]));
    assert_eq!(bytes(0, "smb.share"), None);
    assert_eq!(bytes(1, "smb.filename").as_deref(), Some(&b"svcctl"[..]));
    assert_eq!(bytes(3, "dcerpc.stub_data").as_deref(), Some(&[1; 24][..]));
    // Without the eight octets behind the common header of an answer, which the same buffer has over TCP.
    let answer = session.value(3, row("dcerpc.stub_data"), Direction::ToClient, 0);
    assert!(matches!(answer, Value::Bytes(stub) if stub == [9; 40]), "{answer:?}");
    assert!(matches!(session.value(3, row("dcerpc.opnum"), Direction::ToServer, 0), Value::Uint(15)));
    assert!(matches!(session.value(3, row("dcerpc.iface"), Direction::ToServer, 0), Value::Interfaces([_])));
    assert!(matches!(session.value(3, row("smb.version"), Direction::ToServer, 0), Value::Uint(2)));
}

fn file_transfer() -> Script {
    [
        tree_connect(1, r"\\srv\ADMIN$", 1),
        create(2, "PSEXESVC.exe"),
        write(3, 0, &[b"MZ\x90\0".to_vec(), vec![7; 3000]].concat()),
        write(4, 3004, &[8; 500]),
        read(5, 0, 0, b"MZ"),
        close(6),
    ]
    .concat()
}

#[test]
fn files_are_measured_and_recognised() {
    let outcome = play(&file_transfer());
    let files: Vec<_> = outcome
        .transactions
        .iter()
        .filter_map(|slot| match &slot.tx.detail {
            TxDetail::File(file) => Some((file.direction, file.chunks.size(), file.is_executable())),
            _ => None,
        })
        .collect();
    assert_eq!(files, [(Direction::ToServer, 3504, true), (Direction::ToClient, 2, true)]);
    assert!(has(
        &outcome,
        r#""filename":"PSEXESVC.exe","share":"\\\\srv\\ADMIN$","fuid":"07070707-0707-0707-0707-070707070707""#
    ));
}

#[test]
fn large_writes_are_not_kept() {
    let data = vec![0x55; 1 << 20];
    let script = [tree_connect(1, r"\\srv\c", 1), create(2, "big"), write(3, 0, &data), close(4)].concat();
    let outcome = play_cut(&script, &[], || 1460);
    assert!(outcome.kept < 2048, "kept {}", outcome.kept);
    assert!(has(&outcome, r#""filename":"big""#));
}

#[test]
fn related_commands_take_over_the_file_before() {
    let mut first = smb2(command::CREATE, 2, None, &create_body("gone.txt"));
    first.resize(first.len().next_multiple_of(8), 0);
    let next = first.len() as u32;
    first[20..24].copy_from_slice(&next.to_le_bytes());
    let mut set = vec![33, 0, 1, 13];
    set.extend(1_u32.to_le_bytes());
    set.extend(96_u16.to_le_bytes());
    set.resize(16, 0);
    set.extend([0xff; 16]);
    set.push(1);
    let mut second = smb2(command::SET_INFO, 3, None, &set);
    second[16] |= 4;
    second[36..48].fill(0xff);
    let script = [
        tree_connect(1, r"\\srv\c", 1),
        vec![(Direction::ToServer, netbios(&[first, second].concat()))],
        vec![answer(command::CREATE, 2, 0, &created_body()), answer(command::SET_INFO, 3, 0, &[2, 0])],
    ]
    .concat();
    let outcome = play(&script);
    assert!(
        has(
            &outcome,
            r#""command":"SMB2_COMMAND_SET_INFO","status":"STATUS_SUCCESS","status_code":"0x0","session_id":4398046511105,"tree_id":5,"filename":"gone.txt","access":"delete on close""#
        ),
        "{:#?}",
        outcome.eve
    );
}

#[test]
fn goes_on_behind_a_gap() {
    let script = services();
    let mut player = Player::new(&[]);
    for (number, (direction, octets)) in script.iter().enumerate() {
        match number {
            // The bind is cut in its middle, its answer is lost as a whole.
            4 => {
                player.feed(*direction, &octets[..120], false);
                player.gap(*direction, octets.len() as u64 - 120);
            }
            7 => player.gap(*direction, octets.len() as u64),
            _ => player.feed(*direction, octets, false),
        }
    }
    let outcome = player.finish();
    assert!(has(&outcome, r#""request":"REQUEST","response":"RESPONSE","opnum":15"#), "{:#?}", outcome.eve);
    assert!(has(&outcome, r#""command":"SMB2_COMMAND_CLOSE","status":"STATUS_SUCCESS""#));
}

#[test]
fn a_capture_may_begin_inside_a_message() {
    let script = services();
    let mut player = Player::new(&[]);
    player.midstream = true;
    let (direction, octets) = &script[8];
    player.feed(*direction, &octets[40..], false);
    for (direction, octets) in &script[8..] {
        player.feed(*direction, octets, false);
    }
    let outcome = player.finish();
    assert!(outcome.events.is_empty(), "{:?}", outcome.events);
    assert!(has(&outcome, r#""dialect":"unknown","command":"SMB2_COMMAND_IOCTL""#), "{:#?}", outcome.eve);
    assert!(has(&outcome, r#"{"transport":"smb","call_id":2"#), "no pipe name is made up");
}

#[test]
fn encryption_is_said_once() {
    let mut transform = b"\xfdSMB".to_vec();
    transform.resize(44, 0);
    transform.extend(SESSION.to_le_bytes());
    transform.extend([0xaa; 100]);
    let script = vec![(Direction::ToServer, netbios(&transform)), (Direction::ToClient, netbios(&transform))];
    let outcome = play(&script);
    assert_eq!((outcome.transactions.len(), outcome.eve.len()), (1, 0));
    assert!(matches!(outcome.transactions.at(0).unwrap().tx.detail, TxDetail::Encrypted));
}

#[test]
fn odd_messages_are_events() {
    let outcome = play(&vec![ask(command::CREATE, 1, &[57, 0, 0, 0])]);
    assert_eq!(outcome.events, ["malformed_data"]);
    let mut script = tree_connect(1, r"\\srv\c", 1);
    script.push((Direction::ToServer, script[1].1.clone()));
    assert_eq!(play(&script).events, ["response_to_server"]);
    let script = [create(1, "f"), write(2, 0, &[0; 10]), write(3, 5, &[0; 10])].concat();
    assert_eq!(play(&script).events, ["file_overlap"]);
    let script = [create(1, "f"), write(2, 0, &[0; 100])].concat();
    assert_eq!(play_cut(&script, &[("max-write-size", "50")], || usize::MAX).events, ["write_request_too_large"]);
}

#[test]
fn a_flood_of_requests_is_bounded() {
    let script: Script = (0..5000_u64)
        .flat_map(|id| [ask(command::CREATE, id, &create_body("x")), ask(command::TREE_CONNECT, id, &[0; 4])])
        .collect();
    let outcome = play(&script);
    let open = outcome.transactions.iter().filter(|slot| slot.head.progress.to_client == 0).count();
    assert!(open <= 1025, "{open} open");
    assert_eq!(outcome.events.iter().filter(|event| **event == "too_many_transactions").count(), 1);
    assert!(outcome.session.opens.len() <= 1024 && outcome.session.asked.len() <= 1024);
    assert!(outcome.session.evicted() > 3000);
    assert_eq!(SmbEvent::EVENTS[SmbEvent::TooManyTransactions as usize].name, "too_many_transactions");
}

fn smb1(command: u8, multiplex: u16, response: bool, words: &[u8], data: &[u8]) -> (Direction, Vec<u8>) {
    let mut out = vec![0xff, b'S', b'M', b'B', command, 0, 0, 0, 0, if response { 0x80 } else { 0 }, 0, 0x40];
    out.resize(24, 0);
    out.extend([9, 0, 1, 0, 8, 0]);
    out.extend(multiplex.to_le_bytes());
    out.push((words.len() / 2) as u8);
    out.extend(words);
    out.extend((data.len() as u16).to_le_bytes());
    out.extend(data);
    (if response { Direction::ToClient } else { Direction::ToServer }, netbios(&out))
}

/// TRANSACTION words: counts and places of data after `place`, then the setup.
fn trans_words(length: usize, place: u16, setup: &[u8]) -> Vec<u8> {
    let mut words = vec![0; 22];
    words.extend((length as u16).to_le_bytes());
    words.extend(place.to_le_bytes());
    words.extend([(setup.len() / 2) as u8, 0]);
    words.extend(setup);
    words
}

#[test]
fn smb1_pipes_are_followed_too() {
    let mut created = vec![0xff, 0, 0, 0, 0, 0x34, 0x12];
    created.resize(68, 0);
    let mut asked = vec![0xff, 0, 0, 0];
    asked.resize(48, 0);
    let mut answered = vec![0, 0];
    let ack = bind_ack();
    answered.extend((ack.len() as u16).to_le_bytes());
    answered.resize(12, 0);
    answered.extend((ack.len() as u16).to_le_bytes());
    answered.extend(55_u16.to_le_bytes());
    answered.extend([0, 0, 0, 0]);
    let words = trans_words(bind().len(), 67, &[0x26, 0, 0x34, 0x12]);
    let script = vec![
        smb1(0x75, 1, false, &[0xff, 0, 0, 0, 0, 0, 1, 0], b"\0\\\\srv\\IPC$\0?????\0"),
        smb1(0x75, 1, true, &[0xff, 0, 0, 0, 0, 0], b"IPC\0\0"),
        smb1(0xa2, 2, false, &asked, b"\\svcctl\0"),
        smb1(0xa2, 2, true, &created, &[]),
        smb1(0x25, 3, false, &words, &bind()),
        smb1(0x25, 3, true, &answered, &ack),
    ];
    let outcome = play(&script);
    assert!(
        has(&outcome, r#""named_pipe":"\\srv\\IPC$","service":{"request":"?????","response":"IPC"}"#),
        "{:#?}",
        outcome.eve
    );
    assert!(has(&outcome, r#""filename":"\\svcctl""#));
    assert!(has(&outcome, r#""command":"SMB1_COMMAND_TRANS","status":"STATUS_SUCCESS""#), "{:#?}", outcome.eve);
    assert!(has(&outcome, r#""request":"BIND","response":"BINDACK""#));
    assert!(outcome.events.is_empty(), "{:?}", outcome.events);
}

/// Clients number processes with 32 bits; servers may answer with the lower 16 alone.
#[test]
fn smb1_answers_without_the_high_half_of_the_process_id_are_answers() {
    /// Where `PIDHigh` is, behind the four octets of NetBIOS.
    const PID_HIGH: usize = 4 + 12;
    let (mut asked, mut created) = (vec![0xff, 0, 0, 0], vec![0xff, 0, 0, 0, 0, 0x34, 0x12]);
    asked.resize(48, 0);
    created.resize(68, 0);
    let mut request = smb1(0xa2, 2, false, &asked, b"\\srvsvc\0");
    request.1[PID_HIGH..PID_HIGH + 2].copy_from_slice(&4080_u16.to_le_bytes());
    let outcome = play(&vec![request, smb1(0xa2, 2, true, &created, &[])]);
    assert!(
        has(&outcome, r#""command":"SMB1_COMMAND_NT_CREATE_ANDX","status":"STATUS_SUCCESS""#),
        "{:#?}",
        outcome.eve
    );
    assert!(has(&outcome, r#""filename":"\\srvsvc""#), "{:#?}", outcome.eve);
}

#[test]
fn smb1_negotiation_names_the_dialect() {
    let mut words = vec![1, 0];
    words.resize(34, 0);
    let script =
        vec![smb1(0x72, 1, false, &[], b"\x02LANMAN1.0\0\x02NT LM 0.12\0"), smb1(0x72, 1, true, &words, &[3; 16])];
    let outcome = play(&script);
    assert!(
        has(&outcome, r#""dialect":"NT LM 0.12","command":"SMB1_COMMAND_NEGOTIATE_PROTOCOL""#),
        "{:#?}",
        outcome.eve
    );
    assert!(has(&outcome, r#""client_dialects":["LANMAN1.0","NT LM 0.12"],"server_guid":"03030303-"#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_segmentation_gives_the_same_transactions(pieces in prop::collection::vec(1_usize..200, 1..40)) {
        for script in [services(), file_transfer()] {
            let whole = play(&script);
            let mut next = pieces.iter().cycle().copied();
            let cut = play_cut(&script, &[], || next.next().unwrap());
            prop_assert_eq!(&whole.eve, &cut.eve);
            prop_assert_eq!(&whole.events, &cut.events);
        }
    }

    #[test]
    fn octets_that_mean_nothing_do_no_harm(data in prop::collection::vec(any::<u8>(), 0..2000)) {
        fuzz::protocol("smb", &data);
    }

    #[test]
    fn spoiled_conversations_do_no_harm(at in any::<prop::sample::Index>(), octet in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for mut script in [services(), file_transfer()] {
            let number = at.index(script.len());
            let octets = &mut script[number].1;
            let place = cut.index(octets.len());
            octets[place] = octet;
            let outcome = play(&script);
            prop_assert!(outcome.transactions.len() <= 64);
        }
    }
}
