//! Endpoint mapper: towers. [C706] appendix L.

use sidewire_base::{Cursor, Malformed};

use crate::datum::{CallArguments, StubValue};
use crate::{ByteOrder, InterfaceId, NdrCursor};

/// Towers of one answer.
const MAX_TOWERS: usize = 512;

/// `ept_map`, request: the interface asked for.
pub(crate) fn map_request(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    let mut arguments = CallArguments::default();
    if ndr.pointer()? {
        let object = ndr.uuid()?;
        if !object.is_nil() {
            arguments.put("object", object);
        }
    }
    if ndr.pointer()? {
        arguments.extend(tower(twr(ndr)?)?);
    }
    Ok(arguments)
}

/// `ept_map`, response: where it can be called.
pub(crate) fn map_response(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    ndr.handle()?;
    let mut arguments = CallArguments::default();
    let _count = ndr.u32()?;
    let (_max, _offset, actual) = (ndr.count()?, ndr.count()?, ndr.count()?);
    let mut there = 0_usize;
    for _ in 0..actual.min(MAX_TOWERS) {
        there += usize::from(ndr.pointer()?);
    }
    let mut endpoints = Vec::new();
    for _ in 0..there {
        endpoints.push(StubValue::Record(tower(twr(ndr)?)?));
    }
    arguments.put("endpoints", StubValue::List(endpoints));
    Ok(arguments)
}

/// `ept_lookup`, response: what can be called where.
pub(crate) fn lookup_response(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    ndr.handle()?;
    let _count = ndr.u32()?;
    let (_max, _offset, actual) = (ndr.count()?, ndr.count()?, ndr.count()?);
    if actual > MAX_TOWERS {
        return Err(Malformed::Limit("towers"));
    }
    let mut entries = Vec::new();
    for _ in 0..actual {
        ndr.align_pointer()?;
        ndr.uuid()?;
        let tower = ndr.pointer()?;
        // A varying array inside a structure has no maximum of its own.
        let (_offset, length) = (ndr.count()?, ndr.count()?);
        let annotation = ndr.take(length)?;
        entries.push((tower, String::from_utf8_lossy(annotation.strip_suffix(b"\0").unwrap_or(annotation))));
    }
    let mut endpoints = Vec::new();
    for (there, annotation) in entries {
        let mut endpoint = if there { tower(twr(ndr)?)? } else { CallArguments::default() };
        if !annotation.is_empty() {
            endpoint.put("annotation", annotation.into_owned());
        }
        endpoints.push(StubValue::Record(endpoint));
    }
    let mut results = CallArguments::default();
    results.put("endpoints", StubValue::List(endpoints));
    Ok(results)
}

/// `twr_t`: a conformant structure of a length and octets.
fn twr<'a>(ndr: &mut NdrCursor<'a>) -> Result<&'a [u8], Malformed> {
    let _max = ndr.count()?;
    let length = usize::try_from(ndr.u32()?).unwrap_or(usize::MAX);
    ndr.take(length)
}

/// The floors of a tower. Integers inside are little-endian but for ports and addresses.
fn tower(octets: &[u8]) -> Result<CallArguments, Malformed> {
    let mut cur = Cursor::new(octets);
    let mut arguments = CallArguments::default();
    for floor in 0..cur.u16_le()?.min(8) {
        let length = usize::from(cur.u16_le()?);
        let left = cur.take(length)?;
        let length = usize::from(cur.u16_le()?);
        let right = cur.take(length)?;
        let text = || {
            let text = right.strip_suffix(b"\0").unwrap_or(right);
            StubValue::Text(String::from_utf8_lossy(text).into_owned())
        };
        match (left, right) {
            ([0x0d, syntax @ ..], _) if floor == 0 => {
                let mut syntax = Cursor::new(syntax);
                let id =
                    InterfaceId { uuid: ByteOrder::Little.uuid(&mut syntax)?, version: syntax.u16_le()?, minor: 0 };
                arguments.put("interface", id.uuid);
                arguments.put("version", StubValue::Uint(id.version.into()));
                if let Some(known) = crate::interfaces::find(&id.uuid) {
                    arguments.put("interface_name", known.name);
                }
            }
            ([0x07], [high, low]) => arguments.put("tcp_port", u32::from(u16::from_be_bytes([*high, *low]))),
            ([0x08], [high, low]) => arguments.put("udp_port", u32::from(u16::from_be_bytes([*high, *low]))),
            ([0x1f], [high, low]) => arguments.put("http_port", u32::from(u16::from_be_bytes([*high, *low]))),
            ([0x09], [a, b, c, d]) => {
                arguments.put("address", core::net::Ipv4Addr::new(*a, *b, *c, *d).to_string());
            }
            ([0x0f], _) => arguments.put("pipe", text()),
            ([0x10], _) => arguments.put("local_endpoint", text()), // ncalrpc
            ([0x11], _) => arguments.put("netbios_name", text()),
            _ => {}
        }
    }
    Ok(arguments)
}
