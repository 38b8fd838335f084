//! Connection-oriented PDUs as views over bytes. [C706] 12.6, [MS-RPCE] 2.2.2.

mod contexts;
mod header;

use sidewire_base::{Cursor, Malformed};

use crate::{ByteOrder, SecTrailer, Uuid};
pub use contexts::{ContextElement, ContextList, ContextResult, InterfaceId, ResultList, TransferSyntax};
pub use header::{HeaderGuess, PduFlags, PduHeader, PduType};

/// A PDU: header, body, and the trailer of its security provider.
#[derive(Clone, Copy, Debug)]
pub struct Pdu<'a> {
    /// Common to all.
    pub header: PduHeader,
    /// What the type carries.
    pub body: PduBody<'a>,
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
pub enum PduBody<'a> {
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
        if let PduBody::Request { stub, .. } | PduBody::Response { stub, .. } | PduBody::Fault { stub, .. } =
            &mut self.body
        {
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
        let header = PduHeader::parse(&mut Cursor::new(data))?;
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
                    end = end.saturating_sub(usize::from(found.pad_length)).max(PduHeader::LENGTH);
                    trailer = Some(found);
                }
            }
        }
        let mut cur = Cursor::new(data.get(..end).unwrap_or_default());
        cur.skip(PduHeader::LENGTH)?;
        let body = PduBody::parse(&header, &mut cur)?;
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
        if matches!(self.body, PduBody::Request { .. }) { 24 } else { 16 }
    }

    /// Octets of this fragment as EVE's `stub_data_size` counts them: of a request, all behind the 24 octets every
    /// request begins with (so an object UUID counts); of an answer, all behind the common header; padding and
    /// authentication in both.
    #[must_use]
    pub fn stub_size_with_trailer(&self) -> u32 {
        u32::from(self.header.fragment_length).saturating_sub(self.fixed_length() as u32)
    }
}

impl<'a> PduBody<'a> {
    fn parse(header: &PduHeader, cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
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
