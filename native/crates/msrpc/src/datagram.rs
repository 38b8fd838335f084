//! Connectionless RPC: one PDU a datagram, an 80-octet header, calls told apart by activity. [C706] 12.5, chapter 10.

use std::collections::BTreeMap;

use sidewire_base::{Cursor, Direction, Malformed, TxId};

use crate::stub_memory::StubMemory;
use crate::{
    Activity, AuthLevel, AuthType, ByteOrder, CallInterface, ExchangeHalf, ExchangeStore, InterfaceId, InterfaceOrigin,
    PduSecurity, PduType, RpcContext, RpcEvent, RpcExchange, RpcLimits, StubVisibility, TransferSyntax, Uuid,
    interfaces, reading,
};

/// The header of a connectionless PDU. [C706] 12.5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatagramHeader {
    /// What follows: a number of [`PduType`] up to 10.
    pub pdu_type: PduType,
    /// `flags1`: 02 last fragment, 04 fragment, 08 no fack, 10 maybe, 20 idempotent, 40 broadcast.
    pub flags: u8,
    /// The sender's byte order.
    pub order: ByteOrder,
    /// Object UUID; nil: none.
    pub object: Uuid,
    /// The interface, with its version.
    pub interface: InterfaceId,
    /// The client's activity.
    pub activity: Uuid,
    /// When the server started; 0 until the client knows.
    pub server_boot: u32,
    /// Number of the call in the activity.
    pub sequence: u32,
    /// Operation number.
    pub opnum: u16,
    /// Octets behind the header, authentication not included.
    pub length: u16,
    /// Number of the fragment, from 0.
    pub fragment: u16,
    /// Authentication protocol; 0: none.
    pub auth_type: AuthType,
}

impl DatagramHeader {
    /// Its size. Octets.
    pub const LENGTH: usize = 80;

    /// Reads a header. It is as strict as the protocol allows, so it also serves to recognise one.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short or cannot be one.
    pub fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let [version, pdu_type, flags, flags2, integers, floats, reserved, serial_high] = *cur.array::<8>()?;
        if version & 0x0f != 4 {
            return Err(Malformed::Invalid("rpc_vers"));
        }
        if pdu_type > 10 {
            return Err(Malformed::Invalid("ptype"));
        }
        if flags2 & 0xfc != 0 {
            return Err(Malformed::Invalid("flags2"));
        }
        if integers & 0xee != 0 || floats > 3 || reserved != 0 {
            return Err(Malformed::Invalid("drep"));
        }
        let _ = serial_high;
        let order = ByteOrder::from_drep(integers);
        let object = order.uuid(cur)?;
        let uuid = order.uuid(cur)?;
        let activity = order.uuid(cur)?;
        let server_boot = order.u32(cur)?;
        let [minor_high, minor_low, major_high, major_low] = order.u32(cur)?.to_be_bytes();
        let sequence = order.u32(cur)?;
        let opnum = order.u16(cur)?;
        cur.skip(4)?; // interface and activity hints
        let (length, fragment) = (order.u16(cur)?, order.u16(cur)?);
        let (auth_type, _serial_low) = (AuthType(cur.u8()?), cur.u8()?);
        Ok(Self {
            pdu_type: PduType(pdu_type),
            flags,
            order,
            object,
            interface: InterfaceId {
                uuid,
                version: u16::from_be_bytes([major_high, major_low]),
                minor: u16::from_be_bytes([minor_high, minor_low]),
            },
            activity,
            server_boot,
            sequence,
            opnum,
            length,
            fragment,
            auth_type,
        })
    }

    /// Can this be the header of a datagram with so many octets behind it? A header as such is easily resembled: its interface
    /// and activity have to be UUIDs, and of an interface that no table knows, number and octets have to add up. The bits
    /// reserved for implementations ([C706] 12.5.2.1) may be set, but then no octets may be left over: a DNS query that asks
    /// for recursion has one of them set.
    #[must_use]
    pub fn is_plausible(&self, left: usize) -> bool {
        /// `reserved_01` and `reserved_80`.
        const RESERVED: u8 = 0x81;
        /// More operations than any interface has.
        const OPERATIONS: u16 = 1024;
        let length = usize::from(self.length);
        if self.interface.uuid.is_nil()
            || self.activity.is_nil()
            || length > left
            || !self.is_fragment() && self.fragment != 0
        {
            return false;
        }
        interfaces::find(&self.interface.uuid).is_some()
            || self.interface.uuid.has_variant()
                && (self.object.is_nil() || self.object.has_variant())
                && self.opnum < OPERATIONS
                && (length == left || self.auth_type.0 != 0 && self.flags & RESERVED == 0)
    }

    const fn is_fragment(&self) -> bool {
        self.flags & 0x04 != 0
    }

    const fn is_last(&self) -> bool {
        self.flags & 0x02 != 0 || !self.is_fragment()
    }

    const fn is_maybe(&self) -> bool {
        self.flags & 0x10 != 0
    }
}

