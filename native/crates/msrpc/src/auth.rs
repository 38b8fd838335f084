//! Authentication of PDUs: provider, level, trailers, and what they leave readable. [MS-RPCE] 2.2.2.11 to 2.2.2.13.

use sidewire_base::{Cursor, Malformed};

use crate::{ByteOrder, InterfaceId, Uuid};

/// The security provider of a PDU. [MS-RPCE] 2.2.1.1.7; an unknown one still reaches the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthType(pub u8);

impl AuthType {
    /// Name in EVE; `None` for no or an unknown provider.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "dce-private",
            2 => "dce-public",
            9 => "spnego",
            10 => "ntlm",
            14 => "schannel",
            16 => "kerberos",
            17 => "dpa",
            18 => "msn",
            30 => "kernel",
            68 => "netlogon",
            100 => "msmq",
            _ => return None,
        })
    }
}

/// How much of a PDU the provider protects. [MS-RPCE] 2.2.1.1.8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthLevel(pub u8);

impl AuthLevel {
    /// Authentication of the connection only.
    pub const CONNECT: Self = Self(2);
    /// Every PDU is signed.
    pub const PACKET: Self = Self(4);
    /// Every PDU is signed.
    pub const INTEGRITY: Self = Self(5);
    /// Every stub is encrypted.
    pub const PRIVACY: Self = Self(6);

    /// Name in EVE.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 | 1 => "none",
            2 => "connect",
            3 => "call",
            4 => "packet",
            5 => "integrity",
            6 => "privacy",
            _ => return None,
        })
    }

    /// What a stub at this level lets a reader on the wire see.
    #[must_use]
    pub const fn visibility(self) -> StubVisibility {
        match self.0 {
            0..=3 => StubVisibility::Clear,
            4 | 5 => StubVisibility::Signed,
            _ => StubVisibility::Sealed,
        }
    }
}

/// What of a stub can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StubVisibility {
    /// Everything, and nothing vouches for it.
    #[default]
    Clear,
    /// Everything, and a signature vouches for it.
    Signed,
    /// Nothing but its size.
    Sealed,
}

impl StubVisibility {
    /// Word in EVE and in rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Signed => "signed",
            Self::Sealed => "sealed",
        }
    }

    /// True unless encrypted.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        !matches!(self, Self::Sealed)
    }
}

/// `sec_trailer`: the 8 octets before the auth token. [MS-RPCE] 2.2.2.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecTrailer {
    /// The provider.
    pub auth_type: AuthType,
    /// The level of this PDU, which may differ from the next one's.
    pub auth_level: AuthLevel,
    /// Padding between stub and trailer. Octets.
    pub pad_length: u8,
    /// Which of the connection's security contexts.
    pub context_id: u32,
}

impl SecTrailer {
    /// Its size. Octets.
    pub const LENGTH: usize = 8;

    /// # Errors
    /// [`Malformed::Truncated`] when fewer than 8 octets are left.
    pub fn parse(order: ByteOrder, cur: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let (auth_type, auth_level, pad_length) = (AuthType(cur.u8()?), AuthLevel(cur.u8()?), cur.u8()?);
        let _reserved = cur.u8()?; // ignored on receipt
        Ok(Self { auth_type, auth_level, pad_length, context_id: order.u32(cur)? })
    }
}

/// What a verification trailer says of the call it ends: the client's own, signed word. [MS-RPCE] 2.2.2.13.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerificationTrailer {
    /// Octets of the stub from the trailer's signature on (the padding before it is not counted).
    pub length: usize,
    /// `rpc_sec_vt_pcontext`: interface and transfer syntax.
    pub presentation: Option<(InterfaceId, Uuid)>,
    /// `rpc_sec_vt_header2`: context id and operation number.
    pub header: Option<(u16, u16)>,
    /// `rpc_sec_vt_bitmask1`: bit 0 = the client supports header signing.
    pub bitmask: Option<u32>,
}

const SIGNATURE: [u8; 8] = [0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71];
/// A trailer of the three known commands takes 84 octets; room for a few unknown ones. Octets.
const MAX_VERIFICATION_TRAILER: usize = 256;
const MAX_VERIFICATION_COMMANDS: usize = 16;
const COMMAND: u16 = 0x3fff;
const LAST_COMMAND: u16 = 0x4000;

impl VerificationTrailer {
    /// Finds the trailer at the end of a readable request stub. The signature must be followed by a chain of commands
    /// that ends exactly with the stub: bytes that merely look like it are not taken for one.
    #[must_use]
    pub fn find(stub: &[u8]) -> Option<Self> {
        let window = stub.len().saturating_sub(MAX_VERIFICATION_TRAILER);
        let tail = stub.get(window..)?;
        let at = tail.windows(SIGNATURE.len()).rposition(|octets| octets == SIGNATURE)?;
        let mut cur = Cursor::new(tail.get(at + SIGNATURE.len()..)?);
        let mut found = Self { length: tail.len() - at, ..Self::default() };
        for _ in 0..MAX_VERIFICATION_COMMANDS {
            let command = cur.u16_le().ok()?;
            let length = usize::from(cur.u16_le().ok()?);
            let mut data = Cursor::new(cur.take(length).ok()?);
            found.command(command & COMMAND, &mut data).ok()?;
            if command & LAST_COMMAND != 0 {
                return cur.is_empty().then_some(found);
            }
        }
        None
    }

    fn command(&mut self, command: u16, data: &mut Cursor<'_>) -> Result<(), Malformed> {
        let order = ByteOrder::Little; // the trailer is little-endian whatever the label says
        match command {
            1 => self.bitmask = Some(data.u32_le()?),
            2 => {
                let interface = InterfaceId::parse(order, data)?;
                self.presentation = Some((interface, order.uuid(data)?));
            }
            3 => {
                data.skip(12)?; // PDU type, reserved, data representation, call id
                self.header = Some((data.u16_le()?, data.u16_le()?));
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trailer() -> Vec<u8> {
        let mut stub = vec![1, 2, 3, 4];
        stub.extend(SIGNATURE);
        stub.extend([1, 0, 4, 0, 1, 0, 0, 0]);
        stub.extend([2, 0x40, 40, 0]);
        stub.extend(Uuid::com(0x0002_0400).to_wire(ByteOrder::Little));
        stub.extend([0, 0, 0, 0]);
        stub.extend(crate::TransferSyntax::NDR32.to_wire(ByteOrder::Little));
        stub.extend([2, 0, 0, 0]);
        stub
    }

    #[test]
    fn a_trailer_names_the_interface() {
        let stub = trailer();
        let found = VerificationTrailer::find(&stub).unwrap();
        assert_eq!(found.length, stub.len() - 4);
        assert_eq!(found.bitmask, Some(1));
        assert_eq!(found.presentation.map(|(interface, _)| interface.uuid), Some(Uuid::com(0x0002_0400)));
    }

    #[test]
    fn a_signature_without_its_chain_is_none() {
        let mut stub = trailer();
        stub.push(0);
        assert_eq!(VerificationTrailer::find(&stub), None);
        stub.truncate(20);
        assert_eq!(VerificationTrailer::find(&stub), None);
        assert_eq!(VerificationTrailer::find(&[]), None);
    }
}
