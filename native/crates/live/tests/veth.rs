//! Capturing for real: each test has a network namespace of its own, with a pair of interfaces in it. Where that is not
//! allowed, or `ip` is missing, they say so and pass.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::mem::{size_of, zeroed};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sidewire_capture::{BlockFrames, PacketSource, SourceEvent};
use sidewire_live::{CaptureMethod, FanoutMode, InterfaceSettings, LiveError, PendingChecksums};

/// Runs `ip` in this thread's namespace.
fn ip(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).stderr(Stdio::null()).status().unwrap();
    assert!(done.success(), "ip {arguments}");
}

/// A namespace for this thread, with `west` and `east` as the two ends of a wire. False, said aloud, where it cannot be had.
fn wire() -> bool {
    if Command::new("ip").arg("-V").stdout(Stdio::null()).status().is_err() {
        println!("not tested: there is no `ip`");
        return false;
    }
    // SAFETY: takes a number; concerns this thread alone.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        println!("not tested: no network namespace: {}", std::io::Error::last_os_error());
        return false;
    }
    make_wire();
    true
}

fn make_wire() {
    ip("link add west type veth peer name east");
    // What the kernel says by itself (neighbour discovery) is not what is sent here.
    for end in ["west", "east"] {
        ip(&format!("link set {end} addrgenmode none"));
        ip(&format!("link set {end} arp off"));
        ip(&format!("link set {end} up"));
    }
}

fn settings(name: &str) -> InterfaceSettings {
    InterfaceSettings {
        name: name.to_owned(),
        filter: String::new(),
        promiscuous: true,
        snap_length: 0,
        ring_length: 4 << 20,
        block_length: 256 << 10,
        rings: 1,
        fanout: FanoutMode::HostPair,
        cluster: None,
        hardware_time: false,
        checksums: PendingChecksums::Kernel,
    }
}

fn open(settings: InterfaceSettings) -> Box<dyn PacketSource> {
    open_by(CaptureMethod::AfPacket, &[settings])
}

fn open_by(method: CaptureMethod, settings: &[InterfaceSettings]) -> Box<dyn PacketSource> {
    method.open(settings).map_err(|(name, error)| format!("{name}: {error}")).unwrap().0
}

/// Sends Ethernet frames from an interface.
struct Sender(OwnedFd, libc::sockaddr_ll);

impl Sender {
    fn new(name: &str) -> Self {
        let name = std::ffi::CString::new(name).unwrap();
        // SAFETY: a new socket, and an address of plain numbers.
        unsafe {
            let socket = libc::socket(libc::AF_PACKET, libc::SOCK_RAW, 0);
            assert!(socket >= 0);
            let mut address: libc::sockaddr_ll = zeroed();
            address.sll_family = libc::AF_PACKET as u16;
            address.sll_ifindex = libc::if_nametoindex(name.as_ptr()) as i32;
            Self(OwnedFd::from_raw_fd(socket), address)
        }
    }

    fn send(&self, frame: &[u8]) {
        // SAFETY: both lengths are those of what they stand for.
        let sent = unsafe {
            let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            libc::sendto(self.0.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0, (&raw const self.1).cast(), length)
        };
        assert_eq!(usize::try_from(sent).ok(), Some(frame.len()), "{}", std::io::Error::last_os_error());
    }
}

/// UDP over IPv4 between two hosts, without checksums.
fn datagram(from: u8, to: u8, port: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x08, 0x00, 0x45, 0];
    let length = u16::try_from(28 + payload.len()).unwrap();
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, from, 10, 0, 0, to]);
    frame.extend_from_slice(&port.to_be_bytes());
    frame.extend_from_slice(&9_u16.to_be_bytes());
    frame.extend_from_slice(&(length - 20).to_be_bytes());
    frame.extend_from_slice(&[0, 0]);
    frame.extend_from_slice(payload);
    frame
}

/// UDP over IPv6 between two hosts.
fn datagram_v6(from: u8, to: u8) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 12, 17, 64];
    for host in [from, to] {
        frame.extend_from_slice(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, host]);
    }
    frame.extend_from_slice(&[0, 5, 0, 9, 0, 12, 0, 0, 1, 2, 3, 4]);
    frame
}

