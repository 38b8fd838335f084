//! The functions of libpcap in use, and a handle.

use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::ptr::{self, NonNull};
use std::ffi::CString;
use std::path::PathBuf;

use sidewire_library::OpenedOnce;

use crate::LiveError;

/// Where the library is, by system.
const CANDIDATES: &[&str] = if cfg!(target_os = "macos") {
    &["libpcap.A.dylib", "/usr/lib/libpcap.A.dylib"]
} else {
    &["libpcap.so.0.8", "libpcap.so.1", "libpcap.so"]
};

/// Octets that `pcap_create` and its like write an error into.
const ERROR_LENGTH: usize = 256;
/// `PCAP_ERROR_PERM_DENIED`, `PCAP_ERROR_PROMISC_PERM_DENIED`.
const NO_RIGHTS: [c_int; 2] = [-8, -11];
/// `PCAP_TSTAMP_PRECISION_NANO`.
const NANOSECONDS: c_int = 1;
/// `PCAP_NETMASK_UNKNOWN`.
const NO_NETMASK: c_uint = 0xffff_ffff;
/// Most octets of a packet that filters let through.
pub(super) const SNAP_LENGTH: c_int = 256 * 1024;

/// `struct bpf_program`.
#[repr(C)]
struct BpfProgram {
    length: c_uint,
    instructions: *mut BpfInstruction,
}

/// `struct bpf_insn`, which is the kernel's `struct sock_filter`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BpfInstruction {
    pub(crate) code: u16,
    pub(crate) jt: u8,
    pub(crate) jf: u8,
    pub(crate) k: u32,
}

/// A filter as instructions of the kernel's classic BPF machine.
pub(crate) type BpfFilter = Vec<BpfInstruction>;

/// `struct pcap_pkthdr`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct PacketHeader {
    pub(super) time: libc::timeval,
    pub(super) captured: u32,
    pub(super) length: u32,
}

/// `struct pcap_stat`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PcapStats {
    pub(super) received: c_uint,
    pub(super) dropped: c_uint,
    pub(super) interface_dropped: c_uint,
    /// Room for what other systems add.
    more: [c_uint; 8],
}

type Handle = *mut c_void;

sidewire_library::functions! {
    /// `pcap.h`, stable since version 1.5.
    pub(crate) struct PcapLibrary {
        create: unsafe extern "C" fn(*const c_char, *mut c_char) -> Handle = c"pcap_create";
        open_dead: unsafe extern "C" fn(c_int, c_int) -> Handle = c"pcap_open_dead";
        activate: unsafe extern "C" fn(Handle) -> c_int = c"pcap_activate";
        close: unsafe extern "C" fn(Handle) = c"pcap_close";
        set_snaplen: unsafe extern "C" fn(Handle, c_int) -> c_int = c"pcap_set_snaplen";
        set_promisc: unsafe extern "C" fn(Handle, c_int) -> c_int = c"pcap_set_promisc";
        set_timeout: unsafe extern "C" fn(Handle, c_int) -> c_int = c"pcap_set_timeout";
        set_buffer_size: unsafe extern "C" fn(Handle, c_int) -> c_int = c"pcap_set_buffer_size";
        set_tstamp_precision: unsafe extern "C" fn(Handle, c_int) -> c_int = c"pcap_set_tstamp_precision";
        setnonblock: unsafe extern "C" fn(Handle, c_int, *mut c_char) -> c_int = c"pcap_setnonblock";
        next_ex: unsafe extern "C" fn(Handle, *mut *const PacketHeader, *mut *const u8) -> c_int = c"pcap_next_ex";
        stats: unsafe extern "C" fn(Handle, *mut PcapStats) -> c_int = c"pcap_stats";
        datalink: unsafe extern "C" fn(Handle) -> c_int = c"pcap_datalink";
        get_selectable_fd: unsafe extern "C" fn(Handle) -> c_int = c"pcap_get_selectable_fd";
        compile: unsafe extern "C" fn(Handle, *mut BpfProgram, *const c_char, c_int, c_uint) -> c_int = c"pcap_compile";
        setfilter: unsafe extern "C" fn(Handle, *mut BpfProgram) -> c_int = c"pcap_setfilter";
        freecode: unsafe extern "C" fn(*mut BpfProgram) = c"pcap_freecode";
        geterr: unsafe extern "C" fn(Handle) -> *mut c_char = c"pcap_geterr";
        lib_version: unsafe extern "C" fn() -> *const c_char = c"pcap_lib_version";
    }
}

