//! The ring that a socket shares with the kernel (`TPACKET_V3`): blocks of packets, each the kernel's or ours.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use std::os::fd::{AsRawFd, BorrowedFd};

use sidewire_base::Time;
use sidewire_capture::{BlockFrames, CapturedFrame};

use crate::LiveError;
use crate::settings::PendingChecksums;

/// Where a block says whose it is, how many packets it has, and where the first begins: `struct tpacket_block_desc`.
const BLOCK_STATUS: usize = 8;
const PACKET_COUNT: usize = 12;
const FIRST_PACKET: usize = 16;

/// Where a packet says what it is: `struct tpacket3_hdr`.
mod header {
    pub(super) const NEXT: usize = 0;
    pub(super) const SECONDS: usize = 4;
    pub(super) const NANOSECONDS: usize = 8;
    pub(super) const CAPTURED: usize = 12;
    pub(super) const LENGTH: usize = 16;
    pub(super) const STATUS: usize = 20;
    pub(super) const MAC: usize = 24;
    pub(super) const VLAN_TCI: usize = 32;
    pub(super) const VLAN_TPID: usize = 36;
}

/// Octets of the two MAC addresses, behind which a VLAN tag stands.
const ADDRESSES: usize = 12;
/// IEEE 802.1Q, where the kernel does not say of which kind a tag is.
const VLAN: u16 = 0x8100;

/// Pages of one ring, mapped; unmapped when dropped.
struct RingMapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is this value's own, and may be used from any thread.
unsafe impl Send for RingMapping {}

impl Drop for RingMapping {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing borrows from it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// How packets of a ring are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadOptions {
    pub(super) link_type: u32,
    /// Number of the interface, for frames.
    pub(super) interface: u32,
    /// Octets taken of a packet.
    pub(super) snap_length: usize,
    pub(super) checksums: PendingChecksums,
}

/// The ring of a socket.
pub(super) struct MappedRing {
    mapping: RingMapping,
    block_length: usize,
    blocks: usize,
    /// The block that is filled next.
    next: usize,
    /// Time of the last packet taken.
    pub(super) latest: Option<Time>,
    /// Packets of which only the beginning was captured, since they were last counted.
    pub(super) truncated: u64,
    /// Of the last packet: the card stamped it.
    pub(super) hardware_time: bool,
}

impl MappedRing {
    /// Maps the ring that a socket has been given.
    pub(super) fn map(socket: BorrowedFd<'_>, block_length: usize, blocks: usize) -> Result<Self, LiveError> {
        let length = block_length.saturating_mul(blocks);
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_NORESERVE);
        // SAFETY: a new mapping of `length` octets of the socket's ring, which is that long; it overlays nothing.
        let start = unsafe { libc::mmap(core::ptr::null_mut(), length, access, flags, socket.as_raw_fd(), 0) };
        let start = (start != libc::MAP_FAILED).then(|| NonNull::new(start.cast())).flatten();
        let start = start.ok_or_else(|| LiveError::last("mapping the ring"))?;
        let mapping = RingMapping { start, length };
        Ok(Self { mapping, block_length, blocks, next: 0, latest: None, truncated: 0, hardware_time: false })
    }

    /// How many of its blocks are ours, in percent: full, and not yet read.
    pub(super) fn backlog(&self) -> u8 {
        let blocks = (0..self.blocks).map(|ahead| (self.next + ahead) % self.blocks);
        let ours = |block: &usize| self.status_of(*block).load(Ordering::Relaxed) & libc::TP_STATUS_USER != 0;
        u8::try_from(blocks.take_while(ours).count() * 100 / self.blocks.max(1)).unwrap_or(100)
    }

    /// Whose the next block is.
    fn status(&self) -> &AtomicU32 {
        self.status_of(self.next)
    }

    /// Whose a block is.
    fn status_of(&self, block: usize) -> &AtomicU32 {
        let at = block * self.block_length + BLOCK_STATUS;
        // SAFETY: inside the mapping, because callers name one of its `blocks`, and aligned, because blocks are whole pages. The
        // kernel changes it as atomically as we do.
        unsafe { AtomicU32::from_ptr(self.mapping.start.as_ptr().add(at).cast()) }
    }

    /// Takes a copy of each packet of the next block, if it is ours, and gives the block back. False when it is not.
    pub(super) fn take(&mut self, options: ReadOptions, frames: &mut BlockFrames) -> bool {
        if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return false;
        }
        let start = self.next * self.block_length;
        // SAFETY: inside the mapping. The kernel leaves a block alone that is ours, until the status below is stored.
        let block = unsafe { core::slice::from_raw_parts(self.mapping.start.as_ptr().add(start), self.block_length) };
        let taken = packets(block, |packet| {
            self.latest = Some(packet.time);
            self.truncated += u64::from(packet.data.len() < packet.length as usize);
            self.hardware_time = packet.status & libc::TP_STATUS_TS_RAW_HARDWARE != 0;
            push(packet, options, frames);
        });
        debug_assert!(taken.is_some(), "the kernel wrote a block that is none");
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.next = (self.next + 1) % self.blocks;
        true
    }
}

