//! Following objects through the calls made on them. [MS-DCOM], [MS-OAUT].

use core::net::IpAddr;
use std::sync::Arc;

use sidewire_base::Malformed;

use crate::automation::{AutomationType, Class, find_class};
use crate::datum::Datum;
use crate::interfaces::known;
use crate::object_table::Pointer;
use crate::objref::{orpc_that, orpc_this};
use crate::{
    ActivationRequest, ActivationResponse, Arguments, AuthLevel, Client, DualStringArray, Exchange, Half, Ndr, ObjRef,
    ObjRefBody, ObjectTable, StdObjRef, StringBinding, TransferSyntax, Uuid, interfaces, variant,
};

/// IIDs of one RemQueryInterface, references of one RemRelease, names of one GetIDsOfNames.
const MAX_ITEMS: usize = 256;

/// What a call says about the object it is made on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dcom {
    /// The class activated: by this call, or by the one that led to the object it is made on.
    pub clsid: Option<Uuid>,
    /// IIDs an activation or a query asks for.
    pub iids: Vec<Uuid>,
    /// The apartment the object lives in.
    pub oxid: Option<u64>,
    /// Name of the automation member invoked, with its type where that is known: `View.ExecuteShellCommand`.
    pub method: Option<String>,
    /// Its number.
    pub dispid: Option<i32>,
    /// The WMI namespace of the login that gave the object, or that this login asks for.
    pub namespace: Option<Arc<str>>,
    /// What the calls of one chain share, whatever object and connection they are made on: the causality id.
    /// [MS-DCOM] 2.2.13.3.
    pub causality: Option<Uuid>,
    /// The server's process id: 16 bits of the IPID, as Windows makes them.
    pub server_pid: Option<u16>,
    /// The process that calls, where it said so earlier on the object or in the association.
    pub client: Option<Arc<Client>>,
}

impl Dcom {
    /// The class, out of the table.
    #[must_use]
    pub fn class(&self) -> Option<&'static Class> {
        find_class(self.clsid.as_ref()?)
    }
}

/// Is this stub the request of an activation? Structure proves it: activation properties of the request kind, with a
/// class in them, under the operation numbers of IRemoteSCMActivator.
pub(crate) fn proves_activator(opnum: u16, stub: &[u8]) -> bool {
    matches!(opnum, 3 | 4) && ActivationRequest::parse(stub).is_ok()
}

/// The UUID of IRemoteSCMActivator.
pub(crate) const fn activator() -> Uuid {
    known::IREMOTE_SCMACTIVATOR
}

fn ndr<'a>(exchange: &Exchange, half: &'a Half) -> Option<Ndr<'a>> {
    let syntax = exchange.interface.map_or(TransferSyntax::Ndr32, |interface| interface.transfer_syntax);
    Some(Ndr::new(half.readable()?, half.order, syntax))
}

/// The interfaces a call asks for, and their names where the table has any of them.
fn put_iids(arguments: &mut Arguments, iids: &[Uuid]) {
    arguments.put("iids", Datum::List(iids.iter().map(|iid| Datum::Uuid(*iid)).collect()));
    let names: Vec<_> = iids.iter().map(|iid| interfaces::find(iid).map(|known| known.name)).collect();
    if names.iter().any(Option::is_some) {
        let names = names.into_iter().map(|name| name.map_or(Datum::Null, Datum::from)).collect();
        arguments.put("interface_names", Datum::List(names));
    }
}

/// An interface pointer that an answer gives, or the status in its place.
fn reference(iid: Uuid, given: Result<StdObjRef, u32>) -> Arguments {
    let mut record = Arguments::default();
    record.put("iid", iid);
    record.put_some("interface_name", interfaces::find(&iid).map(|known| known.name));
    match given {
        Ok(std) => {
            record.put("oxid", identifier(std.oxid));
            record.put("oid", identifier(std.oid));
            record.put("ipid", std.ipid);
        }
        Err(status) => record.put("result", format!("0x{status:08x}")),
    }
    record
}

/// The same with where the object's resolver answers, which may be another machine.
fn located_reference(iid: Uuid, std: StdObjRef, resolver: &[StringBinding]) -> Arguments {
    let mut record = reference(iid, Ok(std));
    record.put("resolver", texts(resolver));
    record
}

fn put_references(results: &mut Arguments, references: Vec<Arguments>) {
    if !references.is_empty() {
        results.put("references", Datum::List(references.into_iter().map(Datum::Record).collect()));
    }
}

/// An OXID or OID as it is written.
fn identifier(number: u64) -> String {
    format!("{number:016x}")
}

/// The level of authentication a server asks for at least, by its name.
fn put_authn_hint(results: &mut Arguments, hint: u32) {
    let known = u8::try_from(hint).ok().and_then(|level| AuthLevel(level).name());
    results.put("authn_hint", known.map_or(Datum::from(hint), Datum::from));
}

/// As whom a server answers.
fn put_principals(results: &mut Arguments, principals: &[String]) {
    if !principals.is_empty() {
        let principals = principals.iter().map(|principal| principal.as_str().into());
        results.put("principals", Datum::List(principals.collect()));
    }
}