/// Opened once and never closed.
static OPENED: OpenedOnce<PcapLibrary> = OpenedOnce::new();

impl PcapLibrary {
    /// Opens it; `what` needs it.
    pub(crate) fn open(what: &'static str) -> Result<&'static Self, LiveError> {
        // SAFETY: libpcap has no initialisers of its own. The symbols have the types of `pcap.h`.
        let opened = OPENED.first(CANDIDATES.iter().map(PathBuf::from), |path| unsafe { Self::load(path) });
        opened.map_err(|why| LiveError::NoPcap { what, why: why.into_iter().next().unwrap_or_default() })
    }

    /// As it calls itself: `libpcap version 1.10.3 (with TPACKET_V3)`.
    pub(crate) fn version(&self) -> String {
        // SAFETY: returns a text that ends with NUL and lives for ever.
        unsafe { CStr::from_ptr((self.lib_version)()).to_string_lossy().into_owned() }
    }

    /// A filter for an interface, as instructions. `interface` is opened for a moment, because only then are tags looked for
    /// where cards put them; without the right to that, they are looked for in the packet.
    pub(crate) fn compile(
        &'static self,
        filter: &str,
        interface: &str,
        link_type: u32,
    ) -> Result<BpfFilter, LiveError> {
        let live = PcapHandle::create(self, interface).and_then(|mut handle| {
            handle.configure(false, SNAP_LENGTH, 0)?;
            handle.activate()?;
            Ok(handle)
        });
        let handle = match live {
            Ok(handle) => handle,
            Err(_) => PcapHandle::dead(self, link_type)?,
        };
        handle.compile(filter)
    }
}

/// `pcap_t`.
pub(super) struct PcapHandle {
    library: &'static PcapLibrary,
    raw: NonNull<c_void>,
    /// Its times have nanoseconds instead of microseconds.
    nanoseconds: bool,
}

// SAFETY: a handle may move between threads; it is used through references of its one owner.
unsafe impl Send for PcapHandle {}

/// What `pcap_next_ex` found.
pub(super) enum NextPacket<'a> {
    Packet(PacketHeader, &'a [u8]),
    Nothing,
}

impl PcapHandle {
    /// A handle for an interface, to be configured and then activated.
    pub(super) fn create(library: &'static PcapLibrary, interface: &str) -> Result<Self, LiveError> {
        let name = CString::new(interface).map_err(|_| LiveError::Pcap("its name has a NUL".to_owned()))?;
        let mut why = [0 as c_char; ERROR_LENGTH];
        // SAFETY: the name ends with NUL; no more than the buffer is written, a text that ends with NUL.
        let raw = unsafe { (library.create)(name.as_ptr(), why.as_mut_ptr()) };
        // SAFETY: as above.
        let why = || LiveError::Pcap(unsafe { CStr::from_ptr(why.as_ptr()) }.to_string_lossy().into_owned());
        Ok(Self { library, raw: NonNull::new(raw).ok_or_else(why)?, nanoseconds: false })
    }

    /// A handle that captures nothing.
    fn dead(library: &'static PcapLibrary, link_type: u32) -> Result<Self, LiveError> {
        let link_type = c_int::try_from(link_type).unwrap_or(1);
        // SAFETY: takes numbers, returns a handle or null.
        let raw = unsafe { (library.open_dead)(link_type, SNAP_LENGTH) };
        let raw = NonNull::new(raw).ok_or_else(|| LiveError::Pcap("no memory".to_owned()))?;
        Ok(Self { library, raw, nanoseconds: false })
    }

    /// What goes before activating; `buffer` octets, 0 for as many as libpcap takes.
    pub(super) fn configure(&mut self, promiscuous: bool, snap_length: c_int, buffer: u64) -> Result<(), LiveError> {
        let (library, raw) = (self.library, self.raw.as_ptr());
        // SAFETY: the handle is open, and not activated.
        let fine = unsafe {
            (library.set_snaplen)(raw, snap_length) == 0
                && (library.set_promisc)(raw, promiscuous.into()) == 0
                && (library.set_timeout)(raw, 10) == 0
                && (buffer == 0 || (library.set_buffer_size)(raw, c_int::try_from(buffer).unwrap_or(c_int::MAX)) == 0)
        };
        // SAFETY: as above.
        self.nanoseconds = unsafe { (library.set_tstamp_precision)(raw, NANOSECONDS) } == 0;
        if fine { Ok(()) } else { Err(LiveError::Pcap(self.error())) }
    }

