//! What a protocol is, as plain data: how it is called, recognised, divided and looked into. Rules, configuration, EVE and
//! documentation know a protocol by this and by nothing else.

use sidewire_base::{Direction, PerDirection};

use crate::{DetectionEvent, DocumentsInfo, ExtensionDef, FrameInfo};

/// What a protocol runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A byte stream.
    Tcp,
    /// Datagrams.
    Udp,
}

/// A fixed octet pattern at the beginning of what one side sends: the cheap way to recognise a protocol.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolPattern {
    /// Over which transport.
    pub transport: Transport,
    /// Sent by which side.
    pub direction: Direction,
    /// The octets.
    pub octets: &'static [u8],
    /// Compare ASCII letters without case.
    pub nocase: bool,
    /// Where the pattern may begin at the earliest.
    pub offset: u16,
    /// Where it must have ended at the latest, counted from the beginning.
    pub depth: u16,
    /// A closer look, run once the pattern matched; [`ProbeVerdict::Yes`] when absent.
    pub confirm: Option<fn(&[u8]) -> ProbeVerdict>,
}

/// A look at the first octets of one side by a function.
#[derive(Clone, Copy, Debug)]
pub struct ProbingParser {
    /// Over which transport.
    pub transport: Transport,
    /// Ports it is tried on: the server's. Empty: on every port, after those that name theirs.
    pub ports: &'static [u16],
    /// Looks at what `direction` sent first.
    pub check: fn(Direction, &[u8]) -> ProbeVerdict,
    /// Octets after which a [`ProbeVerdict::More`] is taken for a no.
    pub depth: u16,
}

/// What a look at the first octets says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    /// It is this protocol.
    Yes,
    /// It is this protocol, and these octets travel the other way than the flow was thought to go: its first packet
    /// was the server's (capture began in the middle).
    Reversed,
    /// It is this protocol, and nothing says who sent these octets: the protocol's own ports decide who is the server.
    Either,
    /// It is not.
    No,
    /// Too few octets to tell.
    More,
}

/// A protocol as plain data, without its state. Declared with [`Self::DEFAULT`] for what does not need saying.
#[derive(Clone, Copy)]
pub struct ProtocolInfo {
    /// Name in rules, in EVE's `app_proto`, and under `app-layer.protocols`.
    pub name: &'static str,
    /// Other names of the protocol.
    pub aliases: &'static [&'static str],
    /// Protocols whose name in the head of a rule means this one too: a rule for `dcerpc` looks at SMB.
    pub matched_by: &'static [&'static str],
    /// One sentence.
    pub doc: &'static str,
    /// What it runs over.
    pub transports: &'static [Transport],
    /// It is off unless a configuration switches it on, as Suricata's protocols of plants and machines are.
    pub off_by_default: bool,
    /// How it is recognised by octets.
    pub patterns: &'static [ProtocolPattern],
    /// How it is recognised by a look.
    pub probes: &'static [ProbingParser],
    /// Looks at the octets of streams whose beginning was missed: before the capture, or in a gap. Tried after `probes`.
    pub late_probes: &'static [ProbingParser],
    /// A flow of it always begins with the client's octets: a server that speaks first is an event.
    pub client_first: bool,
    /// What is raised when a flow was to change to this protocol and speaks another.
    pub not_found: DetectionEvent,
    /// Its octets say nothing of it: a flow speaks it because another one announced that it would, and for no other reason.
    pub by_announcement: bool,
    /// Names of the progress values a transaction passes in each direction, first to last; the index is the value, and
    /// the last means complete. Rule hooks (`http1:request_headers`) are named by them. Made by [`stages!`](crate::stages).
    pub stages: PerDirection<&'static [&'static str]>,
    /// What can go wrong; made by [`events!`](crate::events).
    pub events: &'static [EventInfo],
    /// Parts of the stream that rules can look into, told as [`ParseContext::frames`](crate::ParseContext::frames) while it is
    /// parsed; made by [`frames!`](crate::frames). The first is the stream as a whole, which the engine frames. None where
    /// there are no streams.
    pub frames: &'static [FrameInfo],
    /// State it keeps for all flows of a worker.
    pub extensions: &'static [ExtensionDef],
    /// A complete message lets rules on the stream look at what came so far; otherwise they wait until enough octets came
    /// together. As in Suricata, so that alerts fall on the same packets.
    pub flushes_stream: bool,
    /// False when a flow is one transaction by nature: Suricata's statistics do not count such.
    pub counts_transactions: bool,
    /// What one flow of it says is needed to read another, as the answer of an activation is needed on the connection the
    /// object is called on: its octets are worth reading before they are acknowledged, which on a connection that falls
    /// silent may take a fifth of a second.
    pub early: bool,
    /// Octets of each direction a session follows where the configuration names no `stream-depth` for the protocol: 0 is
    /// no limit, `None` as many as of any stream.
    pub stream_depth: Option<u64>,
    /// Name in `app_layer.flow.*` and `app_layer.tx.*` of the statistics; empty: its name. Suricata tells the transports of
    /// a protocol apart there when it has a parser for each.
    pub counter: &'static str,
    /// EVE writes the names of its events in capitals, as Suricata does for its older protocols.
    pub events_in_capitals: bool,
    /// The multi-valued buffer to the server whose items (`name: value`) may name the client behind a proxy (EVE's `xff`).
    pub client_address: Option<&'static str>,
    /// Files that its transactions carry, if they do: names, digests, kinds, `filestore` and the `fileinfo` event follow.
    pub files: Option<FilesInfo>,
    /// What rules may have stored of its transactions: [`Protocol::document`](crate::Protocol::document).
    pub documents: Option<DocumentsInfo>,
}

