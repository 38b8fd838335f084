//! One call: its request, its response, and all that is known of it.

use core::net::IpAddr;
use core::ops::Range;
use sidewire_base::TxId;
use std::sync::Arc;

use crate::security::Principal;
use crate::status::is_status;
use crate::{
    AuthLevel, AuthType, ByteOrder, CallArguments, ContextResult, HandleObject, InterfaceEvidence, InterfaceId,
    ObjectCall, PathOwner, PduHeader, PduType, RpcClient, StubVisibility, TransferSyntax, Uuid, interfaces,
    result_name,
};

/// What carries the PDUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolSequence {
    /// ncacn_ip_tcp.
    #[default]
    Tcp,
    /// ncadg_ip_udp.
    Udp,
    /// ncacn_np: a named pipe over SMB.
    Smb,
    /// ncacn_http.
    Http,
}

impl ProtocolSequence {
    /// Word in EVE.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Smb => "smb",
            Self::Http => "http",
        }
    }
}

/// How an interface is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InterfaceOrigin {
    /// A bind or alter_context on this connection named it (or the PDU itself: connectionless).
    Bound,
    /// No bind was seen; something else says so.
    Inferred(InterfaceEvidence),
}

impl InterfaceOrigin {
    /// Word in EVE and in rules.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Inferred(_) => "inferred",
        }
    }

    /// Number in rules.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Bound => 0,
            Self::Inferred(_) => 1,
        }
    }
}

/// The interface a call is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallInterface {
    /// UUID and version.
    pub id: InterfaceId,
    /// How the stub is written.
    pub transfer_syntax: TransferSyntax,
    /// How the interface is known.
    pub known: InterfaceOrigin,
    /// False when the bind or alter_context that offered it lacked the flag of a first fragment.
    pub first_fragment: bool,
}

/// The security of a PDU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PduSecurity {
    /// Who provides it.
    pub provider: AuthType,
    /// How much it protects.
    pub level: AuthLevel,
}

/// One half of an exchange: the fragments of one direction.
#[derive(Clone, Debug, Default)]
pub struct ExchangeHalf {
    /// Fragments seen.
    pub fragments: u32,
    /// Octets of stub, without padding and authentication trailers.
    pub size: u64,
    /// Octets of stub as Suricata counts them, with padding and authentication trailers.
    pub size_with_trailers: u64,
    /// The beginning of the stub, up to [`crate::RpcLimits::stub`], between what stood in front of the first fragment's
    /// and behind the last fragment's: see [`ExchangeHalf::stub`].
    pub(crate) octets: Vec<u8>,
    /// Where in `octets` the stub begins and ends.
    pub(crate) stub: Range<usize>,
    /// True once nothing more is expected.
    pub done: bool,
    /// True when the first fragment, or octets of a later one, are not in the capture: `stub` has holes.
    pub incomplete: bool,
    /// True when `stub` is shorter than `size` because a limit was reached.
    pub clipped: bool,
    /// What of the stub can be read on the wire: the least of all fragments.
    pub visibility: StubVisibility,
    /// A sealed fragment could not be opened.
    pub closed: bool,
    /// Byte order of the sender.
    pub order: ByteOrder,
    /// `pfc_flags` of its fragments, all together. [C706] 12.6.3.1.
    pub flags: u8,
}

impl ExchangeHalf {
    /// The beginning of the stub, up to [`crate::RpcLimits::stub`].
    #[must_use]
    pub fn stub(&self) -> &[u8] {
        self.octets.get(self.stub.clone()).unwrap_or_default()
    }

    /// The stub with what stands around it, which is stub data to Suricata: object UUID or the eight octets of an
    /// answer in front of it, padding and authentication trailer behind. Only where the carriage gave them.
    #[must_use]
    pub fn stub_with_surroundings(&self) -> &[u8] {
        &self.octets
    }

    /// The stub with what stands behind it: padding and authentication trailer.
    #[must_use]
    pub fn stub_with_trailer(&self) -> &[u8] {
        self.octets.get(self.stub.start..).unwrap_or_default()
    }

