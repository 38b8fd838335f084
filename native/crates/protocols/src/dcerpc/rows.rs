//! What rules can look into of a call, whatever carries it.

use core::marker::PhantomData;

use sidewire_app_layer::{Buffer, Value, buffers};
use sidewire_base::Direction;
use sidewire_msrpc::security::Principal;
use sidewire_msrpc::{ByteOrder, ExchangeHalf, ObjectCall, PathOwner, RpcExchange, RpcImplementation};

use super::RpcTransaction;
use super::stage::{COMPLETE, STARTED};

/// Words of `dcerpc.auth_level`. [MS-RPCE] 2.2.1.1.8.
const AUTH_LEVELS: &[(&str, u64)] =
    &[("none", 1), ("connect", 2), ("call", 3), ("packet", 4), ("integrity", 5), ("privacy", 6)];

/// Words of `dcerpc.flags`: `pfc_flags`. [C706] 12.6.3.1.
const FLAGS: &[(&str, u64)] = &[
    ("first_frag", 0x01),
    ("last_frag", 0x02),
    ("pending_cancel", 0x04),
    ("conc_mpx", 0x10),
    ("did_not_execute", 0x20),
    ("maybe", 0x40),
    ("object_uuid", 0x80),
];

/// Words of `dcerpc.stub_visibility`.
const VISIBILITIES: &[(&str, u64)] = &[("clear", 0), ("signed", 1), ("sealed", 2)];

/// Words of `dcom.known`.
const KNOWLEDGE: &[(&str, u64)] = &[("bound", 0), ("inferred", 1)];

/// The buffers of calls in the transactions of a carrier.
pub(crate) struct RpcBuffers<T>(PhantomData<T>);

