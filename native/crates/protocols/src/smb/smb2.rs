//! Commands of SMB2 and SMB3.

use std::sync::Arc;

use super::context::SmbContext;
use super::direction_state::{DataRoute, DataTransfer};
use super::event::SmbEvent;
use super::file::FileId;
use super::flow::{MessageNeed, SmbSession};
use super::names::FSCTL_PIPE_TRANSCEIVE;
use super::state::{AskKey, CompoundRelated, PendingRequest, SmbOpen, SmbTree};
use super::transaction::{
    CreateDetail, DeleteDetail, NegotiateDetail, RenameDetail, SessionSetup, SmbCommand, SmbDialect, SmbStatus,
    SmbTransaction, TreeConnect, TxDetail,
};
use super::wire2::{
    self, BufferRange, CreateRequest, Ioctl, NegotiateRequest, NegotiateResponse, ReadRequest, SetInfo, Smb2Change,
    Smb2CreateResponse, Smb2Header, WriteRequest, command,
};
use sidewire_base::{Direction, Malformed, TxId};
use sidewire_msrpc::RpcImplementation;
use sidewire_msrpc::security::{Principal, SessionCredentials};

/// FILETIME of 1970-01-01. 100-nanosecond units.
const UNIX_EPOCH: u64 = 116_444_736_000_000_000;

/// A FILETIME ([MS-DTYP] 2.3.3) as seconds since 1970; 0 for none.
pub(super) fn seconds(filetime: u64) -> u32 {
    filetime.checked_sub(UNIX_EPOCH).map_or(0, |since| (since / 10_000_000) as u32)
}

impl SmbSession {
    /// How much of a message must be there before it is read.
    pub(super) fn need2(header: &Smb2Header) -> MessageNeed {
        let status = SmbStatus::Nt(header.status);
        let answered = status == SmbStatus::SUCCESS;
        let with_data = answered || status == SmbStatus::BUFFER_OVERFLOW;
        match (header.command, header.is_response()) {
            (
                command::NEGOTIATE
                | command::SESSION_SETUP
                | command::TREE_CONNECT
                | command::CREATE
                | command::SET_INFO,
                false,
            ) => MessageNeed::Whole,
            (command::CLOSE, false) => MessageNeed::Octets(Smb2Header::LENGTH + 24),
            (command::READ, false) => MessageNeed::Octets(ReadRequest::LENGTH),
            (command::WRITE, false) => MessageNeed::Octets(WriteRequest::LENGTH),
            (command::IOCTL, false) => MessageNeed::Octets(Ioctl::REQUEST),
            (command::NEGOTIATE, true) if answered => MessageNeed::Octets(Smb2Header::LENGTH + 64),
            (command::TREE_CONNECT, true) if answered => MessageNeed::Octets(Smb2Header::LENGTH + 16),
            (command::CREATE, true) if answered => MessageNeed::Octets(Smb2Header::LENGTH + 88),
            (command::READ, true) if with_data => MessageNeed::Octets(wire2::READ_RESPONSE),
            (command::IOCTL, true) if with_data => MessageNeed::Octets(Ioctl::RESPONSE),
            _ => MessageNeed::Octets(Smb2Header::LENGTH),
        }
    }