impl ProtocolInfo {
    /// What most protocols are. Name, documentation, transports, detection and stages are to be said.
    pub const DEFAULT: Self = Self {
        name: "",
        aliases: &[],
        matched_by: &[],
        doc: "",
        transports: &[],
        off_by_default: false,
        patterns: &[],
        probes: &[],
        late_probes: &[],
        client_first: false,
        not_found: DetectionEvent::UnexpectedProtocol,
        by_announcement: false,
        stages: PerDirection::new(&[], &[]),
        events: &[],
        frames: &[],
        extensions: &[],
        flushes_stream: true,
        counts_transactions: true,
        early: false,
        stream_depth: None,
        counter: "",
        events_in_capitals: false,
        client_address: None,
        files: None,
        documents: None,
    };

    /// The progress value at which a transaction is complete in a direction.
    #[must_use]
    pub fn complete(&self, direction: Direction) -> u8 {
        u8::try_from(self.stages[direction].len().saturating_sub(1)).unwrap_or(u8::MAX)
    }

    /// True when `name` is the protocol's, or one of its other names.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// True when rules with `name` in their head are about this protocol.
    #[must_use]
    pub fn is_matched_by(&self, name: &str) -> bool {
        self.is_called(name) || self.matched_by.contains(&name)
    }

    /// Its name among the counters.
    #[must_use]
    pub const fn counter_name(&self) -> &'static str {
        if self.counter.is_empty() { self.name } else { self.counter }
    }
}

impl core::fmt::Debug for ProtocolInfo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("ProtocolInfo").field(&self.name).finish()
    }
}

/// Where in a transaction's life a buffer is readable: the progress value it must have reached, per direction it
/// exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Progress to server, when the buffer exists there.
    pub to_server: Option<u8>,
    /// Progress to client.
    pub to_client: Option<u8>,
    /// Progress, in either direction, at which the buffer's content may change (HTTP trailers). Rules whose fast pattern is
    /// in the new content are then evaluated again, even if already decided. Item 1 of the buffer is what patterns are
    /// looked for in then; [`Value::Absent`](crate::Value::Absent) if nothing has changed.
    pub reinspect_at: Option<u8>,
}

