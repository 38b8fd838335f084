//! What `native/data/rpc` names with a `+` in front: functions that read a stub from its beginning, where fields cannot say
//! what travels.

use sidewire_base::Malformed;

use super::wmio::WmiInstance;
use super::{epm, services};
use crate::NdrCursor;
use crate::datum::{CallArguments, StubValue};
use crate::functions::StubFunction;

/// Reads a stub from its beginning.
pub(crate) fn read(function: StubFunction, ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    match function {
        StubFunction::EpmLookupResponse => epm::lookup_response(ndr),
        StubFunction::EpmMapRequest => epm::map_request(ndr),
        StubFunction::EpmMapResponse => epm::map_response(ndr),
        StubFunction::Services => services::list(ndr),
        StubFunction::ServicesWithProcesses => services::list_with_processes(ndr),
        StubFunction::WmiInstance => wmi_instance(ndr),
        StubFunction::WmiOutput => wmi_output(ndr),
    }
}

/// The instance in a request of IWbemServices: one that is put, or the parameters of a method.
fn wmi_instance(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    let mut arguments = CallArguments::default();
    if let Some(instance) = WmiInstance::find(ndr.rest()) {
        // The parameters of a method are an instance of a class that says nothing.
        arguments.put_some("class", instance.class.filter(|class| class != "__PARAMETERS"));
        arguments.put("in", StubValue::Record(instance.properties));
    }
    Ok(arguments)
}

/// What a method gave.
fn wmi_output(ndr: &mut NdrCursor<'_>) -> Result<CallArguments, Malformed> {
    let mut arguments = CallArguments::default();
    if let Some(instance) = WmiInstance::find(ndr.rest()) {
        arguments.put("out", StubValue::Record(instance.properties));
    }
    Ok(arguments)
}
