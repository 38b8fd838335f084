//! Connection-oriented PDUs as views over bytes. [C706] 12.6, [MS-RPCE] 2.2.2.

use sidewire_base::{Cursor, Direction, Malformed};

use crate::{ByteOrder, SecTrailer, Uuid};

/// The type of a PDU. [C706] 12.6.4, [MS-RPCE] 2.2.2; an unknown one keeps its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PduType(pub u8);

#[allow(missing_docs)] // the specification's own names
impl PduType {
    pub const REQUEST: Self = Self(0);
    pub const PING: Self = Self(1);
    pub const RESPONSE: Self = Self(2);
    pub const FAULT: Self = Self(3);
    pub const WORKING: Self = Self(4);
    pub const NOCALL: Self = Self(5);
    pub const REJECT: Self = Self(6);
    pub const ACK: Self = Self(7);
    pub const CL_CANCEL: Self = Self(8);
    pub const FACK: Self = Self(9);
    pub const CANCEL_ACK: Self = Self(10);
    pub const BIND: Self = Self(11);
    pub const BIND_ACK: Self = Self(12);
    pub const BIND_NAK: Self = Self(13);
    pub const ALTER_CONTEXT: Self = Self(14);
    pub const ALTER_RESPONSE: Self = Self(15);
    pub const AUTH3: Self = Self(16);
    pub const SHUTDOWN: Self = Self(17);
    pub const CO_CANCEL: Self = Self(18);
    pub const ORPHANED: Self = Self(19);
    pub const RTS: Self = Self(20);
}

impl PduType {
    /// Name as EVE's `dcerpc` events have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "REQUEST",
            1 => "PING",
            2 => "RESPONSE",
            3 => "FAULT",
            4 => "WORKING",
            5 => "NOCALL",
            6 => "REJECT",
            7 => "ACK",
            8 => "CL_CANCEL",
            9 => "FACK",
            10 => "CANCEL_ACK",
            11 => "BIND",
            12 => "BINDACK",
            13 => "BINDNAK",
            14 => "ALTER_CONTEXT",
            15 => "ALTER_CONTEXT_RESP",
            16 => "AUTH3",
            17 => "SHUTDOWN",
            18 => "CO_CANCEL",
            19 => "ORPHANED",
            20 => "RTS",
            _ => "UNKNOWN",
        }
    }

    /// Which way a connection-oriented PDU of this type travels; `None` for RTS, which goes both ways, and for types
    /// that do not exist there.
    #[must_use]
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::REQUEST | Self::BIND | Self::ALTER_CONTEXT | Self::AUTH3 | Self::CO_CANCEL | Self::ORPHANED => {
                Some(Direction::ToServer)
            }
            Self::RESPONSE | Self::FAULT | Self::BIND_ACK | Self::BIND_NAK | Self::ALTER_RESPONSE | Self::SHUTDOWN => {
                Some(Direction::ToClient)
            }
            _ => None,
        }
    }

    /// Fewest octets a connection-oriented PDU of this type has; `None` when the type does not exist there.
    const fn min_length(self) -> Option<u16> {
        Some(match self {
            Self::REQUEST | Self::RESPONSE => 24,
            Self::FAULT => 28,
            Self::BIND | Self::ALTER_CONTEXT => 28,
            Self::BIND_ACK | Self::ALTER_RESPONSE => 26,
            Self::BIND_NAK => 18,
            Self::AUTH3 | Self::SHUTDOWN | Self::CO_CANCEL | Self::ORPHANED => 16,
            Self::RTS => 20,
            _ => return None,
        })
    }
}

/// `pfc_flags`. [C706] 12.6.3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PduFlags(pub u8);

