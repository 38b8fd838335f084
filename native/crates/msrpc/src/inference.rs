//! Which interface calls are made on whose bind was not seen: from where they are made, and from what they are.
//!
//! Nothing here was learnt from traffic. Signatures are those of the documents (`native/data/rpc`), pipes and ports, too.

mod size;
mod weigh;

use std::sync::Arc;

use crate::interfaces::{self, InterfaceKind, RpcInterface, known};
use crate::{InterfaceEvidence, InterfaceId, RpcExchange, TransferSyntax, Uuid};
use weigh::{EvidenceWeight, weigh};

/// Where calls are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallPlace {
    /// A named pipe, by its name in small letters.
    Pipe(Arc<str>),
    /// A TCP port, and the interfaces that are known to be offered there.
    Port { number: u16, tied: Vec<Uuid> },
    /// An object.
    Object,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InferredInterface {
    pub(crate) id: InterfaceId,
    pub(crate) syntax: TransferSyntax,
    pub(crate) evidence: InterfaceEvidence,
}

/// An interface that no call contradicted so far.
#[derive(Clone, Copy, Debug)]
struct InterfaceCandidate {
    interface: &'static RpcInterface,
    syntax: TransferSyntax,
    weight: EvidenceWeight,
    /// Calls with operation numbers of their own that weigh something.
    distinct: u32,
    /// The pipe has its name.
    own: bool,
}

/// Interfaces weighed by calls.
pub(crate) struct InterfaceCandidates {
    list: Vec<InterfaceCandidate>,
    evidence: Option<InterfaceEvidence>,
    sealed: bool,
    /// What is counted once: operation number, and the sizes of both stubs.
    seen: Vec<(Option<u16>, u64, u64)>,
    calls: usize,
    /// A call has no answer yet, which may contradict.
    waits: bool,
}

impl InterfaceCandidates {
    /// What is offered at a place; everything, where nothing is known of it.
    pub(crate) fn at(place: &CallPlace) -> Self {
        match place {
            CallPlace::Pipe(name) => {
                let own: Vec<_> = interfaces::all().iter().filter(|known| known.pipes.contains(&&**name)).collect();
                let mut candidates = Self::of(own, Some(InterfaceEvidence::Pipe));
                for candidate in &mut candidates.list {
                    candidate.own = name.eq_ignore_ascii_case(candidate.interface.name);
                }
                candidates.or_anywhere()
            }
            CallPlace::Port { number, tied } => {
                let tied: Vec<_> = tied.iter().filter_map(interfaces::find).collect();
                let is_there = |known: &RpcInterface| {
                    known.ports.contains(number) || tied.iter().any(|tied| is_served_with(known, tied))
                };
                let mut own: Vec<_> = interfaces::all().iter().filter(|known| is_there(known)).collect();
                if !own.is_empty() && !own.iter().any(|known| known.uuid == known::MGMT) {
                    own.extend(interfaces::find(&known::MGMT)); // every endpoint has it
                }
                Self::of(own, Some(InterfaceEvidence::Endpoint)).or_anywhere()
            }
            CallPlace::Object => {
                let objects = interfaces::all().iter().filter(|known| known.kind == InterfaceKind::Object);
                Self::of(objects.collect(), None)
            }
        }
    }

    fn or_anywhere(self) -> Self {
        if self.is_empty() { Self::anywhere() } else { self }
    }

    /// All there are.
    pub(crate) fn anywhere() -> Self {
        Self::of(all().collect(), None)
    }

    fn of(list: Vec<&'static RpcInterface>, evidence: Option<InterfaceEvidence>) -> Self {
        let syntaxes = [TransferSyntax::Ndr32, TransferSyntax::Ndr64];
        let candidate = |interface| {
            syntaxes.map(|syntax| InterfaceCandidate {
                interface,
                syntax,
                weight: EvidenceWeight::default(),
                distinct: 0,
                own: false,
            })
        };
        Self {
            list: list.into_iter().flat_map(candidate).collect(),
            evidence,
            sealed: false,
            seen: Vec::new(),
            calls: 0,
            waits: false,
        }
    }

