//! The network interfaces of this host, as the system lists them.

use core::ffi::CStr;
use std::collections::BTreeMap;
use std::ffi::c_uint;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NetworkInterface {
    pub(crate) name: String,
    /// Its number, which stays when it is renamed.
    pub(crate) index: u32,
    /// `IFF_*`.
    pub(crate) flags: c_uint,
    /// `ARPHRD_*`; 0 where the system does not say.
    pub(crate) hardware: u16,
    /// Packets its card had no room for, by a counter that wraps.
    pub(crate) missed: u32,
}

impl NetworkInterface {
    pub(crate) const fn is_loopback(&self) -> bool {
        self.flags & libc::IFF_LOOPBACK as c_uint != 0
    }

    /// It was switched on.
    pub(crate) const fn is_up(&self) -> bool {
        self.flags & libc::IFF_UP as c_uint != 0
    }

    /// There is somebody at the other end.
    pub(crate) const fn has_carrier(&self) -> bool {
        self.flags & libc::IFF_RUNNING as c_uint != 0
    }
}

/// All interfaces, by name.
pub(crate) fn interfaces() -> Vec<NetworkInterface> {
    let mut found = BTreeMap::new();
    let mut first: *mut libc::ifaddrs = core::ptr::null_mut();
    // SAFETY: writes a list, or nothing.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Vec::new();
    }
    let mut next = first;
    // SAFETY: the list is whole until it is freed; each node and its name are valid, the name ends with NUL.
    while let Some(node) = unsafe { next.as_ref() } {
        // SAFETY: as above.
        let name = unsafe { CStr::from_ptr(node.ifa_name) };
        let (hardware, missed) = of_link(node);
        let entry = found.entry(name.to_string_lossy().into_owned()).or_insert_with_key(|name| NetworkInterface {
            name: name.clone(),
            // SAFETY: the name ends with NUL.
            index: unsafe { libc::if_nametoindex(node.ifa_name) },
            flags: node.ifa_flags as c_uint,
            hardware: 0,
            missed: 0,
        });
        if hardware.is_some() {
            (entry.hardware, entry.missed) = (hardware.unwrap_or(0), missed);
        }
        next = node.ifa_next;
    }
    // SAFETY: it came from `getifaddrs`, and nothing borrows from it.
    unsafe { libc::freeifaddrs(first) };
    found.into_values().collect()
}

/// Hardware type and lost packets, in the node that tells of the link itself.
#[cfg(target_os = "linux")]
fn of_link(node: &libc::ifaddrs) -> (Option<u16>, u32) {
    /// Places of `rx_fifo_errors` and `rx_missed_errors` among the numbers of `struct rtnl_link_stats`.
    const LOST: [usize; 2] = [14, 15];
    // SAFETY: an address begins with its family; that of a link is a `sockaddr_ll`, and its data are 23 numbers or more.
    unsafe {
        let Some(address) = node.ifa_addr.as_ref() else { return (None, 0) };
        if i32::from(address.sa_family) != libc::AF_PACKET {
            return (None, 0);
        }
        let link = node.ifa_addr.cast::<libc::sockaddr_ll>().read_unaligned();
        let missed = if node.ifa_data.is_null() {
            0
        } else {
            let numbers = node.ifa_data.cast::<u32>();
            LOST.iter().fold(0, |sum: u32, at| sum.wrapping_add(numbers.add(*at).read_unaligned()))
        };
        (Some(link.sll_hatype), missed)
    }
}

#[cfg(not(target_os = "linux"))]
fn of_link(_node: &libc::ifaddrs) -> (Option<u16>, u32) {
    (None, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_has_a_loopback() {
        let all = interfaces();
        let lo = all.iter().find(|interface| interface.is_loopback()).expect("a loopback interface");
        assert!(lo.index > 0);
        if cfg!(target_os = "linux") {
            assert_eq!((lo.name.as_str(), lo.hardware), ("lo", libc::ARPHRD_LOOPBACK));
        }
    }
}
