//! The system's log: a datagram for each line at its local socket.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sidewire_base::{ByteSize, SettingKind, SettingValue, Time};

use super::spool::{DeliveryResult, LineServer, PATIENCE, SpooledSink};
use super::{SinkKind, SinkOrders, lines};

sidewire_base::settings! {
    /// What the system's log is told.
    pub(crate) struct SyslogSettings {
        /// What its lines are marked with.
        identity: String = "identity", usually "suricata";
        /// Its facility.
        facility: SyslogFacility = "facility", usually "local5";
        /// How much its lines matter.
        level: SyslogLevel = "level", usually "info";
        /// Where its socket is.
        socket: PathBuf = "syslog.socket", usually "/dev/log";
        /// How a line is written: `rfc3164`, as `syslog(3)` does, or `rfc5424`.
        format: SyslogFormat = "syslog.format", usually "rfc3164";
        /// Octets of lines that wait while nobody listens.
        spool: ByteSize = "syslog.spool", usually "1048576";
    }
}

/// RFC 5424, 6.2.1, table 1.
const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// RFC 5424, 6.2.1, table 2, by the names that Suricata has.
const LEVELS: &[&str] = &["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyslogFacility(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyslogLevel(usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyslogFormat {
    Rfc3164,
    Rfc5424,
}

impl SettingValue for SyslogFacility {
    const KIND: SettingKind = SettingKind::OneOf(FACILITIES);

    fn read(text: &str) -> Option<Self> {
        FACILITIES.iter().position(|name| *name == text).map(Self)
    }
}

impl SettingValue for SyslogLevel {
    const KIND: SettingKind = SettingKind::OneOf(LEVELS);

    fn read(text: &str) -> Option<Self> {
        LEVELS.iter().position(|name| *name == text).map(Self)
    }
}

impl SettingValue for SyslogFormat {
    const KIND: SettingKind = SettingKind::OneOf(&["rfc3164", "rfc5424"]);

    fn read(text: &str) -> Option<Self> {
        match text {
            "rfc3164" => Some(Self::Rfc3164),
            "rfc5424" => Some(Self::Rfc5424),
            _ => None,
        }
    }
}

/// The system's log as a sink.
pub(crate) struct SyslogSink(SpooledSink<SyslogServer>);

impl SinkKind for SyslogSink {
    const FILETYPES: &'static [&'static str] = &["syslog"];
    const DOC: &'static str = "The system's log: a message for each line at its local socket.";
    type Settings = SyslogSettings;

    fn name(_: &str, settings: &SyslogSettings) -> String {
        format!("syslog {}", settings.socket.display())
    }

    fn open(_: &str, settings: SyslogSettings, orders: &Arc<SinkOrders>) -> io::Result<Self> {
        let spool = settings.spool.0;
        SpooledSink::open(SyslogServer { settings, orders: Arc::clone(orders) }, spool, orders).map(Self)
    }
}

super::spool::line_sink!(SyslogSink);

pub(crate) struct SyslogServer {
    settings: SyslogSettings,
    orders: Arc<SinkOrders>,
}

impl LineServer for SyslogServer {
    type Connection = UnixDatagram;

    fn connect(&mut self) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.settings.socket)?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    fn deliver(&mut self, socket: &mut UnixDatagram, lines: &[u8]) -> DeliveryResult {
        let mut done = DeliveryResult::default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = Time::new(now.as_secs().try_into().unwrap_or(0), now.subsec_nanos().into());
        let head = head(&self.settings, time);
        for line in lines::each(lines) {
            let mut message = head.clone().into_bytes();
            message.extend_from_slice(lines::without_end(line));
            match socket.send(&message) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => break,
                // Its queue is full.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => break,
                Err(error) if is_too_long(&error) => {
                    self.orders.tell(&error);
                    done.refused += 1;
                }
                Err(error) => return DeliveryResult { error: Some(error), ..done },
            }
            done.octets += line.len();
        }
        done
    }
}

/// `EMSGSIZE`, which has no kind of its own: a datagram longer than the system takes.
fn is_too_long(error: &io::Error) -> bool {
    const LINUX: i32 = 90;
    const BSD: i32 = 40;
    let number = if cfg!(target_os = "linux") { LINUX } else { BSD };
    error.raw_os_error() == Some(number)
}

/// What stands before a line.
fn head(settings: &SyslogSettings, time: Time) -> String {
    let SyslogSettings { identity, facility, level, format, .. } = settings;
    let (priority, pid) = (facility.0 * 8 + level.0, std::process::id());
    // `2026-11-29T14:05:06.123456+0000`
    let text = sidewire_eve::timestamp(time);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    match format {
        SyslogFormat::Rfc3164 => {
            let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
            let day = part(8, 10).trim_start_matches('0');
            format!("<{priority}>{} {day:>2} {} {identity}[{pid}]: ", month.unwrap_or(&""), part(11, 19))
        }
        // The host's name is the system's to add: `-` stands for it, as it does for an identity of messages and their data.
        SyslogFormat::Rfc5424 => format!("<{priority}>1 {}Z - {identity} {pid} - - ", part(0, 26)),
    }
}

const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use sidewire_base::DeclaredSettings;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> SyslogSettings {
        let usual = SyslogSettings::DEFS.iter().filter_map(|def| Some((def.key.to_owned(), def.usual?.to_owned())));
        let given = pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
        SyslogSettings::read(&usual.chain(given).collect()).unwrap()
    }

    #[test]
    fn a_line_is_a_datagram_and_waits_while_nobody_listens() {
        use crate::output::sink::LineSink;
        let path = std::env::temp_dir().join(format!("sidewire-syslog-{}", std::process::id()));
        let _absent = std::fs::remove_file(&path);
        let orders = Arc::new(SinkOrders::dropping());
        let settings = settings(&[("syslog.socket", path.to_str().unwrap()), ("syslog.spool", "8")]);
        let mut sink = SyslogSink::open("syslog", settings, &orders).unwrap();
        assert_eq!(sink.write(b"one\ntwo\nthree\n").unwrap(), 1, "the spool has room for two");
        let log = UnixDatagram::bind(&path).unwrap();
        sink.reopen().unwrap();
        assert_eq!(sink.write(b"four\n").unwrap(), 0);
        let mut text = [0; 256];
        for line in ["one", "two", "four"] {
            let length = log.recv(&mut text).unwrap();
            let got = String::from_utf8_lossy(&text[..length]).into_owned();
            assert!(got.starts_with("<174>") && got.ends_with(&format!("]: {line}")), "{got}");
        }
        assert_eq!(sink.close().unwrap(), 0);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_line_has_a_head() {
        let (time, pid) = (Time::new(1_700_000_000, 5_000), std::process::id());
        assert_eq!(head(&settings(&[]), time), format!("<174>Nov 14 22:13:20 suricata[{pid}]: "));
        let new = settings(&[("syslog.format", "rfc5424"), ("facility", "daemon"), ("level", "alert")]);
        assert_eq!(head(&new, time), format!("<25>1 2023-11-14T22:13:20.000005Z - suricata {pid} - - "));
    }
}
