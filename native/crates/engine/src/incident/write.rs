//! What a join adds to EVE: `endpoint` of flows, `incident`, and the same in words.

use std::collections::{BTreeMap, BTreeSet};

use sidewire_eve::{JsonName, Object};

use super::action::{ActionEffect, HostAction, InstalledThing, JoinGrade};
use super::join::{FlowEnd, FlowJoin, HostJoins};
use super::named::NamedKind;
use super::network::{FlowFact, NetworkFacts};
use super::wording::file_name;

/// Characters of a command line in a sentence.
const MAX_SAID: usize = 200;
const MILLISECOND: i64 = 1_000_000;

/// Writes the members of `endpoint`.
pub(super) fn endpoint(out: &mut Object<'_>, join: &FlowJoin) {
    out.object("endpoint", |o| {
        for (key, end) in [("client", &join.client), ("server", &join.server)] {
            if let Some(end) = end {
                o.object(key, |o| flow_end(o, end));
            }
        }
        if let Some(logon) = &join.logon {
            o.object("logon", |o| {
                o.str("id", &format!("{:#x}", logon.id)).str("user", &logon.user).str("host", &logon.host);
            });
        }
    });
}

fn flow_end(o: &mut Object<'_>, end: &FlowEnd) {
    o.str("host", &end.host);
    if let Some(pid) = end.pid {
        o.u64("pid", pid);
    }
    o.str("image", &end.image);
    o.array("known_by", |a| {
        for source in &end.known_by {
            a.str(source);
        }
    });
}

/// An incident on its way to EVE.
pub(super) struct IncidentWriter<'w> {
    pub(super) facts: &'w NetworkFacts,
    pub(super) joins: &'w HostJoins,
    pub(super) action: &'w HostAction,
}

