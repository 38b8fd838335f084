//! Arguments of calls in words: `signatures.tsv` says what travels, this reads it.

mod epm;
mod wmio;

use core::net::SocketAddr;
use std::sync::LazyLock;

use hashbrown::HashMap;
use sidewire_base::Malformed;

use crate::datum::{Arguments, Datum};
use crate::objref::{orpc_that, orpc_this};
use crate::{Exchange, Half, Ndr, TransferSyntax, Uuid, interfaces};

/// Items of one array.
const MAX_ITEMS: usize = 1024;

type Key = (Uuid, u16, bool);

/// A field of a signature: its name (empty: read and not told), whether a pointer stands before it, its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    name: &'static str,
    pointer: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    U8,
    U16,
    U32,
    U64,
    Enumeration,
    Uuid,
    Handle,
    Octets8,
    Wide,
    Narrow,
    Unicode,
    Bstr,
    Sid,
    OctetCount,
    WideList,
    NarrowList,
    UnicodeArray,
    UnicodeVarying,
    Orpc,
}

static SIGNATURES: LazyLock<HashMap<Key, Vec<Field>>> = LazyLock::new(|| read(include_str!("signatures.tsv")));

const EPMAPPER: Uuid = Uuid::literal("e1af8308-5d1f-11c9-91a4-08002b14a0fa");
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
    let mut ndr = Ndr::new(half.readable()?, half.order, interface.transfer_syntax);
    let mut arguments = Arguments::default();
    for field in fields {
        // A stub that does not fit its signature tells nothing: half a truth would be a guess.
        let value = field.read(&mut ndr, interface.transfer_syntax, request).ok()?;
        if let Some(value) = value.filter(|_| !field.name.is_empty()) {
            arguments.put(field.name, value);
        }
    }
    Some(arguments)
}

impl Field {
    fn read(self, ndr: &mut Ndr<'_>, syntax: TransferSyntax, request: bool) -> Result<Option<Datum>, Malformed> {
        if self.pointer && !ndr.pointer()? {
            return Ok(None);
        }
        Ok(Some(match self.kind {
            Kind::U8 => Datum::Uint(ndr.u8()?.into()),
            Kind::U16 => Datum::Uint(ndr.u16()?.into()),
            Kind::U32 => Datum::Uint(ndr.u32()?.into()),
            Kind::U64 => Datum::Uint(ndr.u64()?),
            Kind::Enumeration => match syntax {
                TransferSyntax::Ndr32 => Datum::Uint(ndr.u16()?.into()),
                TransferSyntax::Ndr64 => Datum::Uint(ndr.u32()?.into()),
            },
            Kind::Uuid => Datum::Uuid(ndr.uuid()?),
            Kind::Handle => Datum::Uuid(ndr.handle()?),
            Kind::Octets8 => Datum::Text(sidewire_eve::hex(ndr.take(8)?)),
            Kind::Wide => Datum::Text(ndr.wide()?),
            Kind::Narrow => Datum::Text(ndr.narrow()?),
            Kind::Unicode => {
                if !ndr.unicode_header()? {
                    return Ok(None);
                }
                Datum::Text(ndr.unicode_body()?)
            }
            Kind::Bstr => return Ok(ndr.bstr_pointer()?.map(Datum::Text)),
            Kind::Sid => Datum::Text(sid(ndr)?),
            Kind::OctetCount => Datum::Uint(ndr.octets()?.len() as u64),
            Kind::WideList => list(ndr, Ndr::wide)?,
            Kind::NarrowList => list(ndr, Ndr::narrow)?,
            Kind::UnicodeArray => unicode_array(ndr, false)?,
            Kind::UnicodeVarying => unicode_array(ndr, true)?,
            Kind::Orpc => {
                if request {
                    orpc_this(ndr)?;
                } else {
                    orpc_that(ndr)?;
                }
                return Ok(None);
            }
        }))
    }
}

/// `RPC_SID` with its conformance in front. [MS-DTYP] 2.4.2.3.
fn sid(ndr: &mut Ndr<'_>) -> Result<String, Malformed> {
    let max = ndr.count()?;
    let (revision, count) = (ndr.u8()?, usize::from(ndr.u8()?));
    let authority = ndr.take(6)?.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    if count > 15 || count > max {
        return Err(Malformed::Invalid("SubAuthorityCount"));
    }
    let mut text = format!("S-{revision}-{authority}");
    for _ in 0..count {
        text.push_str(&format!("-{}", ndr.u32()?));
    }
    Ok(text)
}

/// An array of pointers to strings, the strings behind it.
fn list<'a>(ndr: &mut Ndr<'a>, string: impl Fn(&mut Ndr<'a>) -> Result<String, Malformed>) -> Result<Datum, Malformed> {
    let count = ndr.count()?;
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("strings"));
    }
    let there = (0..count).map(|_| ndr.pointer()).collect::<Result<Vec<_>, _>>()?;
    let item = |there| if there { string(ndr).map(Datum::Text) } else { Ok(Datum::Null) };
    Ok(Datum::List(there.into_iter().map(item).collect::<Result<_, _>>()?))
}

/// An array of `RPC_UNICODE_STRING`: the headers, then the bodies.
fn unicode_array(ndr: &mut Ndr<'_>, varying: bool) -> Result<Datum, Malformed> {
    let mut count = ndr.count()?;
    if varying {
        let _offset = ndr.count()?;
        count = ndr.count()?;
    }
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("strings"));
    }
    let there = (0..count).map(|_| ndr.unicode_header()).collect::<Result<Vec<_>, _>>()?;
    let item = |there| if there { ndr.unicode_body().map(Datum::Text) } else { Ok(Datum::Null) };
    Ok(Datum::List(there.into_iter().map(item).collect::<Result<_, _>>()?))
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
    let fields = columns.next()?.split(' ').map(parse_field).collect::<Option<_>>()?;
    Some((name, opnums, request, fields))
}

fn parse_field(word: &'static str) -> Option<Field> {
    let (name, kind) = word.split_once(':').unwrap_or(("_", word));
    let (pointer, kind) = kind.strip_prefix('*').map_or((false, kind), |kind| (true, kind));
    let kind = match kind {
        "u8" => Kind::U8,
        "u16" => Kind::U16,
        "u32" => Kind::U32,
        "u64" => Kind::U64,
        "e" => Kind::Enumeration,
        "G" => Kind::Uuid,
        "h" => Kind::Handle,
        "X8" => Kind::Octets8,
        "W" => Kind::Wide,
        "A" => Kind::Narrow,
        "U" => Kind::Unicode,
        "S" => Kind::Bstr,
        "R" => Kind::Sid,
        "B" => Kind::OctetCount,
        "LW" => Kind::WideList,
        "LA" => Kind::NarrowList,
        "CU" => Kind::UnicodeArray,
        "VU" => Kind::UnicodeVarying,
        "orpc" => Kind::Orpc,
        _ => return None,
    };
    Some(Field { name: if name == "_" { "" } else { name }, pointer, kind })
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
