//! The events of a connection, which the `msrpc` crate names and numbers.

use sidewire_app_layer::{EventId, EventInfo};
use sidewire_msrpc::Event;

/// Names and documentation; the position is the number.
pub(super) const EVENTS: &[EventInfo] = &{
    let mut all = [EventInfo { name: "", doc: "" }; Event::ALL.len()];
    let (mut from, mut to): (&[_], &mut [_]) = (&Event::ALL, &mut all);
    while let ([(_, name, doc), more @ ..], [slot, rest @ ..]) = (from, to) {
        *slot = EventInfo { name, doc };
        (from, to) = (more, rest);
    }
    all
};

/// The number of an event.
pub(super) fn id(event: Event) -> EventId {
    EventId(event.number())
}
