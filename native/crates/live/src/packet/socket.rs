//! The socket of a ring: how it is made, put on an interface, and asked what it lost.

use core::mem::{size_of, zeroed};
use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use libc::{sock_filter, sock_fprog};
use sidewire_base::Time;
use sidewire_capture::{BlockFrames, CaptureCount};

use super::fanout::host_pair_program;
use super::ring::{MappedRing, ReadOptions};
use crate::LiveError;
use crate::host::interfaces::NetworkInterface;
use crate::settings::{FanoutMode, InterfaceSettings};
use crate::tap::Tap;

/// Milliseconds after which the kernel hands over a block that is not full.
pub(crate) const RETIRE: u32 = 10;
/// Octets of the smallest frame that the kernel is told of. Blocks of `TPACKET_V3` hold frames of any length.
const FRAME: u32 = 2048;
/// Smallest and greatest block. Octets.
const BLOCKS: (u32, u32) = (64 << 10, 4 << 20);
/// Most octets of a ring.
const MAX_RING: u64 = 2 << 30;

/// Hardware types (`ARPHRD_*`) whose frames are read, and their LINKTYPE numbers: Ethernet, loopback; and IP without
/// anything before it (tun, raw IP).
const HARDWARE: [(u16, u32); 4] = [(1, 1), (772, 1), (65_534, 101), (519, 101)];

/// A ring of an interface, with the socket that owns it.
pub(crate) struct PacketRing {
    socket: OwnedFd,
    ring: MappedRing,
    options: ReadOptions,
    promiscuous: bool,
    /// One of several: the kernel lets none of them change its interface.
    in_group: bool,
}

/// Opens the rings of an interface; `number` is the interface's in frames.
pub(crate) fn open(
    settings: &InterfaceSettings,
    interface: &NetworkInterface,
    filter: &[sock_filter],
    number: u32,
) -> Result<Vec<PacketRing>, LiveError> {
    let link_type = HARDWARE.iter().find(|(hardware, _)| *hardware == interface.hardware);
    let link_type = link_type.map(|(_, link)| *link).ok_or(LiveError::Hardware(interface.hardware))?;
    let snap_length = if settings.snap_length == 0 { usize::MAX } else { settings.snap_length as usize };
    let options = ReadOptions { link_type, interface: number, snap_length, checksums: settings.checksums };
    let count = settings.rings.clamp(1, 64);
    let mut group = settings.cluster.map(u32::from);
    let mut rings = Vec::new();
    for _ in 0..count {
        let socket = socket()?;
        let ring = with_ring(&socket, settings)?;
        if !filter.is_empty() {
            let program = program(filter)?;
            set(&socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program, "setting the filter")?;
        }
        if interface.is_loopback() {
            // Each packet is there on its way out and on its way in.
            set(&socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1_i32, "leaving out what goes out")?;
        }
        if settings.hardware_time && super::offload::stamp_all(&settings.name) {
            let stamps = libc::SOF_TIMESTAMPING_RAW_HARDWARE;
            set(&socket, libc::SOL_PACKET, libc::PACKET_TIMESTAMP, &stamps, "asking for the card's time")?;
        }
        let mut ring = PacketRing {
            socket,
            ring,
            options,
            promiscuous: settings.promiscuous,
            in_group: count > 1 || group.is_some(),
        };
        ring.bind(interface.index)?;
        if ring.in_group {
            group = Some(ring.join(group, settings.fanout)?);
        }
        rings.push(ring);
    }
    Ok(rings)
}