    /// Takes a request; gives the data that follows, when somebody wants it.
    pub(super) fn request2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        header: &Smb2Header,
        message: &[u8],
    ) -> Option<(BufferRange, DataTransfer)> {
        let related = if header.is_related() { self.related } else { CompoundRelated::default() };
        let (session_id, tree_id) = if header.is_related() {
            (related.session_id, related.tree_id)
        } else {
            (header.session_id, header.tree_id)
        };
        let request = Smb2Request { header, message, session_id, tree_id, related: related.open };
        self.related = CompoundRelated { session_id, tree_id, open: related.open };
        match self.request2_of(around, &request) {
            Ok(data) => data,
            Err(_) => {
                let generic = self.generic2(around, &request);
                match around.transactions.by_id(generic) {
                    Some(slot) => slot.raise(SmbEvent::MalformedData),
                    None => self.ledger.raise(around.transactions, SmbEvent::MalformedData),
                }
                None
            }
        }
    }

    fn request2_of(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        request: &Smb2Request<'_>,
    ) -> Result<Option<(BufferRange, DataTransfer)>, Malformed> {
        let Smb2Request { header, message, session_id, tree_id, .. } = *request;
        match header.command {
            command::NEGOTIATE => self.negotiate2(around, request)?,
            command::SESSION_SETUP => {
                let credentials = SessionCredentials::parse(wire2::session_setup_blob(message)?);
                let (malformed, unusual) =
                    (credentials.malformed_ntlm, credentials.ntlm.as_ref().is_some_and(|user| user.unusual_order));
                self.open_session(session_id, Principal::of(&credentials));
                let setup = SessionSetup { credentials, ..SessionSetup::default() };
                let id = self.open2(around, request, TxDetail::SessionSetup(Box::new(setup)), None);
                self.ntlm_events(around, id, malformed, unusual);
            }
            command::TREE_CONNECT => {
                let path = Arc::from(wire2::tree_connect_path(message)?);
                let tree = TreeConnect { path, ..TreeConnect::default() };
                let id = self.open2(around, request, TxDetail::TreeConnect(Box::new(tree)), None);
                if let Some(slot) = around.transactions.by_id(id) {
                    slot.tx.tree_id = 0; // there is none yet
                }
            }
            command::TREE_DISCONNECT => {
                self.trees.remove(&(session_id, tree_id));
                self.generic2(around, request);
            }
            command::CREATE => {
                let create = CreateRequest::parse(message)?;
                let name: Arc<[u8]> = Arc::from(create.name);
                let open = SmbOpen { name: Some(Arc::clone(&name)), tree: (session_id, tree_id), ..SmbOpen::default() };
                let number = self.new_open(open);
                self.related.open = Some(number);
                let detail = CreateDetail::asked(name, create.disposition, create.options);
                self.open2(around, request, TxDetail::Create(Box::new(detail)), Some(number));
            }
            command::CLOSE => {
                let number = self.open_named(request, wire2::close_file(message)?);
                self.open2(around, request, TxDetail::None, Some(number));
            }
            command::READ => {
                let read = ReadRequest::parse(message)?;
                let number = self.open_named(request, read.file);
                if exceeds(read.length, self.max_read) || exceeds(read.length, self.limits.read) {
                    self.ledger.raise(around.transactions, SmbEvent::ReadRequestTooLarge);
                }
                let asked = PendingRequest {
                    transaction: None,
                    session_id,
                    tree_id,
                    open: Some(number),
                    position: read.offset,
                };
                self.ask(key(header), asked);
            }
            command::WRITE => {
                let write = WriteRequest::parse(message)?;
                let number = self.open_named(request, write.file);
                if exceeds(write.data.length, self.max_write) || exceeds(write.data.length, self.limits.write) {
                    self.ledger.raise(around.transactions, SmbEvent::WriteRequestTooLarge);
                    return Ok(None);
                }
                return Ok(Some((write.data, request.flowing(number, write.offset, write.data))));
            }
            command::IOCTL => return self.ioctl2(around, request),
            command::SET_INFO => self.set_info2(around, request)?,
            command::GET_INFO => {}
            _ => {
                self.generic2(around, request);
            }
        }
        Ok(None)
    }

    fn negotiate2(&mut self, around: &mut SmbContext<'_, '_>, request: &Smb2Request<'_>) -> Result<(), Malformed> {
        let offer = NegotiateRequest::parse(request.message)?;
        let this = SmbCommand::Smb2(command::NEGOTIATE);
        if let Some((_, id)) = self.negotiating.filter(|(before, _)| *before == this)
            && let Some(slot) = around.transactions.by_id(id)
        {
            slot.raise(SmbEvent::DuplicateNegotiate);
            return Ok(());
        }
        self.client_hint = RpcImplementation::of_client_guid(&offer.client_guid).or(self.client_hint);
        let detail = NegotiateDetail {
            dialects2: offer.dialects,
            client_guid: Some(offer.client_guid),
            ..NegotiateDetail::default()
        };
        let transaction = SmbTransaction::new(this, 0, 0, TxDetail::Negotiate(Box::new(detail)));
        let id = self.ledger.open(around.transactions, around.now, transaction).head.id;
        self.negotiating = Some((this, id));
        Ok(())
    }

    fn ioctl2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        request: &Smb2Request<'_>,
    ) -> Result<Option<(BufferRange, DataTransfer)>, Malformed> {
        let ioctl = Ioctl::parse_request(request.message)?;
        if ioctl.function != FSCTL_PIPE_TRANSCEIVE || ioctl.data.length == 0 {
            self.open2(around, request, TxDetail::Ioctl(ioctl.function), None);
            return Ok(None);
        }
        let number = self.open_named(request, ioctl.file);
        if let Some(open) = self.opens.get_mut(&number) {
            open.on_pipe = true;
        }
        let Smb2Request { session_id, tree_id, header, .. } = *request;
        // The transaction is the call that the data begins, or an exchange with a pipe that speaks something else.
        let asked = PendingRequest { transaction: None, session_id, tree_id, open: Some(number), position: 0 };
        self.ask(key(header), asked);
        Ok(Some((ioctl.data, request.flowing(number, 0, ioctl.data))))
    }

    fn set_info2(&mut self, around: &mut SmbContext<'_, '_>, request: &Smb2Request<'_>) -> Result<(), Malformed> {
        let info = SetInfo::parse(request.message)?;
        let file = FileId::Smb2(info.file);
        let name = match request.created(info.file) {
            Some(number) => self.opens.peek(&number).and_then(|open| open.name.clone()),
            None => self.name_of(request.session_id, file),
        };
        let name = name.unwrap_or_else(|| super::pipe::UNKNOWN.into());
        let detail = match info.change {
            Smb2Change::Rename(to) => TxDetail::Rename(Box::new(RenameDetail { from: name, to, file: Some(file) })),
            Smb2Change::Disposition(delete) => TxDetail::Delete(Box::new(DeleteDetail {
                name,
                delete,
                file: Some(file),
                trans2: None,
                by_name: false,
            })),
            Smb2Change::Other => return Ok(()),
        };
        self.open2(around, request, detail, None);
        Ok(())
    }

    /// Raises what is odd about an NTLM message on the transaction of its session setup.
    pub(super) fn ntlm_events(&mut self, around: &mut SmbContext<'_, '_>, id: TxId, malformed: bool, unusual: bool) {
        if let Some(slot) = around.transactions.by_id(id) {
            if malformed {
                slot.raise(SmbEvent::MalformedNtlmsspRequest);
            }
            if unusual {
                slot.raise(SmbEvent::UnusualNtlmsspOrder);
            }
        }
    }

    /// Opens a transaction for a request and remembers it until it is answered.
    fn open2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        request: &Smb2Request<'_>,
        detail: TxDetail,
        open: Option<u64>,
    ) -> TxId {
        let Smb2Request { header, session_id, tree_id, .. } = *request;
        let transaction = SmbTransaction::new(SmbCommand::Smb2(header.command), session_id, tree_id, detail);
        let transaction = self.place(around.context, transaction);
        let id = self.ledger.open(around.transactions, around.now, transaction).head.id;
        self.ask(key(header), PendingRequest { transaction: Some(id), session_id, tree_id, open, position: 0 });
        id
    }

    /// A transaction that says no more than its command.
    fn generic2(&mut self, around: &mut SmbContext<'_, '_>, request: &Smb2Request<'_>) -> TxId {
        let id = self.open2(around, request, TxDetail::None, None);
        if request.header.command == command::CANCEL {
            // Never answered itself.
            self.asked.remove(&key(request.header));
            if let Some(slot) = around.transactions.by_id(id) {
                slot.advance(Direction::ToClient, 1, around.now);
            }
        }
        id
    }

    /// The open a command of a compound names: by its id, or as the one of the command before.
    fn open_named(&mut self, request: &Smb2Request<'_>, file: [u8; 16]) -> u64 {
        let number = match request.created(file) {
            Some(number) => number,
            None => self.open_of((request.session_id, request.tree_id), FileId::Smb2(file)),
        };
        self.related.open = Some(number);
        number
    }

    /// Takes a response; gives the data that follows, when somebody wants it.
    pub(super) fn response2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        header: &Smb2Header,
        message: &[u8],
    ) -> Option<(BufferRange, DataTransfer)> {
        let status = SmbStatus::Nt(header.status);
        if status == SmbStatus::PENDING {
            let id = self.asked.peek(&key(header)).and_then(|asked| asked.transaction);
            if let Some(slot) = id.and_then(|id| around.transactions.by_id(id)) {
                slot.tx.status = Some(status);
            }
            return None;
        }
        let asked = self.asked.remove(&key(header));
        match self.response2_of(around, header, message, asked) {
            Ok(data) => data,
            Err(_) => {
                let id = asked.and_then(|asked| asked.transaction);
                match self.ledger.answer(around, id, Some(status)) {
                    Some(slot) => slot.raise(SmbEvent::MalformedData),
                    None => self.ledger.raise(around.transactions, SmbEvent::MalformedData),
                }
                None
            }
        }
    }

    fn response2_of(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        header: &Smb2Header,
        message: &[u8],
        asked: Option<PendingRequest>,
    ) -> Result<Option<(BufferRange, DataTransfer)>, Malformed> {
        let status = SmbStatus::Nt(header.status);
        let success = status == SmbStatus::SUCCESS;
        let with_data = success || status == SmbStatus::BUFFER_OVERFLOW;
        let transaction = asked.and_then(|asked| asked.transaction);
        match header.command {
            command::NEGOTIATE => self.negotiated2(around, status, message)?,
            command::SESSION_SETUP => self.session_answer2(around, header, transaction),
            command::TREE_CONNECT if success => self.tree_answer2(around, header, message, transaction)?,
            command::CREATE => self.create_answer2(around, header, message, asked)?,
            command::CLOSE => {
                self.ledger.answer(around, transaction, Some(status));
                // Whatever the answer, the handle is gone.
                if let Some(number) = asked.and_then(|asked| asked.open) {
                    self.close_open(around, number, Some(SmbStatus::SUCCESS));
                }
            }
            command::READ if with_data => {
                let place = wire2::read_response(message)?;
                let (Some(asked), Some(number)) = (asked, asked.and_then(|asked| asked.open)) else { return Ok(None) };
                if exceeds(place.length, self.max_read) || exceeds(place.length, self.limits.read) {
                    self.ledger.raise(around.transactions, SmbEvent::ReadResponseTooLarge);
                    return Ok(None);
                }
                return Ok(Some((place, answer_flowing(header, &asked, number, place))));
            }
            command::READ if status == SmbStatus::END_OF_FILE => {
                let id = asked.and_then(|asked| self.opens.peek(&asked.open?)?.files[Direction::ToClient]);
                if let Some(slot) = id.and_then(|id| around.transactions.by_id(id)) {
                    slot.tx.status = Some(status);
                    slot.advance(Direction::ToServer, 1, around.now);
                }
            }
            command::IOCTL if with_data => {
                let ioctl = Ioctl::parse_response(message)?;
                if ioctl.function == FSCTL_PIPE_TRANSCEIVE
                    && ioctl.data.length > 0
                    && let Some(flowing) = self.pipe_answer2(header, &ioctl, asked)
                {
                    return Ok(Some((ioctl.data, flowing)));
                }
                self.ledger.answer(around, transaction, Some(status));
            }
            _ => {
                self.ledger.answer(around, transaction, Some(status));
            }
        }
        Ok(None)
    }

    fn session_answer2(&mut self, around: &mut SmbContext<'_, '_>, header: &Smb2Header, transaction: Option<TxId>) {
        let status = SmbStatus::Nt(header.status);
        let success = status == SmbStatus::SUCCESS;
        let mut opened = None;
        if let Some(slot) = self.ledger.answer(around, transaction, Some(status)) {
            (slot.tx.session_id, slot.tx.tree_id) = (header.session_id, header.tree_id);
            if let TxDetail::SessionSetup(setup) = &slot.tx.detail
                && success
            {
                // A single leg, as of Kerberos, is numbered by its answer.
                opened = Principal::of(&setup.credentials);
            }
        }
        self.open_session(header.session_id, opened);
    }

    fn tree_answer2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        header: &Smb2Header,
        message: &[u8],
        transaction: Option<TxId>,
    ) -> Result<(), Malformed> {
        let status = SmbStatus::Nt(header.status);
        let share_type = wire2::tree_connect_type(message)?;
        let mut path = Arc::default();
        if let Some(slot) = self.ledger.answer(around, transaction, Some(status)) {
            (slot.tx.session_id, slot.tx.tree_id) = (header.session_id, header.tree_id);
            if let TxDetail::TreeConnect(tree) = &mut slot.tx.detail {
                (tree.share_type, tree.is_pipe, tree.answered) = (share_type, share_type == 2, true);
                path = Arc::clone(&tree.path);
            }
        }
        self.trees.insert((header.session_id, header.tree_id), SmbTree { path, is_pipe: share_type == 2 });
        Ok(())
    }

    fn create_answer2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        header: &Smb2Header,
        message: &[u8],
        asked: Option<PendingRequest>,
    ) -> Result<(), Malformed> {
        let status = SmbStatus::Nt(header.status);
        let success = status == SmbStatus::SUCCESS;
        let transaction = asked.and_then(|asked| asked.transaction);
        let created = if success { Some(Smb2CreateResponse::parse(message)?) } else { None };
        if let (Some(asked), Some(number)) = (asked, asked.and_then(|asked| asked.open)) {
            match &created {
                Some(created) => self.bind_handle(number, asked.session_id, FileId::Smb2(created.file)),
                None => self.close_open(around, number, None),
            }
        }
        if let Some(slot) = self.ledger.answer(around, transaction, Some(status))
            && let (TxDetail::Create(create), Some(created)) = (&mut slot.tx.detail, created)
        {
            create.times = created.times.map(seconds);
            create.size = created.size;
            create.file = Some(FileId::Smb2(created.file));
        }
        Ok(())
    }

    /// The data of an answer on a pipe, when it speaks RPC.
    fn pipe_answer2(
        &mut self,
        header: &Smb2Header,
        ioctl: &Ioctl,
        asked: Option<PendingRequest>,
    ) -> Option<DataTransfer> {
        let transaction = asked.and_then(|asked| asked.transaction);
        let unseen = PendingRequest {
            transaction: None,
            session_id: header.session_id,
            tree_id: header.tree_id,
            open: None,
            position: 0,
        };
        let asked = asked.unwrap_or(unseen);
        let tree = (asked.session_id, asked.tree_id);
        let number = asked.open.unwrap_or_else(|| self.open_of(tree, FileId::Smb2(ioctl.file)));
        let speaks_rpc = self.opens.get_mut(&number).is_some_and(|open| {
            open.on_pipe = true;
            open.rpc.is_some() || transaction.is_none()
        });
        speaks_rpc.then(|| answer_flowing(header, &asked, number, ioctl.data))
    }

    fn negotiated2(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        status: SmbStatus,
        message: &[u8],
    ) -> Result<(), Malformed> {
        let chosen = if status == SmbStatus::SUCCESS {
            NegotiateResponse::parse(message)?
        } else {
            NegotiateResponse::default()
        };
        if exceeds(chosen.max_read, self.limits.read) {
            self.ledger.raise(around.transactions, SmbEvent::NegotiateMaxReadSizeTooLarge);
        }
        if exceeds(chosen.max_write, self.limits.write) {
            self.ledger.raise(around.transactions, SmbEvent::NegotiateMaxWriteSizeTooLarge);
        }
        (self.max_read, self.max_write) = (chosen.max_read, chosen.max_write);
        if status == SmbStatus::SUCCESS {
            self.ledger.dialect = SmbDialect::Smb2(chosen.dialect);
        }
        let id = self.negotiating.take().map(|(_, id)| id);
        if let Some(slot) = self.ledger.answer(around, id, Some(status))
            && let TxDetail::Negotiate(negotiate) = &mut slot.tx.detail
        {
            negotiate.server_guid = chosen.server_guid;
            (negotiate.max_read, negotiate.max_write) = (chosen.max_read, chosen.max_write);
        }
        Ok(())
    }
}

