//! What the complete halves of a call mean, whatever carried them.

use core::net::SocketAddr;

use crate::{Exchange, RpcContext, arguments, command_line, dcom};

/// A complete request: its arguments, the object it is made on, the command line it runs, who calls whom.
pub(crate) fn request(exchange: &mut Exchange, around: &mut RpcContext<'_>) {
    let (dcom, arguments) = dcom::on_request(exchange, around.objects, around.server.address);
    exchange.dcom = dcom;
    exchange.arguments = arguments;
    exchange.arguments.extend(arguments::of_request(exchange));
    exchange.command_line = command_line::of(exchange);
    exchange.between = Some((around.client.address, around.server.address));
}

/// A complete response: its results, the objects it gives, the ports it names.
pub(crate) fn response(exchange: &mut Exchange, around: &mut RpcContext<'_>) {
    if exchange.fault.is_some() {
        return;
    }
    let results = dcom::on_response(exchange, around.objects, around.server.address);
    exchange.arguments.extend(results);
    exchange.arguments.extend(arguments::of_response(exchange));
    for (socket, interface) in arguments::endpoints(exchange) {
        around.objects.announce(socket);
        if let Some(interface) = interface {
            around.objects.tie(socket, interface);
            // What the server calls itself need not be what it is called by.
            around.objects.tie(SocketAddr::new(around.server.address, socket.port()), interface);
        }
    }
}
