//! The members of EVE's `msrpc` and `dcerpc` objects.

use sidewire_base::Time;
use sidewire_eve::{Object, timestamp};

use crate::{
    BindRefusal, ExchangeHalf, InterfaceOrigin, ObjectCall, PduType, ProtocolSequence, RpcExchange, Uuid, fault_name,
    interfaces,
};

/// Writes the members of `msrpc`: one call, whatever carries it. `pipe` is the named pipe's name where there is one;
/// `started` is when the first octets of the call were seen (an event's own time is when the call was over).
pub fn write_msrpc(
    exchange: &RpcExchange,
    carriage: ProtocolSequence,
    pipe: Option<&str>,
    started: Time,
    out: &mut Object<'_>,
) {
    out.str("transport", carriage.name());
    if let Some(pipe) = pipe {
        out.str("pipe", pipe);
    }
    write_target(exchange, out);
    write_refused(exchange, out);
    out.object_unless_empty("auth", |o| write_auth(exchange, o));
    if let Some(client) = exchange.client {
        out.str("client_implementation", client.implementation.name());
        out.str("client_known_by", client.known_by.name());
    }
    if exchange.is_call() {
        out.str("stub", exchange.visibility().name());
    }
    if exchange.is_opened() {
        out.bool("opened", true);
    }
    if exchange.request_type.is_some() && exchange.is_call() {
        out.object("request", |o| write_half(&exchange.request, o));
    }
    if let Some(response_type) = exchange.response_type.filter(|_| exchange.is_call()) {
        out.object("response", |o| write_response(exchange, response_type, o));
    }
    if exchange.cancelled {
        out.bool("cancelled", true);
    }
    out.object_unless_empty("arguments", |o| exchange.arguments.write(o));
    if exchange.arguments.is_cut() {
        out.bool("arguments_cut", true);
    }
    if let Some(handle) = &exchange.handle {
        out.object("handle", |o| {
            o.str("kind", handle.kind);
            if let Some(name) = &handle.name {
                o.str("name", name);
            }
        });
    }
    if let Some(owner) = exchange.path_owner {
        out.str("path_host", owner.name());
    }
    if let Some(dcom) = &exchange.dcom {
        out.object_unless_empty("dcom", |o| write_dcom(dcom, o));
    }
    out.str("started", &timestamp(started));
    if let Some(says) = exchange.summary() {
        out.str("says", &says);
    }
}

/// What is called: number, context, procedure, interface, object.
fn write_target(exchange: &RpcExchange, out: &mut Object<'_>) {
    out.u64("call_id", exchange.call_id);
    if let Some(activity) = exchange.activity {
        out.uuid("activity", activity.uuid.0);
    }
    if let Some(context_id) = exchange.context_id {
        out.u64("context_id", context_id);
    }
    if let Some(opnum) = exchange.opnum {
        out.u64("opnum", opnum);
    }
    if let Some(interface) = exchange.interface {
        out.object("interface", |o| {
            o.uuid("uuid", interface.id.uuid.0);
            o.fmt("version", format_args!("{}.{}", interface.id.version, interface.id.minor));
            if let Some(name) = exchange.interface_name() {
                o.str("name", name);
            }
        });
        if let Some(procedure) = exchange.procedure() {
            out.str("procedure", procedure);
        }
    }
    if let Some(object) = exchange.object {
        out.uuid("object", object.0);
    }
    if let Some(interface) = exchange.interface {
        out.str("known", interface.known.name());
        if let InterfaceOrigin::Inferred(evidence) = interface.known {
            out.str("inferred_by", evidence.name());
        }
    }
}

/// Of a negotiation: the interfaces that the server refused.
fn write_refused(exchange: &RpcExchange, out: &mut Object<'_>) {
    if exchange.refused().next().is_none() {
        return;
    }
    out.array("refused", |list| {
        for (interface, refusal) in exchange.refused() {
            list.object(|o| {
                o.uuid("uuid", interface.uuid.0);
                o.fmt("version", format_args!("{}.{}", interface.version, interface.minor));
                if let Some(known) = interfaces::find(&interface.uuid) {
                    o.str("name", known.name);
                }
                match (refusal, refusal.name()) {
                    (_, Some(name)) => o.str("reason", name),
                    (BindRefusal::Context(reason) | BindRefusal::Bind(reason), None) => {
                        o.fmt("reason", format_args!("{reason}"))
                    }
                };
            });
        }
    });
}

