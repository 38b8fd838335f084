//! A control connection: commands wait for their replies in the order in which they were sent.

use std::collections::VecDeque;

use sidewire_app_layer::{
    AppLayerResult, FlowExpectation, ParseContext, ParseFailed, ParseInput, Transactions, Transport,
};
use sidewire_base::{Direction, Endpoint, PerDirection, TxId};

use super::address::{self, DataAddress};
use super::channels::{DataChannel, FtpTransfer, FtpTransfers};
use super::command::{CommandKind, FtpCommand, TransferCommand};
use super::event::FtpEvent;
use super::line::{FtpLine, LineReader};
use super::reply::{FtpReplyReader, ReplyStep};
use super::settings::FtpSettings;
use super::stage;
use super::transaction::{DataAgreement, DataMode, FtpTransaction};

/// Replies to one command that others follow. A transfer has one.
const MAX_PRELIMINARY: u32 = 64;

/// Seconds within which a data connection is expected to say something.
const DATA_WAIT: i64 = 60;

/// Ports below are of services.
const FIRST_UNPRIVILEGED: u16 = 1024;

/// The name of a file that the server is to name.
const NAMED_BY_SERVER: &[u8] = b"<stou>";

/// The state of a control connection.
#[derive(Debug)]
pub struct FtpSession {
    settings: FtpSettings,
    lines: PerDirection<LineReader>,
    reply: FtpReplyReader,
    /// Commands without their last reply, oldest first.
    waiting: VecDeque<WaitingCommand>,
    /// What the next transfer goes over.
    channel: Option<(DataMode, DataChannel)>,
}

/// A command without its last reply.
#[derive(Clone, Copy, Debug)]
struct WaitingCommand {
    /// Its transaction.
    id: TxId,
    kind: CommandKind,
    /// Of commands that say where the client listens.
    agreement: Option<DataAgreement>,
    preliminary: u32,
}

impl FtpSession {
    pub(super) fn new(settings: FtpSettings) -> Self {
        Self {
            settings,
            lines: PerDirection::default(),
            reply: FtpReplyReader::default(),
            waiting: VecDeque::new(),
            channel: None,
        }
    }

    /// Takes what is there of lines.
    pub(super) fn take(
        &mut self,
        direction: Direction,
        input: &ParseInput<'_>,
        transactions: &mut Transactions<FtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut consumed = 0;
        let mut complete = false;
        while let Some((line, length)) = self.lines[direction].next(input, consumed, self.settings.max_line) {
            consumed += length;
            let Some(line) = line.filter(|line| !line.text.trim_ascii().is_empty()) else { continue };
            complete = true;
            let secured = match direction {
                Direction::ToServer => self.command(line, transactions, context).map(|()| false)?,
                Direction::ToClient => self.reply(line, transactions, context)?,
            };
            if secured {
                return Ok(AppLayerResult { switch: Some("tls"), ..AppLayerResult::need(consumed, 0) });
            }
        }
        Ok(AppLayerResult { flush: complete, ..AppLayerResult::need(consumed, 0) })
    }

    /// Octets of a side are missing: a line, or many.
    pub(super) fn lose(&mut self, direction: Direction, transactions: &mut Transactions<FtpTransaction>) {
        self.lines[direction].lose();
        if direction == Direction::ToClient {
            self.reply.restart();
        }
        if let Some(slot) = transactions.last_mut() {
            slot.raise(FtpEvent::Gap);
        }
    }

    fn command(
        &mut self,
        line: FtpLine<'_>,
        transactions: &mut Transactions<FtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        let Some(command) = FtpCommand::read(line.text) else { return Ok(()) };
        if self.waiting.len() >= self.settings.max_transactions {
            return Err(self.overrun(transactions));
        }
        let kind = command.kind();
        let ends = (context.client, context.server);
        let said = match kind {
            CommandKind::Port => Some(address::port(command.argument)),
            CommandKind::ExtendedPort => Some(address::extended_port(command.argument)),
            _ => None,
        };
        let agreement = said.flatten().map(|address| agreement(DataMode::Active, address, ends));
        let mut tx = FtpTransaction { command_cut: line.cut, data: agreement, ..FtpTransaction::default() };
        let word = match kind {
            // Suricata's name of the command has the mechanism.
            CommandKind::AuthTls => [command.word, command.argument].join(&b' '),
            _ => command.word.to_vec(),
        };
        tx.command = Some(word.to_ascii_uppercase().into());
        if kind != CommandKind::AuthTls {
            tx.argument = command.argument.into();
        }
        let slot = transactions.open(tx, context.time);
        self.waiting.push_back(WaitingCommand { id: slot.head.id, kind, agreement, preliminary: 0 });
        if line.cut {
            slot.raise(FtpEvent::RequestCommandTooLong);
        }
        if matches!(said, Some(None)) {
            slot.raise(FtpEvent::InvalidDataAddress);
        }
        for event in agreement.iter().flat_map(DataAgreement::events) {
            slot.raise(event);
        }
        if let CommandKind::Transfer(transfer) = kind
            && let Some(event) = self.transfer(transfer, command.argument, context)
        {
            slot.raise(event);
        }
        Ok(())
    }

