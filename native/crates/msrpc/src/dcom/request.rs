//! Requests: the object they are made on, and what they ask for.

use core::net::IpAddr;

use sidewire_base::Malformed;

use super::{ObjectCall, identifier, located_reference, ndr, pointer};
use crate::automation::{AutomationType, find_class};
use crate::datum::StubValue;
use crate::interfaces::{self, known};
use crate::object_table::DcomObject;
use crate::objref::orpc_this;
use crate::{ActivationRequest, CallArguments, NdrCursor, ObjectTable, RpcExchange, Uuid, variant};

use super::MAX_ITEMS;

/// A complete request: what it is made on, and what it asks for.
pub(crate) fn on_request(
    exchange: &RpcExchange,
    table: &mut ObjectTable,
    server: IpAddr,
) -> (Option<Box<ObjectCall>>, CallArguments) {
    let mut arguments = CallArguments::default();
    let Some(interface) = exchange.interface.map(|interface| interface.id.uuid) else {
        return (None, arguments);
    };
    let known = pointer(exchange, table, server);
    let is_orpc = match interfaces::find(&interface) {
        Some(known) => known.is_orpc(),
        // An object UUID alone proves no object: plain RPC has them, too.
        None => known.is_some() || exchange.object.is_some() && causality(exchange).is_some(),
    };
    if !is_orpc && interface != known::IOBJECT_EXPORTER {
        return (None, arguments);
    }
    let mut dcom = ObjectCall::default();
    if let Some(ipid) = exchange.object {
        // "Data2" of the IPID; machines that are no Windows leave it 0 or fill it at random, which cannot be told.
        let [_, _, _, _, high, low, ..] = ipid.0;
        dcom.server_pid = Some(u16::from_be_bytes([high, low])).filter(|pid| *pid != 0);
    }
    if let Some(pointer) = known {
        dcom.oxid = pointer.oxid;
        let object = table.object(pointer);
        dcom.clsid = object.and_then(|object| object.clsid);
        dcom.client = object.and_then(|object| object.client.clone());
        dcom.namespace = object.and_then(|object| object.namespace.clone());
    }
    activation(exchange, interface, &mut dcom, &mut arguments);
    if interface != known::IOBJECT_EXPORTER {
        dcom.causality = causality(exchange);
    }
    if let Some(mut ndr) = ndr(exchange, &exchange.request) {
        let object = known.and_then(|pointer| table.object(pointer));
        if interface == known::IDISPATCH || interface == known::IDISPATCH_EX {
            let _unreadable = automation(&mut ndr, exchange.opnum, object, &mut dcom, &mut arguments);
        } else {
            let _unreadable =
                object_call(&mut ndr, (interface, exchange.opnum), (table, server), &mut dcom, &mut arguments);
        }
    }
    (Some(Box::new(dcom)), arguments)
}

/// The causality of a request that begins as calls of objects do.
fn causality(exchange: &RpcExchange) -> Option<Uuid> {
    orpc_this(&mut ndr(exchange, &exchange.request)?).ok().filter(|id| !id.is_nil())
}

/// The request of an activation: which class, and as what.
fn activation(exchange: &RpcExchange, interface: Uuid, dcom: &mut ObjectCall, arguments: &mut CallArguments) {
    let read = match (interface, exchange.opnum) {
        (known::IREMOTE_SCMACTIVATOR, Some(3 | 4)) => {
            exchange.request.beginning().and_then(|stub| ActivationRequest::parse(stub).ok())
        }
        (known::IACTIVATION, Some(0)) => {
            ndr(exchange, &exchange.request).and_then(|mut ndr| ActivationRequest::parse_old(&mut ndr).ok())
        }
        _ => None,
    };
    if let Some(activation) = read {
        dcom.clsid = Some(activation.clsid);
        arguments.put("clsid", activation.clsid);
        if let Some(class) = find_class(&activation.clsid) {
            arguments.put("class", class.name);
        }
        put_iids(arguments, &activation.iids);
        arguments.put_some("server", activation.server);
        arguments.put_some("file", activation.file);
        if let Some((iid, std, resolver)) = activation.storage {
            arguments.put("storage", StubValue::Record(located_reference(iid, std, &resolver.bindings)));
        }
        dcom.iids = activation.iids;
    }
}

/// A call that is about pointers and references. When it is unreadable, its arguments stay unknown.
fn object_call(
    ndr: &mut NdrCursor<'_>,
    call: (Uuid, Option<u16>),
    (table, server): (&mut ObjectTable, IpAddr),
    dcom: &mut ObjectCall,
    arguments: &mut CallArguments,
) -> Result<(), Malformed> {
    match call {
        (known::IREM_UNKNOWN | known::IREM_UNKNOWN2, Some(3)) => {
            let (ipid, iids) = query(ndr)?;
            arguments.put("ipid", ipid);
            put_iids(arguments, &iids);
            dcom.iids = iids;
            if let Some(of) = table.pointer(server, ipid) {
                dcom.clsid = table.object(of).and_then(|object| object.clsid).or(dcom.clsid);
            }
        }
        (known::IREM_UNKNOWN | known::IREM_UNKNOWN2, Some(opnum @ (4 | 5))) => {
            let counted = references(ndr)?;
            arguments.put("ipids", StubValue::List(counted.iter().map(|(ipid, _)| StubValue::Uuid(*ipid)).collect()));
            for (ipid, count) in counted {
                if opnum == 4 {
                    table.add_references(server, ipid, count);
                } else {
                    table.release(server, ipid, count);
                }
            }
        }
        (known::IOBJECT_EXPORTER, Some(0 | 4)) => arguments.put("oxid", identifier(ndr.u64()?)),
        (known::IOBJECT_EXPORTER, Some(2)) => {
            no_longer_pinged(ndr)?.into_iter().for_each(|oid| table.unpinged(server, oid));
        }
        _ => {}
    }
    Ok(())
}

