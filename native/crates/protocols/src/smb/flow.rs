//! The state of a flow, and how its octets are divided into messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use sidewire_app_layer::{AppLayerResult, ParseInput};
use sidewire_base::{Direction, PerDirection, TxId};
use sidewire_msrpc as msrpc;
use sidewire_msrpc::security::Principal;

use super::context::SmbContext;
use super::direction_state::{self, DataRoute, DataTransfer, DirectionState, FramingState, MessageSync};
use super::event::SmbEvent;
use super::file::FileId;
use super::frame::SmbLayer;
use super::history::FileHistory;
use super::limits::SmbLimits;
use super::state::{AskKey, CompoundRelated, PendingRequest, SmbOpen, SmbTree};
use super::table::BoundedTable;
use super::transaction::{SmbCommand, SmbStatus, SmbTransaction, TxDetail};
use super::transaction_map::TransactionMap;
use super::{wire1, wire2};

/// Most octets of a message that are waited for before it is read; of a longer one, the beginning is read. Negotiations,
/// session setups, creates and SMB1 transactions fit: their parts have 16-bit lengths.
const MAX_WHOLE: usize = 128 * 1024;

/// State of one SMB flow.
pub struct SmbSession {
    pub(super) limits: SmbLimits,
    pub(super) ledger: TransactionMap,
    pub(super) lanes: PerDirection<DirectionState>,
    /// The negotiation that was not answered yet.
    pub(super) negotiating: Option<(SmbCommand, TxId)>,
    /// Greatest read and write the server allows; 0: unknown.
    pub(super) max_read: u32,
    pub(super) max_write: u32,
    /// By session and tree id.
    pub(super) trees: BoundedTable<(u64, u32), SmbTree>,
    /// Who each session was opened as.
    pub(super) principals: BoundedTable<u64, Arc<Principal>>,
    /// Who the client may be by its negotiation.
    pub(super) client_hint: Option<msrpc::RpcImplementation>,
    /// Files and pipes by a number of our own, because the first commands of a compound do not know the file's id.
    pub(super) opens: BoundedTable<u64, SmbOpen>,
    /// What was done to files, by a digest of share and name.
    pub(super) histories: BoundedTable<u64, FileHistory>,
    next_open: u64,
    /// By session and file id.
    handles: BTreeMap<(u64, FileId), u64>,
    pub(super) asked: BoundedTable<AskKey, PendingRequest>,
    /// What related commands of the compound take over.
    pub(super) related: CompoundRelated,
    encrypted: bool,
    /// A bit for each direction that ended.
    closed: u8,
}

/// What a step through the input came to.
enum InputProgress {
    /// So many octets are done with; when none, the place in the message changed.
    Took(usize),
    /// So many octets are needed, the ones at hand included.
    Need(usize),
}

/// How much of a message must be there before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageNeed {
    /// So many octets, header included.
    Octets(usize),
    /// All of it.
    Whole,
}

impl SmbSession {
    pub(super) fn new(limits: SmbLimits) -> Self {
        Self {
            limits,
            ledger: TransactionMap::new(&limits),
            lanes: Default::default(),
            negotiating: None,
            max_read: 0,
            max_write: 0,
            trees: BoundedTable::new(limits.trees),
            principals: BoundedTable::new(limits.trees),
            client_hint: None,
            opens: BoundedTable::new(limits.handles),
            histories: BoundedTable::new(limits.handles),
            next_open: 0,
            handles: BTreeMap::new(),
            asked: BoundedTable::new(limits.requests),
            related: CompoundRelated::default(),
            encrypted: false,
            closed: 0,
        }
    }

