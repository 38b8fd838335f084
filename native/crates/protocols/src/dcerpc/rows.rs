//! What rules can look into of a call. SMB lists the same rows over its own transactions.

use sidewire_base::Direction;
use sidewire_proto::{Buffer, BufferInfo, BufferKind, Hook, Value};

use super::Rpc;

/// `dcerpc.iface`.
#[must_use]
pub const fn iface<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.iface",
            aliases: &["dce_iface"],
            modifier: None,
            doc: "The interface the call is made on: its UUID, and its version if asked.",
            kind: BufferKind::Interfaces,
            hook: Hook::both(0, 0),
        },
        get: |tx, _, nth| match tx.interfaces() {
            [] => Value::Absent,
            _ if nth > 0 => Value::Absent,
            interfaces => Value::Interfaces(interfaces),
        },
    }
}

/// `dcerpc.opnum`.
#[must_use]
pub const fn opnum<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.opnum",
            aliases: &["dce_opnum"],
            modifier: None,
            doc: "The operation number of the call.",
            kind: BufferKind::Uint(16),
            hook: Hook::both(0, 0),
        },
        get: |tx, _, nth| match tx.exchange() {
            Some(exchange) if nth == 0 && exchange.is_call() => {
                exchange.opnum.map_or(Value::Absent, |opnum| Value::Uint(opnum.into()))
            }
            _ => Value::Absent,
        },
    }
}

/// `dcerpc.stub_data`.
#[must_use]
pub const fn stub_data<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.stub_data",
            aliases: &["dce_stub_data"],
            modifier: None,
            doc: "The arguments (to the server) or results (to the client) of the call as they are sent, all fragments.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, direction, nth| {
            let Some(exchange) = tx.exchange().filter(|exchange| nth == 0 && exchange.is_call()) else {
                return Value::Absent;
            };
            let half = match direction {
                Direction::ToServer => &exchange.request,
                Direction::ToClient => &exchange.response,
            };
            if half.done && half.fragments > 0 { Value::Bytes(&half.stub) } else { Value::Absent }
        },
    }
}

/// `dcerpc.procedure`.
#[must_use]
pub const fn procedure<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.procedure",
            aliases: &[],
            modifier: None,
            doc: "The name of the procedure called, as its specification has it.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, tx.exchange().and_then(|exchange| exchange.procedure())),
    }
}

/// `dcerpc.interface_name`.
#[must_use]
pub const fn interface_name<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.interface_name",
            aliases: &[],
            modifier: None,
            doc: "The short name of the interface the call is made on: `svcctl`.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, tx.exchange().and_then(|exchange| exchange.interface_name())),
    }
}

/// `dcerpc.auth_level`.
#[must_use]
pub const fn auth_level<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.auth_level",
            aliases: &[],
            modifier: None,
            doc: "How much of the call is protected. [MS-RPCE] 2.2.1.1.8.",
            kind: BufferKind::Enumeration(&[
                ("none", 1),
                ("connect", 2),
                ("call", 3),
                ("packet", 4),
                ("integrity", 5),
                ("privacy", 6),
            ]),
            hook: Hook::both(0, 0),
        },
        get: |tx, _, nth| match tx.exchange() {
            // A call without a trailer is at level none, whether it says so or not.
            Some(exchange) if nth == 0 => Value::Uint(exchange.auth.map_or(1, |auth| u64::from(auth.level.0).max(1))),
            _ => Value::Absent,
        },
    }
}

/// `dcerpc.stub_visibility`.
#[must_use]
pub const fn stub_visibility<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.stub_visibility",
            aliases: &[],
            modifier: None,
            doc: "What of the call's arguments can be read on the wire.",
            kind: BufferKind::Enumeration(&[("clear", 0), ("signed", 1), ("sealed", 2)]),
            hook: Hook::both(1, 1),
        },
        get: |tx, direction, nth| {
            let Some(exchange) = tx.exchange().filter(|exchange| nth == 0 && exchange.is_call()) else {
                return Value::Absent;
            };
            let half = match direction {
                Direction::ToServer => &exchange.request,
                Direction::ToClient => &exchange.response,
            };
            if half.fragments > 0 { Value::Uint(half.visibility as u64) } else { Value::Absent }
        },
    }
}

/// `dcom.known`.
#[must_use]
pub const fn known<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcom.known",
            aliases: &[],
            modifier: None,
            doc: "How the call's interface is known: a bind named it, or the call's structure proves it.",
            kind: BufferKind::Enumeration(&[("bound", 0), ("inferred", 1)]),
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| match tx.exchange().and_then(|exchange| exchange.interface) {
            Some(interface) if nth == 0 => Value::Uint(interface.known as u64),
            _ => Value::Absent,
        },
    }
}

fn text(nth: u32, name: Option<&'static str>) -> Value<'static> {
    match name {
        Some(name) if nth == 0 => Value::Bytes(name.as_bytes()),
        _ => Value::Absent,
    }
}
