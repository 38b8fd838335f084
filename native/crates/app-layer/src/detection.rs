// Arrays of two are indexed by `Direction`, which cannot fail; the lint does not see that.
#![allow(clippy::indexing_slicing)]

use core::ops::RangeInclusive;

use aho_corasick::AhoCorasick;
use sidewire_base::Direction;
use smallvec::SmallVec;

use crate::{Pattern, ProtocolDef, Transport, Verdict};

/// Octets of one direction after which a protocol that was not recognised is given up.
pub const MAX_DEPTH: usize = 32 * 1024;

/// Octets of a direction that told nothing after which the other, which has not told yet, is not waited for any more.
pub const MAX_WAIT: usize = 100_000;

/// Matches looked at in one direction before the pattern matcher gives up: a bound on work, not on what can be found.
const MAX_MATCHES: usize = 256;

/// Which protocol a flow speaks, told from its first octets: patterns first, then looks by port, then looks on any port.
///
/// Immutable and shared; what a flow needs to remember is in its [`DetectionState`].
pub struct Detection {
    protocols: &'static [ProtocolDef],
    options: Vec<Options>,
    tables: [Table; 2],
}

/// How the configuration treats a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether it is recognised at all.
    pub detect: bool,
    /// Whether it is parsed once it is recognised (`detection-only` says no).
    pub parse: bool,
    /// Server ports its looks are tried on, instead of its own list (`detection-ports`). Ports of the flow's
    /// responder (`dp`) and of its initiator (`sp`) alike: a look by port is tried for either.
    pub ports: Option<Vec<RangeInclusive<u16>>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { detect: true, parse: true, ports: None }
    }
}

/// What one call could say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The direction is decided.
    Found {
        /// Position in the list the detection was made over.
        protocol: u16,
        /// The flow's directions must be swapped: its first packet was the server's.
        reversed: bool,
    },
    /// More octets may tell.
    More,
    /// This direction will never tell.
    Failed,
}

/// What was odd about how the protocol was found. Rules name them `app-layer-event:<name>`, without a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectionEvent {
    /// The two directions were taken for different protocols.
    MismatchBothDirections,
    /// The server spoke first in a protocol where the client does.
    WrongDirectionFirstData,
    /// Only one direction could be recognised.
    OnlyOneDirection,
    /// One direction told nothing, and went on for so long that the other was not waited for.
    Skipped,
    /// After `STARTTLS`, something that is not TLS.
    NoTlsAfterStarttls,
    /// After a protocol change, another protocol than was announced.
    UnexpectedProtocol,
}

impl DetectionEvent {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::MismatchBothDirections,
        Self::WrongDirectionFirstData,
        Self::OnlyOneDirection,
        Self::Skipped,
        Self::NoTlsAfterStarttls,
        Self::UnexpectedProtocol,
    ];

    /// The name rules and EVE use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MismatchBothDirections => "applayer_mismatch_protocol_both_directions",
            Self::WrongDirectionFirstData => "applayer_wrong_direction_first_data",
            Self::OnlyOneDirection => "applayer_detect_protocol_only_one_direction",
            Self::Skipped => "applayer_proto_detection_skipped",
            Self::NoTlsAfterStarttls => "applayer_no_tls_after_starttls",
            Self::UnexpectedProtocol => "applayer_unexpected_protocol",
        }
    }
}