impl PduFlags {
    /// First fragment of a call.
    #[must_use]
    pub const fn first(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// Last fragment of a call.
    #[must_use]
    pub const fn last(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// On bind and alter_context and their answers: header signing is supported. [MS-RPCE] 2.2.2.3.
    #[must_use]
    pub const fn header_signing(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// Several calls may be in flight on the connection.
    #[must_use]
    pub const fn multiplex(self) -> bool {
        self.0 & 0x10 != 0
    }
    /// On a fault: the call was not executed.
    #[must_use]
    pub const fn did_not_execute(self) -> bool {
        self.0 & 0x20 != 0
    }
    /// The call wants no answer.
    #[must_use]
    pub const fn maybe(self) -> bool {
        self.0 & 0x40 != 0
    }
    /// An object UUID stands behind the request header.
    #[must_use]
    pub const fn object(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// The 16 octets every connection-oriented PDU begins with. [C706] 12.6.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Minor protocol version: 0, or 1 when fragmented binds and secondary addresses are understood.
    pub minor: u8,
    /// What follows.
    pub pdu_type: PduType,
    /// Fragmentation and more.
    pub flags: PduFlags,
    /// The sender's byte order.
    pub order: ByteOrder,
    /// The PDU's length with this header. Octets.
    pub fragment_length: u16,
    /// The auth token's length, without `sec_trailer`. Octets.
    pub auth_length: u16,
    /// Which call it belongs to.
    pub call_id: u32,
}

/// What the first octets of something say about being a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plausible {
    /// They are a header.
    Yes(Header),
    /// They cannot be one.
    No,
    /// So far they could be one.
    More,
}

impl Header {
    /// Its size. Octets.
    pub const LENGTH: usize = 16;

    /// Reads a header strictly: everything that must hold for a PDU to be followed from the middle of a stream holds.
    #[must_use]
    pub fn probe(data: &[u8]) -> Plausible {
        let checks: [fn(u8) -> bool; 8] = [
            |version| version == 5,
            |minor| minor <= 1,
            |pdu_type| PduType(pdu_type).min_length().is_some(),
            |_flags| true,
            |integers| matches!(integers, 0x00 | 0x10),
            |floats| floats == 0,
            |reserved| reserved == 0,
            |reserved| reserved == 0,
        ];
        if data.iter().zip(checks).any(|(octet, check)| !check(*octet)) {
            return Plausible::No;
        }
        let Ok(header) = Self::read(&mut Cursor::new(data)) else { return Plausible::More };
        if header.is_sane() { Plausible::Yes(header) } else { Plausible::No }
    }

    /// Reads a header leniently: version 5 and no more is asked.
    ///
    /// # Errors
    /// [`Malformed`] when it is cut short, is of another version, or states lengths that contradict each other.
    pub fn parse(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        if cur.peek(0) != Some(5) {
            return Err(Malformed::Invalid("rpc_vers"));
        }
        let header = Self::read(cur)?;
        if header.is_sane() { Ok(header) } else { Err(Malformed::Invalid("frag_length")) }
    }

    fn read(cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let [_version, minor, pdu_type, flags, integers, _floats, _, _] = *cur.array::<8>()?;
        let order = ByteOrder::from_drep(integers);
        Ok(Self {
            minor,
            pdu_type: PduType(pdu_type),
            flags: PduFlags(flags),
            order,
            fragment_length: order.u16(cur)?,
            auth_length: order.u16(cur)?,
            call_id: order.u32(cur)?,
        })
    }

    fn is_sane(&self) -> bool {
        let least = self.pdu_type.min_length().unwrap_or(16);
        let auth = if self.auth_length == 0 { 0 } else { u32::from(self.auth_length) + 8 };
        self.fragment_length >= least && auth + 16 <= u32::from(self.fragment_length)
    }
}

/// A PDU: header, body, and the trailer of its security provider.
#[derive(Clone, Copy, Debug)]
pub struct Pdu<'a> {
    /// Common to all.
    pub header: Header,
    /// What the type carries.
    pub body: Body<'a>,
    /// Provider, level, context.
    pub trailer: Option<SecTrailer>,
    /// The provider's token behind the trailer.
    pub token: &'a [u8],
    /// Octets of the PDU that were not there to be read: it was cut short by a gap or the end of the stream.
    pub missing: u16,
    /// The whole PDU, as far as it is there.
    octets: &'a [u8],
    /// Where padding and trailer begin in `octets`.
    stub_end: usize,
    /// The stub was sealed, and is opened.
    pub opened: bool,
}

/// The part of a PDU that differs by type.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// `request`.
    Request {
        /// The sender's guess of the whole stub's size.
        alloc_hint: u32,
        /// Presentation context: which bound interface.
        context_id: u16,
        /// Operation number.
        opnum: u16,
        /// Object UUID: in DCOM, the IPID.
        object: Option<Uuid>,
        /// This fragment of the stub, without authentication padding.
        stub: &'a [u8],
    },
    /// `response`.
    Response {
        /// The sender's guess of the whole stub's size.
        alloc_hint: u32,
        /// Presentation context.
        context_id: u16,
        /// Cancels seen by the server.
        cancel_count: u8,
        /// This fragment of the stub, without authentication padding.
        stub: &'a [u8],
    },
    /// `fault`.
    Fault {
        /// Presentation context.
        context_id: u16,
        /// Why. See [`crate::fault_name`].
        status: u32,
        /// What follows the status.
        stub: &'a [u8],
    },
    /// `bind` and `alter_context`.
    Bind {
        /// Largest fragment the client sends. Octets.
        max_transmit: u16,
        /// Largest fragment the client takes. Octets.
        max_receive: u16,
        /// Association group the client asks for; 0: a new one.
        association_group: u32,
        /// The offered presentation contexts.
        contexts: ContextList<'a>,
    },
    /// `bind_ack` and `alter_context_resp`.
    BindAck {
        /// Association group the connection belongs to.
        association_group: u32,
        /// Port or pipe name, without its NUL.
        secondary_address: &'a [u8],
        /// One result per offered context, in the order of the offer.
        results: ResultList<'a>,
    },
    /// `bind_nak`: the reason. [C706] 12.6.3.1 `p_reject_reason_t`.
    BindNak(u16),
    /// `auth3`: only a token.
    Auth3,
    /// `shutdown`.
    Shutdown,
    /// `co_cancel`.
    Cancel,
    /// `orphaned`.
    Orphaned,
    /// RTS, of RPC over HTTP: flags and number of commands. [MS-RPCH] 2.2.3.6.
    Rts {
        /// `RTS_FLAG_*`.
        flags: u16,
        /// The commands, undecoded.
        commands: RtsCommands<'a>,
    },
    /// A type of another protocol version.
    Unknown,
}

impl<'a> Pdu<'a> {
    /// Puts the opened octets of a sealed stub, with their padding, in its place.
    pub(crate) fn open(&mut self, octets: &'a [u8]) {
        if let Body::Request { stub, .. } | Body::Response { stub, .. } | Body::Fault { stub, .. } = &mut self.body {
            *stub = octets.get(..stub.len()).unwrap_or(octets);
            self.opened = true;
        }
    }

