//! Surroundings for sessions that no engine runs: tests and fuzzing.

use core::net::Ipv4Addr;

use sidewire_base::{Endpoint, PerDirection, Time};
use sidewire_files::{FileContext, FilePolicy};

use crate::{FlowExpectation, FrameKinds, ParseContext, ProtocolExtensions, StreamFrames, Transport};

/// What a [`ParseContext`] borrows, and what it says of the flow. The flow is one over TCP from 127.0.0.1:50000 to 127.0.0.1:80 at
/// time 0 unless a test says otherwise.
pub struct ParseHarness {
    /// Engine time of the next context.
    pub time: Time,
    /// Ordinal of the packet of the next context.
    pub ordinal: u64,
    /// Who opened the flow.
    pub client: Endpoint,
    /// Who answers.
    pub server: Endpoint,
    /// What the flow runs over.
    pub transport: Transport,
    /// The flow was picked up in the middle.
    pub midstream: bool,
    /// State of protocols across flows.
    pub extensions: ProtocolExtensions,
    /// Flows that were announced so far.
    pub expectations: Vec<FlowExpectation>,
    /// Frames told so far; `None`: nobody wants any.
    pub frames: Option<StreamFrames>,
    /// What is wanted of files.
    pub files: PerDirection<FilePolicy>,
}

impl Default for ParseHarness {
    fn default() -> Self {
        let end = |port| Endpoint { address: Ipv4Addr::LOCALHOST.into(), port };
        Self {
            time: Time::default(),
            ordinal: 0,
            client: end(50_000),
            server: end(80),
            transport: Transport::Tcp,
            midstream: false,
            extensions: ProtocolExtensions::default(),
            expectations: Vec::new(),
            frames: None,
            files: PerDirection::both(FilePolicy { content: true, ..FilePolicy::default() }),
        }
    }
}

impl ParseHarness {
    /// A flow to a port.
    #[must_use]
    pub fn to_port(port: u16) -> Self {
        let harness = Self::default();
        Self { server: Endpoint { port, ..harness.server }, ..harness }
    }

    /// Between these ends.
    #[must_use]
    pub fn between(self, client: Endpoint, server: Endpoint) -> Self {
        Self { client, server, ..self }
    }

    /// Over datagrams.
    #[must_use]
    pub fn over(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// With every kind of frame wanted.
    #[must_use]
    pub fn framed(self) -> Self {
        let mut frames = StreamFrames::default();
        frames.want(FrameKinds::ALL);
        Self { frames: Some(frames), ..self }
    }

    /// The context of one call.
    pub fn context(&mut self) -> ParseContext<'_> {
        ParseContext {
            time: self.time,
            ordinal: self.ordinal,
            client: self.client,
            server: self.server,
            transport: self.transport,
            midstream: self.midstream,
            original: None,
            extensions: &mut self.extensions,
            expectations: &mut self.expectations,
            frames: self.frames.as_mut(),
            files: FileContext { policy: self.files, ..FileContext::default() },
        }
    }
}