/// As whom it is called, and how that is protected.
fn write_auth(exchange: &RpcExchange, o: &mut Object<'_>) {
    if let Some(auth) = exchange.auth {
        match auth.provider.name() {
            Some(name) => o.str("provider", name),
            None => o.fmt("provider", format_args!("{}", auth.provider.0)),
        };
        match auth.level.name() {
            Some(name) => o.str("level", name),
            None => o.fmt("level", format_args!("{}", auth.level.0)),
        };
    }
    if let Some(principal) = &exchange.principal {
        principal.write(o);
    }
}

fn write_half(half: &ExchangeHalf, o: &mut Object<'_>) {
    o.u64("size", half.size).u64("fragments", half.fragments);
    if half.incomplete {
        o.bool("incomplete", true);
    }
}

fn write_response(exchange: &RpcExchange, response_type: PduType, o: &mut Object<'_>) {
    write_half(&exchange.response, o);
    if let Some(result) = exchange.result() {
        o.hex("result", result, 8);
        if let Some(name) = exchange.result_name() {
            o.str("result_name", name);
        }
    }
    if let Some(status) = exchange.fault.filter(|_| response_type != PduType::RESPONSE) {
        o.object("fault", |o| {
            o.hex("status", status, 8);
            if let Some(name) = fault_name(status) {
                o.str("name", name);
            }
        });
    }
}

fn write_dcom(dcom: &ObjectCall, o: &mut Object<'_>) {
    if let Some(clsid) = dcom.clsid {
        o.object("class", |o| {
            o.uuid("clsid", clsid.0);
            if let Some(class) = dcom.class() {
                o.str("name", class.name);
            }
        });
    }
    if let Some(oxid) = dcom.oxid {
        o.fmt("oxid", format_args!("{oxid:016x}"));
    }
    if let Some(method) = &dcom.method {
        o.str("method", method);
    }
    if let Some(dispid) = dcom.dispid {
        o.i64("dispid", dispid);
    }
    if let Some(causality) = dcom.causality {
        o.fmt("causality", format_args!("{causality}"));
    }
    if let Some(pid) = dcom.server_pid {
        o.u64("server_pid", pid);
    }
    if let Some(namespace) = &dcom.namespace {
        o.str("namespace", namespace);
    }
    if let Some(client) = &dcom.client {
        o.object("client", |o| client.write(o));
    }
}

/// Writes the members of `dcerpc` in the shape of Suricata 8.
pub fn write_dcerpc(exchange: &RpcExchange, out: &mut Object<'_>) {
    let connectionless = exchange.activity.is_some();
    match exchange.request_type.filter(|_| exchange.request.done) {
        Some(request_type) => {
            out.str("request", request_type.name());
            if request_type == PduType::REQUEST {
                out.object("req", |o| {
                    o.u64("opnum", exchange.opnum.unwrap_or_default());
                    o.u64("frag_cnt", exchange.request.fragments);
                    o.u64("stub_data_size", exchange.request.size_with_trailers);
                });
                if let Some(interface) = exchange.interface.filter(|_| !connectionless) {
                    out.array("interfaces", |a| {
                        a.object(|o| {
                            o.uuid("uuid", interface.id.uuid.0);
                            o.fmt("version", format_args!("{}.{}", interface.id.version, interface.id.minor));
                            o.u64("ack_result", 0_u8);
                        });
                    });
                }
            } else if request_type == PduType::BIND && !exchange.offers.is_empty() {
                out.array("interfaces", |a| {
                    for offer in &exchange.offers {
                        a.object(|o| {
                            o.uuid("uuid", offer.interface.uuid.0);
                            o.fmt("version", format_args!("{}.{}", offer.interface.version, offer.interface.minor));
                            o.u64("ack_result", offer.result.map(|answer| answer.result).unwrap_or_default());
                        });
                    }
                });
            }
        }
        None => {
            out.str("request", "REQUEST_LOST");
        }
    }
    match exchange.response_type.filter(|_| exchange.response.done) {
        Some(response_type) => {
            out.str("response", response_type.name());
            if response_type == PduType::RESPONSE {
                out.object("res", |o| {
                    o.u64("frag_cnt", exchange.response.fragments);
                    o.u64("stub_data_size", exchange.response.size_with_trailers);
                });
            }
        }
        None => {
            out.str("response", "UNREPLIED");
        }
    }
    if let Some(activity) = exchange.activity {
        // Suricata writes the activity as if every sender were little-endian.
        let swapped = Uuid::from_le(&activity.uuid.to_wire(exchange.request.order));
        out.fmt("activityuuid", format_args!("{swapped}")).u64("seqnum", activity.sequence);
    } else {
        out.u64("call_id", exchange.call_id);
    }
    out.fmt("rpc_version", format_args!("{}.{}", exchange.version.0, exchange.version.1));
}
