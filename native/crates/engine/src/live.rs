//! Interfaces that are open, to be followed by a run.

use std::path::PathBuf;

use sidewire_capture::PacketSource;
use sidewire_live::InterfaceSettings;

use crate::EngineError;
use crate::config::{HostReport, LiveConfig, OpenedReport};

/// Interfaces that are open. What they bring waits in their rings until a run follows them; opening them is what needs rights,
/// following them does not.
pub struct LiveCapture {
    source: Box<dyn PacketSource>,
    opened: Vec<OpenedReport>,
    name: String,
}

impl LiveCapture {
    /// Opens interfaces.
    ///
    /// # Errors
    /// [`EngineError::Capture`] with the interface and the way out.
    pub fn open(config: &LiveConfig) -> Result<Self, EngineError> {
        let settings: Vec<InterfaceSettings> = config.interfaces.iter().map(InterfaceSettings::from).collect();
        let (source, opened) = config.method.open(&settings).map_err(|(interface, error)| {
            let (path, code, reason) = (PathBuf::from(interface), error.code(), error.to_string());
            EngineError::Capture { path, reason, code, partial: false }
        })?;
        let names: Vec<&str> = settings.iter().map(|one| one.name.as_str()).collect();
        Ok(Self { source, opened: opened.iter().map(OpenedReport::from).collect(), name: names.join(",") })
    }

    /// What is to be known of the interfaces.
    #[must_use]
    pub fn opened(&self) -> &[OpenedReport] {
        &self.opened
    }

    /// The source, with its name.
    pub(crate) fn into_source(self) -> (String, Box<dyn PacketSource>) {
        (self.name, self.source)
    }
}

/// Gives up, for this thread and those it starts from now on, what capturing does not need once everything is open.
pub fn drop_rights() {
    sidewire_live::drop_rights();
}

/// Has the kernel refuse to every thread of this process what a sensor never asks for: starting programs, looking into other
/// processes, changing the kernel. False where there is nothing of the kind.
#[must_use]
pub fn confine_process() -> bool {
    #[cfg(target_os = "linux")]
    return sidewire_live::confine_process();
    #[cfg(not(target_os = "linux"))]
    false
}

/// What this host offers to a sensor; a ring of this many octets is tried.
#[must_use]
pub fn host_report(ring_length: u64, libraries: &[PathBuf]) -> HostReport {
    let vectorscan = sidewire_detect::vectorscan_version(libraries);
    HostReport::new(sidewire_live::host_facts(ring_length), vectorscan, crate::magic_version())
}
