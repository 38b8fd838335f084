//! What rules can look into of a call, whatever carries it: [`buffers!`] lists it for each carrier.

use sidewire_app_layer::{Buffer, BufferInfo, BufferKind, Hook, Value};
use sidewire_base::Direction;
use sidewire_msrpc::{ByteOrder, Dcom, Exchange, Half, Implementation};

use super::Rpc;

/// The buffers of a protocol: its own, and behind them those of the calls it carries.
macro_rules! buffers {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            $crate::dcerpc::rows::iface(),
            $crate::dcerpc::rows::opnum(),
            $crate::dcerpc::rows::stub_data(),
            $crate::dcerpc::rows::procedure(),
            $crate::dcerpc::rows::interface_name(),
            $crate::dcerpc::rows::auth_level(),
            $crate::dcerpc::rows::stub_visibility(),
            $crate::dcerpc::rows::known(),
            $crate::dcerpc::rows::clsid(),
            $crate::dcerpc::rows::progid(),
            $crate::dcerpc::rows::method(),
            $crate::dcerpc::rows::iid(),
            $crate::dcerpc::rows::command_line(),
            $crate::dcerpc::rows::request_size(),
            $crate::dcerpc::rows::response_size(),
            $crate::dcerpc::rows::result(),
            $crate::dcerpc::rows::fault(),
            $crate::dcerpc::rows::client(),
            $crate::dcerpc::rows::arg(),
            $crate::dcerpc::rows::dispid(),
            $crate::dcerpc::rows::wmi_class(),
            $crate::dcerpc::rows::wmi_method(),
            $crate::dcerpc::rows::wmi_namespace(),
        ]
    };
}
pub(crate) use buffers;

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
            doc: "The arguments (to the server) or results (to the client) of the call as they are sent, all fragments. Over TCP with what Suricata counts among them: in front an object UUID or the eight octets an answer begins with, behind the padding and authentication trailer.",
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
            if half.done && half.fragments > 0 { Value::Bytes(half.stub_with_surroundings()) } else { Value::Absent }
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

/// `dcom.clsid`.
#[must_use]
pub const fn clsid<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcom.clsid",
            aliases: &[],
            modifier: None,
            doc: "The COM class a call activates, or whose activation led to the object it is made on; 16 octets in text order.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| match dcom(tx).and_then(|dcom| dcom.clsid.as_ref()) {
            Some(clsid) if nth == 0 => Value::Bytes(&clsid.0),
            _ => Value::Absent,
        },
    }
}

/// `dcom.progid`.
#[must_use]
pub const fn progid<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcom.progid",
            aliases: &[],
            modifier: None,
            doc: "The ProgID or usual name of the class of `dcom.clsid`: `MMC20.Application`.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, dcom(tx).and_then(|dcom| dcom.class()).map(|class| class.name)),
    }
}

/// `dcom.method`.
#[must_use]
pub const fn method<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcom.method",
            aliases: &[],
            modifier: None,
            doc: "The automation member invoked, with its type where that is known: `View.ExecuteShellCommand`. Its name need not be on the wire.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, dcom(tx).and_then(|dcom| dcom.method.as_deref())),
    }
}

/// `dcom.iid`.
#[must_use]
pub const fn iid<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcom.iid",
            aliases: &[],
            modifier: None,
            doc: "The interfaces an activation or a query asks for; 16 octets each, in text order.",
            kind: BufferKind::Multi,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| {
            let iids = dcom(tx).map(|dcom| dcom.iids.as_slice()).unwrap_or_default();
            let iid = usize::try_from(nth).ok().and_then(|nth| iids.get(nth));
            iid.map_or(Value::Absent, |iid| Value::Bytes(&iid.0))
        },
    }
}

/// `exec.command_line`.
#[must_use]
pub const fn command_line<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "exec.command_line",
            aliases: &[],
            modifier: None,
            doc: "The command line a call makes its server run: of a service, a task, a WMI method, a DCOM member alike.",
            kind: BufferKind::Bytes,
            hook: Hook::to_server(1),
        },
        get: |tx, _, nth| text(nth, tx.exchange().and_then(|exchange| exchange.command_line.as_deref())),
    }
}

/// `dcerpc.request_size`.
#[must_use]
pub const fn request_size<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.request_size",
            aliases: &[],
            modifier: None,
            doc: "Octets of the call's arguments on the wire, without padding and security trailers; sealed or not.",
            kind: BufferKind::Uint(64),
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| size(tx, nth, |exchange| &exchange.request),
    }
}

/// `dcerpc.response_size`.
#[must_use]
pub const fn response_size<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.response_size",
            aliases: &[],
            modifier: None,
            doc: "Octets of the call's results on the wire, without padding and security trailers; sealed or not.",
            kind: BufferKind::Uint(64),
            hook: Hook::to_client(1),
        },
        get: |tx, _, nth| size(tx, nth, |exchange| &exchange.response),
    }
}