/// How far a flow's detection has come.
#[derive(Clone, Debug, Default)]
pub struct DetectionState {
    midstream: bool,
    first: Option<Direction>,
    /// The protocol another flow said this one would speak.
    announced: Option<u16>,
    expected: Option<u16>,
    protocol: Option<u16>,
    sides: [Side; 2],
    events: SmallVec<[DetectionEvent; 2]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Side {
    status: Status,
    /// Looks that said no, by their number in the table.
    ruled_out: u128,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Status {
    #[default]
    Open,
    Found(u16),
    Failed,
}

impl DetectionState {
    /// The state of a flow nothing was seen of yet; `midstream` when its beginning was missed.
    #[must_use]
    pub fn new(midstream: bool) -> Self {
        Self { midstream, ..Self::default() }
    }

    /// Another flow said what this one will speak: the looks of that protocol are tried whatever the ports are.
    #[must_use]
    pub fn announced(self, protocol: Option<u16>) -> Self {
        Self { announced: protocol, ..self }
    }

    /// Starts over for a flow that changes its protocol; `expected` is the protocol that was announced, if one was.
    pub fn restart(&mut self, expected: Option<u16>) {
        *self = Self { midstream: self.midstream, expected, ..Self::default() };
    }

    /// The protocol of the flow, once one direction told.
    #[must_use]
    pub const fn protocol(&self) -> Option<u16> {
        self.protocol
    }

    /// The protocol this direction told by itself.
    #[must_use]
    pub fn protocol_of(&self, direction: Direction) -> Option<u16> {
        match self.sides[direction].status {
            Status::Found(protocol) => Some(protocol),
            Status::Open | Status::Failed => None,
        }
    }

    /// True when this direction told nothing, and will not.
    #[must_use]
    pub fn has_failed(&self, direction: Direction) -> bool {
        self.sides[direction].status == Status::Failed
    }

    /// True when nothing more is to be learnt from this direction.
    #[must_use]
    pub fn is_decided(&self, direction: Direction) -> bool {
        self.sides[direction].status != Status::Open
    }

    /// Takes what was odd since the last call.
    pub fn take_events(&mut self) -> SmallVec<[DetectionEvent; 2]> {
        core::mem::take(&mut self.events)
    }

    fn raise(&mut self, event: DetectionEvent) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }
}

/// What is tried over one transport.
struct Table {
    sides: [SideTable; 2],
    probes: Vec<ProbeEntry>,
}

/// The patterns of one direction.
struct SideTable {
    /// All patterns, letters without case; `None` when there are none.
    matcher: Option<AhoCorasick>,
    patterns: Vec<(u16, &'static Pattern)>,
    /// The greatest depth of them.
    depth: usize,
}

struct ProbeEntry {
    protocol: u16,
    ports: Vec<RangeInclusive<u16>>,
    check: fn(Direction, &[u8]) -> Verdict,
    depth: usize,
}

impl ProbeEntry {
    fn is_on(&self, port: u16) -> bool {
        self.ports.iter().any(|range| range.contains(&port))
    }
}

/// What else is known where octets are looked at.
struct Circumstances {
    /// Of who opened the flow, and of who answers.
    ports: (u16, u16),
    announced: Option<u16>,
    /// Nothing will follow that could tell more.
    given_up: bool,
    /// The flow may have been taken the wrong way round.
    reversible: bool,
}

/// What the patterns, or the looks, of one direction say.
enum Look {
    Found {
        protocol: u16,
        reversed: bool,
    },
    /// Found, and the ports must tell which side is which.
    Either {
        protocol: u16,
    },
    More,
    No,
}

impl Detection {
    /// A detection over `protocols`; `options` by their position, missing ones are the default.
    ///
    /// # Errors
    /// Only when the patterns together exceed what the pattern matcher can hold.
    pub fn new(protocols: &'static [ProtocolDef], options: &[Options]) -> Result<Self, aho_corasick::BuildError> {
        let mut all: Vec<Options> = options.to_vec();
        all.resize(protocols.len(), Options::default());
        let table = |transport| Table::new(protocols, &all, transport);
        let tables = [table(Transport::Tcp)?, table(Transport::Udp)?];
        Ok(Self { protocols, options: all, tables })
    }

    /// The protocols, by the position that [`Outcome`] carries.
    #[must_use]
    pub const fn protocols(&self) -> &'static [ProtocolDef] {
        self.protocols
    }

    /// True when flows of this protocol are to be parsed, not only named.
    #[must_use]
    pub fn parses(&self, protocol: u16) -> bool {
        self.options.get(usize::from(protocol)).is_some_and(|options| options.parse)
    }

    /// Position of a protocol by its name or alias.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<u16> {
        let position = self.protocols.iter().position(|def| def.info.is_called(name))?;
        u16::try_from(position).ok()
    }

