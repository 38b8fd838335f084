//! What tests of whole runs share: a configuration, a rule, a folder, the events that were written.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use sidewire_engine::{RuleCompiler, RunConfig};

/// A folder for the outputs of one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sidewire-{}-{name}", std::process::id()));
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A configuration with one EVE file.
pub(crate) fn config(eve: &std::path::Path, stats_interval: u32) -> RunConfig {
    let timeouts = json!({ "new": 30, "established": 300, "closed": 0, "bypassed": 100 });
    let limits = json!({
        "packet_alert_max": 15, "inspection_recursion_limit": 3000, "pcre_match_limit": 3500,
        "pcre_recursion_limit": 1500, "threshold_entries": 65536, "guess_transaction": false,
        "guesses_per_transaction": 4
    });
    let types = json!({ "alert": {}, "flow": {}, "stats": {} });
    let value = json!({
        "inputs": [], "continue_files": false, "workers": 1,
        "decode": {
            "checksums": "ignore", "offload_length": false, "drop_malformed_ip_options": false, "partial_checksums": false, "max_layers": 16,
            "vxlan_ports": [], "geneve_ports": [], "teredo_ports": [], "vlan_tracking": true, "level_tracking": true, "interface_tracking": true
        },
        "defrag": {
            "enabled": true, "memcap": 33554432, "max_trackers": 65535, "max_fragments": 65535, "timeout": 60,
            "host_timeouts": []
        },
        "stream": {
            "memcap": 67108864, "reassembly_memcap": 268435456, "depth": 0, "inline": false, "early_calls": false,
            "midstream": false, "async_oneside": false, "liberal_windows": false, "toserver_chunk_size": 2560,
            "toclient_chunk_size": 2560, "raw": true, "max_synack_queued": 5, "max_syn_queued": 10, "max_segments": 0,
            "urgent": "oob", "check_overlap_different_data": true, "bypass": false
        },
        "flow": { "memcap": 134217728, "emergency_recovery": 30, "timeouts": { "default": timeouts, "udp": timeouts },
            "silence_seconds": 0, "silent_flows": 0
        },
        "host_os_policy": {}, "protocols": {}, "detect": limits,
        "rules": { "loaded": 1, "failed": 0, "skipped": 0 },
        "outputs": [{
            "format": {
                "kind": "eve", "prefix": "", "community_id": null, "sensor_name": "", "pcap_file": false,
                "ethernet": false, "metadata": false, "xff": null, "ipv6_full": false, "types": types
            },
            "sink": { "filetype": "regular", "settings": { "filename": eve.to_str().unwrap(), "append": "no", "disk-full": "drop" } },
            "when_full": "wait"
        }],
        "file_store": null,
        "document_stores": {},
        "files": { "hashes": [], "magic": false, "magic_database": "" },
        "loss_alert": 1.0, "shed_load": false,
        "stats": { "interval": stats_interval }
    });
    serde_json::from_value(value).unwrap()
}

/// A rule set that alerts on `abc` in packets of a protocol.
pub(crate) fn rules(protocol: &str, matcher: &str) -> Arc<sidewire_detect::RuleSet> {
    let request = json!({
        "matcher": matcher, "libraries": [], "threads": 1,
        "detect": {
            "packet_alert_max": 15, "inspection_recursion_limit": 3000, "pcre_match_limit": 3500,
            "pcre_recursion_limit": 1500, "threshold_entries": 65536, "guess_transaction": false,
            "guesses_per_transaction": 4
        }
    });
    let golden = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../test/ir/content-plain/ir.json")).unwrap();
    let mut batch: Value = serde_json::from_slice(&golden).unwrap();
    batch["rules"] = json!([batch["rules"][0]]);
    batch["rules"][0]["protocol"] = json!({ "kind": protocol });
    let compiler = RuleCompiler::begin(serde_json::from_value(request).unwrap()).unwrap();
    compiler.add(serde_json::to_vec(&batch).unwrap());
    let rules = compiler.finish().unwrap();
    assert_eq!(rules.set().len(), 1, "{:?}", rules.problems());
    rules.set()
}

/// The events of a kind that were written.
pub(crate) fn events(path: &std::path::Path, kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|event| event["event_type"] == kind).collect()
}
