//! The events of a connection, which the `msrpc` crate names and numbers.

use sidewire_app_layer::{EventId, EventInfo};
use sidewire_msrpc::RpcEvent;

/// Names and documentation; the position is the number.
pub(super) const EVENTS: &[EventInfo] = &{
    let mut all = [EventInfo { name: "", doc: "" }; RpcEvent::ALL.len()];
    let (mut from, mut to): (&[_], &mut [_]) = (&RpcEvent::ALL, &mut all);
    while let ([(_, name, doc), more @ ..], [slot, rest @ ..]) = (from, to) {
        *slot = EventInfo { name, doc };
        (from, to) = (more, rest);
    }
    all
};

/// The number of an event.
pub(super) fn id(event: RpcEvent) -> EventId {
    EventId(event.number())
}
