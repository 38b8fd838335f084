//! What a card does in the place of the host, asked of its driver (`SIOCETHTOOL`).

use core::mem::zeroed;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// What a card, or the kernel for it, does before a packet is captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CardOffloads {
    /// Segments of one stream are joined by the kernel.
    pub(crate) gro: bool,
    /// By the card.
    pub(crate) lro: bool,
    /// Checksums of what is sent are the card's to complete.
    pub(crate) tx_checksums: bool,
    /// The card can stamp received packets.
    pub(crate) hardware_time: bool,
}

/// `ETHTOOL_GTXCSUM`, `ETHTOOL_GGRO`, `ETHTOOL_GFLAGS`, `ETHTOOL_GET_TS_INFO` of `linux/ethtool.h`.
const TX_CHECKSUMS: u32 = 0x16;
const GRO: u32 = 0x2b;
const FLAGS: u32 = 0x25;
const TIME_STAMPS: u32 = 0x41;
/// `ETH_FLAG_LRO`.
const LRO: u32 = 1 << 15;

/// `SIOCSHWTSTAMP`, and `HWTSTAMP_FILTER_ALL` of `linux/net_tstamp.h`.
const SET_TIME_STAMPS: libc::c_ulong = 0x89b0;
const ALL: u32 = 1;

/// A socket to ask drivers by.
fn control_socket() -> Option<OwnedFd> {
    // SAFETY: takes numbers, returns a descriptor or -1.
    let descriptor = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    // SAFETY: it was just opened, and nobody else has it.
    (descriptor >= 0).then(|| unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Has a card stamp every packet it receives; false where it cannot, or this process may not ask it to (CAP_NET_ADMIN).
pub(crate) fn stamp_all(name: &str) -> bool {
    // `struct hwtstamp_config`: flags, how it sends, what it stamps.
    let mut words = [0, 0, ALL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    control_socket().is_some_and(|socket| request(&socket, name, SET_TIME_STAMPS, &mut words))
}

/// What the driver of an interface says; nothing where it does not.
pub(crate) fn offloads(name: &str) -> CardOffloads {
    let Some(socket) = control_socket() else { return CardOffloads::default() };
    let value = |command| ask(&socket, name, [command, 0]).map_or(0, |[_, value, ..]| value);
    // `struct ethtool_ts_info`: command, what it can, number of its clock, three words of how it sends, reserved, filters.
    let stamps = ask(&socket, name, [TIME_STAMPS, 0]).map_or(0, |[_, can, ..]| can);
    CardOffloads {
        gro: value(GRO) != 0,
        lro: value(FLAGS) & LRO != 0,
        tx_checksums: value(TX_CHECKSUMS) != 0,
        hardware_time: stamps & libc::SOF_TIMESTAMPING_RX_HARDWARE != 0
            && stamps & libc::SOF_TIMESTAMPING_RAW_HARDWARE != 0,
    }
}

/// Asks one question: the answer stands where the question was. The longest answer here has eleven words.
fn ask(socket: &OwnedFd, name: &str, [command, value]: [u32; 2]) -> Option<[u32; 16]> {
    let mut words = [0_u32; 16];
    let [first, second, ..] = &mut words;
    (*first, *second) = (command, value);
    request(socket, name, libc::SIOCETHTOOL as _, &mut words).then_some(words)
}

/// Hands a request to the driver of an interface: the answer stands where the question was.
fn request(socket: &OwnedFd, name: &str, number: libc::c_ulong, words: &mut [u32; 16]) -> bool {
    // SAFETY: plain octets and a union of plain data, for which all 0 is a value.
    let mut request: libc::ifreq = unsafe { zeroed() };
    // A name that fills the field has no NUL behind it, and is no interface's.
    if name.len() >= request.ifr_name.len() {
        return false;
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_data = words.as_mut_ptr().cast();
    // SAFETY: the request names an interface and points to words that outlive the call, and the answers to the requests here are
    // no longer than these.
    (unsafe { libc::ioctl(socket.as_raw_fd(), number as _, &raw mut request) }) == 0
}
