//! AF_PACKET as a source: on Linux the rings of [`crate::packet`], elsewhere an error with the way out.

use crate::LiveError;
use crate::method::{OpenedSource, SourceKind};
use crate::settings::InterfaceSettings;

/// Rings shared with the kernel of Linux.
pub(crate) struct AfPacket;

#[cfg(target_os = "linux")]
impl SourceKind for AfPacket {
    fn open(settings: &[InterfaceSettings]) -> Result<OpenedSource, (String, LiveError)> {
        crate::LiveSource::open(open_rings, settings)
    }
}

#[cfg(not(target_os = "linux"))]
impl SourceKind for AfPacket {
    fn open(settings: &[InterfaceSettings]) -> Result<OpenedSource, (String, LiveError)> {
        let name = settings.first().map(|one| one.name.clone()).unwrap_or_default();
        Err((name, LiveError::NoAfPacket))
    }
}

/// Opens the rings of one interface; its filter runs in the kernel.
#[cfg(target_os = "linux")]
fn open_rings(
    settings: &InterfaceSettings,
    interface: &crate::host::interfaces::NetworkInterface,
    number: u32,
) -> Result<crate::tap::OpenedTaps, LiveError> {
    use crate::pcap::PcapLibrary;
    use crate::tap::{OpenedTaps, Tap};

    let filter = match settings.filter.as_str() {
        "" => Vec::new(),
        text => PcapLibrary::open("a filter")?.compile(text, &settings.name, 1)?,
    };
    let filter: Vec<_> =
        filter.into_iter().map(|one| libc::sock_filter { code: one.code, jt: one.jt, jf: one.jf, k: one.k }).collect();
    let rings = crate::packet::open(settings, interface, &filter, number)?;
    let link_type = rings.first().map_or(1, crate::packet::PacketRing::link_type);
    let taps = rings.into_iter().map(|ring| Box::new(ring) as Box<dyn Tap>).collect();
    Ok(OpenedTaps { taps, link_type })
}
