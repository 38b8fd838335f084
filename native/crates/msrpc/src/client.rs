//! The calling process, as WMI clients describe themselves.

use sidewire_base::Time;
use sidewire_eve::{Object, timestamp};

/// The process that calls, in its own words: what a WMI client says of itself at login, before anything is sealed. It may
/// lie. [MS-WMI] 3.1.4.7 `IWbemLoginClientID::SetClientInfo`; the longer form is undocumented, and known from traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WmiClient {
    /// Name of its machine.
    pub host: Option<String>,
    /// Full name of its machine.
    pub fqdn: Option<String>,
    /// Process id.
    pub pid: Option<u32>,
    /// When the process began.
    pub start_time: Option<Time>,
}

impl WmiClient {
    /// Writes it as members of `dcom.client`.
    pub(crate) fn write(&self, out: &mut Object<'_>) {
        if let Some(host) = &self.host {
            out.str("host", host);
        }
        if let Some(fqdn) = &self.fqdn {
            out.str("fqdn", fqdn);
        }
        if let Some(pid) = self.pid {
            out.u64("pid", pid);
        }
        if let Some(time) = self.start_time {
            out.str("start_time", &timestamp(time));
        }
    }
}
