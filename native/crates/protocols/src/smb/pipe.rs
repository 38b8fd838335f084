//! Data on its way to files and pipes; remote procedure calls on pipes.

use std::sync::Arc;

use sidewire_app_layer::{ParseContext, Transactions};
use sidewire_base::{Direction, Time, TxId};
use sidewire_msrpc::security::Principal;
use sidewire_msrpc::{ExchangeStore, HeaderGuess, PduHeader, PduType, RpcConnection, RpcContext, RpcExchange};

use super::context::SmbContext;
use super::direction_state::{DataRoute, DataTransfer};
use super::event::SmbEvent;
use super::file::SmbFile;
use super::flow::SmbSession;
use super::names::FSCTL_PIPE_TRANSCEIVE;
use super::transaction::{RpcCall, SmbCommand, SmbTransaction, TxDetail};
use super::transaction_map::TransactionMap;
use super::{wire1, wire2};
use crate::dcerpc::{interfaces_of, objects};

/// Name of a file whose create was not seen.
pub(super) const UNKNOWN: &[u8] = b"<unknown>";

/// Pipes that speak RPC and nothing else, so that a stream on them is followed from its middle.
const RPC_PIPES: &[&[u8]] = &[
    b"atsvc",
    b"browser",
    b"epmapper",
    b"eventlog",
    b"lsarpc",
    b"lsass",
    b"netdfs",
    b"netlogon",
    b"ntsvcs",
    b"samr",
    b"spoolss",
    b"srvsvc",
    b"svcctl",
    b"winreg",
    b"wkssvc",
];

impl SmbSession {
    /// Takes octets of a read, a write or a pipe exchange; the first ones decide where they all go.
    pub(super) fn deliver(&mut self, around: &mut SmbContext<'_, '_>, data: &mut DataTransfer, octets: &[u8]) {
        if data.route == DataRoute::Undecided {
            data.route = self.route(around, data, octets);
        }
        match data.route {
            DataRoute::Call => self.call_data(around, data, octets),
            DataRoute::File(id) => {
                let now = around.now;
                if let Some(slot) = around.transactions.by_id(id) {
                    slot.head.updated = now;
                    if let TxDetail::File(file) = &mut slot.tx.detail {
                        file.octets(data.position, octets, &mut around.context.files);
                    }
                }
            }
            DataRoute::Undecided | DataRoute::Nowhere => {}
        }
        data.position = data.position.saturating_add(octets.len() as u64);
    }

    fn route(&mut self, around: &mut SmbContext<'_, '_>, data: &DataTransfer, first: &[u8]) -> DataRoute {
        let tree_id = (data.session_id, data.tree_id);
        let limits = self.rpc_limits();
        let Some(open) = self.opens.get_mut(&data.open) else { return DataRoute::Nowhere };
        if open.rpc.is_some() {
            return DataRoute::Call;
        }
        let tree = self.trees.peek(&open.tree).or_else(|| self.trees.peek(&tree_id));
        let plausible = match PduHeader::probe(first) {
            HeaderGuess::Yes(_) => true,
            HeaderGuess::No => false,
            HeaderGuess::More => !first.is_empty() && (first.len() as u32) < data.length,
        };
        let on_pipe = open.on_pipe || tree.is_some_and(|tree| tree.is_pipe);
        let is_call = if on_pipe {
            plausible || open.name.as_deref().is_some_and(|name| RPC_PIPES.contains(&pipe_name(name)))
        } else {
            tree.is_none() && plausible
        };
        if is_call {
            open.on_pipe = true;
            open.rpc = Some(Box::new(RpcConnection::new(limits)));
            return DataRoute::Call;
        }
        if on_pipe {
            let shown = data.waited || open.files[around.direction].is_some();
            if data.command == SmbCommand::Smb2(wire2::command::IOCTL) && around.direction == Direction::ToServer {
                self.open_ioctl(around, data, FSCTL_PIPE_TRANSCEIVE);
            }
            // A read that had to wait is shown as that of a file is, and so are those after it: the output of a remote
            // shell comes so.
            return if shown { self.file_data(around, data) } else { DataRoute::Nowhere };
        }
        self.file_data(around, data)
    }

    /// An exchange with a pipe that does not speak RPC.
    pub(super) fn open_ioctl(&mut self, around: &mut SmbContext<'_, '_>, data: &DataTransfer, function: u32) {
        let transaction = SmbTransaction::new(data.command, data.session_id, data.tree_id, TxDetail::Ioctl(function));
        let id = self.ledger.open(around.transactions, around.now, transaction).head.id;
        if let Some(asked) = self.asked.get_mut(&(data.command, data.exchange)) {
            asked.transaction = Some(id);
        }
    }

