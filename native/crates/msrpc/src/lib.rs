//! [C706]/[MS-RPCE] PDUs, fragments, auth trailers; NDR reader; interface tables; the [MS-DCOM] object model.
//! One core for every carriage: TCP, UDP, SMB pipes, HTTP.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod arguments;
mod auth;
pub mod automation;
mod bounded;
mod byte_order;
mod client;
mod command_line;
mod connection;
mod context_handle;
mod datagram;
mod datum;
mod dcom;
mod dual_string_array;
mod eve;
mod evidence;
mod exchange;
mod functions;
#[doc(hidden)]
pub mod fuzz;
mod handle_object;
mod implementation;
mod inference;
pub mod interfaces;
mod ndr;
mod object_table;
mod objref;
mod path_owner;
mod pdu;
mod reading;
mod redirection;
pub mod security;
mod status;
mod stub_memory;
mod summary;
#[cfg(test)]
mod testing;
mod uuid;
mod variant;
pub mod virtual_connection;
mod wmi;

pub use auth::{AuthLevel, AuthType, SecTrailer, StubVisibility, VerificationTrailer};
pub use byte_order::ByteOrder;
pub use client::WmiClient;
pub use connection::{FedOctets, RpcConnection, RpcContext, RpcLimits};
pub use datagram::{DatagramCalls, DatagramHeader};
pub use datum::{CallArguments, StubValue};
pub use dcom::ObjectCall;
pub use dual_string_array::{DualStringArray, StringBinding};
pub use eve::{write_dcerpc, write_msrpc};
pub use evidence::InterfaceEvidence;
pub use exchange::{
    Activity, BindRefusal, CallInterface, ContextOffer, ExchangeHalf, ExchangeStore, InterfaceOrigin, PduSecurity,
    ProtocolSequence, RpcEvent, RpcExchange,
};
pub use handle_object::HandleObject;
pub use implementation::{ClientEvidence, RpcClient, RpcImplementation};
pub use ndr::NdrCursor;
pub use object_table::ObjectTable;
pub use objref::{ActivationRequest, ActivationResponse, ObjRef, ObjRefBody, StdObjRef};
pub use path_owner::PathOwner;
pub use pdu::{
    ContextElement, ContextList, ContextResult, HeaderGuess, InterfaceId, Pdu, PduBody, PduFlags, PduHeader, PduType,
    ResultList, RtsCommands, TransferSyntax,
};
pub use status::{StatusFamily, fault_name, result_name};
pub use uuid::Uuid;