    /// Takes a call into account.
    pub(crate) fn weigh(&mut self, exchange: &RpcExchange) {
        self.calls += 1;
        self.sealed |= exchange.request.closed || exchange.response.closed;
        self.waits |= !exchange.response.done;
        let what = (exchange.opnum, exchange.request.size, exchange.response.size);
        let again = self.seen.contains(&what);
        let same_number = self.seen.iter().any(|(number, ..)| *number == exchange.opnum);
        self.seen.push(what);
        self.list.retain_mut(|candidate| {
            let Some(weight) = weigh(exchange, candidate.interface, candidate.syntax) else { return false };
            if !again {
                candidate.weight.0 += weight.0;
            }
            candidate.distinct += u32::from(!same_number && weight.0 > 0);
            true
        });
    }

    /// True when every interface was contradicted.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The interface, once there is enough for it. `last`: no more calls will be weighed.
    pub(crate) fn found(&self, last: bool) -> Option<InferredInterface> {
        let best = *self.list.iter().rev().max_by_key(|candidate| (candidate.weight, candidate.own))?;
        let rivals = self.list.iter().filter(|candidate| candidate.interface.uuid != best.interface.uuid);
        let rival = rivals.map(|candidate| candidate.weight.0).max();
        let weight = best.weight.0;
        let ahead = rival.is_none_or(|rival| weight > rival || best.own && weight == rival);
        let enough = match (self.evidence, rival) {
            (Some(InterfaceEvidence::Pipe), None) => true,
            (Some(_), None) => weight > 0 || self.calls > 1,
            (Some(_), Some(rival)) => weight >= rival + PLACE_AHEAD || last && ahead && weight > 0,
            (None, _) if self.sealed => {
                best.distinct >= SEALED_CALLS && weight >= SEALED_WEIGHT && weight >= rival.unwrap_or(0) + SEALED_AHEAD
            }
            (None, _) => {
                let object = best.interface.kind == InterfaceKind::Object;
                let least = if object { OBJECT_WEIGHT } else { CLEAR_WEIGHT };
                weight >= least && weight >= rival.unwrap_or(0) + CLEAR_AHEAD
            }
        };
        // Sizes say little: while an answer may contradict, nothing is said; and everybody has the procedures of management.
        let management = best.interface.uuid == known::MGMT;
        let doubtful = self.sealed && (management || self.waits && rival.is_some() && !last);
        // One call is not enough where the interface alone is an alarm.
        let alarming =
            best.interface.source == "undocumented" && self.calls < 2 && self.evidence != Some(InterfaceEvidence::Pipe);
        let (version, minor) = best.interface.version_numbers();
        let id = InterfaceId { uuid: best.interface.uuid, version, minor };
        let by_content = if self.sealed { InterfaceEvidence::Sizes } else { InterfaceEvidence::Stub };
        (enough && !alarming && !doubtful).then_some(InferredInterface {
            id,
            syntax: best.syntax,
            evidence: self.evidence.unwrap_or(by_content),
        })
    }
}

/// Interfaces of one process have their endpoints in common. Those of one pipe are of one process.
fn is_served_with(interface: &RpcInterface, tied: &RpcInterface) -> bool {
    interface.uuid == tied.uuid || interface.pipes.iter().any(|pipe| tied.pipes.contains(pipe))
}

/// How far ahead of any other an interface of the place has to be, before all calls were seen. Bits, as all that follow.
const PLACE_AHEAD: u32 = 4;
/// What has to speak for an interface where nothing is known of the place: a text and an exact end, and a bit more.
const CLEAR_WEIGHT: u32 = 16;
const CLEAR_AHEAD: u32 = 8;
/// Objects are fewer, and their calls begin with what no other's begin with.
const OBJECT_WEIGHT: u32 = 12;
/// Sealed calls with numbers of their own, and what their sizes have to say.
const SEALED_CALLS: u32 = 3;
const SEALED_WEIGHT: u32 = 12;
const SEALED_AHEAD: u32 = 8;

/// Interfaces that are bound to: all but those of objects and of activation, whose calls tell by themselves.
fn all() -> impl Iterator<Item = &'static RpcInterface> {
    interfaces::all().iter().filter(|interface| interface.kind == InterfaceKind::Rpc)
}
