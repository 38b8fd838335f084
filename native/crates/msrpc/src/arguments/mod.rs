//! Arguments of calls in words: `signatures.tsv` says what travels, this reads it.

mod epm;
mod services;
mod signature;
mod wmio;

use core::net::SocketAddr;
use std::sync::LazyLock;

use hashbrown::HashMap;
use sidewire_base::Malformed;

use crate::datum::{Arguments, Datum};
use crate::{Exchange, Half, Ndr, Uuid, interfaces};
use signature::{Field, Source};

type Key = (Uuid, u16, bool);

static SIGNATURES: LazyLock<HashMap<Key, Vec<Field>>> = LazyLock::new(|| read(include_str!("signatures.tsv")));

const EPMAPPER: Uuid = Uuid::literal("e1af8308-5d1f-11c9-91a4-08002b14a0fa");
const SVCCTL: Uuid = Uuid::literal("367abb81-9844-35f1-ad32-98f038001003");
const WBEM_SERVICES: Uuid = Uuid::literal("9556dc99-828c-11cf-a37e-00aa003240c7");

/// The arguments of a complete, readable request.
pub(crate) fn of_request(exchange: &Exchange) -> Arguments {
    let mut arguments = decode(exchange, &exchange.request, true).unwrap_or_default();
    match target(exchange) {
        Some((EPMAPPER, 3)) => {
            arguments.extend(special(exchange, &exchange.request, epm::map_request).unwrap_or_default());
        }
        Some((WBEM_SERVICES, 14 | 15 | 24 | 25)) => {
            if let Some(instance) = exchange.request.readable().and_then(wmio::Instance::find) {
                // The parameters of a method are an instance of a class that says nothing.
                arguments.put_some("class", instance.class.filter(|class| class != "__PARAMETERS"));
                arguments.put("in", Datum::Record(instance.properties));
            }
        }
        _ => {}
    }
    arguments
}

/// The results of a complete, readable response.
pub(crate) fn of_response(exchange: &Exchange) -> Arguments {
    let mut results = decode(exchange, &exchange.response, false).unwrap_or_default();
    match target(exchange) {
        Some((EPMAPPER, 3)) => {
            results.extend(special(exchange, &exchange.response, epm::map_response).unwrap_or_default());
        }
        Some((EPMAPPER, 2)) => {
            results.extend(special(exchange, &exchange.response, epm::lookup_response).unwrap_or_default());
        }
        Some((SVCCTL, opnum @ (14 | 42))) => {
            let read = if opnum == 14 { services::list } else { services::list_with_processes };
            results.extend(special(exchange, &exchange.response, read).unwrap_or_default());
        }
        Some((WBEM_SERVICES, 24)) => {
            if let Some(instance) = exchange.response.readable().and_then(wmio::Instance::find) {
                results.put("out", Datum::Record(instance.properties));
            }
        }
        _ => {}
    }
    results
}

/// The TCP endpoints that an answer of the endpoint mapper names.
pub(crate) fn endpoints(exchange: &Exchange) -> Vec<SocketAddr> {
    let Some(Datum::List(towers)) = exchange.arguments.get("endpoints") else { return Vec::new() };
    let socket = |tower: &Datum| {
        let Datum::Record(floors) = tower else { return None };
        let Some(Datum::Uint(port)) = floors.get("tcp_port") else { return None };
        Some(SocketAddr::new(floors.text("address")?.parse().ok()?, u16::try_from(*port).ok()?))
    };
    towers.iter().filter_map(socket).collect()
}

fn target(exchange: &Exchange) -> Option<(Uuid, u16)> {
    Some((exchange.interface?.id.uuid, exchange.opnum?))
}

fn special(
    exchange: &Exchange,
    half: &Half,
    read: fn(&mut Ndr<'_>) -> Result<Arguments, Malformed>,
) -> Option<Arguments> {
    let syntax = exchange.interface?.transfer_syntax;
    read(&mut Ndr::new(half.readable()?, half.order, syntax)).ok()
}

fn decode(exchange: &Exchange, half: &Half, request: bool) -> Option<Arguments> {
    let interface = exchange.interface?;
    let fields = SIGNATURES.get(&(interface.id.uuid, exchange.opnum?, request))?;
    let syntax = interface.transfer_syntax;
    let mut source = Source { ndr: Ndr::new(half.readable()?, half.order, syntax), syntax, request };
    let mut arguments = Arguments::default();
    for field in fields {
        // A stub that does not fit its signature tells nothing: half a truth would be a guess.
        let value = field.read(&mut source).ok()?;
        if let Some(value) = value.filter(|value| !field.name.is_empty() && *value != Datum::Null) {
            arguments.put(field.name, value);
        }
    }
    Some(arguments)
}

/// Reads the table; its own head says what stands in it. A test sees to it that every line is understood.
fn read(text: &'static str) -> HashMap<Key, Vec<Field>> {
    let mut signatures = HashMap::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, opnums, request, fields)) = parse_line(line) {
            // Two interfaces may share a name, as the two of [MS-EFSR] do.
            for interface in interfaces::all().iter().filter(|interface| interface.name == name) {
                for opnum in &opnums {
                    signatures.insert((interface.uuid, *opnum, request), fields.clone());
                }
            }
        }
    }
    signatures
}

type Line = (&'static str, Vec<u16>, bool, Vec<Field>);

fn parse_line(line: &'static str) -> Option<Line> {
    let mut columns = line.split('\t');
    let name = columns.next()?;
    let opnums = columns.next()?.split(',').map(|opnum| opnum.parse().ok()).collect::<Option<_>>()?;
    let request = match columns.next()? {
        "in" => true,
        "out" => false,
        _ => return None,
    };
    let fields = signature::parse(columns.next()?, ' ')?;
    Some((name, opnums, request, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_read_and_names_a_procedure() {
        for line in include_str!("signatures.tsv").lines().filter(|line| !line.starts_with('#')) {
            let (name, opnums, _, _) = parse_line(line).expect(line);
            let interface = interfaces::all().iter().find(|interface| interface.name == name).expect(name);
            for opnum in opnums {
                assert!(interface.procedure(opnum).is_some(), "{name} {opnum}");
            }
        }
        let procedures = SIGNATURES.keys().filter(|(_, _, request)| *request).count();
        assert!(procedures >= 60, "{procedures}");
    }
}