/// Reads until so many frames are there, or a second went by without one.
fn read(source: &mut Box<dyn PacketSource>, count: usize) -> Vec<(Vec<u8>, u32, bool, u32)> {
    let (mut got, mut frames) = (Vec::new(), BlockFrames::default());
    let mut last = Instant::now();
    while got.len() < count && last.elapsed() < Duration::from_secs(2) {
        let deadline = Instant::now() + Duration::from_millis(100);
        if source.next(&mut frames, Some(deadline)).unwrap() == SourceEvent::Frames {
            last = Instant::now();
            let all = frames.iter();
            got.extend(all.map(|f| (f.data.to_vec(), f.wire_length, f.checksums_pending, f.interface)));
        }
    }
    got
}

fn data(got: &[(Vec<u8>, u32, bool, u32)]) -> Vec<Vec<u8>> {
    got.iter().map(|(data, ..)| data.clone()).collect()
}

/// Waits until something is told, and gives its codes.
fn told(source: &mut Box<dyn PacketSource>, count: usize) -> Vec<&'static str> {
    let (mut codes, mut frames) = (Vec::new(), BlockFrames::default());
    let start = Instant::now();
    while codes.len() < count && start.elapsed() < Duration::from_secs(6) {
        source.next(&mut frames, Some(Instant::now() + Duration::from_millis(100))).unwrap();
        codes.extend(source.notices().iter().map(|notice| notice.code));
    }
    codes
}

#[test]
fn what_is_sent_is_captured_and_counted() {
    if !wire() {
        return;
    }
    let (mut source, sender) = (open(settings("east")), Sender::new("west"));
    let sent: Vec<_> = (0..3000).map(|n: u16| datagram(1, 2, n, &[7; 300])).collect();
    sent.iter().for_each(|frame| sender.send(frame));
    let got = read(&mut source, sent.len());
    assert!(data(&got) == sent, "{} of {} frames, in order", got.len(), sent.len());
    let [count] = &source.counts()[..] else { panic!("one ring") };
    assert_eq!((count.packets, count.dropped, count.truncated, count.up), (3000, 0, 0, true));
}

#[test]
fn what_finds_no_room_is_counted() {
    if !wire() {
        return;
    }
    let small = InterfaceSettings { ring_length: 128 << 10, block_length: 64 << 10, ..settings("east") };
    let (mut source, sender) = (open(small), Sender::new("west"));
    for n in 0..2000 {
        sender.send(&datagram(1, 2, n, &[7; 300]));
    }
    let got = read(&mut source, 2000).len() as u64;
    let [count] = &source.counts()[..] else { panic!("one ring") };
    assert_eq!((count.packets, count.packets - count.dropped), (2000, got), "nothing is uncounted");
    assert!(count.dropped > 0 && count.full > 0, "{count:?}");
}

#[test]
fn tags_come_back() {
    if !wire() {
        return;
    }
    let (mut source, sender) = (open(settings("east")), Sender::new("west"));
    let plain = datagram(1, 2, 1, b"plain");
    let tag = |kind: [u8; 2], id: u8, frame: &[u8]| [&frame[..12], &kind, &[0x20, id], &frame[12..]].concat();
    let once = tag([0x81, 0], 5, &plain);
    let twice = tag([0x88, 0xa8], 6, &once);
    let sent = [plain, once, twice];
    sent.iter().for_each(|frame| sender.send(frame));
    let got = read(&mut source, 3);
    assert_eq!(data(&got), sent);
    assert!(got.iter().all(|(data, wire, ..)| data.len() == *wire as usize));
}

#[test]
fn checksums_that_a_card_is_to_complete_are_marked() {
    if !wire() {
        return;
    }
    for end in ["west", "east"] {
        ip(&format!("link set {end} arp on"));
    }
    ip("addr add 10.9.0.1/24 dev west");
    ip("neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev west");
    let mut source = open(settings("east"));
    let socket = UdpSocket::bind("10.9.0.1:7").unwrap();
    socket.send_to(b"to be completed", "10.9.0.2:9").unwrap();
    Sender::new("west").send(&datagram(1, 2, 1, b"complete"));
    let got = read(&mut source, 2);
    let pending: Vec<_> = got.iter().map(|(.., pending, _)| *pending).collect();
    assert_eq!(pending, [true, false]);
}

