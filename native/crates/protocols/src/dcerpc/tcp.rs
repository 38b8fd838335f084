//! DCERPC over TCP.

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo, Transactions, Transport,
    TxLogger, Value,
};
use sidewire_base::{BufferId, Direction};
use sidewire_msrpc::virtual_connection::{OutChannelEvent, VirtualChannel, VirtualId};
use sidewire_msrpc::{FedOctets, ProtocolSequence, RpcConnection, RpcContext, RpcEvent};
use smallvec::SmallVec;

use super::config::DcerpcConfig;
use super::http::HttpPreface;
use super::objects::{announce, channels};
use super::rows::RpcBuffers;
use super::transaction::{LOGGERS, TxBuilder};
use super::{DcerpcTransaction, INFO, detect, frame, rows};

/// DCERPC over a TCP connection: its own (ncacn_ip_tcp), one after an HTTP head, or one of the two that make a virtual
/// connection over HTTP (ncacn_http).
pub struct DcerpcTcp {
    connection: RpcConnection,
    carriage: ProtocolSequence,
    /// Set for RPC over HTTP version 2.
    channel: Option<VirtualChannel>,
    config: Arc<DcerpcConfig>,
    /// A bit for each direction whose first PDU may come.
    begun: u8,
    /// A bit for each direction that ended.
    closed: u8,
    waiting: SmallVec<[RpcEvent; 2]>,
}

impl Protocol for DcerpcTcp {
    type Tx = DcerpcTransaction;
    type Config = DcerpcConfig;
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        doc: "Remote procedure calls of DCE and Windows, and the DCOM calls built on them.",
        transports: &[Transport::Tcp],
        patterns: detect::PATTERNS,
        probes: detect::PROBES,
        late_probes: detect::LATE_PROBES,
        frames: frame::FramePart::FRAMES,
        early: true,
        counter: "dcerpc_tcp",
        ..INFO
    };
    const BUFFERS: &'static [Buffer<DcerpcTransaction>] = RpcBuffers::<DcerpcTransaction>::ALL;
    const LOGGERS: &'static [TxLogger<DcerpcTransaction>] = LOGGERS;

    fn little_endian(tx: &DcerpcTransaction, direction: Direction) -> bool {
        rows::little_endian(tx, direction)
    }

    fn subject(tx: &DcerpcTransaction) -> Option<u64> {
        rows::subject(tx)
    }

    fn item<'t>(
        tx: &'t DcerpcTransaction,
        _buffer: BufferId,
        _direction: Direction,
        name: &str,
        nth: u32,
    ) -> Value<'t> {
        rows::argument(tx, name, nth)
    }

    fn begin(config: &Arc<DcerpcConfig>) -> Self {
        Self {
            connection: RpcConnection::new(config.limits),
            carriage: ProtocolSequence::Tcp,
            channel: None,
            config: Arc::clone(config),
            begun: 0,
            closed: 0,
            waiting: SmallVec::new(),
        }
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<DcerpcTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let mut start = 0;
        while self.begun & 1 << direction.index() == 0 {
            if self.begun == 0 && start == 0 {
                self.find_channel(context);
            }
            match HttpPreface::of(direction, input.data.get(start..).unwrap_or_default()) {
                HttpPreface::Skip(length) => {
                    start += length;
                    self.carriage = ProtocolSequence::Http;
                }
                HttpPreface::More if !input.last => return Ok(AppLayerResult::need(start, 0)),
                HttpPreface::More | HttpPreface::None => self.begun |= 1 << direction.index(),
            }
        }
        let data = input.data.get(start..).unwrap_or_default();
        let fed = match self.channel {
            Some(channel) if channel.carries != direction => FedOctets { consumed: data.len(), need: 0 }, // flow control alone
            Some(channel) if direction == Direction::ToServer => {
                channels(context.extensions).keep(channel.of, context.time, 0, data, self.config.limits);
                FedOctets { consumed: data.len(), need: 0 }
            }
            Some(channel) => self.pump(channel.of, OutChannelEvent::Octets(data, input.last), transactions, context),
            None => {
                let (connection, mut filling, mut around) =
                    self.parts(transactions, context, input.offset + start as u64);
                connection.feed(direction, data, input.last, &mut filling, &mut around)
            }
        };
        announce(context);
        Ok(AppLayerResult::need(start + fed.consumed, fed.need))
    }

    fn gap(
        &mut self,
        direction: Direction,
        length: u64,
        transactions: &mut Transactions<DcerpcTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<(), ParseFailed> {
        match self.channel {
            Some(channel) if channel.carries != direction => {}
            Some(channel) if direction == Direction::ToServer => {
                channels(context.extensions).keep(channel.of, context.time, length, &[], self.config.limits);
            }
            Some(channel) => {
                self.pump(channel.of, OutChannelEvent::Missing(length), transactions, context);
            }
            None => {
                let (connection, mut filling, mut around) = self.parts(transactions, context, 0);
                connection.gap(direction, length, &mut filling, &mut around);
            }
        }
        Ok(())
    }

    fn outlives_silence(&self) -> bool {
        // What a channel's octets mean is kept with the virtual connection.
        self.channel.is_some() || self.connection.outlives_silence()
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<DcerpcTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        self.closed |= 1 << direction.index();
        let both = self.closed == 0b11;
        if let Some(channel) = self.channel {
            let answers = channel.carries == Direction::ToClient;
            // Requests whose answers are not in the capture are told by the flow that has them.
            if both && (answers || !channels(context.extensions).is_owned(channel.of)) {
                self.pump(channel.of, OutChannelEvent::End, transactions, context);
            }
            return;
        }
        let (connection, mut filling, mut around) = self.parts(transactions, context, 0);
        connection.close(direction, &mut filling, &mut around);
        if both {
            connection.finish(&mut filling, &mut around);
        }
    }
}

impl DcerpcTcp {
    /// Asks whether HTTP found the flow to be a channel.
    fn find_channel(&mut self, context: &mut ParseContext<'_>) {
        let announced = channels(context.extensions).take_announced(context.client, context.server);
        if announced.is_some() {
            self.channel = announced;
            self.carriage = ProtocolSequence::Http;
        }
    }

    /// Lets the virtual connection read what came; its calls are this flow's.
    fn pump(
        &mut self,
        id: VirtualId,
        answers: OutChannelEvent<'_>,
        transactions: &mut Transactions<DcerpcTransaction>,
        context: &mut ParseContext<'_>,
    ) -> FedOctets {
        let flow = (context.client, context.server);
        let mut connection = channels(context.extensions).take(id, flow, self.config.limits);
        // The octets are of two streams: no frame has a place in either.
        let (mut filling, mut around) =
            TxBuilder::with(transactions, context, &mut self.waiting, ProtocolSequence::Http, None);
        filling.unflagged_binds = self.config.unflagged_binds;
        let fed = connection.pump(answers, &mut around, &mut filling);
        channels(context.extensions).give_back(id, connection);
        fed
    }

    /// What the connection works with; it is fed from a stream offset on.
    fn parts<'a>(
        &'a mut self,
        transactions: &'a mut Transactions<DcerpcTransaction>,
        context: &'a mut ParseContext<'_>,
        offset: u64,
    ) -> (&'a mut RpcConnection, TxBuilder<'a>, RpcContext<'a>) {
        let reversed = self.connection.is_reversed();
        let (filling, around) = TxBuilder::with(transactions, context, &mut self.waiting, self.carriage, Some(offset));
        let unflagged_binds = self.config.unflagged_binds;
        (&mut self.connection, TxBuilder { reversed, unflagged_binds, ..filling }, around)
    }
}
