//! RPC over HTTP: requests whose bodies are channels. [MS-RPCH] 2.1.2, 2.2.4.
//!
//! The request of an IN channel never ends, nor does the answer of an OUT channel, whose request is one RTS PDU. What is a
//! channel is handed to DCERPC; what is not (authentication, echoes) stays HTTP.

use sidewire_base::Direction;
use sidewire_msrpc::{HeaderGuess, Pdu, PduBody, PduHeader, PduType, Uuid};

/// Bodies of echo requests are no longer. [MS-RPCH] 2.1.2.1.5.
const ECHO: u64 = 16;

/// What the first octets of a request's body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyOpening {
    /// An ordinary body.
    No,
    /// The beginning of the PDU that tells; more must come.
    More,
    /// A channel of the virtual connection with this cookie, and what it carries.
    Channel(Uuid, Direction),
}

impl BodyOpening {
    /// Looks at a request by its method, the announced length of its body and the octets of it that are there.
    pub(super) fn of(method: &[u8], length: u64, body: &[u8]) -> Self {
        let carries = match method {
            b"RPC_IN_DATA" => Direction::ToServer,
            b"RPC_OUT_DATA" => Direction::ToClient,
            _ => return Self::No,
        };
        match PduHeader::probe(body) {
            _ if length <= ECHO => Self::No,
            HeaderGuess::More => Self::More,
            HeaderGuess::Yes(header) if header.pdu_type == PduType::RTS => {
                if body.len() < usize::from(header.fragment_length) {
                    return Self::More;
                }
                match Pdu::parse(body).map(|pdu| pdu.body) {
                    Ok(PduBody::Rts { commands, .. }) => {
                        commands.first_cookie(header.order).map_or(Self::No, |cookie| Self::Channel(cookie, carries))
                    }
                    _ => Self::No,
                }
            }
            _ => Self::No,
        }
    }
}
