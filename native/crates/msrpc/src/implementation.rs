//! Which implementation calls: what its way of binding shows. Facts from traffic of each, none of them a secret of the
//! caller's: another program may imitate any.

use crate::interfaces::known;
use crate::{AuthLevel, AuthType, Pdu, TransferSyntax, Uuid};

/// An implementation of DCERPC, known by what no other one of those seen does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RpcImplementation {
    /// Windows' own runtime: fragments of 5,840 octets, features negotiated at bind time.
    Windows,
    /// .NET on top of Windows' runtime: it asks a new object for `IManagedObject`.
    DotNet,
    /// impacket: security contexts numbered from 79,231 on.
    Impacket,
    /// Invoke-TheHash: fragments of 4,280 octets as impacket has them, but several contexts, features, and level packet.
    InvokeTheHash,
}

/// An implementation, and what showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RpcClient {
    /// Which one it is.
    pub implementation: RpcImplementation,
    /// What it was derived from.
    pub known_by: ClientEvidence,
}

/// What an implementation is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEvidence {
    /// The number of its security context.
    SecurityContext,
    /// What its binds offer.
    Bind,
    /// What its binds offer, and how the SMB client below them negotiated.
    SmbNegotiation,
    /// The interfaces it asks objects for.
    Interfaces,
}

impl ClientEvidence {
    /// Word in EVE.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecurityContext => "security_context",
            Self::Bind => "bind",
            Self::SmbNegotiation => "smb_negotiation",
            Self::Interfaces => "interfaces",
        }
    }

    const fn of(self, implementation: RpcImplementation) -> RpcClient {
        RpcClient { implementation, known_by: self }
    }
}

/// Fragments Windows offers over TCP and HTTP, and those it offers over pipes, as everybody does who copied it there. Octets.
const WINDOWS_FRAGMENT: u16 = 5840;
const SMALL_FRAGMENT: u16 = 4280;
/// The first security context of impacket, and how many a connection may have.
const IMPACKET_CONTEXTS: core::ops::Range<u32> = 79_231..79_231 + 1024;

impl RpcImplementation {
    /// Words in rules, with their numbers.
    pub const NAMES: [(&'static str, u64); 4] = [("windows", 0), ("dotnet", 1), ("impacket", 2), ("invoke-thehash", 3)];

    /// Word in EVE and in rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::DotNet => "dotnet",
            Self::Impacket => "impacket",
            Self::InvokeTheHash => "invoke-thehash",
        }
    }

    /// By the security trailer of any PDU the client sends.
    pub(crate) fn of_trailer(pdu: &Pdu<'_>) -> Option<RpcClient> {
        let context = pdu.trailer?.context_id;
        IMPACKET_CONTEXTS.contains(&context).then(|| ClientEvidence::SecurityContext.of(Self::Impacket))
    }

    /// Who an SMB client may be that negotiates these dialects: impacket offers no older ones, and these alone.
    pub fn of_dialects<'a>(mut dialects: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        const IMPACKET: [&[u8]; 3] = [b"NT LM 0.12", b"SMB 2.002", b"SMB 2.???"];
        let same = IMPACKET.iter().all(|dialect| dialects.next() == Some(*dialect)) && dialects.next().is_none();
        same.then_some(Self::Impacket)
    }

    /// Who an SMB2 client may be by its `ClientGuid`: impacket's is text.
    #[must_use]
    pub fn of_client_guid(guid: &[u8; 16]) -> Option<Self> {
        guid.iter().all(u8::is_ascii_alphabetic).then_some(Self::Impacket)
    }

    /// By what a bind offers: the fragment size, and the transfer syntaxes of its contexts. `on_pipe`: a pipe carries it, where
    /// Windows offers smaller fragments. `hint`: who the carriage's client may be; a bind without authentication shows less
    /// than one with it.
    pub(crate) fn of_bind(
        pdu: &Pdu<'_>,
        max_fragment: u16,
        syntaxes: impl Iterator<Item = Uuid>,
        (on_pipe, hint): (bool, Option<Self>),
    ) -> Option<RpcClient> {
        if let Some(known) = Self::of_trailer(pdu) {
            return Some(known);
        }
        let (mut contexts, mut features) = (0_usize, false);
        for syntax in syntaxes {
            contexts += 1;
            features |= TransferSyntax::is_feature_negotiation(&syntax);
        }
        let ntlm_packet =
            |trailer: crate::SecTrailer| (trailer.auth_type, trailer.auth_level) == (AuthType(10), AuthLevel::PACKET);
        match max_fragment {
            WINDOWS_FRAGMENT if features => Some(ClientEvidence::Bind.of(Self::Windows)),
            SMALL_FRAGMENT if features && contexts > 1 && pdu.trailer.is_some_and(ntlm_packet) => {
                Some(ClientEvidence::Bind.of(Self::InvokeTheHash))
            }
            SMALL_FRAGMENT if features && on_pipe => Some(ClientEvidence::Bind.of(Self::Windows)),
            SMALL_FRAGMENT if !features && contexts == 1 && hint == Some(Self::Impacket) => {
                Some(ClientEvidence::SmbNegotiation.of(Self::Impacket))
            }
            _ => None,
        }
    }

    /// What the interfaces asked of an object add to what is known.
    pub(crate) fn asks_for(known: Option<RpcClient>, iids: &[Uuid]) -> Option<RpcClient> {
        match known.map(|client| client.implementation) {
            None | Some(Self::Windows) if iids.contains(&known::IMANAGED_OBJECT) => {
                Some(ClientEvidence::Interfaces.of(Self::DotNet))
            }
            _ => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotnet_is_windows_that_asks_more() {
        let asked = [known::IMANAGED_OBJECT];
        let windows = ClientEvidence::Bind.of(RpcImplementation::Windows);
        let managed = ClientEvidence::Interfaces.of(RpcImplementation::DotNet);
        assert_eq!(RpcImplementation::asks_for(Some(windows), &asked), Some(managed));
        let impacket = ClientEvidence::SecurityContext.of(RpcImplementation::Impacket);
        assert_eq!(RpcImplementation::asks_for(Some(impacket), &asked), Some(impacket));
        assert_eq!(RpcImplementation::asks_for(None, &[]), None);
        for (name, number) in RpcImplementation::NAMES {
            let known = [
                RpcImplementation::Windows,
                RpcImplementation::DotNet,
                RpcImplementation::Impacket,
                RpcImplementation::InvokeTheHash,
            ][number as usize];
            assert_eq!((known.name(), known as u64), (name, number));
        }
    }
}
