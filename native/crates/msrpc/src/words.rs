//! A call in words: what it runs, and a sentence about it.

use core::fmt::Write as _;

use crate::datum::{Arguments, Datum};
use crate::{Exchange, PduType, Uuid};

const SVCCTL: Uuid = Uuid::literal("367abb81-9844-35f1-ad32-98f038001003");
const TASK_SCHEDULER: Uuid = Uuid::literal("86d35949-83c9-4044-b424-db363231fd0c");
const ATSVC: Uuid = Uuid::literal("1ff70682-0a51-30e8-076d-740be8cee98b");
const WBEM_SERVICES: Uuid = Uuid::literal("9556dc99-828c-11cf-a37e-00aa003240c7");
const DISPATCH: Uuid = Uuid::com(0x0002_0400);
const DISPATCH_EX: Uuid = Uuid::literal("a6ef9860-c720-11d0-9337-00a0c90dcaa9");

/// Longest piece of an argument in a sentence. Characters.
const MAX_PIECE: usize = 160;
/// Arguments in a sentence.
const MAX_PIECES: usize = 6;

/// The command line a call makes its server run: of a service, a task, a WMI method, a DCOM member alike.
pub(crate) fn command_line(exchange: &Exchange) -> Option<String> {
    let arguments = &exchange.arguments;
    let text = |name: &str| arguments.text(name).map(str::to_owned);
    match (exchange.interface?.id.uuid, exchange.opnum?) {
        (SVCCTL, 11 | 12 | 23 | 24 | 44 | 45 | 60) => text("binary_path"),
        (ATSVC, 0) => text("command"),
        (TASK_SCHEDULER, 1) => task(arguments.text("xml")?),
        (WBEM_SERVICES, 14 | 15 | 24 | 25) => {
            let Datum::Record(given) = arguments.get("in")? else { return None };
            // The property that holds it, by class: processes, jobs, services, event consumers.
            ["CommandLine", "Command", "PathName", "CommandLineTemplate", "ScriptText"]
                .iter()
                .find_map(|name| given.text(name).map(str::to_owned))
        }
        (DISPATCH | DISPATCH_EX, 6) => {
            let method = exchange.dcom.as_ref()?.method.as_deref()?;
            let member = method.rsplit('.').next()?.to_ascii_lowercase();
            let Datum::List(given) = arguments.get("parameters")? else { return None };
            let wanted: &[usize] = match member.as_str() {
                "executeshellcommand" => &[0, 2],
                "shellexecute" | "ddeinitiate" => &[0, 1],
                "run" | "exec" | "registerxll" | "executeexcel4macro" => &[0],
                _ => return None,
            };
            let pieces: Vec<_> = wanted.iter().filter_map(|nth| given.get(*nth)?.text()).collect();
            (!pieces.is_empty()).then(|| pieces.join(" "))
        }
        _ => None,
    }
}

/// The first action of a task: `<Command>` and `<Arguments>` of its XML. [MS-TSCH] 2.5.
fn task(xml: &str) -> Option<String> {
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        let plain =
            ["&lt;<", "&gt;>", "&quot;\"", "&apos;'", "&amp;&"].iter().fold(value.to_owned(), |text, entity| {
                let (name, character) = entity.split_at(entity.len() - 1);
                text.replace(name, character)
            });
        Some(plain.trim().to_owned())
    };
    let command = element("Command")?;
    Some(match element("Arguments") {
        Some(arguments) => format!("{command} {arguments}"),
        None => command,
    })
}

