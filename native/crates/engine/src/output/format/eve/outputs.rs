//! EVE outputs: which event types each writes, and with which options.

use std::collections::BTreeMap;

use sidewire_app_layer::{EveTypeOptions, ProtocolDef, ProtocolSettings};

use crate::config::{EveFormat, FormatConfig, RunConfig, XffConfig};

/// A kind of EVE event: those of the engine, then one for each logger of each protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventKind(u16);

impl EventKind {
    pub(crate) const ALERT: Self = Self(0);
    pub(crate) const ANOMALY: Self = Self(1);
    pub(crate) const FLOW: Self = Self(2);
    pub(crate) const NETFLOW: Self = Self(3);
    pub(crate) const STATS: Self = Self(4);
    pub(crate) const ENGINE: Self = Self(5);
    pub(crate) const ARP: Self = Self(6);
    pub(crate) const METADATA: Self = Self(7);
    pub(crate) const FILEINFO: Self = Self(8);
    pub(crate) const FRAME: Self = Self(9);
    pub(crate) const PACKET: Self = Self(10);
    const NAMES: [&'static str; 11] =
        ["alert", "anomaly", "flow", "netflow", "stats", "engine", "arp", "metadata", "fileinfo", "frame", "packet"];

    pub(crate) const fn number(self) -> u16 {
        self.0
    }
}

/// All outputs of a run, ready to be used.
#[derive(Debug)]
pub(crate) struct RunOutputs {
    /// Those that write EVE.
    pub(crate) list: Vec<EveOutput>,
    /// Numbers of those that write a line of text for each alert.
    pub(crate) fast: Vec<u16>,
    /// Numbers of those that write counters as text, and whether they write those that are 0.
    pub(crate) stats: Vec<(u16, bool)>,
    /// How events beside stored files are written, when there is a file store.
    pub(crate) file_store: Option<EveOutput>,
    /// Some output shows payloads of alerts.
    pub(crate) payloads: bool,
    /// Some output shows Ethernet addresses.
    pub(crate) ethernet: bool,
    names: Vec<&'static str>,
    /// Kind of each protocol's loggers, by protocol and logger number.
    loggers: Vec<Vec<EventKind>>,
}

/// One EVE writer, ready to be used.
#[derive(Debug)]
pub(crate) struct EveOutput {
    /// Position among all outputs of the run.
    pub(crate) number: u16,
    pub(crate) config: EveFormat,
    wanted: Vec<bool>,
    /// By kind: where the address of a client behind a proxy is looked for.
    forwarding: Vec<Option<XffConfig>>,
    pub(crate) alert: AlertOptions,
    pub(crate) anomaly: AnomalyOptions,
    /// Octets shown of a frame in an event of its own.
    pub(crate) frame_payload: usize,
    /// Counters that are 0 are written (`stats.null-values`).
    pub(crate) null_values: bool,
    /// By protocol: what is asked of its events.
    protocols: Vec<EveTypeOptions>,
}

/// Options of `alert`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AlertOptions {
    pub(crate) payload: bool,
    pub(crate) payload_printable: bool,
    pub(crate) payload_length: bool,
    pub(crate) payload_limit: usize,
    pub(crate) packet: bool,
    pub(crate) app_layer: bool,
    pub(crate) flow: bool,
    pub(crate) rule_metadata: bool,
    pub(crate) rule_text: bool,
    pub(crate) rule_references: bool,
    pub(crate) verdict: bool,
    pub(crate) calls: bool,
}

impl AlertOptions {
    /// Is something told of the octets a rule matched in?
    pub(crate) const fn shows_payload(&self) -> bool {
        self.payload || self.payload_printable || self.payload_length
    }
}

/// Which anomalies are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AnomalyOptions {
    pub(crate) decode: bool,
    pub(crate) stream: bool,
    pub(crate) applayer: bool,
    /// Show the head of the packet.
    pub(crate) packet_header: bool,
}

impl RunOutputs {
    pub(crate) fn new(config: &RunConfig, protocols: &[ProtocolDef]) -> Self {
        let mut names = EventKind::NAMES.to_vec();
        let mut loggers: Vec<Vec<EventKind>> = Vec::new();
        for protocol in protocols {
            let mut kind = |event_type| {
                let position = names.iter().position(|name| *name == event_type).unwrap_or_else(|| {
                    names.push(event_type);
                    names.len() - 1
                });
                EventKind(u16::try_from(position).unwrap_or(u16::MAX))
            };
            loggers.push(protocol.logger_rows().map(|info| kind(info.event_type)).collect());
        }
        let (mut list, mut fast, mut stats) = (Vec::new(), Vec::new(), Vec::new());
        for (number, output) in (0..).zip(&config.outputs) {
            match &output.format {
                FormatConfig::Eve(format) => list.push(EveOutput::new(number, format, &names, protocols)),
                FormatConfig::Fast => fast.push(number),
                FormatConfig::Stats { null_values } => stats.push((number, *null_values)),
            }
        }
        if let Some(format) = &config.unwritten {
            // After all that have a sink.
            let number = u16::try_from(config.outputs.len()).unwrap_or(u16::MAX);
            list.push(EveOutput::new(number, format, &names, protocols));
        }
        let beside = config.file_store.as_ref().map(|store| EveOutput::new(u16::MAX, &store.event, &names, protocols));
        Self {
            fast,
            stats,
            file_store: beside,
            payloads: list.iter().any(|output| output.alert.shows_payload()),
            ethernet: list.iter().any(|output| output.config.ethernet),
            list,
            names,
            loggers,
        }
    }

