//! Following objects through the calls made on them. [MS-DCOM], [MS-OAUT].

mod object_call;
mod request;
mod response;

use core::net::IpAddr;

use crate::datum::Datum;
use crate::interfaces::{self, known};
use crate::object_table::Pointer;
use crate::{
    ActivationRequest, Arguments, Exchange, Half, Ndr, ObjectTable, StdObjRef, StringBinding, TransferSyntax, Uuid,
};
pub use object_call::Dcom;
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

fn ndr<'a>(exchange: &Exchange, half: &'a Half) -> Option<Ndr<'a>> {
    let syntax = exchange.interface.map_or(TransferSyntax::Ndr32, |interface| interface.transfer_syntax);
    Some(Ndr::new(half.readable()?, half.order, syntax))
}

/// An OXID or OID as it is written.
fn identifier(number: u64) -> String {
    format!("{number:016x}")
}

fn pointer(exchange: &Exchange, table: &ObjectTable, server: IpAddr) -> Option<Pointer> {
    table.pointer(server, exchange.object?)
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

fn texts<'a>(bindings: impl IntoIterator<Item = &'a StringBinding>) -> Datum {
    Datum::List(bindings.into_iter().map(|binding| Datum::Text(binding.text())).collect())
}