impl<T: RpcTransaction> RpcBuffers<T> {
    /// All of them.
    pub(crate) const ALL: &'static [Buffer<T>] = buffers! {
        /// The interface the call is made on: its UUID, and its version if asked.
        "dcerpc.iface" [alias "dce_iface"]: Interfaces, both(STARTED, STARTED) => |tx, _, _| match tx.interfaces() {
            [] => Value::Absent,
            interfaces => Value::Interfaces(interfaces),
        };
        /// The operation number of the call.
        "dcerpc.opnum" [alias "dce_opnum"]: Uint(16), both(STARTED, STARTED)
            => |tx, _, _| Value::uint(call(tx).and_then(|exchange| exchange.opnum));
        /// The arguments (to the server) or results (to the client) of the call as they are sent, all fragments. With what
        /// Suricata counts among them: in front an object UUID or, over TCP only, the eight octets an answer begins with,
        /// after the padding and authentication trailer.
        "dcerpc.stub_data" [alias "dce_stub_data"]: Bytes, both(COMPLETE, COMPLETE) => |tx, direction, _| {
            let half = call(tx).map(|exchange| half(exchange, direction));
            let whole = half.filter(|half| half.done && half.fragments > 0);
            Value::bytes(whole.map(match direction {
                Direction::ToServer => ExchangeHalf::stub_with_surroundings,
                Direction::ToClient => T::answer_stub,
            }))
        };
        /// The name of the procedure called, as its specification has it.
        "dcerpc.procedure": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(tx.exchange().and_then(RpcExchange::procedure));
        /// The short name of the interface the call is made on: `svcctl`.
        "dcerpc.interface_name": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(tx.exchange().and_then(RpcExchange::interface_name));
        /// How much of the call is protected. [MS-RPCE] 2.2.1.1.8.
        "dcerpc.auth_level": Enumeration(AUTH_LEVELS), both(STARTED, STARTED) => |tx, _, _| {
            // A call without a trailer is at level none, whether it says so or not.
            let level = |exchange: &RpcExchange| exchange.auth.map_or(1, |auth| u64::from(auth.level.0).max(1));
            Value::uint(tx.exchange().map(level))
        };
        /// The account a call is made as, where the wire shows it: of the connection, or of the SMB session that carries it.
        "dcerpc.user": Bytes, both(STARTED, STARTED)
            => |tx, _, _| Value::text(principal(tx).and_then(|principal| principal.user.as_deref()));
        /// The domain or realm of the account of `dcerpc.user`.
        "dcerpc.domain": Bytes, both(STARTED, STARTED)
            => |tx, _, _| Value::text(principal(tx).and_then(|principal| principal.domain.as_deref()));
        /// The flags of a direction's PDUs, those of all fragments together: `pfc_flags` of [C706].
        "dcerpc.flags": Flags(FLAGS), both(STARTED, STARTED) => |tx, direction, _| {
            let half = tx.exchange().map(|exchange| half(exchange, direction)).filter(|half| half.fragments > 0);
            Value::uint(half.map(|half| half.flags))
        };
        /// What of the call's arguments can be read on the wire.
        "dcerpc.stub_visibility": Enumeration(VISIBILITIES), both(COMPLETE, COMPLETE) => |tx, direction, _| {
            let half = call(tx).map(|exchange| half(exchange, direction)).filter(|half| half.fragments > 0);
            Value::uint(half.map(|half| half.visibility as u64))
        };
        /// How the call's interface is known: a bind named it, or the call's structure proves it.
        "dcom.known": Enumeration(KNOWLEDGE), both(COMPLETE, COMPLETE) => |tx, _, _| {
            let interface = tx.exchange().and_then(|exchange| exchange.interface);
            Value::uint(interface.map(|interface| interface.known.number()))
        };
        /// The COM class a call activates, or whose activation led to the object it is made on; 16 octets in text order.
        "dcom.clsid": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::bytes(dcom(tx).and_then(|dcom| dcom.clsid.as_ref()).map(|clsid| &clsid.0[..]));
        /// The ProgID or usual name of the class of `dcom.clsid`: `MMC20.Application`.
        "dcom.progid": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(dcom(tx).and_then(ObjectCall::class).map(|class| class.name));
        /// The automation member invoked, with its type where that is known: `View.ExecuteShellCommand`. Its name need not
        /// be on the wire.
        "dcom.method": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(dcom(tx).and_then(|dcom| dcom.method.as_deref()));
        /// The interfaces an activation or a query asks for; 16 octets each, in text order.
        "dcom.iid": Multi, both(COMPLETE, COMPLETE) => |tx, _, nth| {
            let iid = dcom(tx).and_then(|dcom| dcom.iids.get(nth as usize));
            Value::bytes(iid.map(|iid| &iid.0[..]))
        };
        /// The command line a call makes its server run: of a service, a task, a WMI method, a DCOM member alike.
        "exec.command_line": Bytes, to_server(COMPLETE)
            => |tx, _, _| Value::text(tx.exchange().and_then(|exchange| exchange.command_line.as_deref()));
        /// Octets of the call's arguments on the wire, without padding and security trailers; sealed or not.
        "dcerpc.request_size": Uint(64), both(COMPLETE, COMPLETE) => |tx, _, _| size(tx, Direction::ToServer);
        /// Octets of the call's results on the wire, without padding and security trailers; sealed or not.
        "dcerpc.response_size": Uint(64), to_client(COMPLETE) => |tx, _, _| size(tx, Direction::ToClient);
        /// The status a call returned, where its results can be read: 0 is success.
        "dcerpc.result": Uint(32), to_client(COMPLETE)
            => |tx, _, _| Value::uint(tx.exchange().and_then(RpcExchange::result));
        /// The status of the fault a call was answered with: 5 is access denied.
        "dcerpc.fault": Uint(32), to_client(COMPLETE)
            => |tx, _, _| Value::uint(tx.exchange().and_then(|exchange| exchange.fault));
        /// The implementation that calls, where its way of binding shows it.
        "dcerpc.client": Enumeration(&RpcImplementation::NAMES), both(COMPLETE, COMPLETE) => |tx, _, _| {
            let known = tx.exchange().and_then(|exchange| exchange.client);
            Value::uint(known.map(|client| client.implementation as u64))
        };
        /// Whose host a path among the readable arguments of a call names: of the machine called (`own`), of the caller (by name, or
        /// by address), of a third one, or `unknown` where the ends did not show their names. In NTLM, Kerberos, tree connects
        /// and addresses they do.
        "dcerpc.path_host": Enumeration(&PathOwner::NAMES), both(COMPLETE, COMPLETE) => |tx, _, _| {
            let owner = tx.exchange().and_then(|exchange| exchange.path_owner);
            Value::uint(owner.map(|owner| owner as u64))
        };
        /// The name of what the context handle stands for that a readable call is made with, or that it opens: of a service, a
        /// printer, a secret or a log; the path of a key, the SID of an account.
        "dcerpc.handle": Bytes, both(COMPLETE, COMPLETE) => |tx, _, _| {
            let handle = tx.exchange().and_then(|exchange| exchange.handle.as_deref());
            Value::text(handle.and_then(|handle| handle.name.as_deref()))
        };
        /// A decoded argument, or result to the client, by its name in `msrpc.arguments`, as text:
        /// `dcerpc.arg:"service_name"`. Names inside of records stand after a dot: `in.CommandLine`.
        "dcerpc.arg": Items, both(COMPLETE, COMPLETE) => |_, _, _| Value::Absent;
        /// The number of the automation member invoked, as an unsigned number of 32 bits.
        "dcom.dispid": Uint(32), both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::uint(dcom(tx).and_then(|dcom| dcom.dispid).map(i32::cast_unsigned));
        /// The WMI class a readable call is about: of its object path, its query, or the instance it puts.
        "wmi.class": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(tx.exchange().and_then(RpcExchange::wmi_class));
        /// The WMI method a readable call of ExecMethod runs: `Create`.
        "wmi.method": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(tx.exchange().and_then(RpcExchange::wmi_method));
        /// The WMI namespace as the login named it, `\\host\root\cimv2` or `//./root/cimv2`: on the login and on every
        /// call, readable or sealed, of an object that came of it.
        "wmi.namespace": Bytes, both(COMPLETE, COMPLETE)
            => |tx, _, _| Value::text(tx.exchange().and_then(RpcExchange::wmi_namespace));
    };
}

