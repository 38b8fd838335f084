//! A run's configuration, turned into what each stage takes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use sidewire_app_layer::{
    Detection, ExtensionDef, ParserConfig, ProtocolDef, ProtocolSettings, RunResources, TransportOptions,
};
use sidewire_base::{PerDirection, ProtocolId};
use sidewire_detect::RuleSet;
use sidewire_msrpc::security::DecryptionSecrets;

use crate::EngineError;
use crate::config::files::FileSetup;
use crate::config::{DefragConfig, FlowConfig, ProtocolConfig, RunConfig, StreamConfig, TransportConfig};
use crate::faults::FaultCount;
use crate::output::format::eve::RunOutputs;
use crate::source::overload::ShedState;

/// A run's configuration, turned into what the crates below take. Shared by its workers.
pub(crate) struct RunSetup {
    pub(crate) config: RunConfig,
    pub(crate) protocols: &'static [ProtocolDef],
    pub(crate) detection: Detection,
    /// What is configured for each protocol, as text.
    settings: Vec<ProtocolSettings>,
    /// Octets of each direction that a session of each protocol follows, where that is not what any stream does; 0 is no
    /// limit.
    stream_depths: Vec<Option<u64>>,
    pub(crate) tcp: sidewire_tcp::TcpConfig,
    pub(crate) flow: sidewire_flow::FlowTableConfig,
    pub(crate) decode: sidewire_decode::DecodeOptions,
    pub(crate) outputs: Arc<RunOutputs>,
    pub(crate) files: FileSetup,
    /// What protocols are given beside the configuration: what opens sealed calls.
    pub(crate) resources: RunResources,
    /// What is left out at the moment, because packets come too fast.
    pub(crate) shed: ShedState,
    /// Panics that were contained.
    pub(crate) faults: FaultCount,
}

impl RunSetup {
    pub(crate) fn new(config: RunConfig, secrets: Option<Arc<DecryptionSecrets>>) -> Result<Self, EngineError> {
        let protocols = sidewire_protocols::ALL;
        let (mut settings, mut stream_depths) = (Vec::new(), Vec::new());
        let mut options = Vec::new();
        for protocol in protocols {
            let row = config.protocols.get(protocol.info.name).cloned().unwrap_or_default();
            let ProtocolConfig { detection_only, tcp, udp, settings: own } = row;
            let over = |TransportConfig { enabled, ports }: TransportConfig| TransportOptions {
                detect: enabled,
                ports: (!ports.is_empty()).then(|| ports.iter().map(|port| *port..=*port).collect()),
            };
            options.push(sidewire_app_layer::DetectionOptions {
                parse: !detection_only,
                tcp: over(tcp),
                udp: over(udp),
            });
            let own = ProtocolSettings::new(own);
            stream_depths.push(own.size("stream-depth").or(protocol.info.stream_depth));
            settings.push(own);
        }
        let detection = Detection::new(protocols, &options)
            .map_err(|error| EngineError::Config(format!("protocol detection: {error}")))?;
        let outputs = Arc::new(RunOutputs::new(&config, protocols));
        Ok(Self {
            tcp: tcp(&config.stream, &config.host_os_policy)?,
            flow: flow(&config)?,
            decode: decode(&config)?,
            protocols,
            detection,
            settings,
            stream_depths,
            outputs,
            files: FileSetup::new(&config),
            shed: ShedState::default(),
            faults: FaultCount::default(),
            resources: secrets.map_or_else(RunResources::default, |secrets| RunResources::default().with(secrets)),
            config,
        })
    }
}

impl RunSetup {
    /// Workers that share the memory caps.
    pub(crate) fn workers(&self) -> u64 {
        u64::from(self.config.workers.max(1))
    }

    /// Octets of each direction that a session of a protocol follows, where that is not what any stream does; 0 is no
    /// limit.
    pub(crate) fn stream_depth(&self, protocol: ProtocolId) -> Option<u64> {
        self.stream_depths.get(protocol.index()).copied().flatten()
    }

    /// State that protocols keep for all flows of a worker.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = &'static ExtensionDef> + use<> {
        self.protocols.iter().flat_map(|protocol| protocol.info.extensions)
    }

    /// What is configured for each protocol, and what rules ask of it, in its own type: one for each worker, so that
    /// sessions share nothing across workers.
    pub(crate) fn parser_configs(&self, rules: &RuleSet) -> Vec<ParserConfig> {
        let each = self.protocols.iter().zip(&self.settings).enumerate();
        each.map(|(number, (protocol, settings))| {
            let buffers = rules.buffers_of(ProtocolId::at(number)).into_iter();
            let settings =
                settings.asked(buffers.filter_map(|buffer| (protocol.buffers)(buffer.index()).map(|info| info.name)));
            (protocol.configure)(&settings, &self.outputs.options_of(number).collect::<Vec<_>>())
        })
        .collect()
    }
}

fn network(text: &str) -> Result<(IpAddr, u8), EngineError> {
    let bad = || EngineError::Config(format!("host-os-policy: `{text}` is no network"));
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.trim().parse().map_err(|_| bad())?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Ok(full), |text| text.trim().parse().map_err(|_| bad()))?;
    Ok((address, prefix.min(full)))
}

