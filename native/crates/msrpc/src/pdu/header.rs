//! What every connection-oriented PDU begins with. [C706] 12.6.3.1, [MS-RPCE] 2.2.2.3.

use sidewire_base::{Cursor, Direction, Malformed};

use crate::ByteOrder;

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
pub struct PduHeader {
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
pub enum HeaderGuess {
    /// They are a header.
    Yes(PduHeader),
    /// They cannot be one.
    No,
    /// So far they could be one.
    More,
}

impl PduHeader {
    /// Its size. Octets.
    pub const LENGTH: usize = 16;

    /// Reads a header strictly: everything that must hold for a PDU to be followed from the middle of a stream holds.
    #[must_use]
    pub fn probe(data: &[u8]) -> HeaderGuess {
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
            return HeaderGuess::No;
        }
        let Ok(header) = Self::read(&mut Cursor::new(data)) else { return HeaderGuess::More };
        if header.is_sane() { HeaderGuess::Yes(header) } else { HeaderGuess::No }
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
