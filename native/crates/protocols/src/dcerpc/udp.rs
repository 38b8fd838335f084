//! DCERPC over datagrams.

use std::sync::Arc;

use sidewire_app_layer::{
    AppLayerResult, Buffer, ParseContext, ParseFailed, ParseInput, Protocol, ProtocolInfo, Transactions, Transport,
    TxLogger, Value,
};
use sidewire_base::{BufferId, Direction};
use sidewire_msrpc::{DatagramCalls, ProtocolSequence, RpcEvent};
use smallvec::SmallVec;

use super::config::DcerpcConfig;
use super::objects::announce;
use super::rows::RpcBuffers;
use super::transaction::{LOGGERS, TxBuilder};
use super::{DcerpcTransaction, INFO, detect, rows};

/// DCERPC over datagrams (ncadg_ip_udp).
pub struct DcerpcUdp {
    calls: DatagramCalls,
    /// A bit for each direction that ended.
    closed: u8,
    waiting: SmallVec<[RpcEvent; 2]>,
}

impl Protocol for DcerpcUdp {
    type Tx = DcerpcTransaction;
    type Config = DcerpcConfig;
    type EveOptions = ();

    const INFO: ProtocolInfo = ProtocolInfo {
        doc: "Connectionless remote procedure calls of DCE and Windows.",
        transports: &[Transport::Udp],
        probes: detect::UDP_PROBES,
        counter: "dcerpc_udp",
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
        Self { calls: DatagramCalls::new(config.limits), closed: 0, waiting: SmallVec::new() }
    }

    fn parse(
        &mut self,
        direction: Direction,
        input: ParseInput<'_>,
        transactions: &mut Transactions<DcerpcTransaction>,
        context: &mut ParseContext<'_>,
    ) -> Result<AppLayerResult, ParseFailed> {
        let (mut filling, mut around) =
            TxBuilder::with(transactions, context, &mut self.waiting, ProtocolSequence::Udp, None);
        self.calls.datagram(direction, input.data, &mut filling, &mut around);
        announce(context);
        Ok(AppLayerResult::all(&input))
    }

    fn close(
        &mut self,
        direction: Direction,
        transactions: &mut Transactions<DcerpcTransaction>,
        context: &mut ParseContext<'_>,
    ) {
        self.closed |= 1 << direction.index();
        if self.closed == 0b11 {
            let (mut filling, _) =
                TxBuilder::with(transactions, context, &mut self.waiting, ProtocolSequence::Udp, None);
            self.calls.finish(&mut filling);
        }
    }
}
