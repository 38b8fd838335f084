//! Arguments and results of calls: `native/data/rpc` says what travels, this reads it.

mod epm;
pub(crate) mod layout;
pub(crate) mod readers;
mod services;
mod wmio;

use core::net::SocketAddr;

use crate::datum::{CallArguments, StubValue};
use crate::interfaces::{self, RpcProcedure};
use crate::{ExchangeHalf, NdrCursor, RpcExchange, Uuid};
use layout::{StubLayout, StubSource};

/// The arguments of a complete, readable request.
pub(crate) fn of_request(exchange: &RpcExchange) -> CallArguments {
    let layout = procedure(exchange).map(|known| &known.request);
    layout.map(|layout| read(exchange, &exchange.request, layout, true)).unwrap_or_default()
}

/// The results of a complete, readable response.
pub(crate) fn of_response(exchange: &RpcExchange) -> CallArguments {
    let layout = procedure(exchange).map(|known| &known.response);
    layout.map(|layout| read(exchange, &exchange.response, layout, false)).unwrap_or_default()
}

/// The TCP endpoints that an answer of the endpoint mapper names, and which interface is offered there.
pub(crate) fn endpoints(exchange: &RpcExchange) -> Vec<(SocketAddr, Option<Uuid>)> {
    let Some(StubValue::List(towers)) = exchange.arguments.get("endpoints") else { return Vec::new() };
    let socket = |tower: &StubValue| {
        let StubValue::Record(floors) = tower else { return None };
        let Some(StubValue::Uint(port)) = floors.get("tcp_port") else { return None };
        let interface = match floors.get("interface") {
            Some(StubValue::Uuid(interface)) => Some(*interface),
            _ => None,
        };
        Some((SocketAddr::new(floors.text("address")?.parse().ok()?, u16::try_from(*port).ok()?), interface))
    };
    towers.iter().filter_map(socket).collect()
}

/// What is known of the procedure that is called.
pub(crate) fn procedure(exchange: &RpcExchange) -> Option<&'static RpcProcedure> {
    interfaces::find(&exchange.interface?.id.uuid)?.find_procedure(exchange.opnum?)
}

/// The stub of a complete, readable half, from its beginning.
pub(crate) fn source<'e>(exchange: &RpcExchange, half: &'e ExchangeHalf, request: bool) -> Option<StubSource<'e>> {
    let syntax = exchange.interface?.transfer_syntax;
    Some(StubSource { ndr: NdrCursor::new(half.beginning()?, half.order, syntax), syntax, request, checked: None })
}

fn read(exchange: &RpcExchange, half: &ExchangeHalf, layout: &StubLayout, request: bool) -> CallArguments {
    let from_beginning = || source(exchange, half, request);
    let mut arguments = from_beginning().and_then(|source| fields(layout, source, half.clipped)).unwrap_or_default();
    let reads = |function| readers::read(function, &mut from_beginning()?.ndr).ok();
    if let Some(more) = layout.reader.and_then(reads) {
        arguments.extend(more);
    }
    arguments
}

/// What the fields tell. `None` for a stub that does not fit them: half a truth would be a guess. Of one that was kept in
/// part only, what lies in that part.
fn fields(layout: &StubLayout, mut source: StubSource<'_>, clipped: bool) -> Option<CallArguments> {
    let mut arguments = CallArguments::default();
    // What stands behind the last field that is told may be missing.
    let told = layout.fields.iter().rposition(|field| field.flat || !field.name.is_empty());
    for field in layout.fields.iter().take(told.map_or(0, |last| last + 1)) {
        match field.read(&mut source) {
            Ok(Some(StubValue::Record(members))) if field.flat => arguments.extend(members),
            Ok(Some(value)) if !field.name.is_empty() && value != StubValue::Null => arguments.put(field.name, value),
            Ok(_) => {}
            Err(_) if clipped => {
                arguments.mark_cut();
                break;
            }
            Err(_) => return None,
        }
    }
    Some(arguments)
}
