use sidewire_app_layer::EventInfo;
use sidewire_msrpc::Event;

/// The events of a connection; the number of one is [`Event::number`].
pub const EVENTS: &[EventInfo] = &{
    let mut all = [EventInfo { name: "", doc: "" }; Event::ALL.len()];
    let (mut from, mut to): (&[_], &mut [_]) = (&Event::ALL, &mut all);
    while let ([(_, name, doc), more @ ..], [slot, rest @ ..]) = (from, to) {
        *slot = EventInfo { name, doc };
        (from, to) = (more, rest);
    }
    all
};