    /// Adds a fragment's stub, with what stands around it. Between fragments nothing is kept but the stub.
    pub(crate) fn push(&mut self, head: &[u8], stub: &[u8], tail: &[u8]) {
        if self.octets.is_empty() {
            self.octets.extend_from_slice(head);
            self.stub = head.len()..head.len();
        }
        self.octets.truncate(self.stub.end);
        self.octets.extend_from_slice(stub);
        self.stub.end = self.octets.len();
        self.octets.extend_from_slice(tail);
    }

    /// The stub as far as it was kept, when it has no hole and is not encrypted, or was opened: what an argument reader may
    /// work on. Padding behind the arguments, however long, hides none of them.
    #[must_use]
    pub fn beginning(&self) -> Option<&[u8]> {
        (self.done && !self.incomplete && !self.closed).then_some(self.stub())
    }

    /// The stub when all of it is here and it is not encrypted, or was opened.
    #[must_use]
    pub fn readable(&self) -> Option<&[u8]> {
        (self.done && !self.incomplete && !self.clipped && !self.closed).then_some(self.stub())
    }

    /// True when it is sealed on the wire and secrets opened all of it.
    #[must_use]
    pub const fn is_opened(&self) -> bool {
        matches!(self.visibility, StubVisibility::Sealed) && !self.closed
    }
}

/// An offered presentation context with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextOffer {
    /// Its id.
    pub context_id: u16,
    /// The interface.
    pub interface: InterfaceId,
    /// What the server said, once it did.
    pub result: Option<ContextResult>,
}

/// `p_cont_def_result_t`: the context may be used. [C706] 12.6.3.1.
const ACCEPTANCE: u16 = 0;

/// Why a server refused an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindRefusal {
    /// The context: `p_provider_reason_t`. [C706] 12.6.3.1.
    Context(u16),
    /// The whole bind: `p_reject_reason_t`. [C706] 12.6.3.1, [MS-RPCE] 2.2.2.5.
    Bind(u16),
}

impl BindRefusal {
    /// The reason by its name.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Context(0) | Self::Bind(0) => "reason_not_specified",
            Self::Context(1) => "abstract_syntax_not_supported",
            Self::Context(2) => "proposed_transfer_syntaxes_not_supported",
            Self::Context(3) | Self::Bind(2) => "local_limit_exceeded",
            Self::Bind(1) => "temporary_congestion",
            Self::Bind(3) => "called_paddr_unknown",
            Self::Bind(4) => "protocol_version_not_supported",
            Self::Bind(5) => "default_context_not_supported",
            Self::Bind(6) => "user_data_not_readable",
            Self::Bind(7) => "no_psap_available",
            Self::Bind(8) => "authentication_type_not_recognized",
            Self::Bind(9) => "invalid_checksum",
            _ => return None,
        })
    }
}

/// What a connectionless call is numbered by. [C706] 12.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The client's activity.
    pub uuid: Uuid,
    /// Number of the call in the activity.
    pub sequence: u32,
}