/// `dcerpc.result`.
#[must_use]
pub const fn result<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.result",
            aliases: &[],
            modifier: None,
            doc: "The status a call returned, where its results can be read: 0 is success.",
            kind: BufferKind::Uint(32),
            hook: Hook::to_client(1),
        },
        get: |tx, _, nth| match tx.exchange().and_then(Exchange::result) {
            Some(result) if nth == 0 => Value::Uint(result.into()),
            _ => Value::Absent,
        },
    }
}

/// `dcerpc.fault`.
#[must_use]
pub const fn fault<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.fault",
            aliases: &[],
            modifier: None,
            doc: "The status of the fault a call was answered with: 5 is access denied.",
            kind: BufferKind::Uint(32),
            hook: Hook::to_client(1),
        },
        get: |tx, _, nth| match tx.exchange().and_then(|exchange| exchange.fault) {
            Some(status) if nth == 0 => Value::Uint(status.into()),
            _ => Value::Absent,
        },
    }
}

/// `dcerpc.client`.
#[must_use]
pub const fn client<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.client",
            aliases: &[],
            modifier: None,
            doc: "The implementation that calls, where its way of binding shows it.",
            kind: BufferKind::Enumeration(&Implementation::NAMES),
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| match tx.exchange().and_then(|exchange| exchange.implementation) {
            Some(known) if nth == 0 => Value::Uint(known as u64),
            _ => Value::Absent,
        },
    }
}

/// `dcerpc.arg`; its values come from [`argument`].
#[must_use]
pub const fn arg<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcerpc.arg",
            aliases: &[],
            modifier: None,
            doc: "A decoded argument, or result to the client, by its name in `msrpc.arguments`, as text: \
                  `dcerpc.arg:\"service_name\"`. Names inside of records stand behind a dot: `in.CommandLine`.",
            kind: BufferKind::Items,
            hook: Hook::both(1, 1),
        },
        get: |_, _, _| Value::Absent,
    }
}

/// The `nth` text of a decoded argument's name.
#[must_use]
pub fn argument<'t, T: Rpc>(tx: &'t T, name: &str, nth: u32) -> Value<'t> {
    let nth = usize::try_from(nth).unwrap_or(usize::MAX);
    let text = tx.exchange().and_then(|exchange| exchange.arguments.text_at(name, nth));
    text.map_or(Value::Absent, |text| Value::Bytes(text.as_bytes()))
}

/// Byte order of the PDUs of a direction; little-endian where there are none.
#[must_use]
pub fn little_endian<T: Rpc>(tx: &T, direction: Direction) -> bool {
    let order = tx.exchange().map(|exchange| match direction {
        Direction::ToServer => exchange.request.order,
        Direction::ToClient => exchange.response.order,
    });
    order != Some(ByteOrder::Big)
}

/// `dcom.dispid`.
#[must_use]
pub const fn dispid<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "dcom.dispid",
            aliases: &[],
            modifier: None,
            doc: "The number of the automation member invoked, as an unsigned number of 32 bits.",
            kind: BufferKind::Uint(32),
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| match dcom(tx).and_then(|dcom| dcom.dispid) {
            Some(dispid) if nth == 0 => Value::Uint(dispid.cast_unsigned().into()),
            _ => Value::Absent,
        },
    }
}

/// `wmi.class`.
#[must_use]
pub const fn wmi_class<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "wmi.class",
            aliases: &[],
            modifier: None,
            doc: "The WMI class a readable call is about: of its object path, its query, or the instance it puts.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, tx.exchange().and_then(Exchange::wmi_class)),
    }
}

/// `wmi.method`.
#[must_use]
pub const fn wmi_method<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "wmi.method",
            aliases: &[],
            modifier: None,
            doc: "The WMI method a readable call of ExecMethod runs: `Create`.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, tx.exchange().and_then(Exchange::wmi_method)),
    }
}

/// `wmi.namespace`.
#[must_use]
pub const fn wmi_namespace<T: Rpc>() -> Buffer<T> {
    Buffer {
        info: BufferInfo {
            name: "wmi.namespace",
            aliases: &[],
            modifier: None,
            doc: "The WMI namespace as the login named it, `\\\\host\\root\\cimv2` or `//./root/cimv2`: on the login and on every call, \
                  readable or sealed, of an object that came of it.",
            kind: BufferKind::Bytes,
            hook: Hook::both(1, 1),
        },
        get: |tx, _, nth| text(nth, tx.exchange().and_then(Exchange::wmi_namespace)),
    }
}

/// Octets of one half of a call, once it is whole.
fn size<T: Rpc>(tx: &T, nth: u32, half: fn(&Exchange) -> &Half) -> Value<'static> {
    let call = tx.exchange().filter(|exchange| nth == 0 && exchange.is_call());
    match call.map(half) {
        Some(half) if half.done && half.fragments > 0 && !half.incomplete => Value::Uint(half.size),
        _ => Value::Absent,
    }
}

fn dcom<T: Rpc>(tx: &T) -> Option<&Dcom> {
    tx.exchange()?.dcom.as_deref()
}

fn text(nth: u32, name: Option<&str>) -> Value<'_> {
    match name {
        Some(name) if nth == 0 => Value::Bytes(name.as_bytes()),
        _ => Value::Absent,
    }
}