    /// A transfer was asked for; what is odd about it.
    fn transfer(
        &mut self,
        command: TransferCommand,
        argument: &[u8],
        context: &mut ParseContext<'_>,
    ) -> Option<FtpEvent> {
        if command.needs_name() && argument.is_empty() {
            return Some(FtpEvent::FileWithoutName);
        }
        let Some((mode, channel)) = self.channel.take() else { return Some(FtpEvent::FileBeforePort) };
        // A data connection is opened by the client, or towards it.
        let towards_listener = command.is_upload() == (mode == DataMode::Passive);
        let direction = if towards_listener { Direction::ToServer } else { Direction::ToClient };
        let name = match command {
            TransferCommand::StoreUnique if argument.is_empty() => NAMED_BY_SERVER,
            _ if command.is_file() => argument,
            _ => &[],
        };
        context.extensions.get::<FtpTransfers>().ask(channel, FtpTransfer { command, name: name.into(), direction });
        None
    }

    /// Takes a line of a reply; true when the connection goes on with TLS.
    fn reply(
        &mut self,
        line: FtpLine<'_>,
        transactions: &mut Transactions<FtpTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<bool, ParseFailed> {
        let (reply, step) = self.reply.take(line.text);
        let waiting = self.answered(transactions, context)?;
        let code = reply.code;
        let ends = (context.client, context.server);
        let said = match (waiting.kind, code.as_ref()) {
            (CommandKind::Passive, Some(b"227")) => Some(address::passive(&reply.text)),
            (CommandKind::ExtendedPassive, Some(b"229")) => Some(address::extended_passive(&reply.text)),
            _ => None,
        };
        let passive = said.flatten().map(|address| agreement(DataMode::Passive, address, ends));
        let Some(slot) = transactions.by_id(waiting.id) else { return Ok(false) };
        let room = slot.tx.keep(reply);
        if line.cut || !room {
            slot.tx.reply_cut = true;
            slot.raise(FtpEvent::ResponseCommandTooLong);
        }
        if matches!(said, Some(None)) {
            slot.raise(FtpEvent::InvalidDataAddress);
        }
        if let Some(passive) = passive {
            slot.tx.data = Some(passive);
            passive.events().for_each(|event| slot.raise(event));
        }
        let mut over = step == ReplyStep::Final || !room;
        if step == ReplyStep::Preliminary
            && let Some(front) = self.waiting.front_mut()
        {
            front.preliminary += 1;
            if front.preliminary == MAX_PRELIMINARY {
                slot.raise(FtpEvent::TooManyPreliminaryResponses);
                over = true;
            }
        }
        if over {
            slot.tx.answered = true;
            Direction::BOTH.into_iter().for_each(|side| slot.advance(side, stage::COMPLETE, context.time));
            self.waiting.pop_front();
            self.reply.restart();
        }
        let agreed = passive.or(waiting.agreement.filter(|_| code.is_some_and(|code| code.starts_with(b"2"))));
        if let Some(agreed) = agreed {
            self.agree(agreed, context);
        }
        Ok(waiting.kind == CommandKind::AuthTls && code.as_ref() == Some(b"234"))
    }

    /// The command that a reply belongs to. What a server says by itself is a transaction without a command.
    fn answered(
        &mut self,
        transactions: &mut Transactions<FtpTransaction>,
        context: &ParseContext<'_>,
    ) -> Result<WaitingCommand, ParseFailed> {
        if let Some(front) = self.waiting.front() {
            return Ok(*front);
        }
        if transactions.len() > self.settings.max_transactions {
            return Err(self.overrun(transactions));
        }
        let slot = transactions.open(FtpTransaction::default(), context.time);
        let unasked = WaitingCommand { id: slot.head.id, kind: CommandKind::Other, agreement: None, preliminary: 0 };
        self.waiting.push_back(unasked);
        Ok(unasked)
    }

    /// More is open than is followed.
    fn overrun(&self, transactions: &mut Transactions<FtpTransaction>) -> ParseFailed {
        let oldest = self.waiting.front().map(|waiting| waiting.id);
        let slot = match oldest {
            Some(id) => transactions.by_id(id),
            None => transactions.last_mut(),
        };
        if let Some(slot) = slot {
            slot.raise(FtpEvent::TooManyTransactions);
        }
        ParseFailed
    }

    /// Both sides know where the next data connection goes. Whatever address was named, it is expected between the two hosts:
    /// after address translation the one that is named is not the one that is seen.
    fn agree(&mut self, agreed: DataAgreement, context: &mut ParseContext<'_>) {
        let (opener, listener) = match agreed.mode {
            DataMode::Active => (context.server, context.client),
            DataMode::Passive => (context.client, context.server),
        };
        let server = Endpoint { port: agreed.address.port, ..listener };
        self.channel = Some((agreed.mode, DataChannel { client: opener.address, server }));
        if server.port >= FIRST_UNPRIVILEGED {
            context.expectations.push(FlowExpectation {
                client: Some(opener.address),
                server,
                transport: Transport::Tcp,
                protocol: super::DATA,
                expires: Some(context.time.plus_seconds(DATA_WAIT)),
            });
        }
    }
}

/// What an address that was read comes to, between a client and a server.
fn agreement(mode: DataMode, address: DataAddress, (client, server): (Endpoint, Endpoint)) -> DataAgreement {
    let own = if mode == DataMode::Active { client } else { server };
    DataAgreement { mode, address, foreign: address.host.is_some_and(|host| host != own.address) }
}

impl DataAgreement {
    /// What is odd about it.
    fn events(&self) -> impl Iterator<Item = FtpEvent> + use<> {
        let foreign = self.foreign.then_some(FtpEvent::ForeignDataAddress);
        let privileged = self.address.port < FIRST_UNPRIVILEGED;
        foreign.into_iter().chain(privileged.then_some(FtpEvent::PrivilegedDataPort))
    }
}