/// A request with the session, tree and open it is for.
#[derive(Clone, Copy)]
struct Smb2Request<'a> {
    header: &'a Smb2Header,
    message: &'a [u8],
    session_id: u64,
    tree_id: u32,
    /// The open of the command before, when this one is related to it.
    related: Option<u64>,
}

impl Smb2Request<'_> {
    /// The open of the command before, when `file` stands for it.
    fn created(&self, file: [u8; 16]) -> Option<u64> {
        self.related.filter(|_| file == wire2::RELATED_FILE)
    }

    fn flowing(&self, open: u64, position: u64, data: BufferRange) -> DataTransfer {
        DataTransfer {
            open,
            command: SmbCommand::Smb2(self.header.command),
            exchange: self.header.message_id,
            session_id: self.session_id,
            tree_id: self.tree_id,
            status: None,
            position,
            length: data.length,
            waited: false,
            route: DataRoute::Undecided,
        }
    }
}

fn answer_flowing(header: &Smb2Header, asked: &PendingRequest, open: u64, data: BufferRange) -> DataTransfer {
    DataTransfer {
        open,
        command: SmbCommand::Smb2(header.command),
        exchange: header.message_id,
        session_id: asked.session_id,
        tree_id: asked.tree_id,
        status: Some(SmbStatus::Nt(header.status)),
        position: asked.position,
        length: data.length,
        waited: header.is_async(),
        route: DataRoute::Undecided,
    }
}

const fn key(header: &Smb2Header) -> AskKey {
    (SmbCommand::Smb2(header.command), header.message_id)
}

/// Greater than a limit that is set.
const fn exceeds(size: u32, limit: u32) -> bool {
    limit != 0 && size > limit
}
