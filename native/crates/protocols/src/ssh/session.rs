//! What both sides say before the session is encrypted: RFC 4253 sections 4 to 7.

use sidewire_app_layer::{AppLayerResult, ParseContext, ParseInput, TxSlot};
use sidewire_base::{Cursor, Direction, PerDirection};

use super::banner::{self, MAX_BANNER, MAX_GREETING, SshBanner};
use super::event::SshEvent;
use super::frame::SshFrame;
use super::kex::Hassh;
use super::settings::SshSettings;
use super::stage;
use super::transaction::SshTransaction;
use crate::encryption::EncryptionHandling;

/// Octets of a packet before what it says: its length, the length of its padding, and the number of the message.
const HEADER: usize = 6;

/// Octets of a packet before those that its length counts.
const LENGTH: usize = 4;

/// Octets of a packet whose lists of algorithms are read. Those in use have some two thousand.
const MAX_KEX: usize = 64 * 1024;

/// Octets of a packet at most. Implementations have to take 35000 (RFC 4253 section 6.1), and those in use refuse more than
/// this.
const MAX_PACKET: usize = 256 * 1024;

/// Message numbers. RFC 4250 section 4.1.2.
mod message {
    pub(super) const KEXINIT: u8 = 20;
    pub(super) const NEWKEYS: u8 = 21;
}

/// The state of a flow that speaks SSH.
#[derive(Debug, Default)]
pub struct SshSession {
    settings: SshSettings,
    lanes: PerDirection<SshLane>,
}

/// Where one side's octets stand.
#[derive(Debug, Default)]
struct SshLane {
    part: LanePart,
    /// Octets of a packet to pass over.
    passing: u64,
    /// The header of the packet that is waited for was looked at.
    begun: bool,
    /// Octets of lines before the identification.
    greeting: usize,
}

/// What comes next of a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LanePart {
    #[default]
    Banner,
    /// The rest of a line of which enough was kept.
    BannerRest,
    Packets,
    /// Encrypted from here on.
    Encrypted,
    /// Where a packet begins is not known.
    Lost,
}

/// What became of the octets at hand: how many are done with, or must be there first.
enum TakenOctets {
    Done(usize),
    Need(usize),
}

