//! What parsers are called with.

use sidewire_app_layer::{
    FlowExpectation, ParseContext, ParserConfig, ProtocolDef, ProtocolExtensions, Session, StreamFrames, Transport,
};
use sidewire_base::{Endpoint, PerDirection, ProtocolId, Time};
use sidewire_detect::RuleSet;
use sidewire_files::{FileContext, FileParts, FilePolicy};
use sidewire_magic::Magic;

use crate::config::setup::RunSetup;
use crate::worker::conversation::ConversationFlow;

/// When something happens to a flow, and because of which packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowMoment {
    /// When: of parsers packet time, which is reported; of rules engine time, which bits expire by.
    pub(crate) time: Time,
    /// Ordinal of the packet; at the end of a flow, of the packet that moved engine time.
    pub(crate) ordinal: u64,
}

/// What a parser knows of the flow it reads.
#[derive(Clone, Copy)]
pub(crate) struct FlowEnds {
    pub(crate) client: Endpoint,
    pub(crate) server: Endpoint,
    pub(crate) transport: Transport,
    pub(crate) midstream: bool,
    /// Position of the protocol it spoke before.
    pub(crate) original: Option<ProtocolId>,
}

impl FlowEnds {
    pub(crate) fn of(flow: &ConversationFlow) -> Self {
        let tcp = flow.data.tcp.as_deref();
        Self {
            client: flow.client,
            server: flow.server,
            transport: if tcp.is_some() { Transport::Tcp } else { Transport::Udp },
            midstream: tcp.is_some_and(sidewire_tcp::TcpSession::midstream),
            original: flow.data.app.original,
        }
    }
}

/// What parsers share beyond one flow.
pub(crate) struct ParserTables {
    protocols: &'static [ProtocolDef],
    /// By protocol: what is configured for it.
    configs: Vec<ParserConfig>,
    pub(crate) extensions: ProtocolExtensions,
    /// Flows announced by the last call of a parser.
    pub(crate) announced: Vec<FlowExpectation>,
    /// Octets of a body that files to be stored are followed for; 0: to their end.
    file_depth: u64,
    /// libmagic, where somebody wants names of it and it is there.
    pub(crate) magic: Option<Magic>,
    /// Files that come in parts.
    pub(crate) file_parts: FileParts,
}

impl ParserTables {
    pub(crate) fn new(setup: &RunSetup, rules: &RuleSet) -> Self {
        Self {
            protocols: setup.protocols,
            configs: setup.parser_configs(rules),
            extensions: ProtocolExtensions::new(setup.extensions(), setup.resources.clone()),
            announced: Vec::new(),
            file_depth: setup.files.depth,
            magic: None,
            file_parts: FileParts::default(),
        }
    }

    /// Goes on with other rules.
    pub(crate) fn swap_rules(&mut self, setup: &RunSetup, rules: &RuleSet) {
        self.configs = setup.parser_configs(rules);
    }

    /// Forgets what parsers share beyond one flow.
    pub(crate) fn reset(&mut self, setup: &RunSetup) {
        self.extensions = ProtocolExtensions::new(setup.extensions(), setup.resources.clone());
        self.announced.clear();
    }

    /// A session at the beginning of a flow.
    pub(crate) fn begin(&self, setup: &RunSetup, protocol: ProtocolId) -> Option<Box<dyn Session>> {
        let number = protocol.index();
        Some((setup.protocols.get(number)?.begin)(self.configs.get(number)?))
    }

    /// What a parser is called with. `frames`: where frames of the octets it reads are told; none at a gap (what is
    /// missing, nobody can look into), at the end (nothing follows that could be one), and for datagrams (frames are parts
    /// of streams). `policy`: what is wanted of files.
    #[inline]
    pub(crate) fn context<'a>(
        &'a mut self,
        ends: FlowEnds,
        at: FlowMoment,
        policy: PerDirection<FilePolicy>,
        frames: Option<&'a mut StreamFrames>,
    ) -> ParseContext<'a> {
        let FlowEnds { client, server, transport, midstream, original } = ends;
        let Self { protocols, extensions, announced: expectations, file_depth: depth, magic, file_parts, .. } = self;
        let original = original.and_then(|number| protocols.get(number.index())).map(|def| def.info.name);
        let FlowMoment { time, ordinal } = at;
        file_parts.enter(client.address, server.address, time);
        let files = FileContext { policy, depth: *depth, magic: magic.as_mut(), parts: Some(file_parts) };
        ParseContext {
            time,
            ordinal,
            client,
            server,
            transport,
            midstream,
            original,
            extensions,
            expectations,
            frames,
            files,
        }
    }
}