fn texts<'a>(bindings: impl IntoIterator<Item = &'a StringBinding>) -> Datum {
    Datum::List(bindings.into_iter().map(|binding| Datum::Text(binding.text())).collect())
}

fn pointer(exchange: &Exchange, table: &ObjectTable, server: IpAddr) -> Option<Pointer> {
    table.pointer(server, exchange.object?)
}

/// A complete request: what it is made on, and what it asks for.
pub(crate) fn on_request(
    exchange: &Exchange,
    table: &mut ObjectTable,
    server: IpAddr,
) -> (Option<Box<Dcom>>, Arguments) {
    let mut arguments = Arguments::default();
    let Some(interface) = exchange.interface.map(|interface| interface.id.uuid) else {
        return (None, arguments);
    };
    let is_orpc = interfaces::find(&interface).is_none_or(|known| known.is_orpc());
    if !is_orpc && interface != known::IOBJECT_EXPORTER {
        return (None, arguments);
    }
    let mut dcom = Dcom::default();
    if let Some(ipid) = exchange.object {
        // "Data2" of the IPID; machines that are no Windows leave it 0 or fill it at random, which cannot be told.
        let [_, _, _, _, high, low, ..] = ipid.0;
        dcom.server_pid = Some(u16::from_be_bytes([high, low])).filter(|pid| *pid != 0);
    }
    let known = pointer(exchange, table, server);
    if let Some(pointer) = known {
        dcom.oxid = pointer.oxid;
        let object = table.object(pointer);
        dcom.clsid = object.and_then(|object| object.clsid);
        dcom.client = object.and_then(|object| object.client.clone());
        dcom.namespace = object.and_then(|object| object.namespace.clone());
    }
    let read = match (interface, exchange.opnum) {
        (known::IREMOTE_SCMACTIVATOR, Some(3 | 4)) => {
            exchange.request.readable().and_then(|stub| ActivationRequest::parse(stub).ok())
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
        put_iids(&mut arguments, &activation.iids);
        arguments.put_some("server", activation.server);
        dcom.iids = activation.iids;
    }
    if let Some(mut ndr) = ndr(exchange, &exchange.request) {
        if interface != known::IOBJECT_EXPORTER {
            dcom.causality = orpc_this(&mut ndr.clone()).ok().filter(|id| !id.is_nil());
        }
        let object = known.and_then(|pointer| table.object(pointer));
        let found = match (interface, exchange.opnum) {
            (known::IREM_UNKNOWN | known::IREM_UNKNOWN2, Some(3)) => query(&mut ndr).map(|(ipid, iids)| {
                arguments.put("ipid", ipid);
                put_iids(&mut arguments, &iids);
                dcom.iids = iids;
                if let Some(of) = table.pointer(server, ipid) {
                    dcom.clsid = table.object(of).and_then(|object| object.clsid).or(dcom.clsid);
                }
            }),
            (known::IREM_UNKNOWN | known::IREM_UNKNOWN2, Some(opnum @ (4 | 5))) => {
                references(&mut ndr).map(|counted| {
                    arguments.put("ipids", Datum::List(counted.iter().map(|(ipid, _)| Datum::Uuid(*ipid)).collect()));
                    for (ipid, count) in counted {
                        if opnum == 4 {
                            table.add_references(server, ipid, count);
                        } else {
                            table.release(server, ipid, count);
                        }
                    }
                })
            }
            (known::IOBJECT_EXPORTER, Some(0 | 4)) => ndr.u64().map(|oxid| arguments.put("oxid", identifier(oxid))),
            (known::IOBJECT_EXPORTER, Some(2)) => no_longer_pinged(&mut ndr).map(|oids| {
                oids.into_iter().for_each(|oid| table.unpinged(server, oid));
            }),
            (known::IDISPATCH | known::IDISPATCH_EX, Some(5)) => names(&mut ndr).map(|names| {
                arguments.put("names", Datum::List(names.into_iter().map(Datum::Text).collect()));
            }),
            (known::IDISPATCH | known::IDISPATCH_EX, Some(6)) => {
                invocation(&mut ndr).map(|(dispid, lcid, flags, parameters)| {
                    dcom.dispid = Some(dispid);
                    let kind = object.and_then(|object| object.kind);
                    let asked = object.and_then(|object| object.name_of(dispid));
                    dcom.method = member_name(kind, dispid, asked);
                    arguments.put("dispid", Datum::Int(dispid.into()));
                    arguments.put("lcid", lcid);
                    arguments.put("flags", flags);
                    arguments.put("parameters", Datum::List(parameters));
                })
            }
            _ => Ok(()),
        };
        let _unreadable = found; // then the arguments stay unknown
    }
    (Some(Box::new(dcom)), arguments)
}

/// A complete response: what it gives.
pub(crate) fn on_response(exchange: &Exchange, table: &mut ObjectTable, server: IpAddr) -> Arguments {
    let mut results = Arguments::default();
    let Some(interface) = exchange.interface.map(|interface| interface.id.uuid) else { return results };
    let (Some(stub), Some(ndr)) = (exchange.response.readable(), ndr(exchange, &exchange.response)) else {
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

fn member_name(kind: Option<&'static AutomationType>, dispid: i32, asked: Option<&str>) -> Option<String> {
    match (kind, asked) {
        (Some(kind), Some(asked)) => Some(format!("{}.{asked}", kind.name)),
        (None, Some(asked)) => Some(asked.to_owned()),
        (Some(kind), None) => kind.member(dispid).map(|(name, _)| format!("{}.{name}", kind.name)),
        (None, None) => None,
    }
}

fn activated(
    table: &mut ObjectTable,
    server: IpAddr,
    clsid: Option<Uuid>,
    given: &ActivationResponse,
    class_object: bool,
    results: &mut Arguments,
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
    results.put("ipids", Datum::List(given.interfaces.iter().map(|(_, std)| Datum::Uuid(std.ipid)).collect()));
    results.put("rem_unknown", given.ipid_rem_unknown);
    let DualStringArray { bindings, principals } = &given.oxid_bindings;
    results.put("bindings", texts(bindings.iter().filter(|binding| binding.endpoint.is_some())));
    put_principals(results, principals);
    results.put("resolver", texts(&given.resolver.bindings));
    if let Some(hint) = given.authn_hint {
        put_authn_hint(results, hint);
    }
}

/// RemQueryInterface. [MS-DCOM] 3.1.1.5.6.1.1.
fn query(ndr: &mut Ndr<'_>) -> Result<(Uuid, Vec<Uuid>), Malformed> {
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

fn queried(
    ndr: &mut Ndr<'_>,
    iids: &[Uuid],
    (clsid, client): (Option<Uuid>, Option<&Arc<Client>>),
    (table, server): (&mut ObjectTable, IpAddr),
    results: &mut Arguments,
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

/// RemAddRef, RemRelease: pointers, and how many references, public and private, each gains or loses.
/// [MS-DCOM] 3.1.1.5.6.1.2, 3.1.1.5.6.1.3.
fn references(ndr: &mut Ndr<'_>) -> Result<Vec<(Uuid, u32)>, Malformed> {
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
fn no_longer_pinged(ndr: &mut Ndr<'_>) -> Result<Vec<u64>, Malformed> {
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
fn names(ndr: &mut Ndr<'_>) -> Result<Vec<String>, Malformed> {
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

fn numbered(
    ndr: &mut Ndr<'_>,
    exchange: &Exchange,
    of: Option<Pointer>,
    (table, server): (&mut ObjectTable, IpAddr),
    results: &mut Arguments,
) -> Result<(), Malformed> {
    orpc_that(ndr)?;
    let count = ndr.count()?.min(MAX_ITEMS);
    let mut dispids = Vec::new();
    for _ in 0..count {
        dispids.push(i32::from_ne_bytes(ndr.u32()?.to_ne_bytes()));
    }
    let name = match exchange.arguments.get("names") {
        Some(Datum::List(names)) => names.first().and_then(Datum::text).map(str::to_owned),
        _ => None,
    };
    if exchange.result() == Some(0)
        && let (Some(name), Some(dispid)) = (name, dispids.first())
        && let Some(of) = of.or_else(|| Some(table.assume(server, exchange.interface?.id.uuid, exchange.object?)))
        && let Some(object) = table.object_mut(of.key())
    {
        object.name(*dispid, name);
    }
    results.put("dispids", Datum::List(dispids.into_iter().map(|dispid| Datum::Int(dispid.into())).collect()));
    Ok(())
}

/// Invoke. [MS-OAUT] 3.1.4.4.
fn invocation(ndr: &mut Ndr<'_>) -> Result<(i32, u32, u32, Vec<Datum>), Malformed> {
    orpc_this(ndr)?;
    let dispid = i32::from_ne_bytes(ndr.u32()?.to_ne_bytes());
    let _riid = ndr.uuid()?;
    let (lcid, flags) = (ndr.u32()?, ndr.u32()?);
    Ok((dispid, lcid, flags, variant::parameters(ndr)?))
}

fn returned(
    ndr: &mut Ndr<'_>,
    exchange: &Exchange,
    of: Option<Pointer>,
    table: &mut ObjectTable,
    server: IpAddr,
    results: &mut Arguments,
) -> Result<(), Malformed> {
    orpc_that(ndr)?;
    if !ndr.pointer()? {
        return Ok(());
    }
    let result = variant::variant(ndr)?;
    let Some((iid, std)) = result.object else {
        if result.value != Datum::Null {
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
    for reference in ObjRef::scan(exchange.response.readable().unwrap_or_default()) {
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
    ndr: &mut Ndr<'_>,
    of: Option<Pointer>,
    table: &mut ObjectTable,
    results: &mut Arguments,
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
    ndr: &mut Ndr<'_>,
    table: &mut ObjectTable,
    server: IpAddr,
    results: &mut Arguments,
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
