use sidewire_base::Direction;

use crate::{ExtensionDef, FrameInfo, Session, Settings};

/// What a protocol runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A byte stream.
    Tcp,
    /// Datagrams.
    Udp,
}

/// A fixed octet pattern at the beginning of what one side sends: the cheap way to recognise a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
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
    /// A closer look, run once the pattern matched; [`Verdict::Yes`] when absent.
    pub confirm: Option<fn(&[u8]) -> Verdict>,
}

/// A look at the first octets of one side by a function.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Over which transport.
    pub transport: Transport,
    /// Ports it is tried on: the server's. Empty: on every port, after those that name theirs.
    pub ports: &'static [u16],
    /// Looks at what `direction` sent first.
    pub check: fn(Direction, &[u8]) -> Verdict,
    /// Octets after which a [`Verdict::More`] is taken for a no.
    pub depth: u16,
}

/// What a look at the first octets says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
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

/// A protocol as plain data, without its state.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Name in rules and in EVE's `app_proto`.
    pub name: &'static str,
    /// Other names rules may use.
    pub aliases: &'static [&'static str],
    /// One sentence.
    pub doc: &'static str,
    /// What it runs over.
    pub transports: &'static [Transport],
    /// How it is recognised by octets.
    pub patterns: &'static [Pattern],
    /// How it is recognised by a look.
    pub probes: &'static [Probe],
    /// Names of the progress values a transaction passes in each direction, first to last; the index is the value, and
    /// the last means complete. Rule hooks (`http1:request_headers`) are named by them.
    pub stages: [&'static [&'static str]; 2],
    /// True when a transaction lives in one direction only (its other side is complete from the start).
    pub one_way: bool,
}

impl Info {
    /// The progress value at which a transaction is complete in a direction.
    #[must_use]
    pub fn complete(&self, direction: Direction) -> u8 {
        // Indexed by `Direction`, which cannot fail.
        #[allow(clippy::indexing_slicing)]
        u8::try_from(self.stages[direction].len().saturating_sub(1)).unwrap_or(u8::MAX)
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
    /// Progress, in either direction, from which on the buffer is there a second time, changed (trailers behind a body).
    /// Rules whose fast pattern is in what is new are then asked anew, whatever they came to before. Its item 1 is what
    /// patterns are looked for in then; [`Value::Absent`](crate::Value::Absent) if nothing has changed.
    pub again: Option<u8>,
}

impl Hook {
    /// In requests only.
    #[must_use]
    pub const fn to_server(progress: u8) -> Self {
        Self { to_server: Some(progress), to_client: None, again: None }
    }

    /// In responses only.
    #[must_use]
    pub const fn to_client(progress: u8) -> Self {
        Self { to_server: None, to_client: Some(progress), again: None }
    }

    /// In both.
    #[must_use]
    pub const fn both(to_server: u8, to_client: u8) -> Self {
        Self { to_server: Some(to_server), to_client: Some(to_client), again: None }
    }

    /// There a second time from this progress on.
    #[must_use]
    pub const fn again(self, progress: u8) -> Self {
        Self { again: Some(progress), ..self }
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

/// A buffer row as plain data.
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
    /// True when alerts on a transaction carry it as well.
    pub in_alerts: bool,
}

/// A protocol, erased: what it is, and how a session of it begins. Made by [`crate::def`].
#[derive(Clone, Copy)]
pub struct ProtocolDef {
    /// Name, detection, stages.
    pub info: Info,
    /// True when a flow of it always begins with the client's octets.
    pub client_first: bool,
    /// True when a complete message lets rules look at the stream so far.
    pub flushes_stream: bool,
    /// True when what one flow of it says is needed to read another: see [`Protocol::EARLY`](crate::Protocol::EARLY).
    pub early: bool,
    /// See [`Protocol::STREAM_DEPTH`](crate::Protocol::STREAM_DEPTH).
    pub stream_depth: Option<u64>,
    /// State it keeps for all flows of a worker.
    pub extensions: &'static [ExtensionDef],
    /// Metadata of its buffer rows; the position is the row number.
    pub buffers: fn(usize) -> Option<&'static BufferInfo>,
    /// Its kinds of frames; the first is the stream as a whole. None where there are no streams.
    pub frames: &'static [FrameInfo],
    /// Its events; the position is the number transactions carry.
    pub events: &'static [EventInfo],
    /// Metadata of its loggers; the first one is its own.
    pub loggers: fn(usize) -> Option<LoggerInfo>,
    /// Begins a session.
    pub begin: fn(&Settings) -> Box<dyn Session>,
}

impl core::fmt::Debug for ProtocolDef {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("ProtocolDef").field(&self.info.name).finish()
    }
}
