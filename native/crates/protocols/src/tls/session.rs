//! The record layer of both sides: RFC 8446 section 5.1, RFC 5246 section 6.2.

use sidewire_app_layer::{ParseContext, ParseInput};
use sidewire_base::{Direction, PerDirection};

use super::event::{PendingEvents, TlsEvent};
use super::frame::RecordFrame;
use super::handshake::{HandshakeBuffer, HandshakeStep};
use super::heartbeat::HeartbeatState;
use super::progress::{TlsProgress, TlsStage};
use super::settings::TlsSettings;
use super::ssl2::{self, Ssl2Record, Ssl2State};
use super::transaction::TlsTransaction;
use super::version::TlsVersion;
use crate::encryption::EncryptionHandling;

/// Octets of a record's header.
const HEADER: usize = 5;

/// Octets of a fragment: 2^14, and what encryption may add. RFC 5246 section 6.2.3.
const MAX_FRAGMENT: usize = (1 << 14) + 1024;

/// Octets of the smallest record.
const MIN_RECORD: usize = HEADER + 1;

/// Octets at the start of a record that tell it from others: its type and its version.
const RECORD_START: usize = 3;

/// Content types of records.
mod content {
    pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(super) const ALERT: u8 = 21;
    pub(super) const HANDSHAKE: u8 = 22;
    pub(super) const APPLICATION_DATA: u8 = 23;
    pub(super) const HEARTBEAT: u8 = 24;

    pub(super) const fn is_known(kind: u8) -> bool {
        matches!(kind, CHANGE_CIPHER_SPEC | ALERT | HANDSHAKE | APPLICATION_DATA | HEARTBEAT)
    }
}

/// The state of a flow that speaks TLS.
#[derive(Debug, Default)]
pub struct TlsSession {
    lanes: PerDirection<RecordLane>,
    heartbeat: HeartbeatState,
    ssl2: Ssl2State,
    settings: TlsSettings,
    /// Something encrypted was seen.
    encrypted: bool,
    /// The session cannot be followed: nothing that comes later says how it ended.
    failed: bool,
}

/// Where one side's octets stand.
#[derive(Debug, Default)]
struct RecordLane {
    handshake: HandshakeBuffer,
    /// Octets of application data to pass over.
    passing: usize,
    /// The header of the record that is waited for was looked at.
    begun: bool,
    /// What is known of where records begin.
    place: LanePlace,
}

/// Is it known where the records of a side begin?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LanePlace {
    /// The side has sent nothing yet.
    #[default]
    Unknown,
    /// It has sent a record.
    Records,
    /// Capture began inside of a record: where the next one begins cannot be told.
    Lost,
}

/// What became of the octets at hand.
enum RecordOutcome {
    /// So many of them are done with.
    Done(usize),
    /// So many must be there first.
    Need(usize),
}

/// What became of the octets of a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TakenRecords {
    /// Octets that are done with.
    pub(super) octets: usize,
    /// Octets that must be there for the next record.
    pub(super) need: usize,
    /// A record ended.
    pub(super) complete: bool,
}

/// What a step changes, beside the session.
pub(super) struct RecordStep<'a> {
    pub(super) from: Direction,
    pub(super) tx: &'a mut TlsTransaction,
    pub(super) events: PendingEvents,
    pub(super) progress: TlsProgress,
}

/// The session cannot be followed any further; the event that says why was raised.
pub(super) struct UnfollowableSession;

/// The header of a record.
#[derive(Clone, Copy)]
struct RecordHeader {
    kind: u8,
    version: TlsVersion,
    length: usize,
}

impl RecordHeader {
    fn read(data: &[u8]) -> Option<Self> {
        let &[kind, high, low, long, short] = data.first_chunk::<HEADER>()?;
        let version = TlsVersion(u16::from_be_bytes([high, low]));
        Some(Self { kind, version, length: u16::from_be_bytes([long, short]).into() })
    }
}

impl RecordStep<'_> {
    fn fail(&mut self, event: TlsEvent) -> UnfollowableSession {
        self.events.raise(event);
        UnfollowableSession
    }

    fn handshake(&mut self) -> HandshakeStep<'_> {
        HandshakeStep { from: self.from, tx: self.tx, events: &mut self.events, progress: &mut self.progress }
    }
}

