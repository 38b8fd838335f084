//! Following objects through the calls made on them. [MS-DCOM], [MS-OAUT].

mod object_call;
mod request;
mod response;

use core::net::IpAddr;

use crate::datum::StubValue;
use crate::interfaces::{self, known};
use crate::object_table::InterfacePointer;
use crate::{
    ActivationRequest, CallArguments, ExchangeHalf, NdrCursor, ObjectTable, RpcExchange, StdObjRef, StringBinding,
    TransferSyntax, Uuid,
};
pub use object_call::ObjectCall;
pub(crate) use request::on_request;
pub(crate) use response::on_response;

/// IIDs of one RemQueryInterface, references of one RemRelease, names of one GetIDsOfNames.
const MAX_ITEMS: usize = 256;

/// Is this stub the request of an activation? Structure proves it: activation properties of the request kind, with a
/// class in them, under the operation numbers of IRemoteSCMActivator.
pub(crate) fn proves_activator(opnum: u16, stub: &[u8]) -> bool {
    matches!(opnum, 3 | 4) && ActivationRequest::parse(stub).is_ok()
}

/// The UUID of IRemoteSCMActivator.
pub(crate) const fn activator() -> Uuid {
    known::IREMOTE_SCMACTIVATOR
}

fn ndr<'a>(exchange: &RpcExchange, half: &'a ExchangeHalf) -> Option<NdrCursor<'a>> {
    let syntax = exchange.interface.map_or(TransferSyntax::Ndr32, |interface| interface.transfer_syntax);
    Some(NdrCursor::new(half.beginning()?, half.order, syntax))
}

/// An OXID or OID as it is written.
fn identifier(number: u64) -> String {
    format!("{number:016x}")
}

fn pointer(exchange: &RpcExchange, table: &ObjectTable, server: IpAddr) -> Option<InterfacePointer> {
    table.pointer(server, exchange.object?)
}

/// An interface pointer that an answer gives, or the status in its place.
fn reference(iid: Uuid, given: Result<StdObjRef, u32>) -> CallArguments {
    let mut record = CallArguments::default();
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
fn located_reference(iid: Uuid, std: StdObjRef, resolver: &[StringBinding]) -> CallArguments {
    let mut record = reference(iid, Ok(std));
    record.put("resolver", texts(resolver));
    record
}

fn texts<'a>(bindings: impl IntoIterator<Item = &'a StringBinding>) -> StubValue {
    StubValue::List(bindings.into_iter().map(|binding| StubValue::Text(binding.text())).collect())
}