impl Hook {
    /// In requests only.
    #[must_use]
    pub const fn to_server(progress: u8) -> Self {
        Self { to_server: Some(progress), to_client: None, reinspect_at: None }
    }

    /// In responses only.
    #[must_use]
    pub const fn to_client(progress: u8) -> Self {
        Self { to_server: None, to_client: Some(progress), reinspect_at: None }
    }

    /// In both.
    #[must_use]
    pub const fn both(to_server: u8, to_client: u8) -> Self {
        Self { to_server: Some(to_server), to_client: Some(to_client), reinspect_at: None }
    }

    /// Its content may change at this progress.
    #[must_use]
    pub const fn reinspect_at(self, progress: u8) -> Self {
        Self { reinspect_at: Some(progress), ..self }
    }

    /// The progress needed in one direction.
    #[must_use]
    pub const fn at(self, direction: Direction) -> Option<u8> {
        match direction {
            Direction::ToServer => self.to_server,
            Direction::ToClient => self.to_client,
        }
    }
}

/// That the transactions of a protocol carry files: see [`ProtocolInfo::files`].
#[derive(Clone, Copy, Debug)]
pub struct FilesInfo {
    /// Progress from which on there may be some, in the directions in which there are any.
    pub hook: Hook,
    /// `file.data` is a row of the protocol's own: rules look at its copy of the content.
    pub own_data: bool,
}

/// What kind of value a buffer row gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferKind {
    /// One byte string.
    Bytes,
    /// Several byte strings; a rule's checks must all hold on one of them.
    Multi,
    /// Byte strings with names: a rule names the ones it means. See [`Protocol::item`](crate::Protocol::item).
    Items,
    /// A byte string that grows while it is inspected (a body).
    Body,
    /// Several byte strings that grow; a rule's checks must all hold on one of them.
    Bodies,
    /// Files as a whole: see [`FILES_ROW`](crate::FILES_ROW).
    Files,
    /// An unsigned number. The bits it has on the wire.
    Uint(u8),
    /// Several unsigned numbers: one must satisfy the rule.
    UintList(u8),
    /// Bound RPC interfaces (`dcerpc.iface`).
    Interfaces,
    /// A word out of a closed set; the words.
    Enumeration(&'static [(&'static str, u64)]),
    /// Several words out of a closed set: one must satisfy the rule.
    EnumerationList(&'static [(&'static str, u64)]),
    /// Bits with names: a rule may ask for some of them.
    Flags(&'static [(&'static str, u64)]),
}

/// A buffer as plain data; see [`buffers!`](crate::buffers).
#[derive(Clone, Copy, Debug)]
pub struct BufferInfo {
    /// The sticky buffer's or keyword's name, `http.uri`.
    pub name: &'static str,
    /// Other names (`http_uri` as a content modifier is `modifier`, not an alias).
    pub aliases: &'static [&'static str],
    /// Name of the older content modifier with the same meaning, if there is one: `http_uri`.
    pub modifier: Option<&'static str>,
    /// One sentence, for `rules list` and editors.
    pub doc: &'static str,
    /// What it gives.
    pub kind: BufferKind,
    /// When it is there.
    pub hook: Hook,
}

/// An application-layer event a protocol can raise: rules say `app-layer-event:<protocol>.<name>`.
#[derive(Clone, Copy, Debug)]
pub struct EventInfo {
    /// Lower case with underscores.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
}

/// An EVE logger as plain data.
#[derive(Clone, Copy, Debug)]
pub struct LoggerInfo {
    /// The `event_type`, and the key its object stands under.
    pub event_type: &'static str,
    /// The type that switches it on in the configuration of an output; mostly the same.
    pub switched_by: &'static str,
    /// True when alerts on a transaction carry it as well.
    pub in_alerts: bool,
    /// Its event says which transaction it is about (`tx_id`).
    pub names_tx: bool,
    /// Key of the object that stands beside its own, if one does.
    pub beside: Option<&'static str>,
}