/// A socket that receives nothing yet.
fn socket() -> Result<OwnedFd, LiveError> {
    // SAFETY: takes numbers, returns a descriptor or -1.
    let descriptor = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    if descriptor < 0 {
        return Err(LiveError::last("opening a packet socket"));
    }
    // SAFETY: it was just opened, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Gives a socket a ring, and maps it.
fn with_ring(socket: &OwnedFd, settings: &InterfaceSettings) -> Result<MappedRing, LiveError> {
    let version = libc::tpacket_versions::TPACKET_V3 as c_int;
    set(socket, libc::SOL_PACKET, libc::PACKET_VERSION, &version, "asking for TPACKET_V3")?;
    let block = settings.block_length.clamp(BLOCKS.0, BLOCKS.1).next_power_of_two();
    let octets = settings.ring_length.min(MAX_RING);
    let blocks = u32::try_from(octets / u64::from(block)).unwrap_or(u32::MAX).max(2);
    let request = libc::tpacket_req3 {
        tp_block_size: block,
        tp_block_nr: blocks,
        tp_frame_size: FRAME,
        tp_frame_nr: (block / FRAME).saturating_mul(blocks),
        tp_retire_blk_tov: RETIRE,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    };
    set(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request, "making the ring").map_err(|error| match error {
        LiveError::Refused { source, .. } if source.raw_os_error() == Some(libc::ENOMEM) => {
            LiveError::NoMemory { octets: u64::from(block) * u64::from(blocks) }
        }
        other => other,
    })?;
    MappedRing::map(socket.as_fd(), block as usize, blocks as usize)
}

impl PacketRing {
    /// Puts the socket on an interface: from here on it receives.
    fn bind(&mut self, index: u32) -> Result<(), LiveError> {
        // SAFETY: plain numbers, of which none need not be 0.
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index as c_int;
        let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: the address is that long, and read only.
        let bound = unsafe { libc::bind(self.socket.as_raw_fd(), (&raw const address).cast(), length) };
        if bound != 0 {
            return Err(LiveError::last("binding to the interface"));
        }
        if self.promiscuous {
            let mut membership: libc::packet_mreq = libc::packet_mreq {
                mr_ifindex: index as c_int,
                mr_type: libc::PACKET_MR_PROMISC as u16,
                mr_alen: 0,
                mr_address: [0; 8],
            };
            let all = &mut membership;
            set(&self.socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, all, "entering promiscuous mode")?;
        }
        Ok(())
    }

    /// Makes the socket one of several that share the packets of an interface; the number of their group.
    fn join(&self, group: Option<u32>, mode: FanoutMode) -> Result<u32, LiveError> {
        let kind = match mode {
            FanoutMode::HostPair => libc::PACKET_FANOUT_CBPF,
            FanoutMode::Cpu => libc::PACKET_FANOUT_CPU,
            FanoutMode::Queue => libc::PACKET_FANOUT_QM,
        };
        let flags = if group.is_some() { 0 } else { libc::PACKET_FANOUT_FLAG_UNIQUEID };
        let argument = group.unwrap_or(0) & 0xffff | (kind | flags) << 16;
        set(&self.socket, libc::SOL_PACKET, libc::PACKET_FANOUT, &argument, "sharing the interface with other rings")?;
        if mode == FanoutMode::HostPair {
            let given = host_pair_program();
            let program = program(&given)?;
            let step = "dealing packets to rings by their hosts";
            set(&self.socket, libc::SOL_PACKET, libc::PACKET_FANOUT_DATA, &program, step)?;
        }
        match group {
            Some(group) => Ok(group),
            None => Ok(get::<u32>(&self.socket, libc::SOL_PACKET, libc::PACKET_FANOUT, "naming the group")? & 0xffff),
        }
    }

    pub(crate) const fn link_type(&self) -> u32 {
        self.options.link_type
    }
}

impl Tap for PacketRing {
    fn take(&mut self, frames: &mut BlockFrames) -> Result<bool, LiveError> {
        Ok(self.ring.take(self.options, frames))
    }

    fn latest(&self) -> Option<Time> {
        self.ring.latest
    }

    fn backlog(&self) -> u8 {
        self.ring.backlog()
    }

    fn descriptor(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    fn count(&mut self, into: &mut CaptureCount) {
        // Reading sets them to 0.
        let step = "reading statistics";
        if let Ok(stats) = get::<libc::tpacket_stats_v3>(&self.socket, libc::SOL_PACKET, libc::PACKET_STATISTICS, step)
        {
            into.packets += u64::from(stats.tp_packets);
            into.dropped += u64::from(stats.tp_drops);
            into.full += u64::from(stats.tp_freeze_q_cnt);
        }
        into.truncated += core::mem::take(&mut self.ring.truncated);
    }

    fn clear_error(&mut self) -> bool {
        let step = "reading the socket's error";
        get::<c_int>(&self.socket, libc::SOL_SOCKET, libc::SO_ERROR, step).is_ok_and(|error| error != 0)
    }

    fn has_hardware_time(&self) -> bool {
        self.ring.hardware_time
    }

    fn close(&mut self) {
        // A filter that takes nothing: it holds at once, and for one of several rings, too. Where it cannot be set, what
        // comes until the end is read or lost as before.
        let nothing = [sock_filter { code: (libc::BPF_RET | libc::BPF_K) as u16, jt: 0, jf: 0, k: 0 }];
        if let Ok(program) = program(&nothing) {
            let step = "closing the ring";
            let _closed = set(&self.socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program, step);
        }
    }

    fn rebind(&mut self, index: u32) -> Result<(), LiveError> {
        if self.in_group {
            return Err(LiveError::Refused {
                step: "following the interface, which is not possible for one of several rings",
                source: std::io::Error::from_raw_os_error(libc::EINVAL),
            });
        }
        self.bind(index)
    }
}

/// A program as the kernel takes it; it borrows from `instructions`.
fn program(instructions: &[sock_filter]) -> Result<sock_fprog, LiveError> {
    let len = u16::try_from(instructions.len()).map_err(|_| LiveError::Refused {
        step: "setting the filter, which is too long",
        source: std::io::Error::from_raw_os_error(libc::EINVAL),
    })?;
    // The kernel only reads it.
    Ok(sock_fprog { len, filter: instructions.as_ptr().cast_mut() })
}

/// Sets an option of a socket.
fn set<T>(socket: &OwnedFd, level: c_int, option: c_int, value: &T, step: &'static str) -> Result<(), LiveError> {
    // SAFETY: the value is as long as is said, and read only; what it points to (a program) outlives the call.
    let outcome = unsafe {
        let length = size_of::<T>() as libc::socklen_t;
        libc::setsockopt(socket.as_raw_fd(), level, option, core::ptr::from_ref(value).cast(), length)
    };
    if outcome == 0 { Ok(()) } else { Err(LiveError::last(step)) }
}

/// Reads an option of a socket: plain numbers.
fn get<T: Copy>(socket: &OwnedFd, level: c_int, option: c_int, step: &'static str) -> Result<T, LiveError> {
    // SAFETY: `T` is a number or a struct of numbers, for which all octets 0 is a value.
    let mut value: T = unsafe { zeroed() };
    let mut length = size_of::<T>() as libc::socklen_t;
    // SAFETY: no more than `length` octets are written.
    let outcome =
        unsafe { libc::getsockopt(socket.as_raw_fd(), level, option, (&raw mut value).cast(), &raw mut length) };
    if outcome == 0 { Ok(value) } else { Err(LiveError::last(step)) }
}