    /// A chunk of a file begins: notes it in the file's transaction, which it may open.
    fn file_data(&mut self, around: &mut SmbContext<'_, '_>, data: &DataTransfer) -> DataRoute {
        let direction = around.direction;
        let exchange =
            matches!(data.command, SmbCommand::Smb2(wire2::command::IOCTL) | SmbCommand::Smb1(wire1::command::TRANS));
        if exchange {
            return DataRoute::Nowhere;
        }
        let Some(file) = self.file_of(data.open) else { return DataRoute::Nowhere };
        let Some(open) = self.opens.get_mut(&data.open) else { return DataRoute::Nowhere };
        let existing = open.files[direction].filter(|id| around.transactions.by_id(*id).is_some());
        let id = match existing {
            Some(id) => id,
            None => {
                let share = self.trees.peek(&open.tree).map(|tree| Arc::clone(&tree.path)).unwrap_or_default();
                let name = open.name.clone().unwrap_or_else(|| UNKNOWN.into());
                let detail = SmbFile::new(name, share, file, direction, &mut around.context.files);
                let detail = TxDetail::File(Box::new(detail));
                let transaction = SmbTransaction::new(data.command, data.session_id, data.tree_id, detail);
                let id = self.ledger.open(around.transactions, around.now, transaction).head.id;
                open.files[direction] = Some(id);
                id
            }
        };
        let read = direction == Direction::ToClient;
        let (share, name) = self.opens.peek(&data.open).map_or_else(Default::default, |open| {
            (self.share_of(open.tree).unwrap_or_default(), open.name.clone().unwrap_or_default())
        });
        self.touch(around, &share, &name, read);
        let limit = if read { self.limits.read_queue } else { self.limits.write_queue };
        if let Some(slot) = around.transactions.by_id(id)
            && let TxDetail::File(file) = &mut slot.tx.detail
        {
            for odd in file.announce(data.position, data.length.into(), limit) {
                slot.raise(SmbEvent::of_chunk(odd, read));
            }
        }
        DataRoute::File(id)
    }

    fn call_data(&mut self, around: &mut SmbContext<'_, '_>, data: &DataTransfer, octets: &[u8]) {
        self.auth3(around, data, octets);
        self.with_rpc(around, data, |rpc, direction, calls, surroundings| {
            rpc.message(direction, octets, calls, surroundings);
        });
    }

    /// A session setup succeeded, or names a session that is there already: calls over it are made as whom it says.
    pub(super) fn open_session(&mut self, session_id: u64, principal: Option<Principal>) {
        if let Some(principal) = principal.filter(|_| session_id != 0) {
            let principal = Principal { of_session: true, ..principal };
            self.principals.insert(session_id, Arc::new(principal));
        }
    }

    /// The third leg of an authentication is no exchange, and is not answered; EVE shows it all the same.
    fn auth3(&mut self, around: &mut SmbContext<'_, '_>, data: &DataTransfer, octets: &[u8]) {
        let begins = octets.len() as u32 == data.length || data.position == 0;
        let HeaderGuess::Yes(header) = PduHeader::probe(octets) else { return };
        if !begins || header.pdu_type != PduType::AUTH3 || around.direction != Direction::ToServer {
            return;
        }
        let exchange = RpcExchange {
            call_id: header.call_id,
            version: (5, header.minor),
            request_type: Some(PduType::AUTH3),
            ..RpcExchange::default()
        };
        let pipe = self.opens.peek(&data.open).and_then(|open| open.name.as_deref()).map(pipe_name).map(Arc::from);
        let call = RpcCall { pipe, exchange, interfaces: Default::default() };
        let detail = TxDetail::Call(Box::new(call));
        let transaction = SmbTransaction::new(data.command, data.session_id, data.tree_id, detail);
        let slot = self.ledger.open(around.transactions, around.now, transaction);
        for direction in Direction::BOTH {
            slot.advance(direction, 1, around.now);
        }
    }

    /// Octets of data are missing.
    pub(super) fn data_lost(&mut self, around: &mut SmbContext<'_, '_>, data: &DataTransfer, octets: u64) {
        if data.route == DataRoute::Call {
            self.with_rpc(around, data, |rpc, direction, calls, surroundings| {
                rpc.gap(direction, octets, calls, surroundings);
            });
        }
    }

    fn with_rpc(
        &mut self,
        around: &mut SmbContext<'_, '_>,
        data: &DataTransfer,
        act: impl FnOnce(&mut RpcConnection, Direction, &mut PipeCalls<'_>, &mut RpcContext<'_>),
    ) {
        let Some(open) = self.opens.get_mut(&data.open) else { return };
        let Some(mut rpc) = open.rpc.take() else { return };
        let share = self.trees.peek(&open.tree).map(|tree| Arc::clone(&tree.path));
        let pipe: Option<Arc<[u8]>> = open.name.as_deref().map(pipe_name).map(Arc::from);
        let direction = around.direction;
        let session = self.principals.peek(&data.session_id).cloned();
        let mut surroundings = RpcContext {
            session: session.as_ref(),
            pipe: pipe.as_deref(),
            share: share.as_deref(),
            client_hint: self.client_hint,
            ..surroundings(around.context)
        };
        let mut calls = PipeCalls {
            ledger: &mut self.ledger,
            transactions: around.transactions,
            now: around.now,
            direction,
            data,
            pipe: pipe.clone(),
            opened: None,
        };
        act(&mut rpc, direction, &mut calls, &mut surroundings);
        let opened = calls.opened;
        if let Some(open) = self.opens.get_mut(&data.open) {
            open.rpc = Some(rpc);
        }
        // An error answer to a transceive is the answer to the call.
        if let (Some(id), Direction::ToServer) = (opened, direction)
            && let Some(asked) = self.asked.get_mut(&(data.command, data.exchange))
        {
            asked.transaction = asked.transaction.or(Some(id));
        }
    }

