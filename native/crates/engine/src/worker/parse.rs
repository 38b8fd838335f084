//! What sessions are handed while they parse, made in one place.

use sidewire_app_layer::{Context, Expectation, Extensions, Frames, Transport};
use sidewire_base::{Endpoint, Time};

/// What the sessions of a worker share.
pub(crate) struct ParseShared {
    pub(crate) extensions: Extensions,
    /// Flows that were announced since they were last taken.
    pub(crate) announced: Vec<Expectation>,
}

/// What a session may know of the packet and the flow that it parses octets of.
#[derive(Clone, Copy)]
pub(crate) struct ParseInput {
    /// Engine time.
    pub(crate) time: Time,
    /// Ordinal of the packet.
    pub(crate) ordinal: u64,
    pub(crate) client: Endpoint,
    pub(crate) server: Endpoint,
    pub(crate) transport: Transport,
    /// The flow was picked up in the middle.
    pub(crate) midstream: bool,
}

impl ParseShared {
    /// The context of one call. Frames are told when somebody wants them.
    #[inline]
    pub(crate) const fn context<'a>(&'a mut self, input: ParseInput, frames: Option<&'a mut Frames>) -> Context<'a> {
        let ParseInput { time, ordinal, client, server, transport, midstream } = input;
        let Self { extensions, announced: expectations } = self;
        Context { time, ordinal, client, server, transport, midstream, extensions, expectations, frames }
    }
}
