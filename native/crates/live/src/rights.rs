//! What this process may do, and giving up what it no longer needs.

/// What a process may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessRights {
    /// It runs as root.
    pub root: bool,
    /// It may open packet sockets.
    pub net_raw: bool,
    /// Neither it nor what it starts can gain rights.
    pub no_new_privileges: bool,
}

/// `_LINUX_CAPABILITY_VERSION_3`.
#[cfg(target_os = "linux")]
const VERSION: u32 = 0x2008_0522;
/// `CAP_NET_RAW`.
#[cfg(target_os = "linux")]
const NET_RAW: u32 = 13;

/// `struct __user_cap_header_struct`.
#[cfg(target_os = "linux")]
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    thread: i32,
}

/// `struct __user_cap_data_struct`, of which there are two.
#[cfg(target_os = "linux")]
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilityData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

impl ProcessRights {
    /// What this thread may do.
    #[cfg(target_os = "linux")]
    pub(crate) fn now() -> Self {
        let mut header = CapabilityHeader { version: VERSION, thread: 0 };
        let mut data = [CapabilityData::default(); 2];
        // SAFETY: version 3 has two structs of data; nothing else is written.
        let read = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, data.as_mut_ptr()) } == 0;
        let [low, _] = data;
        // SAFETY: these take numbers and return one.
        let (user, no_new) = unsafe { (libc::geteuid(), libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) };
        Self { root: user == 0, net_raw: read && low.effective & 1 << NET_RAW != 0, no_new_privileges: no_new == 1 }
    }

    /// What this process may do.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn now() -> Self {
        // SAFETY: takes nothing, returns a number.
        let root = unsafe { libc::geteuid() } == 0;
        Self { root, net_raw: root, no_new_privileges: false }
    }
}

/// Gives up, for this thread and those it starts from now on, what capturing does not need once everything is open: gaining
/// rights by what is executed, and all capabilities, unless the process is root's and so has its files by them. (Root's
/// rights are given up by becoming another user, which concerns all threads.) What is left.
#[cfg(target_os = "linux")]
pub fn drop_rights() -> ProcessRights {
    // SAFETY: takes numbers and returns one.
    unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if !ProcessRights::now().root {
        let mut header = CapabilityHeader { version: VERSION, thread: 0 };
        let data = [CapabilityData::default(); 2];
        // SAFETY: version 3 has two structs of data, which are read.
        unsafe { libc::syscall(libc::SYS_capset, &raw mut header, data.as_ptr()) };
    }
    ProcessRights::now()
}

/// There is nothing of the kind on this system.
#[cfg(not(target_os = "linux"))]
pub fn drop_rights() -> ProcessRights {
    ProcessRights::now()
}
