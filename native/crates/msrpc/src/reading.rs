//! What the complete halves of a call mean, whatever carried them.

use core::net::SocketAddr;

use crate::datum::StubValue;
use crate::interfaces::known;
use crate::path_owner::{EndNames, unc_host};
use crate::redirection::OutputPath;
use crate::{PathOwner, RpcContext, RpcExchange, arguments, command_line, context_handle, dcom};

/// A complete request: its arguments, the object it is made on, the command line it runs, who calls whom.
pub(crate) fn request(exchange: &mut RpcExchange, around: &mut RpcContext<'_>) {
    let (dcom, arguments) = dcom::on_request(exchange, around.objects, around.server.address);
    exchange.dcom = dcom;
    exchange.arguments = arguments;
    exchange.arguments.extend(arguments::of_request(exchange));
    exchange.command_line = command_line::of(exchange);
    let ends = (around.client.address, around.server.address);
    for output in exchange.command_line.as_deref().map(OutputPath::of_command).unwrap_or_default() {
        around.objects.expect_output(ends, output);
    }
    exchange.handle = context_handle::of_request(exchange, around);
    exchange.path_owner = named_host(exchange).map(|host| owner(host, exchange, around));
    exchange.between = Some((around.client.address, around.server.address));
}

/// A complete response: its results, the objects it gives, the ports it names.
pub(crate) fn response(exchange: &mut RpcExchange, around: &mut RpcContext<'_>) {
    if exchange.fault.is_some() {
        return;
    }
    let results = dcom::on_response(exchange, around.objects, around.server.address);
    exchange.arguments.extend(results);
    exchange.arguments.extend(arguments::of_response(exchange));
    context_handle::learn(exchange, around);
    if let Some(owner) = resolved_owner(exchange, around) {
        exchange.path_owner = Some(owner);
    }
    for (socket, interface) in arguments::endpoints(exchange) {
        around.objects.announce(socket);
        if let Some(interface) = interface {
            around.objects.tie(socket, interface);
            // What the server calls itself need not be what it is called by.
            around.objects.tie(SocketAddr::new(around.server.address, socket.port()), interface);
        }
    }
}

/// The first host that an argument names, the way a UNC path does.
fn named_host(exchange: &RpcExchange) -> Option<&str> {
    // The server of a DFS root is named without backslashes. [MS-DFSNM] 3.1.4.4
    let is_host = |name: &str| name == "server_name" && exchange.interface_name() == Some("netdfs");
    exchange.arguments.iter().find_map(|(name, value)| match value {
        StubValue::Text(text) if is_host(name) => Some(text.trim_start_matches('\\')),
        StubValue::Text(text) => unc_host(text),
        _ => None,
    })
}

/// Whose the hosts are where an object resolver says that objects can be reached: the answering machine's, when one of them is.
/// [MS-DCOM] 3.1.2.5.1.1.
fn resolved_owner(exchange: &RpcExchange, around: &RpcContext<'_>) -> Option<PathOwner> {
    if exchange.interface?.id.uuid != known::IOBJECT_EXPORTER {
        return None;
    }
    let Some(StubValue::List(bindings)) = exchange.arguments.get("bindings") else { return None };
    let host = |binding: &StubValue| Some(owner(binding.text()?.split('[').next()?, exchange, around));
    bindings.iter().filter_map(host).min()
}

/// Whose a host is.
fn owner(host: &str, exchange: &RpcExchange, around: &RpcContext<'_>) -> PathOwner {
    let principal = exchange.principal.as_deref();
    let share = around.share.and_then(|path| core::str::from_utf8(path).ok()).and_then(unc_host);
    let service = principal.and_then(|principal| principal.service.as_deref());
    let service = service.and_then(|service| service.split('/').nth(1));
    let own = EndNames { address: around.server.address, names: share.into_iter().chain(service).collect() };
    let workstation = principal.and_then(|principal| principal.workstation.as_deref());
    let process = exchange.dcom.as_ref().and_then(|dcom| dcom.client.as_deref());
    let said = process.and_then(|client| client.host.as_deref());
    let caller = EndNames { address: around.client.address, names: workstation.into_iter().chain(said).collect() };
    PathOwner::between(host, &own, &caller)
}
