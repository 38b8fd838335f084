//! The configuration of a run, as the control plane writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything a run needs, resolved: no defaults are left to the engine. Written by the TypeScript control plane.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct RunConfig {
    /// Captures, in order. `-` is standard input.
    pub inputs: Vec<String>,
    /// Flows and streams go on from one file into the next (`--continue`); else each file is a run of its own.
    pub continue_files: bool,
    /// Threads that inspect. 1: one thread does everything, reading included.
    pub workers: u32,
    /// Decoding.
    pub decode: DecodeConfig,
    /// Fragment reassembly.
    pub defrag: DefragConfig,
    /// TCP tracking and reassembly.
    pub stream: StreamConfig,
    /// Flow table.
    pub flow: FlowConfig,
    /// Operating systems of hosts, for overlap policies: policy name -> address ranges in CIDR form.
    pub host_os_policy: BTreeMap<String, Vec<String>>,
    /// Protocols by name. A protocol that is not named is off.
    pub protocols: BTreeMap<String, ProtocolConfig>,
    /// Detection limits.
    pub detect: DetectConfig,
    /// What became of the rules, for `stats`.
    pub rules: RuleCounts,
    /// Outputs.
    pub outputs: Vec<OutputConfig>,
    /// Events that are made for Sigma rules to look at, and written nowhere; absent: none.
    pub unwritten: Option<EveFormat>,
    /// Where files are stored; absent: nowhere.
    pub file_store: Option<FileStoreOutput>,
    /// Where what transactions carry is stored when rules say so, by output (`tls-store`): directories.
    pub document_stores: BTreeMap<String, String>,
    /// What is computed of all files, whether rules ask or not.
    pub files: FilesConfig,
    /// Percent of the packets of a live source that may be lost in ten seconds before an event says so; 0: none does.
    pub loss_alert: f64,
    /// Work of the least value is left out while packets of a live source come faster than they are inspected.
    pub shed_load: bool,
    /// Statistics; none are written when absent.
    pub stats: Option<StatsConfig>,
}

/// Statistics.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct StatsConfig {
    /// Seconds by the clock on the wall between two `stats` events; the last is written at the end of the run. 0: that one
    /// alone.
    pub interval: u32,
}

/// What became of the rules of a run.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct RuleCounts {
    /// Rules that run.
    pub loaded: u32,
    /// Rules with errors.
    pub failed: u32,
    /// Rules whose `requires` does not hold here.
    pub skipped: u32,
}

/// Decoding.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct DecodeConfig {
    /// Verify checksums.
    pub checksums: ChecksumMode,
    /// IP length 0 means "to the end of the frame" (segmentation offload).
    pub offload_length: bool,
    /// Drop packets with a malformed IPv4 option or IPv6 hop-by-hop or destination option, as Linux does.
    pub drop_malformed_ip_options: bool,
    /// A checksum that covers the pseudo header only is right (checksum offload).
    pub partial_checksums: bool,
    /// Nesting limit.
    pub max_layers: u8,
    /// UDP ports of VXLAN; empty: off.
    pub vxlan_ports: Vec<u16>,
    /// UDP ports of Geneve.
    pub geneve_ports: Vec<u16>,
    /// UDP ports of Teredo; 0 stands for any.
    pub teredo_ports: Vec<u16>,
    /// VLAN tags tell flows apart.
    pub vlan_tracking: bool,
    /// Tunnel depth distinguishes flows.
    pub level_tracking: bool,
    /// The interface distinguishes flows.
    pub interface_tracking: bool,
}

/// What is done about checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(export, export_to = "config.ts")]
pub enum ChecksumMode {
    /// Verified: packets with a wrong one do not reach streams.
    Verify,
    /// Ignored.
    Ignore,
    /// Verified unless a good part of the first thousand packets is wrong (offload at the capturing host).
    Auto,
}

/// Fragment reassembly.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct DefragConfig {
    /// Octets.
    #[ts(type = "number")]
    pub memcap: u64,
    /// Datagrams under reassembly.
    pub max_trackers: u32,
    /// Fragments kept in all.
    pub max_fragments: u32,
    /// Seconds.
    pub timeout: u32,
    /// Seconds by destination, in CIDR form.
    pub host_timeouts: Vec<(String, u32)>,
}

/// TCP tracking and reassembly.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct StreamConfig {
    /// Octets for sessions.
    #[ts(type = "number")]
    pub memcap: u64,
    /// Octets for reassembly.
    #[ts(type = "number")]
    pub reassembly_memcap: u64,
    /// Octets per direction that are followed; 0: without end.
    #[ts(type = "number")]
    pub depth: u64,
    /// Stream octets are visible as they arrive, not when they are acknowledged.
    pub inline: bool,
    /// Of DCERPC connections only: a client calls an object on one connection before it acknowledges the answer of
    /// another that named it.
    pub early_calls: bool,
    /// Pick up sessions in the middle.
    pub midstream: bool,
    /// Follow sessions of which one side is seen.
    pub async_oneside: bool,
    /// Refuse nothing because of windows whose scale was not seen.
    pub liberal_windows: bool,
    /// Octets after which stream payload is inspected, to server.
    pub toserver_chunk_size: u32,
    /// To client.
    pub toclient_chunk_size: u32,
    /// Keep raw data for payload rules.
    pub raw: bool,
    /// SYN/ACKs kept for a handshake.
    pub max_synack_queued: u8,
    /// SYNs kept.
    pub max_syn_queued: u8,
    /// Out-of-order segments kept per direction; 0: as memory allows.
    pub max_segments: u32,
    /// What urgent data does: `inline`, `drop`, `oob`, `gap`.
    pub urgent: String,
    /// Check for overlaps with other data.
    pub check_overlap_different_data: bool,
    /// Nobody looks any more at a session of which both directions were followed to their depth.
    pub bypass: bool,
}