    /// Reads the PDU that `data` begins with. When `data` ends before the PDU does, what is there is read and
    /// [`Pdu::missing`] says how much is not.
    ///
    /// # Errors
    /// [`Malformed`] when the header or the fixed part of the body is not there or contradicts itself.
    pub fn parse(data: &'a [u8]) -> Result<Self, Malformed> {
        let header = Header::parse(&mut Cursor::new(data))?;
        let length = usize::from(header.fragment_length);
        let data = data.get(..length).unwrap_or(data);
        let missing = header.fragment_length - u16::try_from(data.len()).unwrap_or(header.fragment_length);
        let order = header.order;

        let (mut end, mut trailer, mut token) = (data.len(), None, &[][..]);
        if header.auth_length > 0 {
            // The trailer's place follows from the lengths; `is_sane` saw to it that it lies behind the header.
            let at = length - usize::from(header.auth_length) - SecTrailer::LENGTH;
            end = end.min(at);
            if let Some(tail) = data.get(at..) {
                let mut cur = Cursor::new(tail);
                if let Ok(found) = SecTrailer::parse(order, &mut cur) {
                    token = cur.rest();
                    end = end.saturating_sub(usize::from(found.pad_length)).max(Header::LENGTH);
                    trailer = Some(found);
                }
            }
        }
        let mut cur = Cursor::new(data.get(..end).unwrap_or_default());
        cur.skip(Header::LENGTH)?;
        let body = Body::parse(&header, &mut cur)?;
        Ok(Self { header, body, trailer, token, missing, octets: data, stub_end: end, opened: false })
    }

    /// What stands in front of this fragment's `stub` and behind it, and is stub data to Suricata: of a request the
    /// object UUID, of an answer the eight octets behind the common header; padding and authentication trailer in both.
    #[must_use]
    pub(crate) fn around_stub(&self, stub: &[u8]) -> (&'a [u8], &'a [u8]) {
        let start = self.stub_end.saturating_sub(stub.len());
        let head = self.octets.get(self.fixed_length()..start).unwrap_or_default();
        (head, self.octets.get(self.stub_end..).unwrap_or_default())
    }

    /// Octets in front of what Suricata takes for stub data.
    const fn fixed_length(&self) -> usize {
        if matches!(self.body, Body::Request { .. }) { 24 } else { 16 }
    }

