//! libpcap, opened at run time: it captures where AF_PACKET is absent, and reads filters everywhere.

mod library;
mod tap;

pub(crate) use library::PcapLibrary;
pub(crate) use tap::PcapTap;