#[test]
fn a_filter_is_the_kernels() {
    if !wire() {
        return;
    }
    let filtered = InterfaceSettings { filter: "udp src port 5 or vlan 7".to_owned(), ..settings("east") };
    let mut source = match CaptureMethod::AfPacket.open(&[filtered]) {
        Ok((source, _)) => source,
        Err((_, LiveError::NoPcap { .. })) => return println!("not tested: there is no libpcap"),
        Err((_, error)) => panic!("{error}"),
    };
    let sender = Sender::new("west");
    let tagged = [&datagram(1, 2, 1, b"")[..12], &[0x81, 0, 0, 7], &datagram(1, 2, 1, b"")[12..]].concat();
    for frame in [datagram(1, 2, 4, b"no"), datagram(1, 2, 5, b"yes"), tagged.clone(), datagram(1, 2, 6, b"no")] {
        sender.send(&frame);
    }
    assert_eq!(data(&read(&mut source, 3)), [datagram(1, 2, 5, b"yes"), tagged]);
    assert_eq!(source.counts()[0].packets, 2);
    let broken = InterfaceSettings { filter: "udp and and".to_owned(), ..settings("east") };
    let Err((name, error)) = CaptureMethod::AfPacket.open(&[broken]) else { panic!("it is no filter") };
    assert_eq!((name.as_str(), error.code()), ("east", "capture/filter"));
    assert!(error.to_string().contains("udp and and"), "{error}");
}

#[test]
fn a_pair_of_hosts_has_one_ring() {
    if !wire() {
        return;
    }
    for mode in [FanoutMode::HostPair, FanoutMode::Cpu, FanoutMode::Queue] {
        let four = InterfaceSettings { rings: 4, fanout: mode, ..settings("east") };
        let (mut source, sender) = (open(four), Sender::new("west"));
        let mut sent = Vec::new();
        for host in 2..42 {
            let mut both = vec![datagram(1, host, 1, b"there"), datagram(host, 1, 9, b"and back")];
            both.extend([datagram_v6(1, host), datagram_v6(host, 1)]);
            let tagged = both.iter().map(|frame| [&frame[..12], &[0x81, 0, 0, 3], &frame[12..]].concat());
            both.extend(tagged.collect::<Vec<_>>());
            for frame in both {
                sender.send(&frame);
                sent.push(frame);
            }
        }
        let got = read(&mut source, sent.len());
        assert!(data(&got) == sent, "{mode:?}: {} of {}, in the order of time", got.len(), sent.len());
        let rings: Vec<_> = source.counts().iter().map(|count| count.packets).collect();
        assert_eq!(rings.iter().sum::<u64>(), 320);
        if mode == FanoutMode::HostPair {
            // Eight packets of each pair of each version, of which each has one ring.
            assert!(rings.iter().all(|packets| packets % 4 == 0 && *packets > 0), "{rings:?}");
        }
    }
}

#[test]
fn several_interfaces_are_one_source_in_the_order_of_time() {
    if !wire() {
        return;
    }
    let mut source = open_by(CaptureMethod::AfPacket, &[settings("west"), settings("east")]);
    let (left, right) = (Sender::new("west"), Sender::new("east"));
    for n in 0..100 {
        left.send(&datagram(1, 2, n, b"a"));
        right.send(&datagram(2, 1, n, b"b"));
    }
    let got = read(&mut source, 400);
    assert_eq!(got.len(), 400, "each end sees what goes out and what comes in");
    let ports: Vec<_> = got.iter().map(|(data, ..)| u16::from_be_bytes([data[34], data[35]])).collect();
    assert!(ports.is_sorted(), "{ports:?}");
    assert_eq!(got.iter().filter(|(.., interface)| *interface == 1).count(), 200);
}

#[test]
fn an_interface_may_go_down_and_away_and_come_back() {
    if !wire() {
        return;
    }
    let mut source = open(settings("east"));
    ip("link set east down");
    assert_eq!(told(&mut source, 1), ["capture/interface-down"]);
    assert!(!source.counts()[0].up);
    ip("link set east up");
    assert_eq!(told(&mut source, 1), ["capture/interface-up"]);
    Sender::new("west").send(&datagram(1, 2, 1, b"again"));
    assert_eq!(read(&mut source, 1).len(), 1);
    ip("link del east");
    assert_eq!(told(&mut source, 1), ["capture/interface-gone"]);
    make_wire();
    assert_eq!(told(&mut source, 1), ["capture/interface-up"]);
    Sender::new("west").send(&datagram(1, 2, 2, b"and again"));
    let back = read(&mut source, 1);
    assert_eq!(data(&back), [datagram(1, 2, 2, b"and again")]);
    ip("link set east down");
    ip("link set east name moved");
    let codes = told(&mut source, 2);
    assert!(codes.contains(&"capture/interface-renamed") && codes.contains(&"capture/interface-down"), "{codes:?}");
    ip("link set moved up");
    assert_eq!(told(&mut source, 1), ["capture/interface-up"]);
    Sender::new("west").send(&datagram(1, 2, 3, b"renamed"));
    assert_eq!(read(&mut source, 1).len(), 1);
    assert_eq!(source.counts()[0].packets, 3);
}