fn tcp(config: &StreamConfig, hosts: &BTreeMap<String, Vec<String>>) -> Result<sidewire_tcp::TcpConfig, EngineError> {
    use sidewire_tcp::{HostOsPolicies, OverlapPolicy, ReassemblyConfig, UrgentPolicy};
    let mut policies = HostOsPolicies::all(OverlapPolicy::default());
    for (name, networks) in hosts {
        let policy = OverlapPolicy::from_name(name)
            .ok_or_else(|| EngineError::Config(format!("host-os-policy: no policy is called `{name}`")))?;
        for text in networks {
            let (address, prefix) = network(text)?;
            policies.add(address, prefix, policy);
        }
    }
    let StreamConfig { memcap, inline, midstream, async_oneside, liberal_windows, .. } = *config;
    let base = sidewire_tcp::TcpConfig::default();
    Ok(sidewire_tcp::TcpConfig {
        memcap,
        inline,
        midstream,
        async_oneside,
        liberal_windows,
        max_syn_queued: config.max_syn_queued,
        max_synack_queued: config.max_synack_queued,
        reassembly: ReassemblyConfig {
            memcap: config.reassembly_memcap,
            depth: config.depth,
            chunk_size: PerDirection::new(config.toserver_chunk_size, config.toclient_chunk_size),
            raw: config.raw,
            check_overlap: config.check_overlap_different_data,
            urgent: match config.urgent.as_str() {
                "inline" => UrgentPolicy::Inline,
                "drop" => UrgentPolicy::Drop,
                "gap" => UrgentPolicy::Gap,
                _ => UrgentPolicy::Oob,
            },
            max_segments: if config.max_segments == 0 { base.reassembly.max_segments } else { config.max_segments },
            ..base.reassembly
        },
        policies,
        ..base
    })
}

fn flow(config: &RunConfig) -> Result<sidewire_flow::FlowTableConfig, EngineError> {
    let FlowConfig { memcap, emergency_recovery, timeouts, silence_seconds, silent_flows } = &config.flow;
    let workers = config.workers.max(1);
    let mut flow = sidewire_flow::FlowTableConfig {
        // Each worker has a table of its own; together they keep to the cap.
        memcap: memcap / u64::from(workers),
        emergency_recovery: *emergency_recovery,
        vlan_tracking: config.decode.vlan_tracking,
        recursion_tracking: config.decode.level_tracking,
        silence: sidewire_flow::SilenceLimits { seconds: *silence_seconds, flows: silent_flows.div_ceil(workers) },
        ..sidewire_flow::FlowTableConfig::default()
    };
    for (class, states) in timeouts {
        for (state, seconds) in states {
            let slot = timeout(&mut flow.timeouts, class, state)
                .ok_or_else(|| EngineError::Config(format!("flow-timeouts: there is no `{class}.{state}`")))?;
            *slot = *seconds;
        }
    }
    Ok(flow)
}

fn timeout<'t>(timeouts: &'t mut sidewire_flow::FlowTimeouts, class: &str, state: &str) -> Option<&'t mut u32> {
    let class = match class {
        "default" => &mut timeouts.default,
        "tcp" => &mut timeouts.tcp,
        "udp" => &mut timeouts.udp,
        "icmp" => &mut timeouts.icmp,
        _ => return None,
    };
    let (seconds, state) = match state.strip_prefix("emergency-") {
        Some(state) => (&mut class.emergency, state),
        None => (&mut class.normal, state),
    };
    Some(match state {
        "new" => &mut seconds.new,
        "established" => &mut seconds.established,
        "closed" => &mut seconds.closed,
        "bypassed" => &mut seconds.bypassed,
        _ => return None,
    })
}

fn decode(config: &RunConfig) -> Result<sidewire_decode::DecodeOptions, EngineError> {
    use sidewire_decode::{DecodeOptions, DefragOptions, DefragPolicy, NetworkPrefix, TunnelPorts};
    let ports = |list: &[u16]| match list {
        [] => TunnelPorts::None,
        _ if list.contains(&0) => TunnelPorts::Any,
        _ => TunnelPorts::Listed(list.to_vec()),
    };
    let net = |text: &str| network(text).map(|(address, prefix)| NetworkPrefix { address, prefix });
    let mut policies = Vec::new();
    for (name, networks) in &config.host_os_policy {
        let Some(policy) = DefragPolicy::from_host_os(name) else { continue };
        for text in networks {
            policies.push((net(text)?, policy));
        }
    }
    let DefragConfig { memcap, max_trackers, max_fragments, timeout, host_timeouts } = &config.defrag;
    let timeouts = host_timeouts.iter().map(|(text, seconds)| Ok((net(text)?, *seconds)));
    Ok(DecodeOptions {
        checksums: config.decode.checksums != crate::ChecksumMode::Ignore,
        offload_length: config.decode.offload_length,
        drop_malformed_ip_options: config.decode.drop_malformed_ip_options,
        partial_checksums: config.decode.partial_checksums,
        max_layers: config.decode.max_layers,
        teredo: ports(&config.decode.teredo_ports),
        vxlan: ports(&config.decode.vxlan_ports),
        geneve: ports(&config.decode.geneve_ports),
        defrag: DefragOptions {
            timeout: *timeout,
            timeouts: timeouts.collect::<Result<_, EngineError>>()?,
            memory: usize::try_from(*memcap).unwrap_or(usize::MAX),
            max_trackers: *max_trackers as usize,
            max_fragments: *max_fragments as usize,
            policies,
            track_vlan: config.decode.vlan_tracking,
            track_level: config.decode.level_tracking,
            ..DefragOptions::default()
        },
    })
}