    pub(super) fn activate(&mut self) -> Result<(), LiveError> {
        // SAFETY: the handle is open, and not activated.
        match unsafe { (self.library.activate)(self.raw.as_ptr()) } {
            code if NO_RIGHTS.contains(&code) => Err(LiveError::NoRights),
            code if code < 0 => Err(LiveError::Pcap(self.error())),
            // Above 0: it captures, and has something to say.
            _ => Ok(()),
        }
    }

    pub(super) fn set_nonblocking(&mut self) -> Result<(), LiveError> {
        let mut why = [0 as c_char; ERROR_LENGTH];
        // SAFETY: the handle is active; no more than the buffer is written.
        let outcome = unsafe { (self.library.setnonblock)(self.raw.as_ptr(), 1, why.as_mut_ptr()) };
        if outcome == 0 { Ok(()) } else { Err(LiveError::Pcap(self.error())) }
    }

    /// Nanoseconds of the unit that fractions of a second are counted in.
    pub(super) const fn fraction(&self) -> i64 {
        if self.nanoseconds { 1 } else { 1000 }
    }

    pub(super) fn link_type(&self) -> c_int {
        // SAFETY: the handle is active.
        unsafe { (self.library.datalink)(self.raw.as_ptr()) }
    }

    pub(super) fn descriptor(&self) -> c_int {
        // SAFETY: the handle is active.
        unsafe { (self.library.get_selectable_fd)(self.raw.as_ptr()) }
    }

    pub(super) fn next(&mut self) -> Result<NextPacket<'_>, LiveError> {
        let (mut header, mut data) = (ptr::null(), ptr::null());
        // SAFETY: the handle is active; what is written points to a packet that stays until the next call, which borrows `self`.
        unsafe {
            match (self.library.next_ex)(self.raw.as_ptr(), &raw mut header, &raw mut data) {
                1 => {
                    let header = *header;
                    Ok(NextPacket::Packet(header, core::slice::from_raw_parts(data, header.captured as usize)))
                }
                0 => Ok(NextPacket::Nothing),
                _ => Err(LiveError::Pcap(self.error())),
            }
        }
    }

    pub(super) fn stats(&mut self) -> Option<PcapStats> {
        let mut stats = PcapStats::default();
        // SAFETY: the handle is active; there is room for what is written on every system.
        let outcome = unsafe { (self.library.stats)(self.raw.as_ptr(), &raw mut stats) };
        (outcome == 0).then_some(stats)
    }

    /// Reads a filter, and hands what it is to `take`.
    fn with_program<T>(&self, filter: &str, take: impl FnOnce(&mut BpfProgram) -> T) -> Result<T, LiveError> {
        let bad = |why: String| LiveError::Filter { filter: filter.to_owned(), why };
        let text = CString::new(filter).map_err(|_| bad("it has a NUL".to_owned()))?;
        let mut program = BpfProgram { length: 0, instructions: ptr::null_mut() };
        // SAFETY: the handle is open; the text ends with NUL; the program is written where nothing fails, and freed below.
        unsafe {
            if (self.library.compile)(self.raw.as_ptr(), &raw mut program, text.as_ptr(), 1, NO_NETMASK) != 0 {
                return Err(bad(self.error()));
            }
            let taken = take(&mut program);
            (self.library.freecode)(&raw mut program);
            Ok(taken)
        }
    }

    fn compile(&self, filter: &str) -> Result<BpfFilter, LiveError> {
        self.with_program(filter, |program| {
            if program.instructions.is_null() {
                return Vec::new();
            }
            // SAFETY: libpcap says how many there are.
            unsafe { core::slice::from_raw_parts(program.instructions, program.length as usize) }.to_vec()
        })
    }

    pub(super) fn set_filter(&mut self, filter: &str) -> Result<(), LiveError> {
        let (library, raw) = (self.library, self.raw.as_ptr());
        // SAFETY: the handle is active; the program is whole, and copied.
        let outcome = self.with_program(filter, |program| unsafe { (library.setfilter)(raw, program) })?;
        if outcome == 0 { Ok(()) } else { Err(LiveError::Pcap(self.error())) }
    }

    fn error(&self) -> String {
        // SAFETY: the handle is open; the text ends with NUL and lives until the next call.
        unsafe { CStr::from_ptr((self.library.geterr)(self.raw.as_ptr())).to_string_lossy().into_owned() }
    }
}

impl Drop for PcapHandle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and not used again.
        unsafe { (self.library.close)(self.raw.as_ptr()) };
    }
}
