//! Commands of SMB1 (CIFS).

use std::sync::Arc;

use sidewire_base::{Direction, Malformed, TxId};

use super::context::SmbContext;
use super::direction_state::{DataRoute, DataTransfer};
use super::event::SmbEvent;
use super::file::FileId;
use super::flow::SmbSession;
use super::smb2::seconds;
use super::state::{AskKey, PendingRequest, SmbOpen, SmbTree};
use super::transaction::{
    CreateDetail, DeleteDetail, NativeSystem, NegotiateDetail, RenameDetail, SessionSetup, SmbCommand, SmbDialect,
    SmbStatus, SmbTransaction, TreeConnect, TxDetail,
};
use super::wire1::{self, ChangeKind, ChangeTarget, FileChunk, Smb1Block, Smb1Header, TransRequest, command};
use super::wire2::BufferRange;
use sidewire_msrpc::RpcImplementation;
use sidewire_msrpc::security::{NtlmUser, Principal, SessionCredentials};

/// Most commands of one message that are read: a chain cannot turn back, but it can be long.
const MAX_CHAIN: usize = 16;

impl SmbSession {
    /// Takes the commands of a message. When `streamed`, its only command reads or writes and its data, which follows, is
    /// given back; else all of the message is here.
    pub(super) fn commands1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        header: &Smb1Header,
        message: &[u8],
        streamed: bool,
    ) -> Option<(BufferRange, DataTransfer)> {
        let (mut command, mut at) = (header.command, Smb1Header::LENGTH);
        let mut file = None;
        for _ in 0..MAX_CHAIN {
            let block = Smb1Block::parse(message, at, header.is_unicode());
            let step = Smb1Step { header, command, file };
            let done = block.and_then(|block| match header.is_response() {
                false => self.request1(around, &step, &block),
                true => self.response1(around, &step, &block),
            });
            match done {
                Ok(CommandOutcome { open, data: Some((place, flowing)) }) => {
                    file = open.or(file);
                    if streamed {
                        return Some((place, flowing));
                    }
                    self.data_here(around, flowing, place, message);
                }
                Ok(CommandOutcome { open, data: None }) => file = open.or(file),
                Err(_) => self.malformed1(around, &step),
            }
            if command == command::WRITE_AND_CLOSE
                && !header.is_response()
                && let Some(number) = file
            {
                self.close_open(around, number, None);
            }
            let next = match block {
                Ok(block) if wire1::is_andx(command) => block.next(),
                _ => None,
            };
            match next {
                Some((following, place)) if place > at && place < message.len() => (command, at) = (following, place),
                _ => break,
            }
        }
        None
    }

    /// Passes on data that is here as a whole.
    fn data_here(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        mut flowing: DataTransfer,
        place: BufferRange,
        message: &[u8],
    ) {
        let begin = (place.offset as usize).min(message.len());
        let end = begin.saturating_add(place.length as usize).min(message.len());
        let octets = message.get(begin..end).unwrap_or_default();
        flowing.length = octets.len() as u32;
        if !octets.is_empty() {
            self.deliver(around, &mut flowing, octets);
        }
    }

    /// A command that could not be read is told by a transaction of its own, whatever it would have been.
    fn malformed1(&mut self, around: &mut SmbContext<'_, '_>, step: &Smb1Step<'_>) {
        let key = step.key();
        let slot = if step.header.is_response() {
            let asked = self.asked.remove(&key).and_then(|asked| asked.transaction);
            self.ledger.answer(around, asked, Some(step.status()))
        } else {
            let id = self.open1(around, step, TxDetail::None, None);
            around.transactions.by_id(id)
        };
        match slot {
            Some(slot) => slot.raise(SmbEvent::MalformedData),
            None => self.ledger.raise(around.transactions, SmbEvent::MalformedData),
        }
    }

    fn request1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<CommandOutcome, Malformed> {
        let (session_id, tree_id) = step.tree();
        let mut done = CommandOutcome::default();
        match step.command {
            command::NEGOTIATE => self.negotiate1(around, block),
            command::SESSION_SETUP_ANDX => self.session_setup1(around, step, block)?,
            command::TREE_CONNECT_ANDX => self.tree_connect1(around, step, block)?,
            command::TREE_DISCONNECT => {
                self.trees.remove(&(session_id, tree_id));
                self.open1(around, step, TxDetail::None, None);
            }
            command::NT_CREATE_ANDX => done.open = Some(self.create1(around, step, block)?),
            command::OPEN_ANDX => {
                let name = Some(Arc::from(wire1::open_request(block)?));
                let number = self.new_open(SmbOpen { name, tree: (session_id, tree_id), ..SmbOpen::default() });
                self.open1(around, step, TxDetail::None, Some(number));
                done.open = Some(number);
            }
            command::READ_ANDX => {
                let chunk = FileChunk::parse_read(block)?;
                let number = self.file1(step, chunk.file);
                let asked = PendingRequest {
                    transaction: None,
                    session_id,
                    tree_id,
                    open: Some(number),
                    position: chunk.offset,
                };
                self.ask(step.key(), asked);
            }
            command::WRITE_ANDX | command::WRITE | command::WRITE_AND_CLOSE => {
                done = self.write1(around, step, block)?
            }
            command::TRANS => done = self.trans1(step, block)?,
            command::TRANS_SECONDARY => {
                self.unanswered1(around, step);
                let asked = self.asked.peek(&(SmbCommand::Smb1(command::TRANS), step.header.exchange()));
                if let Some(number) = asked.and_then(|asked| asked.open) {
                    let place = wire1::trans_secondary(block)?;
                    done.data = Some((place, step.flowing(number, 0, place)));
                }
            }
            command::TRANS2 => self.trans2_1(around, step, block)?,
            command::RENAME => {
                let (from, to) = wire1::rename_request(block)?;
                let rename = RenameDetail { from: Arc::from(from), to, file: None };
                self.open1(around, step, TxDetail::Rename(Box::new(rename)), None);
            }
            command::DELETE => {
                let name = Arc::from(wire1::delete_request(block)?);
                let delete = DeleteDetail { name, delete: true, file: None, trans2: None, by_name: true };
                self.open1(around, step, TxDetail::Delete(Box::new(delete)), None);
            }
            command::CLOSE => {
                let number = self.file1(step, wire1::close_file(block)?);
                self.open1(around, step, TxDetail::None, Some(number));
            }
            command::NT_CANCEL | command::LOCKING_ANDX | command::TRANS2_SECONDARY | command::NT_TRANS_SECONDARY => {
                self.unanswered1(around, step)
            }
            _ => {
                self.open1(around, step, TxDetail::None, None);
            }
        }
        Ok(done)
    }

    fn tree_connect1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<(), Malformed> {
        let (path, service) = wire1::tree_connect_request(block)?;
        // Servers are named with two backslashes; EVE has always shown one.
        let path = path.strip_prefix(b"\\").filter(|rest| !rest.is_empty()).unwrap_or(&path);
        let tree = TreeConnect { path: path.into(), services: [Some(service), None], ..TreeConnect::default() };
        let id = self.open1(around, step, TxDetail::TreeConnect(Box::new(tree)), None);
        if let Some(slot) = around.transactions.by_id(id) {
            slot.tx.tree_id = 0; // there is none yet
        }
        Ok(())
    }

    /// Opens a file or pipe; gives the number of the open.
    fn create1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<u64, Malformed> {
        let open = wire1::Smb1Open::parse_create(block)?;
        let name: Arc<[u8]> = Arc::from(open.name);
        let number = self.new_open(SmbOpen { name: Some(Arc::clone(&name)), tree: step.tree(), ..SmbOpen::default() });
        let create = CreateDetail::asked(name, open.disposition, open.options);
        self.open1(around, step, TxDetail::Create(Box::new(create)), Some(number));
        Ok(number)
    }

    fn write1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<CommandOutcome, Malformed> {
        let chunk = match step.command {
            command::WRITE_ANDX => {
                let on_pipe = self.trees.peek(&step.tree()).is_none_or(|tree| tree.is_pipe);
                FileChunk::parse_write(block, on_pipe)?
            }
            command::WRITE => FileChunk::parse_core_write(block)?,
            _ => FileChunk::parse_write_and_close(block)?,
        };
        let number = self.file1(step, chunk.file);
        let done = CommandOutcome {
            open: Some(number),
            data: Some((chunk.data, step.flowing(number, chunk.offset, chunk.data))),
        };
        if step.command != command::WRITE_ANDX {
            self.open1(around, step, TxDetail::None, None);
        }
        Ok(done)
    }

    fn negotiate1(&mut self, around: &mut SmbContext<'_, '_>, block: &Smb1Block<'_>) {
        let (dialects, odd) = wire1::negotiate_request(block);
        let this = SmbCommand::Smb1(command::NEGOTIATE);
        if let Some((_, id)) = self.negotiating.filter(|(before, _)| *before == this)
            && let Some(slot) = around.transactions.by_id(id)
        {
            slot.raise(SmbEvent::DuplicateNegotiate);
            return;
        }
        self.client_hint = RpcImplementation::of_dialects(dialects.iter().map(|name| &**name));
        let negotiate = NegotiateDetail { dialects, ..NegotiateDetail::default() };
        let transaction = SmbTransaction::new(this, 0, 0, TxDetail::Negotiate(Box::new(negotiate)));
        let slot = self.ledger.open(around.transactions, around.now, transaction);
        if odd {
            slot.raise(SmbEvent::NegotiateMalformedDialects);
        }
        self.negotiating = Some((this, slot.head.id));
    }

    fn session_setup1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<(), Malformed> {
        let setup = wire1::SessionSetupAndX::parse_request(block)?;
        let mut credentials = SessionCredentials::parse(setup.blob);
        if let Some((user, domain)) = setup.account {
            credentials.ntlm = Some(NtlmUser { domain, user, ..NtlmUser::default() });
        }
        let (malformed, unusual) =
            (credentials.malformed_ntlm, credentials.ntlm.as_ref().is_some_and(|user| user.unusual_order));
        self.open_session(step.tree().0, Principal::of(&credentials));
        let request = Some(NativeSystem { os: setup.native_os, lan_manager: setup.native_lm });
        let detail = SessionSetup { credentials, request, response: None };
        let id = self.open1(around, step, TxDetail::SessionSetup(Box::new(detail)), None);
        if let Some(slot) = around.transactions.by_id(id) {
            slot.tx.tree_id = 0;
        }
        self.ntlm_events(around, id, malformed, unusual);
        Ok(())
    }

    /// A transaction on a pipe: its data goes to the pipe.
    fn trans1(&mut self, step: &Smb1Step<'_>, block: &Smb1Block<'_>) -> Result<CommandOutcome, Malformed> {
        let trans = TransRequest::parse(block)?;
        let (session_id, tree_id) = step.tree();
        let mut asked = PendingRequest { transaction: None, session_id, tree_id, open: None, position: 0 };
        let mut done = CommandOutcome::default();
        if let (Some(TransRequest::TRANSACT_PIPE), Some(file)) = (trans.subcommand(), trans.pipe()) {
            let number = self.file1(step, file);
            if let Some(open) = self.opens.get_mut(&number) {
                open.on_pipe = true;
            }
            asked.open = Some(number);
            done.data = Some((trans.data_place, step.flowing(number, 0, trans.data_place)));
        }
        self.ask(step.key(), asked);
        Ok(done)
    }

    fn trans2_1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<(), Malformed> {
        let Some(change) = TransRequest::parse(block)?.change()? else { return Ok(()) };
        let (name, file) = match change.target {
            ChangeTarget::Path(name) => (Some(Arc::from(name)), None),
            ChangeTarget::File(file) => {
                let (session_id, _) = step.tree();
                (self.name_of(session_id, FileId::Smb1(file)), Some(FileId::Smb1(file)))
            }
        };
        let name = name.unwrap_or_else(|| super::pipe::UNKNOWN.into());
        let detail = match change.kind {
            ChangeKind::Rename(to) => TxDetail::Rename(Box::new(RenameDetail { from: name, to, file })),
            ChangeKind::Disposition(delete) => {
                let trans2 = Some((change.subcommand, change.level));
                TxDetail::Delete(Box::new(DeleteDetail { name, delete, file, trans2, by_name: false }))
            }
        };
        self.open1(around, step, detail, None);
        Ok(())
    }

    /// Opens a transaction for a request and remembers it until it is answered.
    fn open1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        detail: TxDetail,
        open: Option<u64>,
    ) -> TxId {
        let (session_id, tree_id) = step.tree();
        let transaction = SmbTransaction::new(SmbCommand::Smb1(step.command), session_id, tree_id, detail);
        let transaction = self.place(around.context, transaction);
        let id = self.ledger.open(around.transactions, around.now, transaction).head.id;
        self.ask(step.key(), PendingRequest { transaction: Some(id), session_id, tree_id, open, position: 0 });
        id
    }

    /// A command that is not answered by itself.
    fn unanswered1(&mut self, around: &mut SmbContext<'_, '_>, step: &Smb1Step<'_>) {
        let id = self.open1(around, step, TxDetail::None, None);
        self.asked.remove(&step.key());
        if let Some(slot) = around.transactions.by_id(id) {
            slot.advance(Direction::ToClient, 1, around.now);
        }
    }

    /// The open a command names: in a chain after an open, 0xffff stands for it.
    fn file1(&mut self, step: &Smb1Step<'_>, file: u16) -> u64 {
        match step.file {
            Some(number) if file == u16::MAX => number,
            _ => self.open_of(step.tree(), FileId::Smb1(file)),
        }
    }

    fn response1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
    ) -> Result<CommandOutcome, Malformed> {
        let status = step.status();
        // Class and code 0 of a DOS error are success as well.
        let success = step.header.status == 0;
        let with_data = success || status == SmbStatus::BUFFER_OVERFLOW;
        if step.command == command::TRANS {
            return self.trans_answer1(step, block, with_data);
        }
        let asked = self.asked.peek(&step.key()).copied();
        let transaction = asked.and_then(|asked| asked.transaction);
        let mut done = CommandOutcome::default();
        match step.command {
            command::NEGOTIATE => self.negotiated1(around, status, block)?,
            command::SESSION_SETUP_ANDX => self.session_answer1(around, step, block, transaction),
            command::TREE_CONNECT_ANDX if success => self.tree_answer1(around, step, block, transaction)?,
            command::NT_CREATE_ANDX | command::OPEN_ANDX => self.open_answer1(around, step, block, asked)?,
            command::READ_ANDX if with_data => {
                if let (Some(asked), Some(number)) = (asked, asked.and_then(|asked| asked.open)) {
                    let place = wire1::read_response(block)?;
                    done.data = Some((place, step.flowing(number, asked.position, place)));
                }
            }
            command::CLOSE => {
                self.ledger.answer(around, transaction, Some(status));
                // Whatever the answer, the handle is gone.
                if let Some(number) = asked.and_then(|asked| asked.open) {
                    self.close_open(around, number, None);
                }
            }
            _ => {
                self.ledger.answer(around, transaction, Some(status));
            }
        }
        // An echo is answered several times.
        if asked.is_some() && step.command != command::ECHO {
            self.asked.remove(&step.key());
        }
        Ok(done)
    }

    fn session_answer1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
        transaction: Option<TxId>,
    ) {
        let (session_id, tree_id) = step.tree();
        let success = step.header.status == 0;
        let response = wire1::SessionSetupAndX::parse_response(block);
        let mut opened = None;
        if let Some(slot) = self.ledger.answer(around, transaction, Some(step.status())) {
            (slot.tx.session_id, slot.tx.tree_id) = (session_id, tree_id);
            if let (TxDetail::SessionSetup(setup), Ok(answer)) = (&mut slot.tx.detail, response) {
                setup.response = Some(NativeSystem { os: answer.native_os, lan_manager: answer.native_lm });
                opened = Principal::of(&setup.credentials).filter(|_| success);
            }
        }
        self.open_session(session_id, opened);
    }

    fn tree_answer1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
        transaction: Option<TxId>,
    ) -> Result<(), Malformed> {
        let (session_id, tree_id) = step.tree();
        let service = wire1::tree_connect_response(block)?;
        let is_pipe = *service == *b"IPC";
        let mut path = Arc::default();
        if let Some(slot) = self.ledger.answer(around, transaction, Some(step.status())) {
            (slot.tx.session_id, slot.tx.tree_id) = (session_id, tree_id);
            if let TxDetail::TreeConnect(tree) = &mut slot.tx.detail {
                (tree.is_pipe, tree.answered) = (is_pipe, true);
                let [_, answered] = &mut tree.services;
                *answered = Some(service);
                path = Arc::clone(&tree.path);
            }
        }
        self.trees.insert((session_id, tree_id), SmbTree { path, is_pipe });
        Ok(())
    }

    fn open_answer1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
        asked: Option<PendingRequest>,
    ) -> Result<(), Malformed> {
        let (session_id, _) = step.tree();
        let transaction = asked.and_then(|asked| asked.transaction);
        let success = step.header.status == 0;
        let opened = match (success, step.command) {
            (false, _) => None,
            (true, command::NT_CREATE_ANDX) => Some(wire1::Smb1CreateResponse::parse(block)?),
            (true, _) => {
                let file = wire1::open_response(block)?;
                Some(wire1::Smb1CreateResponse { file, times: [0; 4], size: 0 })
            }
        };
        if let Some(number) = asked.and_then(|asked| asked.open) {
            match &opened {
                Some(opened) => self.bind_handle(number, session_id, FileId::Smb1(opened.file)),
                None => self.close_open(around, number, None),
            }
        }
        if let Some(slot) = self.ledger.answer(around, transaction, Some(step.status()))
            && let (TxDetail::Create(create), Some(opened)) = (&mut slot.tx.detail, opened)
        {
            slot.tx.status = Some(SmbStatus::SUCCESS);
            create.times = opened.times.map(seconds);
            create.size = opened.size;
            create.file = Some(FileId::Smb1(opened.file));
        }
        Ok(())
    }

    fn trans_answer1(
        &mut self,
        step: &Smb1Step<'_>,
        block: &Smb1Block<'_>,
        with_data: bool,
    ) -> Result<CommandOutcome, Malformed> {
        let Some(asked) = self.asked.peek(&step.key()).copied() else { return Ok(CommandOutcome::default()) };
        if !with_data {
            self.asked.remove(&step.key());
            return Ok(CommandOutcome::default());
        }
        let (place, last) = wire1::trans_response(block)?;
        if last {
            self.asked.remove(&step.key());
        }
        let data = asked.open.map(|number| (place, step.flowing(number, 0, place)));
        Ok(CommandOutcome { open: None, data })
    }

    fn negotiated1(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        status: SmbStatus,
        block: &Smb1Block<'_>,
    ) -> Result<(), Malformed> {
        let (index, server_guid) = wire1::negotiate_response(block)?;
        let Some((_, id)) = self.negotiating.take() else { return Ok(()) };
        let Some(slot) = around.transactions.by_id(id) else { return Ok(()) };
        let mut chosen = None;
        if let TxDetail::Negotiate(negotiate) = &mut slot.tx.detail {
            negotiate.server_guid = server_guid;
            chosen = negotiate.dialects.get(usize::from(index)).map(|name| Arc::from(&**name));
        }
        match chosen {
            Some(name) => self.ledger.dialect = SmbDialect::Smb1(name),
            None => slot.raise(SmbEvent::NegotiateMalformedDialects),
        }
        self.ledger.answer(around, Some(id), Some(status));
        Ok(())
    }
}