/// A PDU from the client with its answer, all fragments of both: a call, or the negotiation of contexts.
#[derive(Clone, Debug, Default)]
pub struct RpcExchange {
    /// Call id; the sequence number of a connectionless call.
    pub call_id: u32,
    /// Protocol version, major and minor: 5.0, 5.1, 4.0.
    pub version: (u8, u8),
    /// Set for connectionless calls.
    pub activity: Option<Activity>,
    /// Type of the client's PDU; `None` when it is not in the capture.
    pub request_type: Option<PduType>,
    /// Type of the server's PDU, once there is one.
    pub response_type: Option<PduType>,
    /// Towards the server.
    pub request: ExchangeHalf,
    /// Towards the client.
    pub response: ExchangeHalf,
    /// Presentation context of a call.
    pub context_id: Option<u16>,
    /// Operation number of a call.
    pub opnum: Option<u16>,
    /// Object UUID of a call: in DCOM, the IPID.
    pub object: Option<Uuid>,
    /// The interface a call is made on, where it is known.
    pub interface: Option<CallInterface>,
    /// Provider and level of the request.
    pub auth: Option<PduSecurity>,
    /// Who the call is made as, where it is shown.
    pub principal: Option<Arc<Principal>>,
    /// The implementation that calls, where its way of binding shows it.
    pub client: Option<RpcClient>,
    /// What a bind or alter_context offers.
    pub offers: Vec<ContextOffer>,
    /// Reason of a bind_nak.
    pub bind_nak: Option<u16>,
    /// Status of a fault.
    pub fault: Option<u32>,
    /// Decoded arguments and results, where they are readable.
    pub arguments: CallArguments,
    /// The object a call is made on, for DCOM calls.
    pub dcom: Option<Box<ObjectCall>>,
    /// The command line the call makes the server run, where it is one that does and can be read.
    pub command_line: Option<String>,
    /// What the context handle stands for that the call is made with, or that it opens.
    pub handle: Option<Arc<HandleObject>>,
    /// Whose host a path among the arguments names.
    pub path_owner: Option<PathOwner>,
    /// Who calls whom.
    pub between: Option<(IpAddr, IpAddr)>,
    /// The client asked to cancel the call, or gave it up.
    pub cancelled: bool,
    /// Its interface is still looked for. The call is told once it is found, or nothing will tell.
    pub undecided: bool,
}

impl RpcExchange {
    /// True for a request (seen or implied by its answer), false for a negotiation.
    #[must_use]
    pub fn is_call(&self) -> bool {
        match (self.request_type, self.response_type) {
            (Some(request), _) => request == PduType::REQUEST,
            (None, Some(response)) => matches!(response, PduType::RESPONSE | PduType::FAULT),
            (None, None) => false,
        }
    }

    /// The interfaces that a bind or alter_context asked for and did not get, with the reason. Of several transfer syntaxes
    /// that are offered for an interface, a server accepts one: an interface is refused when it accepts none.
    pub fn refused(&self) -> impl Iterator<Item = (InterfaceId, BindRefusal)> + '_ {
        let accepts = |offer: &ContextOffer| offer.result.is_none_or(|answer| answer.result == ACCEPTANCE);
        self.offers.iter().enumerate().filter_map(move |(at, offer)| {
            let same = |other: &&ContextOffer| other.interface == offer.interface;
            if self.offers.iter().take(at).any(|other| same(&other)) {
                return None; // told already
            }
            let refusal = match self.bind_nak {
                Some(reason) => BindRefusal::Bind(reason),
                None if self.offers.iter().filter(same).any(accepts) => return None,
                None => BindRefusal::Context(offer.result?.reason),
            };
            Some((offer.interface, refusal))
        })
    }

    /// True for what EVE tells as `msrpc`: a call, or a negotiation in which the server refused an interface.
    #[must_use]
    pub fn is_told(&self) -> bool {
        if self.is_call() { self.opnum.is_some() } else { self.refused().next().is_some() }
    }

    /// True when both halves are as complete as they get.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.request_is_done() && self.response_is_done()
    }

    /// True when rules and outputs may look at the request.
    #[must_use]
    pub const fn request_is_done(&self) -> bool {
        self.request.done && !self.undecided
    }

    /// True when rules and outputs may look at the response.
    #[must_use]
    pub const fn response_is_done(&self) -> bool {
        self.response.done && !self.undecided
    }

    /// What of the call can be read: the less visible of its halves.
    #[must_use]
    pub fn visibility(&self) -> StubVisibility {
        self.request.visibility.max(self.response.visibility)
    }

    /// True when sealed octets of it were opened with the secrets given, and their signatures are right.
    #[must_use]
    pub const fn is_opened(&self) -> bool {
        self.request.is_opened() || self.response.is_opened()
    }

    /// Short name of the interface, out of the table.
    #[must_use]
    pub fn interface_name(&self) -> Option<&'static str> {
        interfaces::find(&self.interface?.id.uuid).map(|interface| interface.name)
    }

    /// Name of the procedure, out of the table.
    #[must_use]
    pub fn procedure(&self) -> Option<&'static str> {
        interfaces::find(&self.interface?.id.uuid)?.procedure(self.opnum?)
    }

    /// The status a call ended with: the last four octets of a readable response, where they can be one. Every
    /// procedure of a known interface returns its status there; a value that is no status is not taken for one.
    #[must_use]
    pub fn result(&self) -> Option<u32> {
        if self.response_type != Some(PduType::RESPONSE) {
            return None;
        }
        let returns_status = interfaces::find(&self.interface?.id.uuid)
            .is_some_and(|known| known.procedure(self.opnum.unwrap_or(u16::MAX)).is_some());
        let last = *self.response.readable()?.last_chunk::<4>()?;
        let value = match self.response.order {
            ByteOrder::Little => u32::from_le_bytes(last),
            ByteOrder::Big => u32::from_be_bytes(last),
        };
        (returns_status && is_status(value)).then_some(value)
    }

    /// Name of the status a call ended with, when it is one that tells something.
    #[must_use]
    pub fn result_name(&self) -> Option<&'static str> {
        let result = self.result()?;
        result_name(result, interfaces::find(&self.interface?.id.uuid)?.returns)
    }
}