impl TlsSession {
    pub(super) fn new(settings: TlsSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// The transaction of the flow, at its beginning.
    pub(super) fn transaction(&self, original_protocol: Option<&'static str>) -> TlsTransaction {
        TlsTransaction { unwritten: self.settings.unwritten, original_protocol, ..TlsTransaction::default() }
    }

    /// Rules on the payload have nothing more to look into.
    pub(super) fn is_opaque(&self) -> bool {
        self.encrypted && self.settings.encryption != EncryptionHandling::Full
    }

    /// Nothing that comes is wanted.
    pub(super) fn is_bypassed(&self) -> bool {
        self.encrypted && self.settings.encryption == EncryptionHandling::Bypass
    }

    /// Nothing more will be known of the session.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Takes records.
    pub(super) fn take(
        &mut self,
        input: &ParseInput<'_>,
        step: &mut RecordStep<'_>,
        context: &mut ParseContext<'_>,
    ) -> Result<TakenRecords, UnfollowableSession> {
        let outcome = self.take_records(input, step, context);
        self.failed |= outcome.is_err();
        outcome
    }

    fn take_records(
        &mut self,
        input: &ParseInput<'_>,
        step: &mut RecordStep<'_>,
        context: &mut ParseContext<'_>,
    ) -> Result<TakenRecords, UnfollowableSession> {
        let mut taken = TakenRecords::default();
        match self.find_records(input.data, step.from, context.midstream) {
            LanePlace::Unknown => return Ok(TakenRecords { need: RECORD_START, ..TakenRecords::default() }),
            LanePlace::Lost => return Ok(TakenRecords { octets: input.data.len(), ..TakenRecords::default() }),
            LanePlace::Records => {}
        }
        if !self.lanes[step.from].begun {
            step.tx.latest = 0;
        }
        let most = (input.data.len() / MIN_RECORD).max(1);
        for count in 0.. {
            let data = input.data.get(taken.octets..).unwrap_or_default();
            let Some(first) = data.first() else { break };
            let done = taken.octets;
            if count > most {
                return Err(step.fail(TlsEvent::TooManyRecordsInPacket));
            }
            let mut tell = |kind, at: usize, length: usize| {
                if let Some(frames) = &mut context.frames {
                    frames.begin(kind, input.offset + (done + at) as u64, Some(length as u64), None);
                }
            };
            let passing = core::mem::take(&mut self.lanes[step.from].passing);
            let outcome = if passing > 0 {
                let passed = passing.min(data.len());
                self.lanes[step.from].passing = passing - passed;
                RecordOutcome::Done(passed)
            } else if ssl2::begins(*first) {
                self.ssl2_record(data, step, &mut tell)?
            } else {
                self.record(data, step, &mut tell)?
            };
            match outcome {
                RecordOutcome::Done(octets) => {
                    taken.octets += octets;
                    taken.complete |= self.lanes[step.from].passing == 0;
                }
                RecordOutcome::Need(octets) => {
                    taken.need = octets;
                    break;
                }
            }
        }
        Ok(taken)
    }

    /// Looks where the first octets of a side are from: of a flow picked up in the middle, they may be from inside of a
    /// record. What such a side sends is passed over, since nothing in it is sure to be a record's header.
    fn find_records(&mut self, data: &[u8], from: Direction, midstream: bool) -> LanePlace {
        let place = &mut self.lanes[from].place;
        if *place == LanePlace::Unknown {
            *place = match data.first_chunk::<RECORD_START>() {
                _ if !midstream => LanePlace::Records,
                None => LanePlace::Unknown,
                Some([kind, 3, _]) if content::is_known(*kind) => LanePlace::Records,
                Some([first, _, message]) if ssl2::begins_hello(*first, *message) => LanePlace::Records,
                Some(_) => LanePlace::Lost,
            };
        }
        *place
    }

    fn ssl2_record(
        &mut self,
        data: &[u8],
        step: &mut RecordStep<'_>,
        tell: &mut impl FnMut(RecordFrame, usize, usize),
    ) -> Result<RecordOutcome, UnfollowableSession> {
        step.tx.sides[step.from].version = TlsVersion::SSL2;
        let Some(record) = Ssl2Record::read(data) else { return Ok(RecordOutcome::Need(data.len() + 1)) };
        let whole = record.header + record.length;
        if !core::mem::replace(&mut self.lanes[step.from].begun, true) {
            tell(RecordFrame::Ssl2Header, 0, record.header + 1);
            tell(RecordFrame::Ssl2Pdu, 0, whole);
        }
        let Some(message) = data.get(record.header..whole) else { return Ok(RecordOutcome::Need(whole)) };
        self.lanes[step.from].begun = false;
        if let Err(event) = self.ssl2.take(message, &mut step.handshake()) {
            step.events.raise(event);
            return Err(step.fail(TlsEvent::InvalidSslRecord));
        }
        self.encrypted |= self.ssl2.is_encrypted();
        Ok(RecordOutcome::Done(whole))
    }

    fn record(
        &mut self,
        data: &[u8],
        step: &mut RecordStep<'_>,
        tell: &mut impl FnMut(RecordFrame, usize, usize),
    ) -> Result<RecordOutcome, UnfollowableSession> {
        let Some(header) = RecordHeader::read(data) else { return Ok(RecordOutcome::Need(HEADER)) };
        if !core::mem::replace(&mut self.lanes[step.from].begun, true) {
            tell(RecordFrame::Header, 0, HEADER);
            tell(RecordFrame::Pdu, 0, HEADER + header.length);
        }
        if !self.check(header, step)? {
            self.lanes[step.from].begun = false;
            return Ok(RecordOutcome::Done(data.len()));
        }
        let whole = HEADER + header.length;
        if header.kind == content::APPLICATION_DATA {
            // Encrypted: nobody waits for the whole of it.
            if data.len() < MIN_RECORD {
                return Ok(RecordOutcome::Need(MIN_RECORD));
            }
            tell(RecordFrame::Data, HEADER, header.length);
            self.application_data(step);
            let there = whole.min(data.len());
            let lane = &mut self.lanes[step.from];
            (lane.passing, lane.begun) = (whole - there, false);
            return Ok(RecordOutcome::Done(there));
        }
        let Some(fragment) = data.get(HEADER..whole) else { return Ok(RecordOutcome::Need(whole)) };
        self.lanes[step.from].begun = false;
        tell(RecordFrame::Data, HEADER, header.length);
        match header.kind {
            content::CHANGE_CIPHER_SPEC => change_cipher(step),
            content::ALERT => {
                tell(RecordFrame::Alert, HEADER, header.length);
                alert(fragment, step);
            }
            content::HEARTBEAT => {
                tell(RecordFrame::Heartbeat, HEADER, header.length);
                let encrypted = step.tx.has_cipher();
                self.heartbeat.take(step.from, fragment, encrypted).map_err(|event| step.fail(event))?;
            }
            _ => self.handshake(fragment, step),
        }
        Ok(RecordOutcome::Done(whole))
    }

    /// Is a record one that can be read? `false`: it is passed over with all that came with it.
    fn check(&mut self, header: RecordHeader, step: &mut RecordStep<'_>) -> Result<bool, UnfollowableSession> {
        let from = step.from;
        let before = step.tx.sides[from].version;
        if !content::is_known(header.kind) {
            step.events.raise(TlsEvent::InvalidRecordType);
            let tolerated = matches!(before, TlsVersion::TLS10 | TlsVersion::TLS11);
            return if tolerated { Ok(false) } else { Err(UnfollowableSession) };
        }
        if !(step.tx.facts.hello[from] && before != TlsVersion::UNKNOWN) {
            step.tx.sides[from].version = header.version;
        }
        if header.length == 0 || header.length > MAX_FRAGMENT {
            return Err(step.fail(TlsEvent::InvalidRecordLength));
        }
        if !step.tx.sides[from].version.is_valid() {
            return Err(step.fail(TlsEvent::InvalidRecordVersion));
        }
        Ok(true)
    }

    /// Octets of an application: the side is done with its handshake, unless it sends early data (RFC 8446 section 2.3).
    fn application_data(&mut self, step: &mut RecordStep<'_>) {
        if step.tx.facts.early_data && !step.tx.facts.hello.to_client {
            return;
        }
        step.progress.reach(step.from, TlsStage::Handshake);
        self.encrypted = true;
    }

    fn handshake(&mut self, fragment: &[u8], step: &mut RecordStep<'_>) {
        let facts = step.tx.facts;
        // Before TLS 1.3 what follows a ChangeCipherSpec is encrypted; in TLS 1.3 it means nothing, and a client may send it
        // before its second hello. RFC 8446 appendix D.4.
        let second_hello =
            facts.hello.to_server && step.tx.sides.to_server.version > TlsVersion::TLS12 && !facts.hello.to_client;
        if step.tx.has_cipher() && !second_hello {
            return;
        }
        self.lanes[step.from].handshake.take(fragment, &mut step.handshake());
    }
}

fn change_cipher(step: &mut RecordStep<'_>) {
    step.tx.facts.cipher[step.from] = true;
    if step.from == Direction::ToServer {
        step.progress.reach(step.from, TlsStage::Handshake);
    }
}

/// An alert in the clear; a fatal one ends the session. RFC 8446 section 6.
fn alert(fragment: &[u8], step: &mut RecordStep<'_>) {
    const FATAL: u8 = 2;
    if let [FATAL, _] = fragment {
        step.progress.reach_both(TlsStage::Finished);
    }
}