/// A command of a chain.
struct Smb1Step<'a> {
    header: &'a Smb1Header,
    command: u8,
    /// The open of a command before it in the chain.
    file: Option<u64>,
}

/// What a command came to: an open that later commands of the chain may mean, and data on its way.
#[derive(Default)]
struct CommandOutcome {
    open: Option<u64>,
    data: Option<(BufferRange, DataTransfer)>,
}

impl Smb1Step<'_> {
    fn key(&self) -> AskKey {
        (SmbCommand::Smb1(self.command), self.header.exchange())
    }

    fn tree(&self) -> (u64, u32) {
        (self.header.user_id.into(), self.header.tree_id.into())
    }

    fn status(&self) -> SmbStatus {
        if self.header.is_dos_error() {
            SmbStatus::Dos { class: self.header.status as u8, code: (self.header.status >> 16) as u16 }
        } else {
            SmbStatus::Nt(self.header.status)
        }
    }

    fn flowing(&self, open: u64, position: u64, data: BufferRange) -> DataTransfer {
        let (session_id, tree_id) = self.tree();
        DataTransfer {
            open,
            command: SmbCommand::Smb1(self.command),
            exchange: self.header.exchange(),
            session_id,
            tree_id,
            // A DOS error of no class and code is success; calls and files say it the NTSTATUS way.
            status: self
                .header
                .is_response()
                .then(|| if self.header.status == 0 { SmbStatus::SUCCESS } else { self.status() }),
            position,
            length: data.length,
            waited: false,
            route: DataRoute::Undecided,
        }
    }
}