/// A sentence about a call: who called what on whom.
pub(crate) fn says(exchange: &Exchange) -> Option<String> {
    let (client, server) = exchange.between?;
    let procedure = exchange.procedure()?;
    let mut out = String::with_capacity(128);
    let dcom = exchange.dcom.as_deref();
    let uuid = exchange.interface?.id.uuid;
    let activates = exchange.arguments.get("clsid").is_some();
    let written = if activates {
        match dcom.and_then(|dcom| dcom.class().map(|class| class.name)) {
            Some(name) => write!(out, "{client} activated COM class {name} on {server}"),
            None => write!(out, "{client} activated COM class {} on {server}", dcom?.clsid?),
        }
    } else if let Some(method) = dcom.and_then(|dcom| dcom.method.as_deref()) {
        let given = match exchange.arguments.get("parameters") {
            Some(Datum::List(given)) => pieces(given.iter().map(|value| (None, value))),
            _ => String::new(),
        };
        write!(out, "{client} called {method}({given}) on {server}")
    } else if uuid == WBEM_SERVICES && exchange.arguments.text("method").is_some() {
        let (path, method) = (exchange.arguments.text("path").unwrap_or_default(), exchange.arguments.text("method")?);
        let record = |name: &str| match exchange.arguments.get(name) {
            Some(Datum::Record(fields)) => Some(fields),
            _ => None,
        };
        let told = |fields: &Arguments| pieces(fields.iter().map(|(name, value)| (Some(name), value)));
        let given = record("in").map(told).unwrap_or_default();
        let result = record("out").map(|fields| format!(": {}", told(fields))).unwrap_or_default();
        write!(out, "{client} ran {path}.{method}({given}) on {server} by WMI{result}")
    } else if !exchange.request.closed {
        let given = pieces(exchange.arguments.iter().map(|(name, value)| (Some(name), value)));
        write!(out, "{client} called {procedure}({given}) on {server}")
    } else {
        write!(out, "{client} called {procedure} on {server}, arguments sealed")
    };
    written.ok()?;
    if exchange.response_type == Some(PduType::FAULT) {
        out.push_str(", which failed");
    }
    Some(out)
}

/// Arguments that are worth a place in a sentence: texts and small numbers, cut to a length. Where too many have names,
/// numbers make room for texts: what a service runs comes behind six other arguments.
fn pieces<'a>(values: impl Iterator<Item = (Option<&'a str>, &'a Datum)> + Clone) -> String {
    let is_text = |value: &Datum| matches!(value, Datum::Text(_));
    let values = values.take(64);
    let mut others = MAX_PIECES.saturating_sub(values.clone().filter(|(_, value)| is_text(value)).count());
    let mut out = String::new();
    let mut told = 0;
    for (name, value) in values {
        let other = name.is_some() && !is_text(value);
        if other && others == 0 {
            continue;
        }
        let before = out.len();
        if told > 0 {
            out.push_str(", ");
        }
        if let Some(name) = name {
            out.push_str(name);
            out.push(' ');
        }
        let said = match value {
            Datum::List(items) => list(items, &mut out),
            value => piece(value, &mut out),
        };
        if said.is_none() {
            out.truncate(before);
            continue;
        }
        others -= usize::from(other);
        told += 1;
        if told == MAX_PIECES {
            break;
        }
    }
    out
}

/// The first values of a list that are texts or numbers; `None` without one.
fn list(items: &[Datum], out: &mut String) -> Option<()> {
    out.push('[');
    let mut told = 0;
    for item in items {
        let before = out.len();
        if told > 0 {
            out.push_str(", ");
        }
        if piece(item, out).is_none() {
            out.truncate(before);
            continue;
        }
        told += 1;
        if told == MAX_PIECES {
            break;
        }
    }
    if told == 0 {
        return None;
    }
    out.push_str(if told < items.len() { ", ...]" } else { "]" });
    Some(())
}

/// One value, if it is a text or a number.
fn piece(value: &Datum, out: &mut String) -> Option<()> {
    match value {
        Datum::Text(text) => {
            let cut = text.char_indices().nth(MAX_PIECE).and_then(|(end, _)| text.get(..end));
            out.push('"');
            out.push_str(cut.unwrap_or(text));
            out.push_str(if cut.is_some() { "...\"" } else { "\"" });
            return Some(());
        }
        Datum::Uint(number) => write!(out, "{number}"),
        Datum::Int(number) => write!(out, "{number}"),
        Datum::Bool(truth) => write!(out, "{truth}"),
        _ => return None,
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_runs_its_first_action() {
        let xml = "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/C a &amp;&amp; b &gt; c</Arguments></Exec></Actions></Task>";
        assert_eq!(task(xml).as_deref(), Some("cmd.exe /C a && b > c"));
        assert_eq!(task("<Task/>"), None);
    }

    #[test]
    fn numbers_make_room_for_texts() {
        let (number, text) = (Datum::Uint(7), Datum::Text("x".into()));
        let of = |name| (Some(name), if name == "path" { &text } else { &number });
        let told = pieces(["a", "b", "c", "d", "e", "f", "path", "g"].into_iter().map(of));
        assert_eq!(told, "a 7, b 7, c 7, d 7, e 7, path \"x\"");
        let unnamed = [(None, &number); 8];
        assert_eq!(pieces(unnamed.into_iter()), "7, 7, 7, 7, 7, 7");
    }

    #[test]
    fn long_arguments_are_cut() {
        let long = Datum::Text("x".repeat(1000));
        assert_eq!(pieces([(None, &long)].into_iter()).len(), MAX_PIECE + 5);
    }
}
