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

pub use auth::{AuthLevel, AuthType, SecTrailer, VerificationTrailer, Visibility};
pub use byte_order::ByteOrder;
pub use client::Client;
pub use connection::{Connection, FedOctets, RpcContext, RpcLimits};
pub use datagram::{DatagramHeader, Datagrams};
pub use datum::{Arguments, Datum};
pub use dcom::Dcom;
pub use dual_string_array::{DualStringArray, StringBinding};
pub use eve::{write_dcerpc, write_msrpc};
pub use evidence::Evidence;
pub use exchange::{
    Activity, Auth, CallInterface, Carriage, ContextOffer, Exchange, Exchanges, Half, Known, Refusal, RpcEvent,
};
pub use implementation::Implementation;
pub use ndr::Ndr;
pub use object_table::ObjectTable;
pub use objref::{ActivationRequest, ActivationResponse, ObjRef, ObjRefBody, StdObjRef};
pub use path_owner::PathOwner;
pub use pdu::{
    ContextElement, ContextList, ContextResult, InterfaceId, Pdu, PduBody, PduFlags, PduHeader, PduType, Plausible,
    ResultList, RtsCommands, TransferSyntax,
};
pub use status::{StatusFamily, fault_name, result_name};
pub use uuid::Uuid;
