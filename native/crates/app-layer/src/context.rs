//! What a session is handed beside its octets.

use core::net::IpAddr;

use sidewire_base::{Endpoint, Time};
use sidewire_files::FileContext;

use crate::{ProtocolExtensions, StreamFrames, Transport};

/// What a session may know and use of its surroundings while it parses.
pub struct ParseContext<'a> {
    /// Engine time.
    pub time: Time,
    /// Ordinal of the packet that brought the bytes.
    pub ordinal: u64,
    /// Who opened the flow.
    pub client: Endpoint,
    /// Who answers.
    pub server: Endpoint,
    /// What the flow runs over.
    pub transport: Transport,
    /// True when the flow was picked up in the middle.
    pub midstream: bool,
    /// What the flow spoke before it changed to this protocol (`STARTTLS`, `CONNECT`).
    pub original: Option<&'static str>,
    /// What protocols keep for all flows of this worker, by type.
    pub extensions: &'a mut ProtocolExtensions,
    /// Flows a protocol announces (a dynamic port, a data connection).
    pub expectations: &'a mut Vec<FlowExpectation>,
    /// Where frames of the direction that is parsed are told; `None` as long as nobody wants any.
    pub frames: Option<&'a mut StreamFrames>,
    /// What is wanted of files.
    pub files: FileContext<'a>,
}

/// A flow that another one announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowExpectation {
    /// Who will open it, when known.
    pub client: Option<IpAddr>,
    /// Where to.
    pub server: Endpoint,
    /// Over which transport.
    pub transport: Transport,
    /// The protocol it will speak.
    pub protocol: &'static str,
    /// A channel for one flow, which begins before this time; `None`: a service, for as many as there are.
    pub expires: Option<Time>,
}