    /// Looks at the beginning of one direction.
    ///
    /// For a stream, `data` is everything since its beginning (or since [`DetectionState::restart`]), so it grows from
    /// call to call; for datagrams it is one payload. Ports are the flow's: `source_port` of who opened it,
    /// `destination_port` of who answers, whichever way `data` travels. `last` says that nothing will follow.
    ///
    /// Both directions are told on their own. When the other one was recognised already, a contradiction is an event
    /// and the flow keeps what it was taken for, or what the client's octets say when the flow has no data behind it.
    pub fn identify(
        &self,
        state: &mut DetectionState,
        transport: Transport,
        direction: Direction,
        data: &[u8],
        (source_port, destination_port): (u16, u16),
        last: bool,
    ) -> Outcome {
        if let (Status::Found(_), Some(protocol)) = (state.sides[direction].status, state.protocol) {
            return Outcome::Found { protocol, reversed: false };
        }
        if state.sides[direction].status == Status::Failed {
            return self.failed(state, direction, data.len());
        }
        if data.is_empty() && !last {
            return Outcome::More;
        }
        if !data.is_empty() && state.first.is_none() {
            state.first = Some(direction);
        }
        let table = match transport {
            Transport::Tcp => &self.tables[Direction::ToServer],
            Transport::Udp => &self.tables[Direction::ToClient],
        };
        let given_up = last || data.len() >= MAX_DEPTH;
        let reversible = state.midstream || transport == Transport::Udp;
        let seen = data.get(..MAX_DEPTH).unwrap_or(data);
        let look = table.look(
            &mut state.sides[direction],
            direction,
            seen,
            &Circumstances {
                ports: (source_port, destination_port),
                announced: state.announced,
                given_up,
                reversible: reversible && state.protocol.is_none(),
            },
        );
        match look {
            Look::Found { protocol, reversed } => self.found(state, direction, protocol, reversed),
            Look::Either { protocol } => self.found(state, direction, protocol, false),
            Look::More => Outcome::More,
            Look::No => {
                state.sides[direction].status = Status::Failed;
                if state.protocol.is_some() {
                    state.raise(DetectionEvent::OnlyOneDirection);
                }
                self.failed(state, direction, data.len())
            }
        }
    }

    /// A direction that told nothing speaks what the other one does.
    fn failed(&self, state: &mut DetectionState, direction: Direction, seen: usize) -> Outcome {
        let other = &mut state.sides[direction.flip()].status;
        if state.protocol.is_none() && *other == Status::Open && seen > MAX_WAIT {
            *other = Status::Failed;
            state.raise(DetectionEvent::Skipped);
        }
        state.protocol.map_or(Outcome::Failed, |protocol| Outcome::Found { protocol, reversed: false })
    }

    fn found(&self, state: &mut DetectionState, direction: Direction, protocol: u16, reversed: bool) -> Outcome {
        let told = if reversed { direction.flip() } else { direction };
        if reversed {
            state.sides.swap(0, 1);
            state.first = state.first.map(Direction::flip);
        }
        state.sides[told].status = Status::Found(protocol);
        match state.protocol {
            Some(before) if before != protocol => state.raise(DetectionEvent::MismatchBothDirections),
            Some(_) => {}
            None => {
                let client_first =
                    self.protocols.get(usize::from(protocol)).is_some_and(|definition| definition.info.client_first);
                if client_first && !state.midstream && state.first == Some(Direction::ToClient) {
                    state.raise(DetectionEvent::WrongDirectionFirstData);
                }
                if let Some(expected) = state.expected.filter(|expected| *expected != protocol) {
                    let missed = self.protocols.get(usize::from(expected)).map(|definition| definition.info.not_found);
                    state.raise(missed.unwrap_or(DetectionEvent::UnexpectedProtocol));
                }
                state.protocol = Some(protocol);
            }
        }
        Outcome::Found { protocol: state.protocol.unwrap_or(protocol), reversed }
    }
}