/// A call of an automation object. When it is unreadable, its arguments stay unknown.
fn automation(
    ndr: &mut NdrCursor<'_>,
    opnum: Option<u16>,
    object: Option<&DcomObject>,
    dcom: &mut ObjectCall,
    arguments: &mut CallArguments,
) -> Result<(), Malformed> {
    match opnum {
        Some(5) => {
            arguments.put("names", StubValue::List(names(ndr)?.into_iter().map(StubValue::Text).collect()));
        }
        Some(6) => {
            let (dispid, lcid, flags, parameters) = invocation(ndr)?;
            dcom.dispid = Some(dispid);
            let asked = object.and_then(|object| object.name_of(dispid));
            dcom.method = member_name(object.and_then(|object| object.kind), dispid, asked);
            arguments.put("dispid", StubValue::Int(dispid.into()));
            arguments.put("lcid", lcid);
            arguments.put("flags", flags);
            arguments.put("parameters", StubValue::List(parameters));
        }
        _ => {}
    }
    Ok(())
}

/// RemQueryInterface. [MS-DCOM] 3.1.1.5.6.1.1.
fn query(ndr: &mut NdrCursor<'_>) -> Result<(Uuid, Vec<Uuid>), Malformed> {
    orpc_this(ndr)?;
    let ipid = ndr.uuid()?;
    let _references = ndr.u32()?;
    let count = usize::from(ndr.u16()?);
    let max = ndr.count()?;
    let mut iids = Vec::new();
    for _ in 0..count.min(max).min(MAX_ITEMS) {
        iids.push(ndr.uuid()?);
    }
    Ok((ipid, iids))
}

/// RemAddRef, RemRelease: pointers, and how many references, public and private, each gains or loses.
/// [MS-DCOM] 3.1.1.5.6.1.2, 3.1.1.5.6.1.3.
fn references(ndr: &mut NdrCursor<'_>) -> Result<Vec<(Uuid, u32)>, Malformed> {
    orpc_this(ndr)?;
    let count = usize::from(ndr.u16()?);
    let max = ndr.count()?;
    let mut counted = Vec::new();
    for _ in 0..count.min(max).min(MAX_ITEMS) {
        let ipid = ndr.uuid()?;
        let (public, private) = (ndr.u32()?, ndr.u32()?);
        counted.push((ipid, public.saturating_add(private)));
    }
    Ok(counted)
}

/// ComplexPing: the objects the client takes out of its set. [MS-DCOM] 3.1.2.5.1.3.
fn no_longer_pinged(ndr: &mut NdrCursor<'_>) -> Result<Vec<u64>, Malformed> {
    let _set = ndr.u64()?;
    let (_sequence, _added, removed) = (ndr.u16()?, ndr.u16()?, ndr.u16()?);
    if ndr.pointer()? {
        let added = ndr.count()?;
        ndr.align(8)?;
        ndr.skip(added.checked_mul(8).ok_or(Malformed::Limit("AddToSet"))?)?;
    }
    let mut oids = Vec::new();
    if ndr.pointer()? {
        for _ in 0..ndr.count()?.min(removed.into()).min(MAX_ITEMS) {
            oids.push(ndr.u64()?);
        }
    }
    Ok(oids)
}

/// GetIDsOfNames. [MS-OAUT] 3.1.4.3.
fn names(ndr: &mut NdrCursor<'_>) -> Result<Vec<String>, Malformed> {
    orpc_this(ndr)?;
    let _riid = ndr.uuid()?;
    let count = ndr.count()?;
    if count > MAX_ITEMS {
        return Err(Malformed::Limit("rgszNames"));
    }
    for _ in 0..count {
        ndr.pointer()?;
    }
    (0..count).map(|_| ndr.wide()).collect()
}

/// Invoke. [MS-OAUT] 3.1.4.4.
fn invocation(ndr: &mut NdrCursor<'_>) -> Result<(i32, u32, u32, Vec<StubValue>), Malformed> {
    orpc_this(ndr)?;
    let dispid = i32::from_ne_bytes(ndr.u32()?.to_ne_bytes());
    let _riid = ndr.uuid()?;
    let (lcid, flags) = (ndr.u32()?, ndr.u32()?);
    Ok((dispid, lcid, flags, variant::parameters(ndr)?))
}

fn member_name(kind: Option<&'static AutomationType>, dispid: i32, asked: Option<&str>) -> Option<String> {
    match (kind, asked) {
        (Some(kind), Some(asked)) => Some(format!("{}.{asked}", kind.name)),
        (None, Some(asked)) => Some(asked.to_owned()),
        (Some(kind), None) => kind.member(dispid).map(|(name, _)| format!("{}.{name}", kind.name)),
        (None, None) => None,
    }
}

/// The interfaces a call asks for, and their names where the table has any of them.
fn put_iids(arguments: &mut CallArguments, iids: &[Uuid]) {
    arguments.put("iids", StubValue::List(iids.iter().map(|iid| StubValue::Uuid(*iid)).collect()));
    let names: Vec<_> = iids.iter().map(|iid| interfaces::find(iid).map(|known| known.name)).collect();
    if names.iter().any(Option::is_some) {
        let names = names.into_iter().map(|name| name.map_or(StubValue::Null, StubValue::from)).collect();
        arguments.put("interface_names", StubValue::List(names));
    }
}
