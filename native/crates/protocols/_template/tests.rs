//! Conversations, in any segmentation.

use sidewire_app_layer::testing::ParseHarness;
use sidewire_app_layer::{LogForm, ParseInput, ProtocolSession, ProtocolSettings, Session as _, Value, def};
use sidewire_base::Direction;
use sidewire_eve::Object;

use super::TemplateSession;

/// A flow under test: what a session does not consume is handed in again, with more after it.
struct Conversation {
    session: ProtocolSession<TemplateSession>,
    harness: ParseHarness,
}

impl Conversation {
    /// What both sides say, in pieces of this many octets.
    fn of(said: &[(Direction, &[u8])], piece: usize) -> Self {
        let session = ProtocolSession::with_settings(&ProtocolSettings::default());
        let mut conversation = Self { session, harness: ParseHarness::to_port(4000) };
        for (direction, octets) in said {
            let mut waiting = Vec::new();
            for octets in octets.chunks(piece) {
                waiting.extend_from_slice(octets);
                let input = ParseInput { data: &waiting, offset: 0, last: false };
                let step = conversation.session.parse(*direction, input, &mut conversation.harness.context()).unwrap();
                waiting.drain(..step.consumed);
            }
        }
        conversation
    }

    /// The event of the transaction at a position.
    fn event(&self, position: usize) -> String {
        let mut out = Vec::new();
        let options = def::<TemplateSession>().default_eve_options();
        self.session.log(position, 0, LogForm::Own(0), &options, &mut Object::new(&mut out));
        String::from_utf8(out).unwrap()
    }
}

const SAID: &[(Direction, &[u8])] = &[
    (Direction::ToServer, b"TEMPLATE who is there\r\nTEMPLATE and who else\r\n"),
    (Direction::ToClient, b"all of us\r\n"),
];

#[test]
fn an_answer_belongs_to_the_oldest_question_however_it_is_cut() {
    for piece in 1..16 {
        let conversation = Conversation::of(SAID, piece);
        assert_eq!(conversation.event(0), r#"{"request":"who is there","response":"all of us"}"#);
        assert_eq!(conversation.event(1), r#"{"request":"and who else"}"#);
        assert_eq!(conversation.session.log_due(0, 0, false), Some(Direction::ToServer));
        assert_eq!(conversation.session.log_due(1, 0, false), None, "it waits for its answer");
    }
}

#[test]
fn rules_look_into_the_question() {
    let conversation = Conversation::of(SAID, 64);
    let row = def::<TemplateSession>().buffer_id("template.request").unwrap();
    let value = conversation.session.value(1, row, Direction::ToServer, 0);
    assert!(matches!(value, Value::Bytes(b"and who else")), "{value:?}");
}

#[test]
fn a_line_without_end_is_cut_and_is_an_event() {
    let long = [b"TEMPLATE ".as_slice(), &[b'x'; 4000]].concat();
    let conversation = Conversation::of(&[(Direction::ToServer, &long)], 100);
    let events = &conversation.session.typed().at(0).unwrap().head.events;
    assert_eq!(events.as_slice(), [super::TemplateEvent::LineTooLong.into()]);
}

#[test]
fn a_line_that_was_cut_off_is_none() {
    let mut conversation = Conversation::of(SAID, 64);
    let Conversation { session, harness } = &mut conversation;
    session.gap(Direction::ToClient, 100, &mut harness.context()).unwrap();
    let input = ParseInput { data: b"end of a line\r\nand me\r\n", offset: 0, last: true };
    session.parse(Direction::ToClient, input, &mut harness.context()).unwrap();
    assert_eq!(conversation.event(1), r#"{"request":"and who else","response":"and me"}"#);
}
