//! `stats`: counters with dotted names as nested objects.

use std::collections::BTreeMap;

use sidewire_eve::{JsonName, Object};

use crate::source::control::LoadedRules;
use crate::source::packet_sink::StatsMoment;

/// Writes a `stats` event, with the end of its line.
pub(crate) fn write_stats(
    line: &mut Vec<u8>,
    counters: &BTreeMap<String, u64>,
    at: StatsMoment,
    null_values: bool,
    rules: &LoadedRules,
) {
    {
        let mut o = Object::new(line);
        o.time("timestamp", at.time).str("event_type", "stats");
        o.object("stats", |o| {
            o.i64("uptime", at.uptime);
            nest(counters, null_values, rules, o);
        });
    }
    line.push(b'\n');
}

/// Writes dotted counters as nested objects: `flow.end.state.new` becomes `{"flow":{"end":{"state":{"new":..}}}}`.
/// `null_values` keeps those that are 0. `detect.engines` tells what became of the `rules`; there is one engine.
fn nest(counters: &BTreeMap<String, u64>, null_values: bool, rules: &LoadedRules, out: &mut Object<'_>) {
    let rows: Vec<(&str, u64)> = counters
        .iter()
        .filter(|(_, value)| null_values || **value != 0)
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let detect = rows.partition_point(|(name, _)| *name < DETECT);
    let (before, rest) = rows.split_at_checked(detect).unwrap_or((&rows, &[]));
    let of_detect = rest.iter().take_while(|(name, _)| name.starts_with(DETECT)).count();
    let (own, after) = rest.split_at_checked(of_detect).unwrap_or((rest, &[]));
    level(before, 0, out);
    out.object("detect", |o| {
        o.array("engines", |list| {
            list.object(|o| {
                o.u64("id", 0_u32);
                if let Some(at) = rules.at {
                    o.time("last_reload", at);
                }
                let counts = rules.counts;
                o.u64("rules_loaded", counts.loaded).u64("rules_failed", counts.failed);
                o.u64("rules_skipped", counts.skipped);
            });
        });
        level(own, DETECT.len(), o);
    });
    level(after, 0, out);
}

const DETECT: &str = "detect.";

/// Rows share the first `skip` octets of their names; sorted, so that equal heads stand together.
fn level(rows: &[(&str, u64)], skip: usize, out: &mut Object<'_>) {
    let mut rest = rows;
    while let Some(&(name, value)) = rest.first() {
        let tail = name.get(skip..).unwrap_or_default();
        match tail.split_once('.') {
            None => {
                out.u64(JsonName(tail), value);
                rest = rest.get(1..).unwrap_or_default();
            }
            Some((head, _)) => {
                let same = |row: &&(&str, u64)| {
                    row.0.get(skip..).and_then(|t| t.strip_prefix(head)).is_some_and(|t| t.starts_with('.'))
                };
                let count = rest.iter().take_while(same).count();
                let (group, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                out.object(JsonName(head), |o| level(group, skip + head.len() + 1, o));
                rest = others;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuleCounts;

    fn text(counters: &[(&str, u64)], null_values: bool) -> String {
        let counters = counters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let mut text = Vec::new();
        let rules = LoadedRules { counts: RuleCounts { loaded: 3, failed: 2, skipped: 1 }, at: None };
        nest(&counters, null_values, &rules, &mut Object::new(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    }

    const ENGINES: &str = r#""engines":[{"id":0,"rules_loaded":3,"rules_failed":2,"rules_skipped":1}]"#;

    #[test]
    fn nests_dotted_names() {
        let found = text(&[("a.b", 1), ("a.c.d", 2), ("a.c.e", 3), ("b", 4), ("detect.alert", 5), ("flow.x", 6)], true);
        let detect = format!(r#""detect":{{{ENGINES},"alert":5}}"#);
        assert_eq!(found, format!(r#"{{"a":{{"b":1,"c":{{"d":2,"e":3}}}},"b":4,{detect},"flow":{{"x":6}}}}"#));
    }

    #[test]
    fn leaves_zeros_out_when_asked() {
        let found = text(&[("a.b", 0), ("a.c", 2), ("d.e", 0)], false);
        assert_eq!(found, format!(r#"{{"a":{{"c":2}},"detect":{{{ENGINES}}}}}"#));
    }
}