/// Flow table.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct FlowConfig {
    /// Octets.
    #[ts(type = "number")]
    pub memcap: u64,
    /// Percentage of flows to free when memory is short.
    pub emergency_recovery: u8,
    /// Seconds by protocol (`default`, `tcp`, `udp`, `icmp`) and state (`new`, `established`, `closed`, `bypassed`, and
    /// `emergency-*`).
    pub timeouts: BTreeMap<String, BTreeMap<String, u32>>,
    /// Seconds for which a TCP connection that fell silent stays beyond its timeout, where its protocol says that what is known
    /// of it is worth keeping (contexts of RPC, sessions of SMB); 0: not at all.
    pub silence_seconds: u32,
    /// Most of them at a time.
    pub silent_flows: u32,
}

/// A protocol's switches and settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct ProtocolConfig {
    /// Recognised only (`enabled: detection-only`).
    pub detection_only: bool,
    /// Over streams.
    pub tcp: TransportConfig,
    /// Over datagrams.
    pub udp: TransportConfig,
    /// Everything below its key, flattened with dots.
    pub settings: BTreeMap<String, String>,
}

/// A protocol's switches over one transport.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct TransportConfig {
    /// It is recognised.
    pub enabled: bool,
    /// Ports for its probes; empty: its own.
    pub ports: Vec<u16>,
}

/// Detection limits.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct DetectConfig {
    /// Alerts per packet.
    pub packet_alert_max: u16,
    /// Steps of backtracking per rule and buffer.
    pub inspection_recursion_limit: u32,
    /// PCRE2 match limit.
    pub pcre_match_limit: u32,
    /// PCRE2 depth limit.
    pub pcre_recursion_limit: u32,
    /// Thresholds kept.
    pub threshold_entries: u32,
    /// Alerts of rules that look at no transaction tell the flow's only open one.
    pub guess_transaction: bool,
    /// Such alerts of one transaction.
    pub guesses_per_transaction: u8,
}

/// An output: what is written, and where to.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct OutputConfig {
    /// What is written.
    pub format: FormatConfig,
    /// Where to; absent: `NativeRun.next`.
    pub sink: Option<SinkConfig>,
    /// What is done with lines that the sink does not take as fast as they come.
    pub when_full: WhenFull,
}

/// What an output writes.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[ts(export, export_to = "config.ts")]
pub enum FormatConfig {
    /// EVE: a line of JSON for each event.
    Eve(EveFormat),
    /// A line of text for each alert (`fast.log`).
    Fast,
    /// The counters as text (`stats.log`).
    Stats {
        /// Those that are 0, too.
        null_values: bool,
    },
}

/// Where an output's lines go: a kind of sink of the catalog, and all of its settings that have a value.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct SinkConfig {
    /// One of the names of its kind.
    pub filetype: String,
    /// Values by their keys.
    pub settings: BTreeMap<String, String>,
}

/// What is done with lines that a sink does not take as fast as they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(export, export_to = "config.ts")]
pub enum WhenFull {
    /// Nothing is lost, and inspection waits: for captures.
    #[default]
    Wait,
    /// They are dropped and counted, and inspection goes on: for live traffic.
    Drop,
}

/// EVE as an output writes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct EveFormat {
    /// Text before each line (`@cee: `); none when empty.
    pub prefix: String,
    /// Community id seed; absent: no community id.
    pub community_id: Option<u16>,
    /// `suricata_version`-like constant for `sensor_name`; empty: none.
    pub sensor_name: String,
    /// Write `pcap_filename`.
    pub pcap_file: bool,
    /// Write Ethernet addresses (`ether`).
    pub ethernet: bool,
    /// Flow and rule variables (`metadata: {flowbits ...}`).
    pub metadata: bool,
    /// X-Forwarded-For.
    pub xff: Option<XffConfig>,
    /// Shorten IPv6 addresses (`compress_ipv6`): off writes them as Suricata does by default.
    pub ipv6_full: bool,
    /// Event types by name, with their options flattened (`payload` -> `yes`). A type that is not there is not written.
    pub types: BTreeMap<String, BTreeMap<String, String>>,
}

/// A directory for files, named by their content.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct FileStoreOutput {
    /// The directory.
    pub path: String,
    /// Write a file's event beside it.
    pub write_fileinfo: bool,
    /// Store all files, not only those that rules say.
    pub force: bool,
    /// Octets of a stream and body that are followed for a file to be stored; 0: without end.
    #[ts(type = "number")]
    pub stream_depth: u64,
    /// Files held open between writes.
    pub max_open_files: u32,
    /// How the events beside files are written.
    pub event: EveFormat,
}

/// What is computed of all files.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct FilesConfig {
    /// Digests: `md5`, `sha1`, `sha256`.
    pub hashes: Vec<String>,
    /// Kinds.
    pub magic: bool,
    /// Database of libmagic; empty: the system's.
    pub magic_database: String,
}

/// X-Forwarded-For.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export, export_to = "config.ts")]
pub struct XffConfig {
    /// Overwrite the address instead of adding `xff`.
    pub overwrite: bool,
    /// Take the first address of a forward proxy's list instead of a reverse proxy's last.
    pub forward: bool,
    /// Header name.
    pub header: String,
}
