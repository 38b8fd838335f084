//! The calling process, as WMI clients describe themselves.

use sidewire_base::Time;
use sidewire_eve::{Object, timestamp};

use crate::Exchange;
use crate::datum::Datum;
use crate::interfaces::known;

/// The process that calls, in its own words: what a WMI client says of itself at login, before anything is sealed. It may
/// lie. [MS-WMI] 3.1.4.7 `IWbemLoginClientID::SetClientInfo`; the longer form is undocumented, and known from traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Name of its machine.
    pub host: Option<String>,
    /// Full name of its machine.
    pub fqdn: Option<String>,
    /// Process id.
    pub pid: Option<u32>,
    /// When the process began.
    pub start_time: Option<Time>,
}

impl Client {
    /// What a call says of who makes it.
    pub(crate) fn of(exchange: &Exchange) -> Option<Self> {
        let (known::IWBEM_LOGIN_CLIENT_ID | known::IWBEM_LOGIN_CLIENT_IDEX, Some(3)) =
            (exchange.interface?.id.uuid, exchange.opnum)
        else {
            return None;
        };
        let arguments = &exchange.arguments;
        let number = |name: &str| match arguments.get(name) {
            Some(Datum::Uint(number)) => Some(*number),
            _ => None,
        };
        let found = Self {
            host: arguments.text("client_host").map(str::to_owned),
            fqdn: arguments.text("client_fqdn").map(str::to_owned),
            pid: number("client_pid").and_then(|pid| pid.try_into().ok()),
            start_time: number("process_created").and_then(file_time),
        };
        (found.host.is_some() || found.pid.is_some()).then_some(found)
    }

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

/// FILETIME: units of 100 ns since 1601. [MS-DTYP] 2.3.3. `None` before 1970, which no process of these protocols is.
fn file_time(units: u64) -> Option<Time> {
    const UNITS_TO_1970: u64 = 116_444_736_000_000_000;
    let nanos = units.checked_sub(UNITS_TO_1970)?.checked_mul(100)?;
    Some(Time(i64::try_from(nanos).ok()?))
}