impl IncidentWriter<'_> {
    fn flows(&self) -> impl Iterator<Item = (&FlowFact, &FlowJoin)> {
        self.action.flows.iter().filter_map(|at| self.facts.flows.get(*at).zip(self.joins.flows.get(*at)))
    }

    /// One line of EVE.
    pub(super) fn line(&self, out: &mut Vec<u8>) {
        let mut event = Object::new(out);
        event.time("timestamp", self.action.first).str("event_type", "incident");
        event.object("incident", |o| self.incident(o));
        drop(event);
        out.push(b'\n');
    }

    fn incident(&self, o: &mut Object<'_>) {
        let action = self.action;
        o.str("id", &self.id()).str("grade", action.grade.name()).str("says", &self.says());
        o.time("first", action.first).time("last", action.last);
        let lists: [(&'static str, BTreeSet<&str>); 2] = [
            ("technique", self.of_alerts(|alert| &alert.techniques)),
            ("detection", self.of_alerts(|alert| &alert.detections)),
        ];
        for (key, texts) in lists.into_iter().filter(|(_, texts)| !texts.is_empty()) {
            o.array(key, |a| {
                for text in texts {
                    a.str(text);
                }
            });
        }
        if action.sealed {
            o.str("stub", "sealed");
        }
        o.object("from", |o| self.side(o, true));
        o.object("to", |o| self.side(o, false));
        let mut alerts: BTreeMap<u64, (&str, u64, u64)> = BTreeMap::new();
        for alert in self.flows().flat_map(|(flow, _)| &flow.alerts) {
            alerts.entry(alert.sid).or_insert((&alert.signature, alert.severity, 0)).2 += 1;
        }
        if !alerts.is_empty() {
            o.array("alerts", |a| {
                for (sid, (signature, severity, count)) in &alerts {
                    a.object(|o| {
                        o.u64("signature_id", *sid).str("signature", signature);
                        o.u64("severity", *severity).u64("count", *count);
                    });
                }
            });
        }
        if !action.effects.is_empty() {
            o.array("effect", |a| {
                for effect in &action.effects {
                    a.object(|o| effect_object(o, effect));
                }
            });
        }
        if !action.installed.is_empty() {
            o.array("installed", |a| {
                for thing in &action.installed {
                    a.object(|o| installed_object(o, thing));
                }
            });
        }
        self.clock(o);
        self.evidence(o);
    }

    fn of_alerts<'s>(&'s self, texts: impl Fn(&'s super::network::AlertFact) -> &'s Vec<String>) -> BTreeSet<&'s str> {
        self.flows().flat_map(|(flow, _)| &flow.alerts).flat_map(texts).map(String::as_str).collect()
    }

    /// The same run gives the same id.
    fn id(&self) -> String {
        // FNV-1a, 64 bits.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let first = self.flows().next().map(|(flow, _)| (flow.client, flow.server.0));
        for octet in format!("{first:?} {}", self.action.first.0).bytes() {
            hash = (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3);
        }
        format!("{hash:016x}")
    }

    fn side(&self, o: &mut Object<'_>, client: bool) {
        if let Some((flow, _)) = self.flows().next() {
            o.ip("ip", if client { flow.client.0 } else { flow.server.0 });
        }
        let ends: Vec<&FlowEnd> = self
            .flows()
            .filter_map(|(_, join)| if client { join.client.as_ref() } else { join.server.as_ref() })
            .collect();
        let host = ends.first().map(|end| &end.host).or(if client { None } else { self.action.host.as_ref() });
        if let Some(host) = host {
            o.str("host", host);
        }
        // The endpoint mapper's ends are the service's; the program is at the other flows, SMB's ends are the system's.
        let own = |end: &&&FlowEnd| {
            !matches!(file_name(&end.image).to_lowercase().as_str(), "svchost.exe" | "system" | "lsass.exe")
        };
        if let Some(end) = ends.iter().find(own).or_else(|| ends.last()) {
            o.object("process", |o| {
                if let Some(pid) = end.pid {
                    o.u64("pid", pid);
                }
                o.str("image", &end.image);
            });
            let known: BTreeSet<&str> = ends.iter().flat_map(|end| &end.known_by).copied().collect();
            o.array("known_by", |a| {
                for source in known {
                    a.str(source);
                }
            });
        }
        if !client && let Some(logon) = self.flows().find_map(|(_, join)| join.logon.as_ref()) {
            o.object("logon", |o| {
                o.str("id", &format!("{:#x}", logon.id)).str("user", &logon.user);
            });
        }
    }

    fn clock(&self, o: &mut Object<'_>) {
        let hosts: BTreeMap<_, _> = self
            .flows()
            .flat_map(|(_, join)| [join.client.as_ref(), join.server.as_ref()])
            .flatten()
            .filter_map(|end| self.joins.clocks.get_key_value(&end.host))
            .collect();
        if hosts.is_empty() {
            return;
        }
        o.object("clock", |o| {
            for (host, clock) in hosts {
                o.object(JsonName(host), |o| {
                    o.i64("offset_ms", clock.offset / MILLISECOND).u64("from", clock.from as u64);
                });
            }
        });
    }

    fn evidence(&self, o: &mut Object<'_>) {
        o.array("evidence", |a| {
            for (flow, join) in self.flows() {
                a.object(|o| {
                    if let Some(capture) = &flow.capture {
                        o.str("capture", capture);
                    }
                    o.u64("flow_id", flow.id);
                    let alerts = flow.alerts.iter().map(|alert| alert.packet);
                    if let Some(packet) = alerts.chain(flow.calls.iter().map(|call| call.packet)).flatten().next() {
                        o.u64("pcap_cnt", packet);
                    }
                });
                let ends = [join.client.as_ref(), join.server.as_ref()].into_iter().flatten();
                let records = ends.flat_map(|end| &end.records).map(|record| &record.place);
                for place in records.chain(join.logon.iter().map(|logon| &logon.place)) {
                    a.object(|o| record_place(o, place));
                }
            }
            let installed = self.action.installed.iter().map(|thing| &thing.seen.place);
            for place in self.action.effects.iter().flat_map(|effect| &effect.records).chain(installed) {
                a.object(|o| record_place(o, place));
            }
        });
    }

    /// The action in words.
    pub(super) fn says(&self) -> String {
        let client = self.name_of(true);
        let server = self.name_of(false);
        let first = self.action.effects.iter().find(|effect| effect.joined_by.contains("command line"));
        let effect = first.or_else(|| self.action.effects.last());
        if let (Some(effect), Some(host)) = (effect, &self.action.host) {
            let line = if effect.process.command_line.is_empty() {
                &effect.process.image
            } else {
                &effect.process.command_line
            };
            let sealed = if self.action.sealed { "sealed " } else { "" };
            let means = self.action.means.map_or_else(|| format!("{sealed}calls"), |means| format!("{sealed}{means}"));
            let likely = if self.action.grade == JoinGrade::Probable { "probably " } else { "" };
            return format!("{client} {likely}ran {} on {server} by {means} (from {host}'s log)", cut(line));
        }
        if let (Some(thing), Some(host)) = (self.action.installed.first(), &self.action.host) {
            let kind = if thing.seen.kind == NamedKind::Service { "service" } else { "task" };
            let runs = if thing.seen.image.is_empty() {
                String::new()
            } else {
                format!(", which runs {}", cut(&thing.seen.image))
            };
            return format!("{client} used the {kind} {} on {server}{runs} (from {host}'s log)", cut(&thing.seen.name));
        }
        let worst = self.flows().flat_map(|(flow, _)| &flow.alerts).min_by_key(|alert| (alert.severity, alert.time));
        let said = self.flows().flat_map(|(flow, _)| &flow.calls).filter_map(|call| call.says.as_ref()).next();
        match (worst, said) {
            (Some(alert), _) => format!("{client} on {server}: {}", alert.signature),
            (None, Some(says)) => says.clone(),
            (None, None) => format!("{client} called {server}"),
        }
    }

    fn name_of(&self, client: bool) -> String {
        let named = self.flows().find_map(|(_, join)| if client { join.client.as_ref() } else { join.server.as_ref() });
        let address = self.flows().next().map(|(flow, _)| if client { flow.client.0 } else { flow.server.0 });
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        named.map_or(address, |end| end.host.to_string())
    }
}