impl Table {
    fn new(
        protocols: &'static [ProtocolDef],
        options: &[Options],
        transport: Transport,
    ) -> Result<Self, aho_corasick::BuildError> {
        let wanted = || {
            protocols.iter().zip(options).zip(0_u16..).filter_map(|((definition, options), position)| {
                options.detect.then_some((position, &definition.info, options))
            })
        };
        let side = |direction| {
            let patterns: Vec<_> = wanted()
                .flat_map(|(position, info, _)| info.patterns.iter().map(move |pattern| (position, pattern)))
                .filter(|(_, pattern)| pattern.transport == transport && pattern.direction == direction)
                .collect();
            SideTable::new(patterns)
        };
        let mut probes: Vec<_> = wanted()
            .flat_map(|(position, info, options)| info.probes.iter().map(move |probe| (position, probe, options)))
            .filter(|(_, probe, _)| probe.transport == transport)
            .map(|(protocol, probe, options)| ProbeEntry {
                protocol,
                ports: match &options.ports {
                    // Somebody who names ports wants the look there and nowhere else.
                    Some(ports) => ports.clone(),
                    None => probe.ports.iter().map(|port| *port..=*port).collect(),
                },
                check: probe.check,
                depth: usize::from(probe.depth),
            })
            .collect();
        // One bit each in `Side::ruled_out`.
        probes.truncate(u128::BITS as usize);
        Ok(Self { sides: [side(Direction::ToServer)?, side(Direction::ToClient)?], probes })
    }

    fn look(&self, side: &mut Side, direction: Direction, data: &[u8], around: &Circumstances) -> Look {
        let &Circumstances { ports, given_up, reversible, .. } = around;
        let patterns = self.sides[direction].look(data, given_up);
        match patterns {
            Look::Found { .. } => return patterns,
            Look::Either { protocol } => return self.by_ports(protocol, ports, reversible),
            Look::More | Look::No => {}
        }
        let mirrored = if reversible { self.sides[direction.flip()].look(data, given_up) } else { Look::No };
        if let Look::Found { protocol, reversed } = mirrored {
            return Look::Found { protocol, reversed: !reversed };
        }
        // A pattern that is half there goes before any look: the verdict must not depend on where a segment ends.
        if self.sides[direction].begins(data) && !given_up {
            return Look::More;
        }
        match (patterns, self.probe(side, direction, data, around), mirrored) {
            (_, found @ Look::Found { .. }, _) => found,
            (Look::More, ..) | (_, Look::More, _) | (.., Look::More) => Look::More,
            _ => Look::No,
        }
    }

    /// A protocol was found in octets that either side may have sent: a server is where the protocol's own ports are.
    fn by_ports(&self, protocol: u16, (source_port, destination_port): (u16, u16), reversible: bool) -> Look {
        let own = |port| self.probes.iter().any(|probe| probe.protocol == protocol && probe.is_on(port));
        Look::Found { protocol, reversed: reversible && own(source_port) && !own(destination_port) }
    }

    /// Asks the looks: those on the responder's port (and of the protocol that was announced), on the initiator's, then
    /// those on any port.
    fn probe(&self, side: &mut Side, direction: Direction, data: &[u8], around: &Circumstances) -> Look {
        let &Circumstances { ports: (source_port, destination_port), announced, given_up, reversible } = around;
        let mut undecided = false;
        let by_destination = |probe: &ProbeEntry| {
            probe.is_on(destination_port) || (announced == Some(probe.protocol) && !probe.ports.is_empty())
        };
        let by_source = |probe: &ProbeEntry| probe.is_on(source_port) && !by_destination(probe);
        let anywhere = |probe: &ProbeEntry| probe.ports.is_empty();
        let classes: [&dyn Fn(&ProbeEntry) -> bool; 3] = [&by_destination, &by_source, &anywhere];
        for class in classes {
            for (number, probe) in self.probes.iter().enumerate().filter(|(_, probe)| class(probe)) {
                let bit = 1_u128.checked_shl(u32::try_from(number).unwrap_or(u32::MAX)).unwrap_or(0);
                if side.ruled_out & bit != 0 {
                    continue;
                }
                match (probe.check)(direction, data) {
                    Verdict::Yes => return Look::Found { protocol: probe.protocol, reversed: false },
                    Verdict::Reversed if reversible => {
                        return Look::Found { protocol: probe.protocol, reversed: true };
                    }
                    Verdict::Either => {
                        return self.by_ports(probe.protocol, (source_port, destination_port), reversible);
                    }
                    Verdict::More if !given_up && data.len() < probe.depth => undecided = true,
                    Verdict::No | Verdict::More | Verdict::Reversed => side.ruled_out |= bit,
                }
            }
            // A look on a port comes before one on any port even when it needs more octets.
            if undecided {
                return Look::More;
            }
        }
        Look::No
    }
}