/// The calls of a pair of ports: one or more activities, each with one call at a time.
#[derive(Debug, Default)]
pub struct DatagramCalls {
    limits: RpcLimits,
    calls: Vec<DatagramCall>,
    /// Octets of the stubs in flight.
    held: StubMemory,
}

#[derive(Debug)]
struct DatagramCall {
    activity: Uuid,
    sequence: u32,
    exchange: TxId,
    answered: bool,
    /// Octets of its stubs.
    kept: usize,
    request: FragmentAssembly,
    response: FragmentAssembly,
}

/// Fragments that came before their turn.
#[derive(Debug, Default)]
struct FragmentAssembly {
    next: u32,
    early: BTreeMap<u16, (bool, Vec<u8>)>,
    kept: usize,
}

/// Fragments that wait for an earlier one, per direction of a call.
const MAX_EARLY: usize = 64;

impl DatagramCalls {
    /// No calls yet.
    #[must_use]
    pub fn new(limits: RpcLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes one datagram. False when it is no connectionless PDU.
    pub fn datagram(
        &mut self,
        direction: Direction,
        data: &[u8],
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) -> bool {
        let mut cur = Cursor::new(data);
        let Ok(header) = DatagramHeader::parse(&mut cur) else {
            exchanges.raise(None, RpcEvent::MalformedPdu);
            return false;
        };
        let body = cur.rest();
        let stub = body.get(..usize::from(header.length)).unwrap_or(body);
        let missing = stub.len() < usize::from(header.length);
        let level = body.get(usize::from(header.length)).copied().unwrap_or_default();
        let around = &mut RpcContext { objects: around.objects, ..*around };
        if header.pdu_type.direction().is_some_and(|expected| expected != direction) {
            core::mem::swap(&mut around.client, &mut around.server);
        }
        match header.pdu_type {
            PduType::REQUEST => {
                let position = self.call(&header, PduType::REQUEST, level, exchanges);
                self.fragment(position, &header, stub, missing, exchanges, around);
                if header.is_maybe() {
                    self.drop_call(position, exchanges);
                }
            }
            PduType::RESPONSE | PduType::FAULT | PduType::REJECT => {
                let position = self.call(&header, header.pdu_type, level, exchanges);
                let again = self.calls.get(position).is_none_or(|call| call.answered);
                if again {
                    return true; // sent once more, because the acknowledgement was lost
                }
                let status = header.order.u32(&mut Cursor::new(stub)).ok();
                if let Some(exchange) = self.calls.get(position).and_then(|call| exchanges.get(call.exchange)) {
                    exchange.response_type = Some(header.pdu_type);
                    exchange.request.incomplete |= !exchange.request.done;
                    exchange.request.done = true;
                    if header.pdu_type != PduType::RESPONSE {
                        exchange.fault = status;
                    }
                }
                self.fragment(position, &header, stub, missing, exchanges, around);
            }
            PduType::CL_CANCEL => {
                let known = self.position(&header).and_then(|position| self.calls.get(position));
                if let Some(id) = known.map(|call| call.exchange)
                    && let Some(exchange) = exchanges.get(id)
                {
                    exchange.cancelled = true;
                    exchanges.updated(id);
                }
            }
            _ => {} // ping, working, nocall, ack, fack, cancel_ack: the protocol's own housekeeping
        }
        true
    }

    /// The flow ended: nothing will be answered.
    pub fn finish(&mut self, exchanges: &mut impl ExchangeStore) {
        while !self.calls.is_empty() {
            self.drop_call(0, exchanges);
        }
    }

    fn position(&self, header: &DatagramHeader) -> Option<usize> {
        self.calls.iter().rposition(|call| call.activity == header.activity && call.sequence == header.sequence)
    }

    /// The call a PDU belongs to; a new one when there is none yet.
    fn call(
        &mut self,
        header: &DatagramHeader,
        pdu_type: PduType,
        level: u8,
        exchanges: &mut impl ExchangeStore,
    ) -> usize {
        if let Some(position) = self.position(header) {
            return position;
        }
        // An activity has one call at a time: a new sequence number ends the one before.
        if let Some(before) = self.calls.iter().position(|call| call.activity == header.activity) {
            self.drop_call(before, exchanges);
        }
        if self.calls.len() >= self.limits.calls.max(1) {
            if let Some(oldest) = self.calls.first() {
                exchanges.raise(Some(oldest.exchange), RpcEvent::TooManyCalls);
            }
            self.drop_call(0, exchanges);
        }
        let seen = pdu_type == PduType::REQUEST;
        let provider = header.auth_type;
        let exchange = exchanges.open(RpcExchange {
            call_id: header.sequence,
            version: (4, 0),
            activity: Some(Activity { uuid: header.activity, sequence: header.sequence }),
            request_type: seen.then_some(PduType::REQUEST),
            request: ExchangeHalf { done: !seen, incomplete: !seen, order: header.order, ..ExchangeHalf::default() },
            opnum: Some(header.opnum),
            object: Some(header.object).filter(|object| !object.is_nil()),
            interface: Some(CallInterface {
                id: header.interface,
                transfer_syntax: TransferSyntax::Ndr32,
                known: InterfaceOrigin::Bound,
                first_fragment: true,
            }),
            // The verifier behind the body begins with the protection level. [C706] 13.3.
            auth: (provider.0 != 0).then_some(PduSecurity { provider, level: AuthLevel(level) }),
            ..RpcExchange::default()
        });
        self.calls.push(DatagramCall {
            activity: header.activity,
            sequence: header.sequence,
            exchange,
            answered: false,
            kept: 0,
            request: FragmentAssembly::default(),
            response: FragmentAssembly::default(),
        });
        self.calls.len() - 1
    }

    fn fragment(
        &mut self,
        position: usize,
        header: &DatagramHeader,
        stub: &[u8],
        missing: bool,
        exchanges: &mut impl ExchangeStore,
        around: &mut RpcContext<'_>,
    ) {
        let limits = self.limits;
        self.held.count_in(around.objects.unfinished());
        let room = limits.room(&self.held);
        let (mut taken, mut freed) = (0, 0);
        let to_server = header.pdu_type == PduType::REQUEST;
        let Some(call) = self.calls.get_mut(position) else { return };
        let id = call.exchange;
        let assembly = if to_server { &mut call.request } else { &mut call.response };
        let Some(exchange) = exchanges.get(id) else { return };
        let half = if to_server { &mut exchange.request } else { &mut exchange.response };
        if half.done {
            return;
        }
        half.order = header.order;
        half.incomplete |= missing;
        if header.auth_type.0 != 0 {
            let level = exchange.auth.map(|auth| auth.level).unwrap_or_default();
            half.visibility = half.visibility.max(level.visibility()).max(StubVisibility::Signed);
            half.closed |= !half.visibility.is_readable(); // nothing opens connectionless PDUs
        }
        if assembly.next == u32::from(header.fragment) || !header.is_fragment() {
            taken += assembly.add(half, header.is_last(), stub, limits.stub, room);
            while let Ok(next) = u16::try_from(assembly.next)
                && let Some((last, early)) = assembly.early.remove(&next)
            {
                assembly.kept = assembly.kept.saturating_sub(early.len());
                freed += early.len();
                taken += assembly.add(half, last, &early, limits.stub, room.saturating_sub(taken));
            }
        } else if assembly.next < u32::from(header.fragment)
            && assembly.early.len() < MAX_EARLY
            && assembly.kept + stub.len() <= limits.stub
            && stub.len() <= room
        {
            assembly.kept += stub.len();
            taken += stub.len();
            if let Some((_, twice)) = assembly.early.insert(header.fragment, (header.is_last(), stub.to_vec())) {
                assembly.kept = assembly.kept.saturating_sub(twice.len());
                freed += twice.len();
            }
        }
        let (done, clipped) = (half.done, half.clipped);
        self.held.take(taken);
        self.held.give_back(freed);
        call.kept = (call.kept + taken).saturating_sub(freed);
        if !to_server {
            // The entry stays, so that a repeated answer is known for what it is; the next call of the activity or
            // the limit takes it away.
            call.answered = done;
            if done {
                self.held.give_back(core::mem::take(&mut call.kept));
            }
        }
        if done {
            let read = if to_server { reading::request } else { reading::response };
            read(exchange, around);
        }
        if clipped {
            exchanges.raise(Some(id), RpcEvent::StubTooLong);
        }
        exchanges.updated(id);
    }

    fn drop_call(&mut self, position: usize, exchanges: &mut impl ExchangeStore) {
        if position >= self.calls.len() {
            return;
        }
        let call = self.calls.remove(position);
        self.held.give_back(call.kept);
        if let Some(exchange) = exchanges.get(call.exchange) {
            for half in [&mut exchange.request, &mut exchange.response] {
                half.incomplete |= !half.done;
                half.done = true;
            }
            exchanges.updated(call.exchange);
        }
    }
}

impl FragmentAssembly {
    /// Adds a fragment's stub, as far as a limit for all of it and the room there is allow; gives the octets kept.
    fn add(&mut self, half: &mut ExchangeHalf, last: bool, stub: &[u8], limit: usize, room: usize) -> usize {
        self.next += 1;
        half.fragments = half.fragments.saturating_add(1);
        half.size += stub.len() as u64;
        half.size_with_trailers += stub.len() as u64;
        half.done |= last;
        let kept = stub.get(..limit.saturating_sub(half.stub().len()).min(room)).unwrap_or(stub);
        half.clipped |= kept.len() < stub.len();
        half.push(&[], kept, &[]);
        kept.len()
    }
}
