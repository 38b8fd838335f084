//! Presentation contexts as they are offered and answered. [C706] 12.6.3.1.

use sidewire_base::{Cursor, Malformed};

use crate::{ByteOrder, Uuid};

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
    pub(super) fn new(order: ByteOrder, cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
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
    pub(super) fn new(order: ByteOrder, cur: &mut Cursor<'a>) -> Result<Self, Malformed> {
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