    /// Octets of this fragment as EVE's `stub_data_size` counts them: of a request, all behind the 24 octets every
    /// request begins with (so an object UUID counts); of an answer, all behind the common header; padding and
    /// authentication in both.
    #[must_use]
    pub fn stub_size_with_trailer(&self) -> u32 {
        u32::from(self.header.fragment_length).saturating_sub(self.fixed_length() as u32)
    }
}

impl<'a> Body<'a> {
    fn parse(header: &Header, cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let order = header.order;
        Ok(match header.pdu_type {
            PduType::REQUEST => {
                let (alloc_hint, context_id, opnum) = (order.u32(cur)?, order.u16(cur)?, order.u16(cur)?);
                let object = if header.flags.object() { Some(order.uuid(cur)?) } else { None };
                Self::Request { alloc_hint, context_id, opnum, object, stub: cur.rest() }
            }
            PduType::RESPONSE => {
                let (alloc_hint, context_id, cancel_count) = (order.u32(cur)?, order.u16(cur)?, cur.u8()?);
                cur.skip(1)?; // reserved
                Self::Response { alloc_hint, context_id, cancel_count, stub: cur.rest() }
            }
            PduType::FAULT => {
                cur.skip(4)?; // alloc_hint
                let context_id = order.u16(cur)?;
                cur.skip(2)?; // cancel count, reserved
                let status = order.u32(cur)?;
                let _reserved = cur.skip(4); // some senders leave it out
                Self::Fault { context_id, status, stub: cur.rest() }
            }
            PduType::BIND | PduType::ALTER_CONTEXT => Self::Bind {
                max_transmit: order.u16(cur)?,
                max_receive: order.u16(cur)?,
                association_group: order.u32(cur)?,
                contexts: ContextList::new(order, cur)?,
            },
            PduType::BIND_ACK | PduType::ALTER_RESPONSE => {
                cur.skip(4)?; // max_xmit, max_recv
                let association_group = order.u32(cur)?;
                let length = usize::from(order.u16(cur)?);
                let address = cur.take(length)?;
                cur.align(4)?; // counted from the PDU's first octet, as the cursor is
                let secondary_address = address.strip_suffix(b"\0").unwrap_or(address);
                Self::BindAck { association_group, secondary_address, results: ResultList::new(order, cur)? }
            }
            PduType::BIND_NAK => Self::BindNak(order.u16(cur)?),
            PduType::AUTH3 => Self::Auth3,
            PduType::SHUTDOWN => Self::Shutdown,
            PduType::CO_CANCEL => Self::Cancel,
            PduType::ORPHANED => Self::Orphaned,
            PduType::RTS => {
                let (flags, count) = (order.u16(cur)?, order.u16(cur)?);
                Self::Rts { flags, commands: RtsCommands { data: cur.rest(), count } }
            }
            _ => Self::Unknown,
        })
    }
}

/// An interface with its version. [C706] `p_syntax_id_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId {
    /// Which interface.
    pub uuid: Uuid,
    /// Major version.
    pub version: u16,
    /// Minor version.
    pub minor: u16,
}

impl InterfaceId {
    /// Reads UUID and version.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 20 octets are left.
    pub fn parse(order: ByteOrder, cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let uuid = order.uuid(cur)?;
        // One 32-bit integer, the minor version in its upper half. [C706] 12.6.3.1
        let version = order.u32(cur)?;
        let [minor_high, minor_low, major_high, major_low] = version.to_be_bytes();
        Ok(Self {
            uuid,
            version: u16::from_be_bytes([major_high, major_low]),
            minor: u16::from_be_bytes([minor_high, minor_low]),
        })
    }
}

/// How arguments are written into a stub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferSyntax {
    /// The Network Data Representation of [C706] chapter 14; pointers and counts take 4 octets.
    #[default]
    Ndr32,
    /// [MS-RPCE] 2.2.5: pointers and counts take 8 octets.
    Ndr64,
}

impl TransferSyntax {
    /// UUID of NDR32.
    pub const NDR32: Uuid = Uuid::literal("8a885d04-1ceb-11c9-9fe8-08002b104860");
    /// UUID of NDR64.
    pub const NDR64: Uuid = Uuid::literal("71710533-beba-4937-8319-b5dbef9ccc36");

    /// True for the syntax of a context that negotiates features of the connection instead. [MS-RPCE] 3.3.1.5.3.
    #[must_use]
    pub fn is_feature_negotiation(uuid: &Uuid) -> bool {
        uuid.0.starts_with(&[0x6c, 0xb7, 0x1c, 0x2c, 0x98, 0x12, 0x45, 0x40])
    }

