//! Responses: the objects they give, and what is learned of them.

use core::net::IpAddr;
use std::sync::Arc;

use sidewire_base::Malformed;

use super::{MAX_ITEMS, identifier, located_reference, ndr, pointer, reference, texts};
use crate::automation::{AutomationType, find_class};
use crate::datum::StubValue;
use crate::interfaces::{self, known};
use crate::object_table::InterfacePointer;
use crate::objref::orpc_that;
use crate::{
    ActivationResponse, AuthLevel, CallArguments, DualStringArray, NdrCursor, ObjRef, ObjRefBody, ObjectTable,
    RpcExchange, StdObjRef, Uuid, WmiClient, variant,
};

/// A complete response: what it gives.
pub(crate) fn on_response(exchange: &RpcExchange, table: &mut ObjectTable, server: IpAddr) -> CallArguments {
    let mut results = CallArguments::default();
    let Some(interface) = exchange.interface.map(|interface| interface.id.uuid) else { return results };
    let (Some(stub), Some(ndr)) = (exchange.response.beginning(), ndr(exchange, &exchange.response)) else {
        return results;
    };
    let of = pointer(exchange, table, server);
    let clsid = exchange.dcom.as_ref().and_then(|dcom| dcom.clsid);
    let client = exchange.dcom.as_ref().and_then(|dcom| dcom.client.as_ref());
    let namespace = match (interface, exchange.opnum) {
        (known::IWBEM_LEVEL1_LOGIN, Some(6)) => exchange.arguments.text("namespace").map(Arc::from),
        _ => exchange.dcom.as_ref().and_then(|dcom| dcom.namespace.clone()),
    };
    match (interface, exchange.opnum) {
        (known::IREMOTE_SCMACTIVATOR, Some(3 | 4)) => {
            if let Ok(given) = ActivationResponse::parse(stub) {
                activated(table, server, clsid, &given, exchange.opnum == Some(3), &mut results);
            }
        }
        (known::IACTIVATION, Some(0)) => {
            if let Ok(given) = ActivationResponse::parse_old(&mut { ndr }) {
                activated(table, server, clsid, &given, false, &mut results);
            }
        }
        (known::IOBJECT_EXPORTER, Some(opnum @ (0 | 4 | 5))) => {
            let _unreadable = resolved(opnum, &mut { ndr }, table, server, &mut results);
        }
        (known::IREM_UNKNOWN | known::IREM_UNKNOWN2, Some(3)) => {
            let iids = exchange.dcom.as_ref().map(|dcom| dcom.iids.as_slice()).unwrap_or_default();
            let _unreadable = queried(&mut { ndr }, iids, (clsid, client), (table, server), &mut results);
        }
        (known::IDISPATCH | known::IDISPATCH_EX, Some(5)) => {
            let _unreadable = numbered(&mut { ndr }, exchange, of, (table, server), &mut results);
        }
        (known::IDISPATCH | known::IDISPATCH_EX, Some(6)) => {
            let _unreadable = returned(&mut { ndr }, exchange, of, table, server, &mut results);
        }
        (known::ITYPE_INFO | known::ITYPE_INFO2, Some(3)) => {
            let _unreadable = described(&mut { ndr }, of, table, &mut results);
        }
        (uuid, opnum) if interfaces::find(&uuid).is_none_or(|known| known.is_orpc()) => {
            let describes = matches!(
                (uuid, opnum),
                (known::IDISPATCH | known::IDISPATCH_EX, Some(4)) | (known::IPROVIDE_CLASS_INFO, Some(3))
            );
            let mut given = Vec::new();
            for reference in ObjRef::scan(stub) {
                let ObjRefBody::Standard { std, resolver } = reference.body else { continue };
                given.push(located_reference(reference.iid, std, &resolver.bindings));
                table.learn(server, Some(reference.iid), std);
                table.reachable(server, &resolver.bindings);
                let from = of.map(|of| of.key());
                // An object made by a class factory has its class's type; anything else is only reached through it.
                let kind = (uuid == known::ICLASS_FACTORY).then(|| clsid.as_ref().and_then(find_class)).flatten();
                if let Some(object) = table.object_mut((Some(std.oxid), std.oid)) {
                    object.clsid = object.clsid.or(clsid);
                    object.client = object.client.take().or_else(|| client.cloned());
                    object.namespace = object.namespace.take().or_else(|| namespace.clone());
                    object.kind = object.kind.or(kind.and_then(|class| class.kind));
                    if describes {
                        object.describes = from;
                    }
                }
            }
            put_references(&mut results, given);
        }
        _ => {}
    }
    results
}