    /// Trees, opens and requests that were forgotten for want of room.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.trees.evicted() + self.opens.evicted() + self.asked.evicted()
    }

    /// Later commands are read by what is known of sessions, shares and files. False while calls of a pipe are held.
    pub(super) fn is_in_session(&self) -> bool {
        let knows = !self.trees.is_empty() || !self.principals.is_empty() || !self.opens.is_empty();
        knows && self.opens.values().filter_map(|open| open.rpc.as_ref()).all(|rpc| !rpc.holds_calls())
    }

    /// More transactions were open than the configuration allows.
    pub(super) const fn is_overrun(&self) -> bool {
        self.ledger.exceeded
    }

    /// Takes octets of one direction.
    pub(super) fn take(&mut self, around: &mut SmbContext<'_, '_>, input: &ParseInput<'_>) -> AppLayerResult {
        let direction = around.direction;
        if core::mem::take(&mut self.lanes[direction].gap) {
            let missing = input.offset.saturating_sub(self.lanes[direction].offset);
            self.pass_gap(around, missing);
        }
        let mut at = 0;
        let need = loop {
            let rest = input.data.get(at..).unwrap_or_default();
            around.offset = input.offset + at as u64;
            match self.advance(around, rest) {
                InputProgress::Took(octets) => at += octets,
                InputProgress::Need(_) if input.last => {
                    at = input.data.len();
                    break 0;
                }
                InputProgress::Need(octets) => break octets,
            }
        };
        self.lanes[direction].offset = input.offset + at as u64;
        AppLayerResult::need(at, need)
    }

    /// One step: a NetBIOS header, a message, or some data.
    fn advance(&mut self, around: &mut SmbContext<'_, '_>, rest: &[u8]) -> InputProgress {
        match self.lanes[around.direction].place {
            FramingState::Boundary => self.boundary(around, rest),
            FramingState::Lost => self.search(around, rest),
            FramingState::Message { left } => self.message(around, rest, left),
            FramingState::Skip { left, after } => {
                let took = rest.len().min(left as usize);
                self.lanes[around.direction].place = FramingState::skip(left - took as u32, after);
                if took == 0 { InputProgress::Need(1) } else { InputProgress::Took(took) }
            }
            FramingState::Data { lead, left, tail, after, data } => {
                self.data(around, rest, lead, left, tail, after, data)
            }
        }
    }

    fn boundary(&mut self, around: &mut SmbContext<'_, '_>, rest: &[u8]) -> InputProgress {
        let Some(&[kind, high, middle, low]) = rest.first_chunk::<4>() else { return InputProgress::Need(4) };
        let length = u32::from_be_bytes([0, high, middle, low]);
        let sane = match kind {
            direction_state::SESSION_MESSAGE if length < 4 => true, // empty, or nothing SMB
            direction_state::SESSION_MESSAGE => match rest.get(4..8) {
                None => return InputProgress::Need(8),
                Some(protocol) => matches!(protocol, [0xfc..=0xff, b'S', b'M', b'B']),
            },
            direction_state::SESSION_REQUEST..=direction_state::KEEP_ALIVE => high == 0 && middle <= 1,
            _ => false,
        };
        let lane = &mut self.lanes[around.direction];
        if !sane {
            // The first octets of a capture that begins in the middle are expected to be no beginning.
            let expected = lane.synced || !around.context.midstream;
            lane.place = FramingState::Lost;
            if expected {
                self.ledger.raise(around.transactions, SmbEvent::MalformedData);
            }
            return InputProgress::Took(0);
        }
        lane.synced = true;
        around.frame(SmbLayer::Netbios, length + 4);
        self.related = CompoundRelated::default();
        lane.place = if kind == direction_state::SESSION_MESSAGE && length >= 4 {
            FramingState::Message { left: length }
        } else {
            FramingState::skip(length, 0)
        };
        InputProgress::Took(4)
    }

    fn search(&mut self, around: &mut SmbContext<'_, '_>, rest: &[u8]) -> InputProgress {
        match direction_state::find_message(rest) {
            MessageSync::Found(at) => {
                self.lanes[around.direction].place = FramingState::Boundary;
                InputProgress::Took(at)
            }
            MessageSync::Nothing(0) => InputProgress::Need(rest.len() + 1),
            MessageSync::Nothing(octets) => InputProgress::Took(octets),
        }
    }

    fn message(&mut self, around: &mut SmbContext<'_, '_>, rest: &[u8], left: u32) -> InputProgress {
        let Some(protocol) = rest.first_chunk::<4>() else { return InputProgress::Need(4) };
        match protocol {
            wire2::PROTOCOL => self.message2(around, rest, left),
            wire1::PROTOCOL => self.message1(around, rest, left),
            b"\xfdSMB" => {
                let header = rest.get(..wire2::TRANSFORM.min(left as usize));
                let Some(header) = header else { return InputProgress::Need(wire2::TRANSFORM.min(left as usize)) };
                around.frame(SmbLayer::Sealed, left);
                self.encrypted(around, wire2::transform_session(header).unwrap_or_default());
                self.skip(around, left, 0)
            }
            // Compressed: its inside is not looked at.
            b"\xfcSMB" => self.skip(around, left, 0),
            _ => {
                self.ledger.raise(around.transactions, SmbEvent::MalformedData);
                self.skip(around, left, 0)
            }
        }
    }

    fn skip(&mut self, around: &mut SmbContext<'_, '_>, left: u32, after: u32) -> InputProgress {
        self.lanes[around.direction].place = FramingState::skip(left, after);
        InputProgress::Took(0)
    }

    fn message2(&mut self, around: &mut SmbContext<'_, '_>, rest: &[u8], left: u32) -> InputProgress {
        let Some(head) = rest.get(..wire2::Smb2Header::LENGTH.min(left as usize)) else {
            return InputProgress::Need(wire2::Smb2Header::LENGTH.min(left as usize));
        };
        let Ok(header) = wire2::Smb2Header::parse(head) else {
            self.ledger.raise(around.transactions, SmbEvent::MalformedData);
            return self.skip(around, left, 0);
        };
        let length = match header.next {
            0 => left,
            next if (wire2::Smb2Header::LENGTH as u32..=left).contains(&next) => next,
            _ => {
                self.ledger.raise(around.transactions, SmbEvent::MalformedData);
                left
            }
        };
        if self.wrong_way(around, header.is_response()) {
            around.frame(SmbLayer::Smb2, length);
            return self.skip(around, length, left - length);
        }
        let want = match Self::need2(&header) {
            MessageNeed::Octets(octets) => octets,
            MessageNeed::Whole => MAX_WHOLE,
        };
        let Some(message) = rest.get(..want.min(length as usize)) else {
            return InputProgress::Need(want.min(length as usize));
        };
        around.frame(SmbLayer::Smb2, length);
        let data = if header.is_response() {
            self.response2(around, &header, message)
        } else {
            self.request2(around, &header, message)
        };
        self.behind(around, message.len(), length, left - length, data)
    }

    fn message1(&mut self, around: &mut SmbContext<'_, '_>, rest: &[u8], left: u32) -> InputProgress {
        let want = wire1::Smb1Header::LENGTH + 1;
        let Some(head) = rest.get(..want.min(left as usize)) else {
            return InputProgress::Need(want.min(left as usize));
        };
        let (Ok(header), Some(words)) = (wire1::Smb1Header::parse(head), head.last()) else {
            self.ledger.raise(around.transactions, SmbEvent::MalformedData);
            return self.skip(around, left, 0);
        };
        if self.wrong_way(around, header.is_response()) {
            around.frame(SmbLayer::Smb1, left);
            return self.skip(around, left, 0);
        }
        // Words and ByteCount are enough to know where the data of a read or write lies.
        let fixed = want + usize::from(*words) * 2 + 2;
        let streamed = match (header.command, header.is_response()) {
            (wire1::command::WRITE_ANDX, false) | (wire1::command::READ_ANDX, true) => {
                match rest.get(..fixed.min(left as usize)) {
                    None => return InputProgress::Need(fixed.min(left as usize)),
                    Some(block) => block.get(want) == Some(&wire1::command::NONE),
                }
            }
            _ => false,
        };
        let want = if streamed { fixed } else { MAX_WHOLE };
        let Some(message) = rest.get(..want.min(left as usize)) else {
            return InputProgress::Need(want.min(left as usize));
        };
        around.frame(SmbLayer::Smb1, left);
        let data = self.commands1(around, &header, message, streamed);
        self.behind(around, message.len(), left, 0, data)
    }

    /// The place after the octets of a message that were read: in its data, or after it.
    fn behind(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        read: usize,
        length: u32,
        after: u32,
        data: Option<(wire2::BufferRange, DataTransfer)>,
    ) -> InputProgress {
        let read32 = read as u32;
        let Some((place, mut flowing)) = data else {
            self.lanes[around.direction].place = FramingState::skip(length.saturating_sub(read32), after);
            return InputProgress::Took(read);
        };
        let begin = place.offset.min(length);
        let left = place.length.min(length - begin);
        if left < place.length {
            self.ledger.raise(around.transactions, SmbEvent::RecordOverflow);
            flowing.length = left;
        }
        let took = read32.min(begin);
        let tail = length - begin - left;
        self.lanes[around.direction].place =
            FramingState::Data { lead: begin - took, left, tail, after, data: flowing };
        InputProgress::Took(took as usize)
    }

    /// Octets of a pipe message that are looked at to tell RPC from anything else.
    const PEEK: u32 = 16;

    #[allow(clippy::too_many_arguments)] // the fields of `FramingState::Data`
    fn data(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        rest: &[u8],
        lead: u32,
        left: u32,
        tail: u32,
        after: u32,
        mut data: DataTransfer,
    ) -> InputProgress {
        let direction = around.direction;
        if lead > 0 {
            let took = rest.len().min(lead as usize);
            self.lanes[direction].place = FramingState::Data { lead: lead - took as u32, left, tail, after, data };
            return if took == 0 { InputProgress::Need(1) } else { InputProgress::Took(took) };
        }
        let least = match data.route {
            DataRoute::Undecided => left.min(Self::PEEK),
            _ => left.min(1),
        };
        if rest.len() < least as usize {
            return InputProgress::Need(least as usize);
        }
        let octets = rest.get(..left as usize).unwrap_or(rest);
        self.deliver(around, &mut data, octets);
        let took = octets.len() as u32;
        self.lanes[direction].place = if took == left {
            FramingState::skip(tail, after)
        } else {
            FramingState::Data { lead, left: left - took, tail, after, data }
        };
        InputProgress::Took(octets.len())
    }

    /// A request from the server or a response from the client is said and not read.
    fn wrong_way(&mut self, around: &mut SmbContext<'_, '_>, response: bool) -> bool {
        let wrong = response != (around.direction == Direction::ToClient);
        if wrong {
            self.ledger.raise(
                around.transactions,
                if response { SmbEvent::ResponseToServer } else { SmbEvent::RequestToClient },
            );
        }
        wrong
    }

    /// SMB3 encryption begins: said once, with a transaction of its own.
    fn encrypted(&mut self, around: &mut SmbContext<'_, '_>, session_id: u64) {
        if !core::mem::replace(&mut self.encrypted, true) {
            let transaction = SmbTransaction::new(SmbCommand::Smb2(0), session_id, 0, TxDetail::Encrypted);
            let now = around.now;
            self.ledger.open(around.transactions, now, transaction).advance(Direction::ToClient, 1, now);
        }
    }

    /// A gap lies ahead; how much is missing shows when the stream goes on.
    pub(super) fn gap_begins(&mut self, around: &mut SmbContext<'_, '_>) {
        self.lanes[around.direction].gap = true;
        if around.direction == Direction::ToClient {
            self.ledger.sweep = true;
        }
    }

    /// Goes on after a gap: inside the same message if its length covers what is missing, else wherever the next one is.
    fn pass_gap(&mut self, around: &mut SmbContext<'_, '_>, missing: u64) {
        let direction = around.direction;
        let fits = |octets: u64| u32::try_from(octets).unwrap_or(u32::MAX);
        let (place, left) = match self.lanes[direction].place {
            FramingState::Boundary | FramingState::Lost => (None, 0),
            FramingState::Message { left } => (Some(0), u64::from(left)),
            FramingState::Skip { left, after } => (Some(after), u64::from(left)),
            FramingState::Data { lead, left, tail, after, data } => {
                let begin = u64::from(lead);
                let lost = missing.saturating_sub(begin).min(left.into());
                if missing >= begin && lost > 0 {
                    self.data_lost(around, &data, lost);
                }
                if missing < begin + u64::from(left) {
                    let data = DataTransfer { position: data.position.saturating_add(lost), ..data };
                    let lead = fits(begin.saturating_sub(missing));
                    self.lanes[direction].place =
                        FramingState::Data { lead, left: left - fits(lost), tail, after, data };
                    return;
                }
                (Some(after), begin + u64::from(left) + u64::from(tail))
            }
        };
        self.lanes[direction].place = match place {
            // Still in the same message of the compound.
            Some(after) if missing <= left => FramingState::skip(fits(left - missing), after),
            // Still in the same NetBIOS message; where its messages begin is lost.
            Some(after) if missing <= left + u64::from(after) => {
                FramingState::skip(fits(left + u64::from(after) - missing), 0)
            }
            _ => FramingState::Lost,
        };
    }

    /// One direction ended.
    pub(super) fn ended(&mut self, around: &mut SmbContext<'_, '_>) {
        self.closed |= 1 << around.direction.index();
        if self.closed == 0b11 {
            self.finish_calls(around);
        }
    }

    /// Remembers a request until it is answered.
    pub(super) fn ask(&mut self, key: AskKey, asked: PendingRequest) {
        self.asked.insert(key, asked);
    }

    /// A new file or pipe.
    pub(super) fn new_open(&mut self, open: SmbOpen) -> u64 {
        let number = self.next_open;
        self.next_open += 1;
        if let Some(gone) = self.opens.insert(number, open)
            && let Some(handle) = gone.handle
        {
            self.handles.remove(&handle);
        }
        number
    }

    /// The server named an open.
    pub(super) fn bind_handle(&mut self, number: u64, session_id: u64, file: FileId) {
        if let Some(open) = self.opens.get_mut(&number) {
            open.handle = Some((session_id, file));
            if let Some(before) = self.handles.insert((session_id, file), number).filter(|before| *before != number) {
                self.opens.remove(&before);
            }
        }
    }

    /// The open of a file id; a new one when its create was not seen.
    pub(super) fn open_of(&mut self, tree: (u64, u32), file: FileId) -> u64 {
        let (session_id, _) = tree;
        match self.handles.get(&(session_id, file)) {
            Some(number) => *number,
            None => {
                let number = self.new_open(SmbOpen { tree, ..SmbOpen::default() });
                self.bind_handle(number, session_id, file);
                number
            }
        }
    }

    /// The path of a share that is connected.
    pub(super) fn share_of(&self, tree: (u64, u32)) -> Option<Arc<[u8]>> {
        self.trees.peek(&tree).map(|tree| Arc::clone(&tree.path))
    }

    /// The name of an open file id, without making one up.
    pub(super) fn name_of(&self, session_id: u64, file: FileId) -> Option<Arc<[u8]>> {
        let number = self.handles.get(&(session_id, file))?;
        self.opens.peek(number)?.name.clone()
    }

    /// The identity of an open, for EVE.
    pub(super) fn file_of(&self, number: u64) -> Option<FileId> {
        self.opens.peek(&number)?.handle.map(|(_, file)| file)
    }

    /// A file or pipe was closed, or never came to be: what hangs on it is complete.
    pub(super) fn close_open(&mut self, around: &mut SmbContext<'_, '_>, number: u64, status: Option<SmbStatus>) {
        let Some(mut open) = self.opens.remove(&number) else { return };
        if let Some(handle) = open.handle {
            self.handles.remove(&handle);
        }
        for id in open.files.into_iter().flatten() {
            self.ledger.answer(around, Some(id), status);
            if let Some(slot) = around.transactions.by_id(id)
                && let TxDetail::File(file) = &mut slot.tx.detail
            {
                file.end(true, &mut around.context.files);
            }
        }
        if let Some(rpc) = open.rpc.as_mut() {
            self.finish_rpc(around, rpc);
        }
    }

    /// Limits of the RPC connection of a pipe.
    pub(super) fn rpc_limits(&self) -> msrpc::RpcLimits {
        let defaults = msrpc::RpcLimits::default();
        msrpc::RpcLimits { stub: self.limits.stub, unfinished: defaults.unfinished.max(self.limits.stub), ..defaults }
    }
}