/// Where exchanges live while a connection fills them: the transactions of the protocol that carries it.
pub trait ExchangeStore {
    /// Takes a new exchange; gives the number it is asked for by.
    fn open(&mut self, exchange: RpcExchange) -> TxId;
    /// The exchange of a number; `None` when its owner let it go.
    fn get(&mut self, id: TxId) -> Option<&mut RpcExchange>;
    /// An exchange changed: one or both of its halves grew or became complete.
    fn updated(&mut self, id: TxId);
    /// Something odd was seen, on an exchange or on the connection as such.
    fn raise(&mut self, id: Option<TxId>, event: RpcEvent);
    /// A PDU begins `at` octets into what [`RpcConnection::feed`](crate::RpcConnection::feed) was given. Told once, when its
    /// header is there.
    fn begins(&mut self, at: usize, header: &PduHeader) {
        let _ = (at, header);
    }
}

/// What can be odd about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RpcEvent {
    /// A PDU contradicts itself or is cut short.
    MalformedPdu,
    /// Octets that belong to no PDU were skipped.
    Garbage,
    /// Octets are missing.
    Gap,
    /// A PDU of the server travels from the client, or the other way round.
    WrongDirection,
    /// An answer to nothing that was seen.
    UnexpectedPdu,
    /// A call uses a presentation context the server rejected.
    RejectedContext,
    /// The verification trailer contradicts the presentation context.
    VerificationMismatch,
    /// More presentation contexts than are followed.
    TooManyContexts,
    /// More calls in flight than are followed.
    TooManyCalls,
    /// More of a stub than is kept.
    StubTooLong,
    /// The server refused an interface.
    RefusedInterface,
}

impl RpcEvent {
    /// All of them; the position is the number.
    pub const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::MalformedPdu, "malformed_pdu", "A PDU contradicts itself or is cut short."),
        (Self::Garbage, "garbage", "Octets that belong to no PDU were skipped."),
        (Self::Gap, "gap", "Octets are missing from the capture."),
        (Self::WrongDirection, "wrong_direction", "A PDU travels against the direction of its type."),
        (Self::UnexpectedPdu, "unexpected_pdu", "An answer to nothing that was seen."),
        (Self::RejectedContext, "rejected_context", "A call uses a presentation context that the server rejected."),
        (
            Self::VerificationMismatch,
            "verification_mismatch",
            "The verification trailer contradicts the presentation context.",
        ),
        (Self::TooManyContexts, "too_many_contexts", "More presentation contexts than are followed."),
        (Self::TooManyCalls, "too_many_calls", "More calls in flight than are followed."),
        (Self::StubTooLong, "stub_too_long", "More of a stub than is kept."),
        (Self::RefusedInterface, "refused_interface", "The server refused an interface that a bind asked for."),
    ];

    /// Its position in [`RpcEvent::ALL`].
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }
}