    /// `None` for bind-time features and syntaxes nobody uses.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Option<Self> {
        match uuid {
            Self::NDR32 => Some(Self::Ndr32),
            Self::NDR64 => Some(Self::Ndr64),
            _ => None,
        }
    }
}

/// An offered presentation context. [C706] `p_cont_elem_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextElement {
    /// Its id: per connection, reusable.
    pub context_id: u16,
    /// The interface it stands for.
    pub interface: InterfaceId,
    /// The first transfer syntax offered.
    pub transfer_syntax: Uuid,
}

/// The contexts of a bind or alter_context: an iterator that ends where the bytes do.
#[derive(Clone, Copy, Debug)]
pub struct ContextList<'a> {
    order: ByteOrder,
    cur: Cursor<'a>,
    left: u8,
}

impl<'a> ContextList<'a> {
    fn new(order: ByteOrder, cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let left = cur.u8()?;
        cur.skip(3)?; // reserved
        Ok(Self { order, cur: *cur, left })
    }
}

impl Iterator for ContextList<'_> {
    type Item = ContextElement;

    fn next(&mut self) -> Option<ContextElement> {
        self.left = self.left.checked_sub(1)?;
        let (order, cur) = (self.order, &mut self.cur);
        let context_id = order.u16(cur).ok()?;
        let syntaxes = cur.u8().ok()?;
        cur.skip(1).ok()?; // reserved
        let interface = InterfaceId::parse(order, cur).ok()?;
        let mut transfer_syntax = Uuid::NIL;
        for nth in 0..syntaxes {
            let Ok(offered) = InterfaceId::parse(order, cur) else {
                self.left = 0; // the interface is there all the same
                break;
            };
            if nth == 0 {
                transfer_syntax = offered.uuid;
            }
        }
        Some(ContextElement { context_id, interface, transfer_syntax })
    }
}

/// What the server said to one offered context. [C706] `p_result_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextResult {
    /// 0 accepted, 1 user rejection, 2 provider rejection, 3 negotiate_ack (bind-time features).
    pub result: u16,
    /// Why not; for negotiate_ack, the feature bits.
    pub reason: u16,
    /// The transfer syntax chosen.
    pub transfer_syntax: Uuid,
}

/// The results of an answer to an offer: an iterator that ends where the bytes do.
#[derive(Clone, Copy, Debug)]
pub struct ResultList<'a> {
    order: ByteOrder,
    cur: Cursor<'a>,
    left: u8,
}

impl<'a> ResultList<'a> {
    fn new(order: ByteOrder, cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let left = cur.u8()?;
        cur.skip(3)?; // reserved
        Ok(Self { order, cur: *cur, left })
    }
}

impl Iterator for ResultList<'_> {
    type Item = ContextResult;

    fn next(&mut self) -> Option<ContextResult> {
        self.left = self.left.checked_sub(1)?;
        let (order, cur) = (self.order, &mut self.cur);
        let (result, reason) = (order.u16(cur).ok()?, order.u16(cur).ok()?);
        Some(ContextResult { result, reason, transfer_syntax: InterfaceId::parse(order, cur).ok()?.uuid })
    }
}

/// The commands of an RTS PDU. [MS-RPCH] 2.2.3.5.
#[derive(Clone, Copy, Debug)]
pub struct RtsCommands<'a> {
    /// The octets they take.
    pub data: &'a [u8],
    /// How many the header promises.
    pub count: u16,
}

impl<'a> RtsCommands<'a> {
    /// The first cookie. In the PDU that opens or replaces a channel, the virtual connection's. [MS-RPCH] 2.2.4.
    #[must_use]
    pub fn first_cookie(self, order: ByteOrder) -> Option<Uuid> {
        let mut cur = Cursor::new(self.data);
        for _ in 0..self.count {
            let length = match order.u32(&mut cur).ok()? {
                3 => return order.uuid(&mut cur).ok(),
                0 | 2 | 4 | 5 | 6 | 13 | 14 => 4,
                1 => 24,
                7 | 9 | 10 => 0,
                8 => usize::try_from(order.u32(&mut cur).ok()?).ok()?,
                11 => match order.u32(&mut cur).ok()? {
                    0 => 4 + 12,
                    _ => 16 + 12,
                },
                12 => 16,
                _ => return None,
            };
            cur.skip(length).ok()?;
        }
        None
    }
}
