//! A flow of messages: datagrams, or a stream of messages with their length in front (RFC 1035 section 4.2).

use sidewire_app_layer::{
    AppLayerResult, FrameKind, ParseContext, ParseFailed, ParseInput, ProbeVerdict, Transactions, Transport,
};
use sidewire_base::{Cursor, Direction, PerDirection, TxId};

use super::detect::{self, PREFIX};
use super::event::DnsEvent;
use super::message::{DnsHeader, DnsMessage, DnsSection};
use super::stage::COMPLETE;
use super::transaction::DnsTransaction;

/// Messages in a row that nobody can make sense of after which a stream is given up.
const MAX_SENSELESS: u8 = 16;

/// Who tells what a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DnsVariant {
    /// Servers respond: the direction tells.
    Unicast,
    /// All speak to all: the header tells, and all that is said goes one way.
    Multicast,
}

/// The state of a flow.
pub(super) struct DnsSession {
    variant: DnsVariant,
    /// Where octets are missing, the next message is looked for.
    lost: PerDirection<bool>,
    senseless: u8,
}

impl DnsSession {
    pub(super) fn new(variant: DnsVariant) -> Self {
        Self { variant, lost: PerDirection::default(), senseless: 0 }
    }

    /// Takes what came, by the flow's transport.
    pub(super) fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<DnsTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        match context.transport {
            Transport::Tcp => self.stream(direction, input, transactions, context),
            Transport::Udp => self.datagram(direction, input, transactions, context),
        }
    }

    /// Takes a datagram: a message.
    fn datagram(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<DnsTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let tx = self.message(direction, input.data, transactions, context);
        if let Some(frames) = &mut context.frames {
            frames.begin(PDU, 0, Some(input.data.len() as u64), tx);
        }
        tx.map(|_| AppLayerResult::all(&input)).ok_or(ParseFailed)
    }

    /// Takes octets of a stream.
    fn stream(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<DnsTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut cur = Cursor::new(input.data);
        if self.lost[direction] {
            let Some(at) = resume(direction, input.data) else { return Ok(AppLayerResult::all(&input)) };
            self.lost[direction] = false;
            let _there = cur.skip(at);
        }
        loop {
            let before = cur.position();
            let Ok(length) = cur.u16_be().map(usize::from) else {
                return Ok(wait(before, PREFIX, &input));
            };
            let start = input.offset + cur.position() as u64;
            let Ok(octets) = cur.take(length) else {
                return Ok(wait(before, PREFIX + length, &input));
            };
            if octets.is_empty() {
                continue;
            }
            let tx = self.message(direction, octets, transactions, context);
            if let Some(frames) = &mut context.frames {
                frames.begin(PDU, start, Some(length as u64), tx);
            }
            self.senseless = if tx.is_some() { 0 } else { self.senseless + 1 };
            if self.senseless >= MAX_SENSELESS {
                return Err(ParseFailed);
            }
        }
    }

    /// Octets of a stream are missing.
    pub(super) fn gap(&mut self, direction: Direction) {
        self.lost[direction] = true;
    }

    /// Opens the transaction of a message, and gives its number; `None` when it is none.
    fn message(
        &self,
        direction: Direction,
        octets: &[u8],
        transactions: &mut Transactions<DnsTransaction>,
        context: &ParseContext<'_>,
    ) -> Option<TxId> {
        let header = DnsHeader::parse(&mut Cursor::new(octets)).ok()?;
        if !header.is_plausible(octets.len()) {
            return None;
        }
        let message = DnsMessage::parse(header, octets);
        let (direction, response) = match self.variant {
            DnsVariant::Unicast => (direction, direction == Direction::ToClient),
            DnsVariant::Multicast => (Direction::ToServer, header.is_response()),
        };
        let events = events(&message, response);
        let slot = transactions.open(DnsTransaction { direction, response, message }, context.time);
        for side in Direction::BOTH {
            slot.advance(side, COMPLETE, context.time);
        }
        slot.head.skip_inspection[direction.flip()] = true;
        for event in events {
            slot.raise(event);
        }
        Some(slot.head.id)
    }
}

/// The frame of a message, in either protocol.
const PDU: FrameKind = FrameKind(super::DnsFrame::Pdu as u8);

/// `needed` octets from `consumed` on make the next message; a part of one at the end of a stream is nothing.
fn wait(consumed: usize, needed: usize, input: &ParseInput<'_>) -> AppLayerResult {
    if input.last { AppLayerResult::all(input) } else { AppLayerResult::need(consumed, needed) }
}

/// Where the first message begins in octets that follow a gap: at once, even if not all of it is there, or where a whole
/// one is.
fn resume(direction: Direction, data: &[u8]) -> Option<usize> {
    let is_message = |verdict| matches!(verdict, ProbeVerdict::Yes | ProbeVerdict::Reversed);
    let whole = |octets: &[u8]| {
        let length = octets.first_chunk::<PREFIX>().map(|length| usize::from(u16::from_be_bytes(*length)));
        length.is_some_and(|length| octets.len() >= PREFIX + length) && is_message(detect::stream(direction, octets))
    };
    if detect::stream(direction, data) != ProbeVerdict::No {
        return Some(0);
    }
    (1..data.len()).find(|at| data.get(*at..).is_some_and(whole))
}

/// What is odd about a message.
fn events(message: &DnsMessage, response: bool) -> impl Iterator<Item = DnsEvent> + use<> {
    let header = message.header;
    let found = [
        (!message.is_sound(), DnsEvent::MalformedData),
        (message.is_broken(DnsSection::Additionals), DnsEvent::InvalidAdditionals),
        (message.is_broken(DnsSection::Authorities), DnsEvent::InvalidAuthorities),
        (response && !header.is_response(), DnsEvent::NotResponse),
        (!response && header.is_response(), DnsEvent::NotRequest),
        (header.z(), DnsEvent::ZFlagSet),
        (header.opcode() >= UNASSIGNED_OPCODE, DnsEvent::InvalidOpcode),
        (message.faults.truncated, DnsEvent::NameTooLong),
        (message.faults.infinite_loop, DnsEvent::InfiniteLoop),
        (message.faults.too_many_labels, DnsEvent::TooManyLabels),
    ];
    found.into_iter().filter_map(|(is, event)| is.then_some(event))
}

/// From here on, kinds of messages are not assigned. RFC 8490 section 8.
const UNASSIGNED_OPCODE: u8 = 7;