/// A packet in a block.
struct RingPacket<'a> {
    time: Time,
    status: u32,
    data: &'a [u8],
    /// Octets it had on the wire.
    length: u32,
    /// The tag that the card or the kernel took out of it: its kind, and its value.
    tag: Option<(u16, u16)>,
}

/// Hands over the packets of a block. `None` when it contradicts itself; those before are handed over.
fn packets<'a>(block: &'a [u8], mut take: impl FnMut(&RingPacket<'a>)) -> Option<()> {
    let count = u32_at(block, PACKET_COUNT)?;
    let mut at = u32_at(block, FIRST_PACKET)? as usize;
    // As many as a block can hold, whatever it says: each has a header.
    for _ in 0..count.min(u32::try_from(block.len() / 32).ok()?) {
        let packet = block.get(at..)?;
        let status = u32_at(packet, header::STATUS)?;
        let captured = u32_at(packet, header::CAPTURED)? as usize;
        let data = packet.get(usize::from(u16_at(packet, header::MAC)?)..)?.get(..captured)?;
        let tag = (status & libc::TP_STATUS_VLAN_VALID != 0).then(|| {
            let kind = (status & libc::TP_STATUS_VLAN_TPID_VALID != 0).then(|| u16_at(packet, header::VLAN_TPID));
            // The value is the low half of a word.
            let value = u32_at(packet, header::VLAN_TCI).unwrap_or(0) as u16;
            (kind.flatten().unwrap_or(VLAN), value)
        });
        let (seconds, nanos) = (u32_at(packet, header::SECONDS)?, u32_at(packet, header::NANOSECONDS)?);
        let time = Time::new(seconds.into(), nanos.into());
        take(&RingPacket { time, status, data, length: u32_at(packet, header::LENGTH)?, tag });
        match u32_at(packet, header::NEXT)? {
            0 => break,
            next => at = at.checked_add(next as usize)?,
        }
    }
    Some(())
}

/// Takes a copy of a packet as it was on the wire: with the tag that stands beside it.
fn push(packet: &RingPacket<'_>, options: ReadOptions, frames: &mut BlockFrames) {
    let ReadOptions { link_type, interface, snap_length, checksums } = options;
    let checksums_pending = match checksums {
        PendingChecksums::Kernel => packet.status & libc::TP_STATUS_CSUMNOTREADY != 0,
        PendingChecksums::Verify => false,
        PendingChecksums::Ignore => true,
    };
    let data = packet.data.get(..snap_length).unwrap_or(packet.data);
    let mut frame =
        CapturedFrame { time: packet.time, data, wire_length: packet.length, link_type, interface, checksums_pending };
    match (packet.tag, data.split_at_checked(ADDRESSES)) {
        (Some((kind, value)), Some((addresses, rest))) if link_type == 1 => {
            let ([k0, k1], [v0, v1]) = (kind.to_be_bytes(), value.to_be_bytes());
            frame.wire_length = packet.length.saturating_add(4);
            frames.push_parts(&frame, &[addresses, &[k0, k1, v0, v1], rest]);
        }
        _ => frames.push(&frame),
    }
}

fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*octets.get(at..)?.first_chunk()?))
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*octets.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, tag and data of a packet.
    type GivenPacket<'a> = (u32, Option<(u16, u16)>, &'a [u8]);

    /// A block with packets, as the kernel lays it out.
    fn block(given: &[GivenPacket<'_>]) -> Vec<u8> {
        let mut block = vec![0; 48];
        for (number, (status, tag, data)) in given.iter().enumerate() {
            let mut packet = vec![0; 64];
            let mut put = |at: usize, value: &[u8]| packet[at..at + value.len()].copy_from_slice(value);
            let status = status | tag.map_or(0, |_| libc::TP_STATUS_VLAN_VALID | libc::TP_STATUS_VLAN_TPID_VALID);
            put(header::SECONDS, &7_u32.to_ne_bytes());
            put(header::NANOSECONDS, &u32::try_from(number).unwrap().to_ne_bytes());
            put(header::CAPTURED, &u32::try_from(data.len()).unwrap().to_ne_bytes());
            put(header::LENGTH, &u32::try_from(data.len()).unwrap().to_ne_bytes());
            put(header::STATUS, &status.to_ne_bytes());
            put(header::MAC, &64_u16.to_ne_bytes());
            let (kind, value) = tag.unwrap_or_default();
            put(header::VLAN_TCI, &u32::from(value).to_ne_bytes());
            put(header::VLAN_TPID, &kind.to_ne_bytes());
            packet.extend_from_slice(data);
            let next = if number + 1 == given.len() { 0 } else { u32::try_from(packet.len()).unwrap() };
            packet[..4].copy_from_slice(&next.to_ne_bytes());
            block.extend_from_slice(&packet);
        }
        block[PACKET_COUNT..PACKET_COUNT + 4].copy_from_slice(&u32::try_from(given.len()).unwrap().to_ne_bytes());
        block[FIRST_PACKET..FIRST_PACKET + 4].copy_from_slice(&48_u32.to_ne_bytes());
        block
    }

    fn options(checksums: PendingChecksums) -> ReadOptions {
        ReadOptions { link_type: 1, interface: 0, snap_length: usize::MAX, checksums }
    }

    fn taken(block: &[u8], options: ReadOptions) -> Vec<(Vec<u8>, u32, bool)> {
        let mut frames = BlockFrames::default();
        packets(block, |packet| push(packet, options, &mut frames));
        frames.iter().map(|frame| (frame.data.to_vec(), frame.wire_length, frame.checksums_pending)).collect()
    }

    #[test]
    fn tags_are_put_back_behind_the_addresses() {
        let ethernet: Vec<u8> = (0..20).collect();
        let with = block(&[(0, Some((0x88a8, 0x2064)), &ethernet), (0, None, &ethernet)]);
        let got = taken(&with, options(PendingChecksums::Kernel));
        let tagged = [&ethernet[..12], &[0x88, 0xa8, 0x20, 0x64], &ethernet[12..]].concat();
        assert_eq!(got, [(tagged, 24, false), (ethernet, 20, false)]);
    }

    #[test]
    fn pending_checksums_are_what_the_kernel_says() {
        let with =
            block(&[(libc::TP_STATUS_CSUMNOTREADY, None, &[1; 14]), (libc::TP_STATUS_CSUM_VALID, None, &[2; 14])]);
        let pending =
            |checksums| taken(&with, options(checksums)).iter().map(|(_, _, pending)| *pending).collect::<Vec<_>>();
        assert_eq!(pending(PendingChecksums::Kernel), [true, false]);
        assert_eq!(pending(PendingChecksums::Verify), [false, false]);
        assert_eq!(pending(PendingChecksums::Ignore), [true, true]);
    }

    #[test]
    fn a_block_that_contradicts_itself_gives_what_it_has() {
        let mut with = block(&[(0, None, &[1; 14]), (0, None, &[2; 14])]);
        let second = 48 + 78;
        with[second + header::CAPTURED..second + header::CAPTURED + 4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(taken(&with, options(PendingChecksums::Kernel)).len(), 1);
        for cut in 0..with.len() {
            let _any = taken(&with[..cut], options(PendingChecksums::Kernel));
        }
        // A circle ends.
        let mut circle = block(&[(0, None, &[1; 14]), (0, None, &[2; 14])]);
        circle[PACKET_COUNT..PACKET_COUNT + 4].copy_from_slice(&u32::MAX.to_ne_bytes());
        circle[48..52].copy_from_slice(&0_u32.to_ne_bytes());
        assert_eq!(taken(&circle, options(PendingChecksums::Kernel)).len(), 1);
    }

    #[test]
    fn a_snap_length_cuts() {
        let with = block(&[(0, None, &[9; 100])]);
        let cut = ReadOptions { snap_length: 60, ..options(PendingChecksums::Kernel) };
        assert_eq!(taken(&with, cut), [(vec![9; 60], 100, false)]);
    }
}