impl SideTable {
    fn new(patterns: Vec<(u16, &'static Pattern)>) -> Result<Self, aho_corasick::BuildError> {
        let matcher = if patterns.is_empty() {
            None
        } else {
            let octets = patterns.iter().map(|(_, pattern)| pattern.octets);
            Some(AhoCorasick::builder().ascii_case_insensitive(true).build(octets)?)
        };
        let depth = patterns.iter().map(|(_, pattern)| usize::from(pattern.depth)).max().unwrap_or(0);
        Ok(Self { matcher, patterns, depth })
    }

    /// The pattern that ends first; of those that end together the longest, then the protocol listed first.
    fn look(&self, data: &[u8], given_up: bool) -> Look {
        let Some(matcher) = &self.matcher else { return Look::No };
        let window = data.get(..self.depth).unwrap_or(data);
        let mut matches: SmallVec<[(usize, usize, u16, &Pattern); 4]> = SmallVec::new();
        for found in matcher.find_overlapping_iter(window).take(MAX_MATCHES) {
            let Some((protocol, pattern)) = self.patterns.get(found.pattern().as_usize()) else { continue };
            let placed = found.start() >= usize::from(pattern.offset) && found.end() <= usize::from(pattern.depth);
            if placed && (pattern.nocase || window.get(found.range()) == Some(pattern.octets)) {
                matches.push((found.end(), usize::MAX - pattern.octets.len(), *protocol, pattern));
            }
        }
        matches.sort_by_key(|(end, shortness, protocol, _)| (*end, *shortness, *protocol));
        for (_, _, protocol, pattern) in matches {
            match pattern.confirm.map_or(Verdict::Yes, |confirm| confirm(data)) {
                Verdict::Yes => return Look::Found { protocol, reversed: false },
                Verdict::Reversed => return Look::Found { protocol, reversed: true },
                Verdict::Either => return Look::Either { protocol },
                Verdict::More if !given_up => return Look::More,
                Verdict::No | Verdict::More => {}
            }
        }
        if !given_up && self.is_possible(data) { Look::More } else { Look::No }
    }

    /// True when some pattern can still match with more octets.
    fn is_possible(&self, data: &[u8]) -> bool {
        self.patterns.iter().any(|(_, pattern)| {
            if is_anchored(pattern) { begins(pattern, data) } else { data.len() < usize::from(pattern.depth) }
        })
    }

    /// True when `data` is the beginning of a pattern with a fixed place.
    fn begins(&self, data: &[u8]) -> bool {
        self.patterns.iter().any(|(_, pattern)| is_anchored(pattern) && begins(pattern, data))
    }
}

/// A pattern that fits in one place only.
fn is_anchored(pattern: &Pattern) -> bool {
    usize::from(pattern.offset) + pattern.octets.len() >= usize::from(pattern.depth)
}

fn begins(pattern: &Pattern, data: &[u8]) -> bool {
    let tail = data.get(usize::from(pattern.offset)..).unwrap_or_default();
    tail.len() < pattern.octets.len()
        && tail
            .iter()
            .zip(pattern.octets)
            .all(|(octet, wanted)| octet == wanted || pattern.nocase && octet.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ProtocolInfo;

    const fn pattern(direction: Direction, octets: &'static [u8], offset: u16, depth: u16) -> Pattern {
        Pattern { transport: Transport::Tcp, direction, octets, nocase: false, offset, depth, confirm: None }
    }

    const fn protocol(info: ProtocolInfo) -> ProtocolDef {
        ProtocolDef { info, ..crate::def::<Silent>() }
    }

    /// A protocol that does nothing: detection is asked about its declaration only.
    struct Silent;

    impl crate::Protocol for Silent {
        type Tx = ();
        type Config = ();
        type EveOptions = ();
        const INFO: ProtocolInfo = ProtocolInfo::DEFAULT;
        const BUFFERS: &'static [crate::Buffer<()>] = &[];
        const LOGGERS: &'static [crate::Logger<()>] = &[];

        fn begin(_: &std::sync::Arc<()>) -> Self {
            Self
        }

        fn parse(
            &mut self,
            _: Direction,
            input: crate::Input<'_>,
            _: &mut crate::Transactions<()>,
            _: &mut crate::Context<'_>,
        ) -> Result<crate::Step, crate::Failed> {
            Ok(crate::Step::all(&input))
        }
    }

    const INFO: ProtocolInfo = ProtocolInfo { transports: &[Transport::Tcp], ..ProtocolInfo::DEFAULT };

    const WEB: u16 = 0;
    const MAIL: u16 = 1;
    const COUNTED: u16 = 2;
    const ANYWHERE: u16 = 3;
    const NAMES: u16 = 4;

    /// Two octets of length, then as many octets as they say: too weak for any port but its own.
    fn counted(_: Direction, data: &[u8]) -> crate::Verdict {
        match data {
            [high, low, rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if !(2..=64).contains(&length) {
                    Verdict::No
                } else if rest.len() < length {
                    Verdict::More
                } else {
                    Verdict::Yes
                }
            }
            _ => Verdict::More,
        }
    }

    fn magic(_: Direction, data: &[u8]) -> Verdict {
        match (data, b"\x7fMAGIC".starts_with(data)) {
            ([0x7f, b'M', b'A', b'G', b'I', b'C', ..], _) => Verdict::Yes,
            (_, true) => Verdict::More,
            _ => Verdict::No,
        }
    }

    fn names(_: Direction, data: &[u8]) -> Verdict {
        match data {
            [b'?', ..] => Verdict::Yes,
            [b'!', ..] => Verdict::Reversed,
            _ => Verdict::No,
        }
    }

    static PROTOCOLS: &[ProtocolDef] = &[
        protocol(ProtocolInfo {
            name: "web",
            patterns: &[
                pattern(Direction::ToServer, b"GET ", 0, 4),
                pattern(Direction::ToServer, b"POST ", 0, 5),
                pattern(Direction::ToClient, b"WEB/1.", 0, 6),
            ],
            client_first: true,
            ..INFO
        }),
        protocol(ProtocolInfo {
            name: "mail",
            aliases: &["post"],
            patterns: &[
                Pattern { nocase: true, ..pattern(Direction::ToServer, b"ehlo ", 0, 20) },
                pattern(Direction::ToClient, b"220 ", 0, 4),
            ],
            ..INFO
        }),
        protocol(ProtocolInfo {
            name: "counted",
            probes: &[crate::Probe { transport: Transport::Tcp, ports: &[99], check: counted, depth: 128 }],
            client_first: true,
            ..INFO
        }),
        protocol(ProtocolInfo {
            name: "anywhere",
            probes: &[crate::Probe { transport: Transport::Tcp, ports: &[], check: magic, depth: 16 }],
            ..INFO
        }),
        protocol(ProtocolInfo {
            name: "names",
            transports: &[Transport::Udp],
            probes: &[crate::Probe { transport: Transport::Udp, ports: &[53], check: names, depth: 16 }],
            ..INFO
        }),
    ];

    fn detection() -> Detection {
        Detection::new(PROTOCOLS, &[]).unwrap()
    }

    const TO_SERVER: Direction = Direction::ToServer;
    const TO_CLIENT: Direction = Direction::ToClient;

    fn found(protocol: u16) -> Outcome {
        Outcome::Found { protocol, reversed: false }
    }

    fn tcp(state: &mut DetectionState, direction: Direction, data: &[u8], port: u16) -> Outcome {
        detection().identify(state, Transport::Tcp, direction, data, (40_000, port), false)
    }

    #[test]
    fn tells_each_direction_by_its_own_octets() {
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_SERVER, b"GE", 80), Outcome::More);
        assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 80), found(WEB));
        assert_eq!(tcp(&mut state, TO_CLIENT, b"WEB/1.0", 80), found(WEB));
        assert!(state.take_events().is_empty());
        assert!(state.is_decided(TO_CLIENT));
    }

    #[test]
    fn compares_letters_with_case_unless_told_otherwise() {
        assert_eq!(
            tcp(&mut DetectionState::default(), TO_SERVER, b"get / and more than any pattern needs", 80),
            Outcome::Failed
        );
        assert_eq!(tcp(&mut DetectionState::default(), TO_SERVER, b"\r\nEHLO me", 80), found(MAIL));
        assert_eq!(tcp(&mut DetectionState::default(), TO_SERVER, b"too far behind for EHLO me", 80), Outcome::Failed);
    }

    #[test]
    fn asks_by_port_before_it_asks_everywhere() {
        assert_eq!(
            tcp(&mut DetectionState::default(), TO_SERVER, b"\0\x02ab and much longer than that", 99),
            found(COUNTED)
        );
        assert_eq!(
            tcp(&mut DetectionState::default(), TO_SERVER, b"\0\x02ab and much longer than that", 98),
            Outcome::Failed
        );
        assert_eq!(tcp(&mut DetectionState::default(), TO_SERVER, b"\x7fMAGIC and so on", 99), found(ANYWHERE));
    }

    #[test]
    fn what_was_announced_is_looked_for_on_any_port() {
        let octets = b"\0\x02ab and much longer than that";
        let state = |protocol| DetectionState::default().announced(protocol);
        assert_eq!(tcp(&mut state(Some(COUNTED)), TO_SERVER, octets, 98), found(COUNTED));
        assert_eq!(tcp(&mut state(Some(WEB)), TO_SERVER, octets, 98), Outcome::Failed);
        assert_eq!(tcp(&mut state(Some(COUNTED)), TO_SERVER, b"GET / is none the less", 98), found(WEB));
    }

    #[test]
    fn reports_directions_that_contradict_each_other() {
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 80), found(WEB));
        assert_eq!(tcp(&mut state, TO_CLIENT, b"220 hello", 80), found(WEB), "the flow keeps its protocol");
        assert_eq!(state.take_events().as_slice(), [DetectionEvent::MismatchBothDirections]);
        assert_eq!(state.protocol_of(TO_CLIENT), Some(MAIL));
    }

    #[test]
    fn reports_a_direction_that_tells_nothing() {
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 80), found(WEB));
        assert_eq!(tcp(&mut state, TO_CLIENT, b"what is this", 80), found(WEB));
        assert_eq!(state.take_events().as_slice(), [DetectionEvent::OnlyOneDirection]);
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_SERVER, b"nothing that anybody would know", 80), Outcome::Failed);
        assert_eq!(tcp(&mut state, TO_CLIENT, b"nothing either", 80), Outcome::Failed);
        assert!(state.take_events().is_empty());
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_SERVER, &vec![1; MAX_WAIT + 1], 80), Outcome::Failed);
        assert_eq!(state.take_events().as_slice(), [DetectionEvent::Skipped]);
        assert!(state.is_decided(TO_CLIENT), "the other direction is not waited for");
    }

    #[test]
    fn reports_a_server_that_speaks_out_of_turn() {
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_CLIENT, b"WEB/1.1 200", 80), found(WEB));
        assert_eq!(state.take_events().as_slice(), [DetectionEvent::WrongDirectionFirstData]);
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_CLIENT, b"220 hello", 25), found(MAIL));
        assert!(state.take_events().is_empty());
    }

    #[test]
    fn turns_a_flow_round_that_was_picked_up_in_the_middle() {
        let mut state = DetectionState::new(true);
        let answer = Outcome::Found { protocol: WEB, reversed: true };
        assert_eq!(tcp(&mut state, TO_SERVER, b"WEB/1.1 200", 40_001), answer);
        assert_eq!(state.protocol_of(TO_CLIENT), Some(WEB), "the side it was, after the turn");
        assert!(state.take_events().is_empty());
        assert_eq!(
            tcp(&mut DetectionState::new(false), TO_SERVER, b"WEB/1.1 200 and so on, and on", 80),
            Outcome::Failed
        );
        let udp = |data| {
            detection().identify(&mut DetectionState::default(), Transport::Udp, TO_SERVER, data, (53, 4000), true)
        };
        assert_eq!(udp(b"?"), found(NAMES));
        assert_eq!(udp(b"!"), Outcome::Found { protocol: NAMES, reversed: true });
        assert_eq!(udp(b"."), Outcome::Failed);
    }

    #[test]
    fn starts_over_when_the_protocol_changes() {
        let mut state = DetectionState::default();
        assert_eq!(tcp(&mut state, TO_SERVER, b"EHLO me", 25), found(MAIL));
        state.restart(Some(ANYWHERE));
        assert_eq!(tcp(&mut state, TO_SERVER, b"GET /", 25), found(WEB));
        assert_eq!(state.take_events().as_slice(), [DetectionEvent::UnexpectedProtocol]);
    }

    #[test]
    fn does_as_configured() {
        let mut options = vec![Options::default(); PROTOCOLS.len()];
        options[usize::from(WEB)].detect = false;
        options[usize::from(COUNTED)].ports = Some(vec![7..=9]);
        options[usize::from(MAIL)].parse = false;
        let detection = Detection::new(PROTOCOLS, &options).unwrap();
        let look = |data, port| {
            detection.identify(&mut DetectionState::default(), Transport::Tcp, TO_SERVER, data, (40_000, port), true)
        };
        assert_eq!(look(b"GET /", 80), Outcome::Failed);
        assert_eq!(look(b"\0\x02ab", 99), Outcome::Failed);
        assert_eq!(look(b"\0\x02ab", 8), found(COUNTED));
        assert!(!detection.parses(MAIL) && detection.parses(WEB));
        assert_eq!(detection.position("post"), Some(MAIL));
    }

    #[test]
    fn gives_up_after_its_depth() {
        let mut state = DetectionState::default();
        // Nothing can rule a floating pattern out but its depth; nothing rules a look out but its own.
        let endless = vec![0_u8; MAX_DEPTH];
        assert_eq!(tcp(&mut state, TO_SERVER, &endless, 80), Outcome::Failed);
        assert!(state.is_decided(TO_SERVER));
    }

    fn beginnings() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(vec![
            &b"GET / HTTP"[..],
            b"POST /",
            b"GOT",
            b"EHLO me",
            b"..EHLO",
            b"\0\x05abcdefgh",
            b"\0\x40abc",
            b"\x7fMAGIC!",
            b"\x7fMAGI?",
            b"WEB/1.1",
            b"220 hi",
        ]);
        (known, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(known, tail)| [known, &tail].concat())
    }

    proptest! {
        #[test]
        fn the_verdict_does_not_depend_on_segments(
            data in beginnings(),
            cuts in prop::collection::vec(0_usize..60, 0..12),
            port in prop::sample::select(vec![80_u16, 99]),
            midstream in any::<bool>(),
        ) {
            let detection = detection();
            let whole = detection.identify(
                &mut DetectionState::new(midstream), Transport::Tcp, TO_SERVER, &data, (40_000, port), true,
            );
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < data.len()).collect();
            cuts.sort_unstable();
            let mut state = DetectionState::new(midstream);
            let mut verdict = Outcome::More;
            for end in cuts {
                verdict = detection.identify(&mut state, Transport::Tcp, TO_SERVER, &data[..end], (40_000, port), false);
                if verdict != Outcome::More {
                    break;
                }
            }
            if verdict == Outcome::More {
                verdict = detection.identify(&mut state, Transport::Tcp, TO_SERVER, &data, (40_000, port), true);
            }
            prop_assert_eq!(verdict, whole);
        }

        #[test]
        fn any_octets_are_survived(data in prop::collection::vec(any::<u8>(), 0..300), port in any::<u16>()) {
            let mut state = DetectionState::new(true);
            for end in 0..=data.len() {
                for direction in Direction::BOTH {
                    detection().identify(&mut state, Transport::Tcp, direction, &data[..end], (port, 99), false);
                }
            }
        }
    }
}
