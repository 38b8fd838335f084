//! A sentence about a call.

use core::fmt::Write as _;

use crate::datum::{CallArguments, StubValue};
use crate::interfaces::{self, known};
use crate::{PduType, RpcExchange};

/// Longest piece of an argument in a sentence. Characters.
const MAX_PIECE: usize = 160;
/// Arguments in a sentence.
const MAX_PIECES: usize = 6;

impl RpcExchange {
    /// A sentence about the call: who called what on whom, with the arguments that can be read.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        summary(self)
    }
}

fn summary(exchange: &RpcExchange) -> Option<String> {
    let (client, server) = exchange.between?;
    if let Some((interface, refusal)) = exchange.refused().next() {
        let name =
            interfaces::find(&interface.uuid).map_or_else(|| interface.uuid.to_string(), |known| known.name.into());
        let reason = refusal.name().map(|name| format!(" ({})", name.replace('_', " "))).unwrap_or_default();
        return Some(format!("{client} asked {server} for {name}, which it refused{reason}"));
    }
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
            Some(StubValue::List(given)) => pieces(given.iter().map(|value| (None, value))),
            _ => String::new(),
        };
        write!(out, "{client} called {method}({given}) on {server}")
    } else if uuid == known::IWBEM_SERVICES && exchange.arguments.text("method").is_some() {
        let (path, method) = (exchange.arguments.text("path").unwrap_or_default(), exchange.arguments.text("method")?);
        let record = |name: &str| match exchange.arguments.get(name) {
            Some(StubValue::Record(fields)) => Some(fields),
            _ => None,
        };
        let told = |fields: &CallArguments| pieces(fields.iter().map(|(name, value)| (Some(name), value)));
        let given = record("in").map(told).unwrap_or_default();
        let result = record("out").map(|fields| format!(": {}", told(fields))).unwrap_or_default();
        write!(out, "{client} ran {path}.{method}({given}) on {server} by WMI{result}")
    } else if !exchange.request.closed {
        let handle = exchange.handle.as_deref().filter(|handle| handle.opened_before);
        let name = handle.and_then(|handle| Some((handle.kind, StubValue::from(&**handle.name.as_ref()?))));
        let made_with = name.iter().map(|(kind, name)| (Some(*kind), name));
        let given = exchange.arguments.iter().map(|(name, value)| (Some(name), value));
        write!(out, "{client} called {procedure}({}) on {server}", pieces(made_with.chain(given)))
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
fn pieces<'a>(values: impl Iterator<Item = (Option<&'a str>, &'a StubValue)> + Clone) -> String {
    let is_text = |value: &StubValue| matches!(value, StubValue::Text(_));
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
            StubValue::List(items) => list(items, &mut out),
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
fn list(items: &[StubValue], out: &mut String) -> Option<()> {
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
fn piece(value: &StubValue, out: &mut String) -> Option<()> {
    match value {
        StubValue::Text(text) => {
            let cut = text.char_indices().nth(MAX_PIECE).and_then(|(end, _)| text.get(..end));
            out.push('"');
            out.push_str(cut.unwrap_or(text));
            out.push_str(if cut.is_some() { "...\"" } else { "\"" });
            return Some(());
        }
        StubValue::Uint(number) => write!(out, "{number}"),
        StubValue::Int(number) => write!(out, "{number}"),
        StubValue::Bool(truth) => write!(out, "{truth}"),
        _ => return None,
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_make_room_for_texts() {
        let (number, text) = (StubValue::Uint(7), StubValue::Text("x".into()));
        let of = |name| (Some(name), if name == "path" { &text } else { &number });
        let told = pieces(["a", "b", "c", "d", "e", "f", "path", "g"].into_iter().map(of));
        assert_eq!(told, "a 7, b 7, c 7, d 7, e 7, path \"x\"");
        let unnamed = [(None, &number); 8];
        assert_eq!(pieces(unnamed.into_iter()), "7, 7, 7, 7, 7, 7");
    }

    #[test]
    fn long_arguments_are_cut() {
        let long = StubValue::Text("x".repeat(1000));
        assert_eq!(pieces([(None, &long)].into_iter()).len(), MAX_PIECE + 5);
    }
}
