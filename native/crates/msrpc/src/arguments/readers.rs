//! What `native/data/rpc` names with a `+` in front: functions that read a stub from its beginning, where fields cannot say
//! what travels.

use sidewire_base::Malformed;

pub(crate) use super::epm::{
    lookup_response as epm_lookup_response, map_request as epm_map_request, map_response as epm_map_response,
};
pub(crate) use super::services::{list as services, list_with_processes as services_with_processes};
use super::wmio::Instance;
use crate::Ndr;
use crate::datum::{Arguments, Datum};

/// The instance in a request of IWbemServices: one that is put, or the parameters of a method.
pub(crate) fn wmi_instance(ndr: &mut Ndr<'_>) -> Result<Arguments, Malformed> {
    let mut arguments = Arguments::default();
    if let Some(instance) = Instance::find(ndr.rest()) {
        // The parameters of a method are an instance of a class that says nothing.
        arguments.put_some("class", instance.class.filter(|class| class != "__PARAMETERS"));
        arguments.put("in", Datum::Record(instance.properties));
    }
    Ok(arguments)
}

/// What a method gave.
pub(crate) fn wmi_output(ndr: &mut Ndr<'_>) -> Result<Arguments, Malformed> {
    let mut arguments = Arguments::default();
    if let Some(instance) = Instance::find(ndr.rest()) {
        arguments.put("out", Datum::Record(instance.properties));
    }
    Ok(arguments)
}