#[test]
fn closing_hands_over_what_has_come() {
    if !wire() {
        return;
    }
    let (mut source, sender) = (open(settings("east")), Sender::new("west"));
    for n in 0..500 {
        sender.send(&datagram(1, 2, n, b"before"));
    }
    assert!(source.close());
    for n in 0..500 {
        sender.send(&datagram(1, 2, n, b"after"));
    }
    let (mut frames, mut count) = (BlockFrames::default(), 0);
    loop {
        match source.next(&mut frames, Some(Instant::now() + Duration::from_millis(50))).unwrap() {
            SourceEvent::Frames => count += frames.iter().len(),
            SourceEvent::Tick(_) | SourceEvent::Idle => {}
            SourceEvent::End => break,
        }
    }
    assert_eq!((count, source.counts()[0].packets), (500, 500));
}

#[test]
fn libpcap_gives_the_same() {
    if !wire() {
        return;
    }
    let filtered = InterfaceSettings { filter: "udp".to_owned(), ..settings("east") };
    let mut source = match CaptureMethod::Pcap.open(&[filtered]) {
        Ok((source, _)) => source,
        Err((_, LiveError::NoPcap { .. })) => return println!("not tested: there is no libpcap"),
        Err((_, error)) => panic!("{error}"),
    };
    let sender = Sender::new("west");
    let sent: Vec<_> = (0..1000).map(|n| datagram(1, 2, n, b"by libpcap")).collect();
    sent.iter().for_each(|frame| sender.send(frame));
    assert!(data(&read(&mut source, 1000)) == sent);
    let count = source.counts().remove(0);
    assert_eq!((count.packets, count.dropped), (1000, 0));
    ip("link del east");
    assert_eq!(told(&mut source, 1), ["capture/interface-gone"]);
    make_wire();
    assert_eq!(told(&mut source, 1), ["capture/interface-up"]);
    Sender::new("west").send(&datagram(1, 2, 2, b"again"));
    assert_eq!(read(&mut source, 1).len(), 1);
}

#[test]
fn what_cannot_be_opened_says_why() {
    if !wire() {
        return;
    }
    let Err((name, error)) = CaptureMethod::AfPacket.open(&[settings("gone")]) else { panic!("none") };
    assert_eq!((name.as_str(), error.code()), ("gone", "capture/no-interface"));
    assert!(error.to_string().contains("east, lo, west"), "{error}");
    let facts = sidewire_live::host_facts(1 << 20);
    assert!(facts.rights.net_raw && facts.has_af_packet);
    assert_eq!(facts.ring_trouble, None);
    assert!(facts.interfaces.iter().any(|one| one.name == "west" && one.up && one.carrier && !one.loopback));
    // This thread alone gives its rights up.
    // SAFETY: takes a number. The system call itself concerns this thread, unlike the function of the C library.
    unsafe { libc::syscall(libc::SYS_setresuid, 65_534, 65_534, 65_534) };
    let left = sidewire_live::drop_rights();
    assert!(!left.net_raw && !left.root && left.no_new_privileges);
    let Err((_, error)) = CaptureMethod::AfPacket.open(&[settings("east")]) else { panic!("no rights") };
    assert_eq!(error.code(), "capture/no-rights");
}

#[test]
fn an_interface_that_comes_back_needs_no_rights() {
    if !wire() {
        return;
    }
    let mut source = open(settings("east"));
    ip("link del east");
    assert_eq!(told(&mut source, 1), ["capture/interface-gone"]);
    make_wire();
    let sender = Sender::new("west");
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_setresuid, 65_534, 65_534, 65_534) };
    sidewire_live::drop_rights();
    assert_eq!(told(&mut source, 1), ["capture/interface-up"]);
    sender.send(&datagram(1, 2, 1, b"without rights"));
    assert_eq!(read(&mut source, 1).len(), 1);
}