    pub(crate) fn type_name(&self, kind: EventKind) -> &'static str {
        self.names.get(usize::from(kind.0)).copied().unwrap_or("unknown")
    }

    pub(crate) fn kind_name(&self, kind: u16) -> &'static str {
        self.type_name(EventKind(kind))
    }

    pub(crate) fn logger(&self, protocol: usize, logger: usize) -> Option<EventKind> {
        self.loggers.get(protocol)?.get(logger).copied()
    }

    /// What each output asks of a protocol's events.
    pub(crate) fn options_of(&self, protocol: usize) -> impl Iterator<Item = &EveTypeOptions> {
        self.list.iter().filter_map(move |output| output.protocol(protocol))
    }

    pub(crate) fn logger_count(&self, protocol: usize) -> usize {
        self.loggers.get(protocol).map_or(0, Vec::len)
    }
}

impl EveOutput {
    fn new(number: u16, config: &EveFormat, names: &[&'static str], protocols: &[ProtocolDef]) -> Self {
        let options = |name: &str| config.types.get(name);
        let truth = |kind: &str, key: &str, absent: bool| options(kind).map_or(absent, |map| is_on(map, key, absent));
        let size_of = |kind: &str, key: &str| options(kind).and_then(|map| map.get(key)).and_then(|text| size(text));
        // `metadata: yes|no` switches all parts; `metadata: {flow: no}` one of them.
        let metadata = |part: &str, absent: bool| {
            let all = truth("alert", "metadata", true);
            truth("alert", &format!("metadata.{part}"), all && absent)
        };
        let rule = |part: &str, absent: bool| {
            let all = metadata("rule", true);
            truth("alert", &format!("metadata.rule.{part}"), all && absent)
        };
        let is_wanted = |name: &str| options(name).is_some_and(|map| is_on(map, "enabled", true));
        let tagged = is_wanted("alert") && truth("alert", "tagged-packets", false);
        let is_switched = |name: &str| {
            let mut loggers = protocols.iter().flat_map(ProtocolDef::logger_rows);
            loggers.any(|info| info.event_type == name && is_wanted(info.switched_by))
        };
        Self {
            wanted: names
                .iter()
                .map(|name| is_wanted(name) || is_switched(name) || *name == "packet" && tagged)
                .collect(),
            forwarding: names.iter().map(|name| forwarding(config, name)).collect(),
            alert: AlertOptions {
                payload: truth("alert", "payload", false),
                payload_printable: truth("alert", "payload-printable", false),
                payload_length: truth("alert", "payload-length", false),
                payload_limit: size_of("alert", "payload-buffer-size").unwrap_or(4096),
                packet: truth("alert", "packet", false),
                app_layer: metadata("app-layer", true),
                flow: metadata("flow", true),
                rule_metadata: rule("metadata", true),
                rule_text: rule("raw", false),
                rule_references: rule("reference", false),
                verdict: truth("alert", "verdict", false),
                calls: truth("alert", "calls", false),
            },
            anomaly: AnomalyOptions {
                decode: truth("anomaly", "types.decode", false),
                stream: truth("anomaly", "types.stream", false),
                applayer: truth("anomaly", "types.applayer", true),
                packet_header: truth("anomaly", "packethdr", false),
            },
            frame_payload: frame_limit(size_of("frame", "payload-buffer-size").unwrap_or(4096)),
            null_values: truth("stats", "null-values", true),
            protocols: protocols.iter().map(|protocol| type_options(config, protocol)).collect(),
            number,
            config: config.clone(),
        }
    }

    pub(crate) fn wants(&self, kind: EventKind) -> bool {
        self.wanted.get(usize::from(kind.0)).copied().unwrap_or(false)
    }

    /// What is asked of a protocol's events.
    pub(crate) fn protocol(&self, number: usize) -> Option<&EveTypeOptions> {
        self.protocols.get(number)
    }

    /// Where events of this kind look for the client behind a proxy, if they do.
    pub(crate) fn forwarding(&self, kind: EventKind) -> Option<&XffConfig> {
        self.forwarding.get(usize::from(kind.0))?.as_ref()
    }
}

/// What an output asks of a protocol's events, under any of the protocol's names, and of alerts on it.
fn type_options(config: &EveFormat, protocol: &ProtocolDef) -> EveTypeOptions {
    let info = &protocol.info;
    let settings =
        |options: Option<&BTreeMap<String, String>>| ProtocolSettings::new(options.cloned().unwrap_or_default());
    let own = core::iter::once(&info.name).chain(info.aliases).find_map(|name| config.types.get(*name));
    (protocol.eve_options)(&settings(own), &settings(config.types.get("alert")))
}

/// The type's own `xff`, or else the output's.
fn forwarding(config: &EveFormat, name: &str) -> Option<XffConfig> {
    let own = config.types.get(name).filter(|map| map.contains_key("xff.enabled"));
    let Some(own) = own else { return config.xff.clone() };
    let text = |key: &str| own.get(key).map(String::as_str);
    is_on(own, "xff.enabled", false).then(|| XffConfig {
        overwrite: text("xff.mode") == Some("overwrite"),
        forward: text("xff.deployment") == Some("forward"),
        header: text("xff.header").unwrap_or("X-Forwarded-For").to_owned(),
    })
}

fn is_on(map: &BTreeMap<String, String>, key: &str, absent: bool) -> bool {
    map.get(key).map_or(absent, |text| matches!(text.as_str(), "yes" | "true" | "on" | "1" | "enabled"))
}

/// Octets of a frame that a buffer of so many shows: Suricata's has an octet more than it fills.
pub(crate) const fn frame_limit(buffer: usize) -> usize {
    buffer.saturating_sub(1)
}

fn size(text: &str) -> Option<usize> {
    ProtocolSettings::new([("", text)]).size("").and_then(|n| usize::try_from(n).ok())
}