fn activated(
    table: &mut ObjectTable,
    server: IpAddr,
    clsid: Option<Uuid>,
    given: &ActivationResponse,
    class_object: bool,
    results: &mut CallArguments,
) {
    let Some((_, first)) = given.interfaces.first() else { return };
    table.reachable(server, &given.oxid_bindings.bindings);
    // References to IRemUnknown are not counted: it lives as long as its apartment.
    let unknown = StdObjRef { oxid: given.oxid, oid: 0, ipid: given.ipid_rem_unknown, references: u32::MAX };
    table.learn(server, None, unknown);
    for (iid, std) in &given.interfaces {
        table.learn(server, Some(*iid), *std);
        if let Some(object) = table.object_mut((Some(std.oxid), std.oid)) {
            object.clsid = clsid;
            // A class object is the class's factory, not an object of its type.
            let class = clsid.as_ref().filter(|_| !class_object).and_then(find_class);
            object.kind = class.and_then(|class| class.kind);
        }
    }
    results.put("oxid", identifier(first.oxid));
    results.put("oid", identifier(first.oid));
    results.put("ipids", StubValue::List(given.interfaces.iter().map(|(_, std)| StubValue::Uuid(std.ipid)).collect()));
    results.put("rem_unknown", given.ipid_rem_unknown);
    let DualStringArray { bindings, principals } = &given.oxid_bindings;
    results.put("bindings", texts(bindings.iter().filter(|binding| binding.endpoint.is_some())));
    put_principals(results, principals);
    results.put("resolver", texts(&given.resolver.bindings));
    if let Some(hint) = given.authn_hint {
        put_authn_hint(results, hint);
    }
}

fn queried(
    ndr: &mut NdrCursor<'_>,
    iids: &[Uuid],
    (clsid, client): (Option<Uuid>, Option<&Arc<WmiClient>>),
    (table, server): (&mut ObjectTable, IpAddr),
    results: &mut CallArguments,
) -> Result<(), Malformed> {
    orpc_that(ndr)?;
    if !ndr.pointer()? {
        return Ok(());
    }
    let count = ndr.count()?.min(MAX_ITEMS);
    let mut given = Vec::new();
    for iid in iids.iter().take(count) {
        ndr.align(8)?;
        let status = ndr.u32()?;
        ndr.align(8)?;
        let std = StdObjRef::parse(&mut sidewire_base::Cursor::new(ndr.take(StdObjRef::LENGTH)?))?;
        given.push(reference(*iid, if status == 0 { Ok(std) } else { Err(status) }));
        if status == 0 {
            table.learn(server, Some(*iid), std);
            if let Some(object) = table.object_mut((Some(std.oxid), std.oid)) {
                object.clsid = object.clsid.or(clsid);
                object.client = object.client.take().or_else(|| client.cloned());
            }
        }
    }
    put_references(results, given);
    Ok(())
}

fn numbered(
    ndr: &mut NdrCursor<'_>,
    exchange: &RpcExchange,
    of: Option<InterfacePointer>,
    (table, server): (&mut ObjectTable, IpAddr),
    results: &mut CallArguments,
) -> Result<(), Malformed> {
    orpc_that(ndr)?;
    let count = ndr.count()?.min(MAX_ITEMS);
    let mut dispids = Vec::new();
    for _ in 0..count {
        dispids.push(i32::from_ne_bytes(ndr.u32()?.to_ne_bytes()));
    }
    let name = match exchange.arguments.get("names") {
        Some(StubValue::List(names)) => names.first().and_then(StubValue::text).map(str::to_owned),
        _ => None,
    };
    if exchange.result() == Some(0)
        && let (Some(name), Some(dispid)) = (name, dispids.first())
        && let Some(of) = of.or_else(|| Some(table.assume(server, exchange.interface?.id.uuid, exchange.object?)))
        && let Some(object) = table.object_mut(of.key())
    {
        object.name(*dispid, name);
    }
    results.put("dispids", StubValue::List(dispids.into_iter().map(|dispid| StubValue::Int(dispid.into())).collect()));
    Ok(())
}