    /// A pipe was closed: nothing in flight on it will be answered.
    pub(super) fn finish_rpc(&mut self, around: &mut SmbContext<'_, '_>, rpc: &mut RpcConnection) {
        let data = DataTransfer {
            open: 0,
            command: SmbCommand::Smb2(wire2::command::CLOSE),
            exchange: 0,
            session_id: 0,
            tree_id: 0,
            status: None,
            position: 0,
            length: 0,
            waited: false,
            route: DataRoute::Call,
        };
        let mut surroundings = surroundings(around.context);
        let mut calls = PipeCalls {
            ledger: &mut self.ledger,
            transactions: around.transactions,
            now: around.now,
            direction: around.direction,
            data: &data,
            pipe: None,
            opened: None,
        };
        for direction in Direction::BOTH {
            rpc.close(direction, &mut calls, &mut surroundings);
        }
        rpc.finish(&mut calls, &mut surroundings);
    }

    /// The flow ended.
    pub(super) fn finish_calls(&mut self, around: &mut SmbContext<'_, '_>) {
        let connections: Vec<_> = self.opens.values_mut().filter_map(|open| open.rpc.take()).collect();
        for mut rpc in connections {
            self.finish_rpc(around, &mut rpc);
        }
    }
}

/// The name of a pipe without what may stand before it: `\svcctl`, `\PIPE\svcctl`.
pub(super) fn pipe_name(name: &[u8]) -> &[u8] {
    let name = name.strip_prefix(b"\\").unwrap_or(name);
    match name.split_first_chunk::<5>() {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"pipe\\") => rest,
        _ => name,
    }
}

fn surroundings<'a>(context: &'a mut ParseContext<'_>) -> RpcContext<'a> {
    let (client, server) = (context.client, context.server);
    RpcContext {
        objects: objects(context.extensions),
        time: context.time,
        client,
        server,
        session: None,
        pipe: None,
        share: None,
        client_hint: None,
    }
}

/// The calls of a pipe as transactions of the flow.
struct PipeCalls<'a> {
    ledger: &'a mut TransactionMap,
    transactions: &'a mut Transactions<SmbTransaction>,
    now: Time,
    direction: Direction,
    data: &'a DataTransfer,
    pipe: Option<Arc<[u8]>>,
    /// The first call that these octets began.
    opened: Option<TxId>,
}

impl ExchangeStore for PipeCalls<'_> {
    fn open(&mut self, exchange: RpcExchange) -> TxId {
        let interfaces = interfaces_of(&exchange, true);
        let call = RpcCall { pipe: self.pipe.clone(), exchange, interfaces };
        let detail = TxDetail::Call(Box::new(call));
        let transaction = SmbTransaction::new(self.data.command, self.data.session_id, self.data.tree_id, detail);
        let id = self.ledger.open(self.transactions, self.now, transaction).head.id;
        self.opened = self.opened.or(Some(id));
        id
    }

    fn get(&mut self, id: TxId) -> Option<&mut RpcExchange> {
        match &mut self.transactions.by_id(id)?.tx.detail {
            TxDetail::Call(call) => Some(&mut call.exchange),
            _ => None,
        }
    }

    fn updated(&mut self, id: TxId) {
        let now = self.now;
        let Some(slot) = self.transactions.by_id(id) else { return };
        let TxDetail::Call(call) = &mut slot.tx.detail else { return };
        if call.interfaces.is_empty() {
            call.interfaces = interfaces_of(&call.exchange, true);
        }
        let (request, response) = (call.exchange.request_is_done(), call.exchange.response_is_done());
        if self.direction == Direction::ToClient {
            slot.tx.status = self.data.status.or(slot.tx.status);
        }
        slot.advance(Direction::ToServer, u8::from(request), now);
        slot.advance(Direction::ToClient, u8::from(response), now);
    }

    fn raise(&mut self, id: Option<TxId>, event: sidewire_msrpc::RpcEvent) {
        // SMB's own rules know one event for what is wrong inside a pipe.
        if event == sidewire_msrpc::RpcEvent::MalformedPdu {
            match id.and_then(|id| self.transactions.by_id(id)) {
                Some(slot) => slot.raise(SmbEvent::MalformedData),
                None => self.ledger.raise(self.transactions, SmbEvent::MalformedData),
            }
        }
    }
}