impl SshSession {
    pub(super) fn new(settings: SshSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// The transaction of the flow, at its beginning.
    pub(super) fn transaction(&self) -> SshTransaction {
        SshTransaction { hassh_wanted: self.settings.hassh, ..SshTransaction::default() }
    }

    /// Takes what is there.
    pub(super) fn take(
        &mut self,
        direction: Direction,
        input: &ParseInput<'_>,
        slot: &mut TxSlot<SshTransaction>,
        context: &mut ParseContext<'_>,
    ) -> AppLayerResult {
        let (mut consumed, mut need, mut complete) = (0, 0, false);
        while let Some(rest) = input.data.get(consumed..).filter(|rest| !rest.is_empty()) {
            let taken = match self.lanes[direction].part {
                LanePart::Banner => self.banner(direction, rest, slot, context),
                LanePart::BannerRest => self.banner_rest(direction, rest, slot, context),
                LanePart::Packets => {
                    let place = input.offset + consumed as u64;
                    self.packet(direction, rest, place, slot, context)
                }
                LanePart::Encrypted | LanePart::Lost => TakenOctets::Done(rest.len()),
            };
            match taken {
                TakenOctets::Done(octets) => {
                    consumed += octets;
                    complete = true;
                }
                TakenOctets::Need(octets) => {
                    need = octets;
                    break;
                }
            }
        }
        if input.last {
            // A part of a line or a packet at the end of a stream is nothing.
            (consumed, need) = (input.data.len(), 0);
        }
        let encrypted = self.lanes.iter().all(|lane| lane.part == LanePart::Encrypted);
        let bypass = encrypted && self.settings.encryption == EncryptionHandling::Bypass;
        let opaque = encrypted && self.settings.encryption != EncryptionHandling::Full;
        AppLayerResult { finished: bypass, bypass, opaque, flush: complete, ..AppLayerResult::need(consumed, need) }
    }

    /// Octets of a side are missing.
    pub(super) fn lose(&mut self, direction: Direction, length: u64, slot: &mut TxSlot<SshTransaction>) {
        let lane = &mut self.lanes[direction];
        if matches!(lane.part, LanePart::Encrypted | LanePart::Lost) {
            return;
        }
        if lane.part == LanePart::Packets && lane.passing >= length {
            lane.passing -= length;
            return;
        }
        lane.part = LanePart::Lost;
        slot.raise(SshEvent::Gap);
    }

    fn banner(
        &mut self,
        direction: Direction,
        data: &[u8],
        slot: &mut TxSlot<SshTransaction>,
        context: &ParseContext<'_>,
    ) -> TakenOctets {
        let lane = &mut self.lanes[direction];
        let (line, taken) = match banner::line(data) {
            Some((line, taken)) if line.len() <= MAX_BANNER => (line, taken),
            None if data.len() <= MAX_BANNER => return TakenOctets::Need(0),
            _ => (data.get(..MAX_BANNER).unwrap_or(data), 0),
        };
        let cut = taken == 0;
        let taken = if cut { line.len() } else { taken };
        let Some(banner) = SshBanner::read(line) else {
            lane.greeting += taken;
            // Of a flow whose beginning was missed, these may be octets from inside of a packet. A server may say something
            // before it identifies itself.
            if context.midstream {
                lane.part = LanePart::Lost;
            } else if direction == Direction::ToServer || lane.greeting > MAX_GREETING || line.starts_with(b"SSH-") {
                lane.part = LanePart::Lost;
                slot.raise(SshEvent::InvalidBanner);
            }
            return TakenOctets::Done(taken);
        };
        let old = banner.protocol.starts_with(b"1.") && &*banner.protocol != b"1.99";
        slot.tx.sides[direction].banner = Some(banner);
        if cut {
            lane.part = LanePart::BannerRest;
            slot.raise(SshEvent::LongBanner);
            slot.advance(direction, stage::BANNER_WAIT_EOL, context.time);
        } else {
            // Packets of the first version of the protocol are others.
            lane.part = if old { LanePart::Lost } else { LanePart::Packets };
            slot.advance(direction, stage::BANNER_DONE, context.time);
        }
        TakenOctets::Done(taken)
    }

    fn banner_rest(
        &mut self,
        direction: Direction,
        data: &[u8],
        slot: &mut TxSlot<SshTransaction>,
        context: &ParseContext<'_>,
    ) -> TakenOctets {
        let Some(end) = memchr::memchr(b'\n', data) else { return TakenOctets::Done(data.len()) };
        self.lanes[direction].part = LanePart::Packets;
        slot.advance(direction, stage::BANNER_DONE, context.time);
        TakenOctets::Done(end + 1)
    }

    fn packet(
        &mut self,
        direction: Direction,
        data: &[u8],
        place: u64,
        slot: &mut TxSlot<SshTransaction>,
        context: &mut ParseContext<'_>,
    ) -> TakenOctets {
        let lane = &mut self.lanes[direction];
        if lane.passing > 0 {
            let passed = data.len().min(usize::try_from(lane.passing).unwrap_or(usize::MAX));
            lane.passing -= passed as u64;
            return TakenOctets::Done(passed);
        }
        let mut cur = Cursor::new(data);
        let (Ok(length), Ok(_padding), Ok(number)) = (cur.u32_be(), cur.u8(), cur.u8()) else {
            return TakenOctets::Need(HEADER);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        // The length counts the octet before the message number, and that.
        if !(HEADER - LENGTH..=MAX_PACKET).contains(&length) {
            lane.part = LanePart::Lost;
            slot.raise(SshEvent::InvalidRecord);
            return TakenOctets::Done(data.len());
        }
        let whole = LENGTH.saturating_add(length);
        if !core::mem::replace(&mut lane.begun, true)
            && let Some(frames) = &mut context.frames
        {
            let tx = Some(slot.head.id);
            frames.begin(SshFrame::Header, place, Some(HEADER as u64), tx);
            frames.begin(SshFrame::Data, place + HEADER as u64, Some((whole - HEADER) as u64), tx);
            frames.begin(SshFrame::Pdu, place, Some(whole as u64), tx);
        }
        let side = &mut slot.tx.sides[direction];
        if number == message::KEXINIT && self.settings.hassh && side.hassh.is_none() {
            if whole > MAX_KEX {
                slot.raise(SshEvent::LongKexRecord);
            } else {
                let Some(message) = data.get(HEADER..whole) else { return TakenOctets::Need(whole) };
                match Hassh::read(direction, message) {
                    Ok(hassh) => side.hassh = Some(hassh),
                    Err(_) => slot.raise(SshEvent::InvalidKex),
                }
            }
        }
        lane.begun = false;
        if number == message::NEWKEYS {
            lane.part = LanePart::Encrypted;
            slot.advance(direction, stage::FINISHED, context.time);
        }
        let there = whole.min(data.len());
        lane.passing = (whole - there) as u64;
        TakenOctets::Done(there)
    }
}