fn returned(
    ndr: &mut NdrCursor<'_>,
    exchange: &RpcExchange,
    of: Option<InterfacePointer>,
    table: &mut ObjectTable,
    server: IpAddr,
    results: &mut CallArguments,
) -> Result<(), Malformed> {
    orpc_that(ndr)?;
    if !ndr.pointer()? {
        return Ok(());
    }
    let result = variant::variant(ndr)?;
    let Some((iid, std)) = result.object else {
        if result.value != StubValue::Null {
            results.put("returned", result.value);
        }
        return Ok(());
    };
    table.learn(server, Some(iid), std);
    let parent = of.and_then(|of| table.object(of));
    let dispid = exchange.dcom.as_ref().and_then(|dcom| dcom.dispid);
    let kind = parent.and_then(|parent| parent.kind).zip(dispid).and_then(|(kind, dispid)| {
        let asked = parent.and_then(|parent| parent.name_of(dispid));
        kind.member(dispid).and_then(|(_, gives)| gives).or_else(|| asked.and_then(|name| kind.gives(name)))
    });
    let clsid = parent.and_then(|parent| parent.clsid);
    let client = parent.and_then(|parent| parent.client.clone());
    if let Some(object) = table.object_mut((Some(std.oxid), std.oid)) {
        object.clsid = object.clsid.or(clsid);
        object.client = object.client.take().or(client);
        object.kind = object.kind.or(kind);
    }
    let mut given = Vec::new();
    for reference in ObjRef::scan(exchange.response.beginning().unwrap_or_default()) {
        if let ObjRefBody::Standard { std, resolver } = reference.body {
            table.reachable(server, &resolver.bindings);
            given.push(located_reference(reference.iid, std, &resolver.bindings));
        }
    }
    results.put("returned", result.value);
    put_references(results, given);
    Ok(())
}

/// GetTypeAttr: the GUID of the type says what the described object is. [MS-OAUT] 3.7.4.1.
fn described(
    ndr: &mut NdrCursor<'_>,
    of: Option<InterfacePointer>,
    table: &mut ObjectTable,
    results: &mut CallArguments,
) -> Result<(), Malformed> {
    orpc_that(ndr)?;
    if !ndr.pointer()? {
        return Ok(());
    }
    let guid = ndr.uuid()?;
    results.put("guid", guid);
    let described = of.and_then(|of| table.object(of)).and_then(|object| object.describes);
    if let Some(object) = described.and_then(|key| table.object_mut(key)) {
        object.kind = AutomationType::of_guid(&guid).or(object.kind);
        // IProvideClassInfo describes the class itself: the GUID is its CLSID.
        let class = find_class(&guid);
        object.clsid = object.clsid.or(class.map(|class| class.clsid));
        object.kind = object.kind.or(class.and_then(|class| class.kind));
    }
    Ok(())
}

/// ResolveOxid, ResolveOxid2, ServerAlive2. [MS-DCOM] 3.1.2.5.1.
fn resolved(
    opnum: u16,
    ndr: &mut NdrCursor<'_>,
    table: &mut ObjectTable,
    server: IpAddr,
    results: &mut CallArguments,
) -> Result<(), Malformed> {
    if opnum == 5 {
        ndr.skip(4)?; // version
    }
    if !ndr.pointer()? {
        return Ok(());
    }
    let DualStringArray { bindings, principals } = DualStringArray::pointee(ndr)?;
    table.reachable(server, &bindings);
    results.put("bindings", texts(&bindings));
    put_principals(results, &principals);
    if opnum != 5 {
        results.put("rem_unknown", ndr.uuid()?);
        put_authn_hint(results, ndr.u32()?);
    }
    Ok(())
}

fn put_references(results: &mut CallArguments, references: Vec<CallArguments>) {
    if !references.is_empty() {
        results.put("references", StubValue::List(references.into_iter().map(StubValue::Record).collect()));
    }
}

/// The level of authentication a server asks for at least, by its name.
fn put_authn_hint(results: &mut CallArguments, hint: u32) {
    let known = u8::try_from(hint).ok().and_then(|level| AuthLevel(level).name());
    results.put("authn_hint", known.map_or(StubValue::from(hint), StubValue::from));
}

/// As whom a server answers.
fn put_principals(results: &mut CallArguments, principals: &[String]) {
    if !principals.is_empty() {
        let principals = principals.iter().map(|principal| principal.as_str().into());
        results.put("principals", StubValue::List(principals.collect()));
    }
}