/// The `nth` text of a decoded argument's name: the items of `dcerpc.arg`.
pub(crate) fn argument<'t, T: RpcTransaction>(tx: &'t T, name: &str, nth: u32) -> Value<'t> {
    Value::text(tx.exchange().and_then(|exchange| exchange.arguments.text_at(name, nth as usize)))
}

/// What the context handle stands for.
pub(crate) fn subject<T: RpcTransaction>(tx: &T) -> Option<u64> {
    tx.exchange()?.handle.as_deref()?.key()
}

/// Byte order of the PDUs of a direction; little-endian where there are none.
pub(crate) fn little_endian<T: RpcTransaction>(tx: &T, direction: Direction) -> bool {
    tx.exchange().map(|exchange| half(exchange, direction).order) != Some(ByteOrder::Big)
}

/// The call, when the transaction is one and no negotiation.
fn call<T: RpcTransaction>(tx: &T) -> Option<&RpcExchange> {
    tx.exchange().filter(|exchange| exchange.is_call())
}

const fn half(exchange: &RpcExchange, direction: Direction) -> &ExchangeHalf {
    match direction {
        Direction::ToServer => &exchange.request,
        Direction::ToClient => &exchange.response,
    }
}

/// Octets of one half of a call, once it is whole.
fn size<T: RpcTransaction>(tx: &T, direction: Direction) -> Value<'static> {
    let half = call(tx).map(|exchange| half(exchange, direction));
    let whole = half.filter(|half| half.done && half.fragments > 0 && !half.incomplete);
    Value::uint(whole.map(|half| half.size))
}

fn principal<T: RpcTransaction>(tx: &T) -> Option<&Principal> {
    tx.exchange()?.principal.as_deref()
}

fn dcom<T: RpcTransaction>(tx: &T) -> Option<&ObjectCall> {
    tx.exchange()?.dcom.as_deref()
}