fn effect_object(o: &mut Object<'_>, effect: &ActionEffect) {
    let process = &effect.process;
    if let Some(pid) = process.pid {
        o.u64("pid", pid);
    }
    o.str("image", &process.image);
    if !process.command_line.is_empty() {
        o.str("command_line", &process.command_line);
    }
    o.str("parent", file_name(&process.parent_image));
    o.array("joined_by", |a| {
        for key in &effect.joined_by {
            a.str(key);
        }
    });
    o.i64("after_ms", effect.after / MILLISECOND);
}

fn installed_object(o: &mut Object<'_>, thing: &InstalledThing) {
    let seen = &thing.seen;
    o.str("kind", if seen.kind == NamedKind::Service { "service" } else { "task" }).str("name", &seen.name);
    if !seen.image.is_empty() {
        o.str("runs", &seen.image);
    }
    o.array("joined_by", |a| {
        a.str(seen.key());
    });
    o.i64("after_ms", thing.after / MILLISECOND);
}

fn record_place(o: &mut Object<'_>, place: &super::evidence::RecordPlace) {
    o.str("log", &place.log).str("channel", place.channel);
    if let Some(id) = place.record_id {
        o.u64("record_id", id);
    }
    o.u64("position", place.position);
}

/// A text for a sentence.
fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_SAID).map(|one| if one.is_control() { ' ' } else { one }).collect();
    if text.chars().nth(MAX_SAID).is_some() {
        short.push_str("...");
    }
    short
}
